/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * testrun.c - loads one program as its tags say, runs it when they say anything of a run, and compares. The first
 * thing that is not as expected ends it: what comes behind would tell of the same.
 */
#include "cli/testrun.h"

#include "cli/ctx.h"
#include "cli/explain.h"
#include "cli/finding.h"
#include "cli/mapfill.h"
#include "cli/records.h"
#include "cli/run.h"
#include "cli/sent.h"
#include "cli/testmatch.h"
#include "cli/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define LOG_SIZE  (16u << 20)
#define DEFAULT_DATA 64 /* bytes of a packet that nothing is said of */
#define DATA_ROOM (256u << 10)
#define TAIL_LINES 6
#define EVENT_MAPS 8

/* Of one map whose records are expected. */
struct listened {
	const struct bpf_map *map;
	struct records *records;
	u32 next; /* the one that is expected next */
};

struct test {
	const struct cli_opts *opts;
	const struct cli_input *in;
	const struct test_specs *specs;
	const struct test_spec *spec;
	const struct test_want *want;
	bool unpriv;
	struct coverage *cov; /* or NULL */
	struct test_result *res;
	struct skep *skep;
	struct bpf_object *obj;
	struct bpf_program *prog;
	char *log;
	bool reached, accepted; /* the verifier gave its verdict */
	char message[512], reason[64];
	u32 insn_idx; /* where it was refused */
	struct ctx_image ctx;
	u8 *ctx_after, *data_in, *data_out;
	u32 data_size_in, data_size_out;
	struct listened listened[EVENT_MAPS];
	u32 listened_cnt;
};

/* A reason, in lines; false. */
static bool __printf_like(2, 3) failed(struct test *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	strbuf_vprintf(&t->res->why, fmt, args);
	va_end(args);
	return false;
}

/* ---- loading ------------------------------------------------------------------------------------------------- */

static void on_verdict(void *ctx, const struct skep_verdict *v)
{
	struct test *t = ctx;

	if (strcmp(v->prog_name, t->spec->prog) || t->reached)
		return;
	t->reached = true;
	t->accepted = !v->err;
	t->res->insns = v->insns_processed;
	t->res->verify_us = v->verify_ns / 1000;
	t->insn_idx = v->err ? v->insn_idx : 0;
	snprintf(t->message, sizeof(t->message), "%s", v->message);
	snprintf(t->reason, sizeof(t->reason), "%s", v->reason);
	t->res->explain = explain_json(v);
}

static bool is_auxiliary(const struct test *t, const char *prog)
{
	for (size_t i = 0; i < t->specs->at.cnt; i++) {
		const struct test_spec *spec = &t->specs->at.at[i];

		if (!strcmp(spec->prog, prog))
			return t->unpriv ? spec->auxiliary_unpriv : spec->auxiliary;
	}
	return false;
}

/* Names of programs are cut in bpf(2), not in the object. */
static bool choose(struct test *t)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, t->obj) {
		bool it = !strcmp(bpf_program__name(prog), t->spec->prog);

		bpf_program__set_autoload(prog, it || is_auxiliary(t, bpf_program__name(prog)));
		if (it)
			t->prog = prog;
	}
	if (!t->prog)
		return failed(t, "is no program: a function that others call cannot be tested by itself\n");
	bpf_program__set_flags(t->prog, (bpf_program__flags(t->prog) | t->spec->flags_set) & ~t->spec->flags_clear);
	bpf_program__set_log_level(t->prog, (u32)t->spec->log_level);
	bpf_program__set_log_buf(t->prog, t->log, LOG_SIZE);
	return true;
}

#define REPLACED_MAX 16u

/* Before it is loaded. */
static bool replace(struct test *t)
{
	const test_patterns *said = &t->spec->replaced;
	struct skep_replacement list[REPLACED_MAX] = { 0 };
	char *names[REPLACED_MAX] = { 0 };
	u32 cnt = min_of(said->cnt, REPLACED_MAX);
	bool ok = said->cnt <= REPLACED_MAX || failed(t, "more than %u helpers are replaced\n", REPLACED_MAX);

	for (u32 i = 0; ok && i < cnt; i++) {
		const char *text = said->at[i].text;
		size_t len = strcspn(text, ":");

		names[i] = strndup(text, len);
		list[i] = (struct skep_replacement){ names[i], text[len] ? text + len + 1 : "" };
		ok = names[i] || failed(t, "out of memory\n");
	}
	cli_messages_start();
	if (ok && cnt && skep_replace_helpers(t->obj, list, cnt))
		ok = failed(t, "%s\n", cli_first_warning());
	for (u32 i = 0; i < cnt; i++)
		free(names[i]);
	return ok;
}

/* False: the test is over, *ret says how. */
static bool load(struct test *t)
{
	int err;

	skep_on_verdict(t->skep, on_verdict, t);
	skep_explain(t->skep, t->opts->explain);
	cli_messages_start();
	skep_set_caps(t->unpriv ? t->want->caps : SKEP_CAP_ALL);
	err = bpf_object__load(t->obj);
	skep_set_caps(SKEP_CAP_ALL);
	skep_on_verdict(t->skep, NULL, NULL);
	t->res->err = err;
	t->res->refused = err;
	if (err && cli_is_not_modelled(t->reached ? t->message : cli_first_warning())) {
		t->res->status = TEST_SKIPPED;
		return failed(t, "%s\n", t->reached ? t->message : cli_first_warning());
	}
	if (err && (!t->reached || t->accepted))
		return failed(t, "cannot be loaded: %s\n", *cli_first_warning() ? cli_first_warning() : cli_strerror(err));
	if (err && !t->want->refused) {
		snprintf(t->res->rule, sizeof(t->res->rule), "%s", t->reason);
		snprintf(t->res->message, sizeof(t->res->message), "%s", t->message);
		failed(t, "is refused: %s\n", t->message);
		return failed(t, "%s", cli_tail(t->log, TAIL_LINES));
	}
	return err || !t->want->refused || failed(t, "loads, and must be refused\n");
}

/* ---- what the verifier said ------------------------------------------------------------------------------------ */

static bool check_log(struct test *t)
{
	t->res->msgs_wanted = t->want->msgs.cnt;
	if (match_in_order(t->log, &t->want->msgs, &t->res->msgs_found, &t->res->why))
		return true;
	return failed(t, "the log ends with:\n%s", cli_tail(t->log, TAIL_LINES));
}

static bool check_dump(struct test *t, u32 kind, const test_patterns *patterns)
{
	char *text = NULL;
	u32 found;
	int err;
	bool ok;

	if (!patterns->cnt)
		return true;
	err = skep_prog_dump(t->skep, bpf_program__fd(t->prog), kind, 0, &text);
	if (err) {
		t->res->status = TEST_SKIPPED;
		return failed(t, "the program cannot be printed: %s\n", cli_strerror(err));
	}
	ok = match_lines(text, patterns, &found, &t->res->why);
	free(text);
	return ok;
}

/* ---- the run --------------------------------------------------------------------------------------------------- */

/* "00 11 22", malloc()ed. */
static bool hex_bytes(struct test *t, const char *text, u8 **ret_bytes, u32 *ret_size)
{
	u8 *bytes = malloc(strlen(text) / 2 + 1);

	if (!bytes)
		return failed(t, "out of memory\n");
	if (!value_hex(text, bytes, strlen(text) / 2, ret_size)) {
		free(bytes);
		return failed(t, "\"%s\" is not bytes in hex, two digits each\n", text);
	}
	*ret_bytes = bytes;
	return true;
}

static struct listened *listen_to(struct test *t, const char *name, size_t len)
{
	const struct bpf_map *map = cli_find_map(t->obj, name, len);
	struct listened *l;

	for (u32 i = 0; i < t->listened_cnt; i++) {
		if (t->listened[i].map == map)
			return &t->listened[i];
	}
	if (!map || t->listened_cnt == EVENT_MAPS || !records_has(bpf_map__type(map)))
		return NULL;
	l = &t->listened[t->listened_cnt];
	l->map = map;
	l->records = records_open(map);
	t->listened_cnt += l->records != NULL;
	return l->records ? l : NULL;
}

static bool ready(struct test *t)
{
	const struct test_spec *s = t->spec;

	if (s->data_in && !hex_bytes(t, s->data_in, &t->data_in, &t->data_size_in))
		return false;
	if (!t->data_in && run_takes_packets(bpf_program__type(t->prog))) {
		t->data_size_in = DEFAULT_DATA;
		t->data_in = calloc(1, t->data_size_in);
	}
	t->data_out = malloc(DATA_ROOM);
	if (!t->data_out || (t->data_size_in && !t->data_in))
		return failed(t, "out of memory\n");
	for (size_t i = 0; i < s->maps.cnt; i++) {
		if (!mapfill(t->obj, t->in->file.path, s->maps.at[i].text))
			return false;
	}
	for (size_t i = 0; i < s->events.cnt; i++) {
		const char *event = s->events.at[i].text;

		if (!listen_to(t, event, strcspn(event, ":")))
			return failed(t, "\"%s\": no ring buffer or perf event array of this name\n", event);
	}
	if (!s->ctx && !s->ctx_out)
		return true;
	if (!ctx_start(&t->ctx, t->prog, t->obj, t->in) || (s->ctx && !ctx_set_text(&t->ctx, s->ctx)))
		return false;
	if (bpf_program__type(t->prog) == BPF_PROG_TYPE_XDP)
		ctx_default(&t->ctx, "data_end", t->data_size_in);
	t->ctx_after = calloc(1, t->ctx.layout.size + 1);
	return t->ctx_after || failed(t, "out of memory\n");
}

static bool run(struct test *t)
{
	struct skep_test run = { .sz = sizeof(run), .repeat = (u32)t->spec->repeat, .data_in = t->data_in,
				 .data_size_in = t->data_size_in };
	int err;

	if (t->data_in) {
		run.data_out = t->data_out;
		run.data_size_out = DATA_ROOM;
	}
	if (t->ctx.bytes) {
		run.ctx_in = t->ctx.bytes;
		run.ctx_size_in = t->ctx.layout.size;
		run.ctx_out = t->ctx_after;
		run.ctx_size_out = t->ctx.layout.size;
	}
	err = skep_prog_test(t->skep, bpf_program__fd(t->prog), &run);
	if (err)
		return failed(t, "cannot be run: %s\n", cli_strerror(err));
	t->res->ran = true;
	t->res->retval = run.retval;
	t->data_size_out = min_of(run.data_size_out, DATA_ROOM);
	return true;
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */

/* What else a return value is called in Linux's selftests. */
static bool retval_word(const char *want, u32 got)
{
	return !strcmp(want, "POINTER_VALUE") || !strcmp(want, "0xbadcafe") || /* what it stands for there: any pointer */
	       (!strcmp(want, "INT_MIN") && got == (u32)INT32_MIN) || (!strcmp(want, "TEST_DATA_LEN") && got == DEFAULT_DATA);
}

/* A number of any sign, or what skep calls a value of this program type. */
static bool retval_is(const struct test *t, const char *want, u32 got)
{
	const char *name = skep_retval_name(t->skep, bpf_program__type(t->prog), got);
	char *end;
	long long number;

	if (retval_word(want, got))
		return true;
	errno = 0;
	number = strtoll(want, &end, 0);
	if (end != want && !errno && (!*end || !strspn(end, "uUlL") || !end[strspn(end, "uUlL")]))
		return (u32)number == got;
	return name && !strcmp(name, want);
}

static bool check_retval(struct test *t)
{
	const char *name = skep_retval_name(t->skep, bpf_program__type(t->prog), t->res->retval);

	if (!t->want->retval || retval_is(t, t->want->retval, t->res->retval))
		return true;
	return failed(t, "returns %d (0x%x%s%s), not %s\n", (int)t->res->retval, t->res->retval, name ? ", " : "",
		      name ? name : "", t->want->retval);
}

static bool check_bytes(struct test *t, const char *what, const char *want_text, const u8 *got, u32 got_size)
{
	struct strbuf hex = { 0 };
	u8 *want;
	u32 size;
	bool same;

	if (!hex_bytes(t, want_text, &want, &size))
		return false;
	same = size == got_size && !memcmp(want, got, size);
	free(want);
	if (same)
		return true;
	cli_add_hex(&hex, got, got_size);
	failed(t, "%s: %s\n     not %s\n", what, strbuf_str(&hex), want_text);
	strbuf_free(&hex);
	return false;
}

static bool check_ctx(struct test *t)
{
	struct ctx_image want = { 0 };
	bool ok;

	if (!t->spec->ctx_out)
		return true;
	ok = ctx_start(&want, t->prog, t->obj, t->in);
	/* What is not said may be anything: it is as it is. */
	if (ok)
		memcpy(want.bytes, t->ctx_after, want.layout.size);
	ok = ok && ctx_set_text(&want, t->spec->ctx_out);
	for (u32 i = 0; ok && i < want.layout.field_cnt; i++) {
		const struct ctx_field *f = &want.layout.fields[i];

		if (memcmp(want.bytes + f->off, t->ctx_after + f->off, (size_t)f->size * f->cnt))
			ok = failed(t, "context: %s is not as in \"%s\"\n", f->name, t->spec->ctx_out);
	}
	ctx_free(&want);
	return ok;
}

static bool check_events(struct test *t)
{
	for (u32 i = 0; i < t->listened_cnt; i++)
		records_read(t->listened[i].records);
	for (size_t i = 0; i < t->spec->events.cnt; i++) {
		const char *event = t->spec->events.at[i].text;
		size_t len = strcspn(event, ":");
		struct listened *l = listen_to(t, event, len);
		const u8 *bytes;
		u32 size;

		if (!records_get(l->records, l->next, &bytes, &size))
			return failed(t, "%.*s: record %u did not come\n", (int)len, event, l->next);
		if (!check_bytes(t, bpf_map__name(l->map), event[len] ? event + len + 1 : "", bytes, size))
			return false;
		l->next++;
	}
	return true;
}

static bool check_trace(struct test *t)
{
	char *text;
	u32 found;
	bool ok;

	if (!t->spec->traces.cnt)
		return true;
	text = skep_trace_text(t->skep);
	ok = text ? match_in_order(text, &t->spec->traces, &found, &t->res->why) : failed(t, "out of memory\n");
	if (text && !ok)
		failed(t, "%s%s", *text ? "the trace ends with:\n" : "nothing was traced\n", cli_tail(text, TAIL_LINES));
	free(text);
	return ok;
}

static bool check_maps(struct test *t)
{
	for (size_t i = 0; i < t->spec->maps_out.cnt; i++) {
		if (!mapfill_check(t->obj, t->in->file.path, t->spec->maps_out.at[i].text))
			return false;
	}
	return true;
}

static bool wants_run(const struct test *t)
{
	const struct test_spec *s = t->spec;

	return t->want->retval || s->data_in || s->data_out || s->ctx || s->ctx_out || s->maps_out.cnt || s->events.cnt ||
	       s->traces.cnt;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static bool whole(struct test *t)
{
	if (!choose(t) || !replace(t) || !load(t) || !check_log(t))
		return false;
	if (t->res->refused)
		return true;
	if (!check_dump(t, SKEP_DUMP_XLATED, &t->want->xlated) || !check_dump(t, SKEP_DUMP_JITED, &t->want->jited))
		return false;
	if (!wants_run(t))
		return true;
	return ready(t) && run(t) && check_retval(t) &&
	       (!t->spec->data_out || check_bytes(t, "data", t->spec->data_out, t->data_out, t->data_size_out)) &&
	       check_ctx(t) && check_maps(t) && check_events(t) && check_trace(t);
}

/* Why it cannot be done here; NULL: it can. */
static const char *hindrance(const struct test_spec *spec, const struct cli_opts *opts)
{
	if (spec->lacking)
		return spec->lacking;
	if (spec->arch_mask && !(spec->arch_mask & BIT(0)))
		return "it is for other machines";
	if (spec->needs_jit && opts->engine == SKEP_RUN_INTERP)
		return "it needs machine code";
	if (spec->needs_no_jit && opts->engine != SKEP_RUN_INTERP)
		return "it is for the interpreter (--engine interp)";
	return NULL;
}

/* Of all that was loaded: a tail call may have led to another one. */
static bool add_coverage(struct test *t)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, t->obj) {
		int fd = t->cov ? bpf_program__fd(prog) : -1;

		if (fd >= 0 && !coverage_add(t->cov, t->skep, fd, bpf_program__name(prog)))
			return failed(t, "out of memory for coverage\n");
	}
	return true;
}

static bool in_instance(struct test *t, struct cli_opts *opts)
{
	bool ok;

	opts->cpus = t->spec->cpus;
	opts->seed = t->spec->seed;
	opts->seeded = t->spec->seeded;
	opts->clock_ns = t->spec->clock_ns;
	opts->has_clock = t->spec->has_clock;
	opts->unprivileged_bpf = t->unpriv;
	opts->count_insns = t->cov;
	t->skep = cli_instance(opts);
	if (!t->skep)
		return false;
	t->log = malloc(LOG_SIZE);
	ok = t->log || failed(t, "out of memory\n");
	if (t->log)
		t->log[0] = '\0';
	ok = ok && sent_make_devs(t->skep, t->spec->devs);
	if (ok)
		t->obj = cli_input_open(t->in);
	ok = ok && t->obj && whole(t);
	ok &= !t->obj || add_coverage(t);
	if (t->prog) {
		place_of_insn(t->obj, t->prog, t->insn_idx, t->in->file.path, &t->res->place);
		explain_add_places(t->res->explain, t->obj, t->prog, t->in->file.path);
	}
	for (u32 i = 0; i < t->listened_cnt; i++)
		records_close(t->listened[i].records);
	bpf_object__close(t->obj);
	cli_instance_end(t->skep);
	return ok;
}

void test_name(const struct test_spec *spec, bool unpriv, char *ret_name)
{
	snprintf(ret_name, TEST_NAME_SIZE, "%s%s", spec->prog, unpriv ? " @unpriv" : "");
}

/* Lines without the last one's end. */
static void trim(struct strbuf *why)
{
	while (why->len && why->str[why->len - 1] == '\n')
		why->str[--why->len] = '\0';
}

void test_run(const struct cli_opts *opts, const struct cli_input *in, const struct test_specs *specs,
	      const struct test_spec *spec, bool unpriv, struct coverage *cov, struct test_result *ret)
{
	const struct test_want *want = unpriv ? &spec->unpriv : &spec->priv;
	struct test t = { .opts = opts, .in = in, .specs = specs, .spec = spec, .want = want, .unpriv = unpriv,
			  .cov = cov, .res = ret };
	const char *why = hindrance(spec, opts);
	struct cli_opts own = *opts;

	*ret = (struct test_result){ .file = in->file.path, .description = spec->description, .status = TEST_FAILED,
				     .want_refused = want->refused, .retval_wanted = want->retval ? want->retval : "" };
	test_name(spec, unpriv, ret->name);
	if (why) {
		ret->status = TEST_SKIPPED;
		strcpy(ret->rule, RULE_TEST_SKIPPED);
		failed(&t, "%s", why);
		return;
	}
	cli_fail_to(&ret->why); /* what helpers of other commands say belongs to this test */
	if (in_instance(&t, &own))
		ret->status = TEST_PASSED;
	cli_fail_to(NULL);
	trim(&ret->why);
	if (!*ret->rule || ret->status == TEST_SKIPPED)
		strcpy(ret->rule, ret->status == TEST_SKIPPED ? RULE_TEST_SKIPPED : RULE_TEST_FAILED);
	ctx_free(&t.ctx);
	free(t.ctx_after);
	free(t.data_in);
	free(t.data_out);
	free(t.log);
}

void test_result_free(struct test_result *result)
{
	strbuf_free(&result->why);
	place_free(&result->place);
	json_object_put(result->explain);
}
