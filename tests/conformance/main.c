/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - Linux's verifier test tables before skep's two engines and the running kernel: a table by
 * family, then the differences one by one, with the last words of each judge.
 *
 * usage: conformance [-v] [-j FILE] [-d DIVERGENCES] [FAMILY[:TEXT]...]
 *	-v  also the cases that are not modelled, and those where the running kernel is newer than the table
 *	-j  everything as JSON into FILE
 *	-d  a text with a line "| conformance `family: case` ..." for each difference that is meant
 * Exit status 1 when a case differs that is not in the list.
 */
#include "conf.h"

#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How a case came out. */
enum status {
	ST_AGREE,
	ST_NEWER,  /* not as the table says, but as the running kernel says */
	ST_LISTED, /* a difference that is meant */
	ST_UNMODELLED,
	ST_DIFFER,
	ST_CNT,
};
static const char *const status_names[] = { "agree", "newer", "listed", "not modelled", "differ" };

enum mode { PRIV, UNPRIV, MODE_CNT };

struct outcome_of {
	enum status status;
	const char *kind; /* how it differs: "accepts", "refuses", ...; NULL: does not */
	struct answer a[JUDGE_CNT];
	bool want_accept;
};

struct totals {
	u32 cases, by_status[ST_CNT];
	u32 parts, parts_found, parts_newer; /* pieces of log: expected, found, in other words by now */
};

static struct {
	struct conf_judge judges[JUDGE_CNT];
	bool verbose;
	char *listed; /* the text with what is meant */
	json_object *json;
	struct totals by_mode[MODE_CNT];
	u64 own_usec, kernel_usec; /* of cases that both verified to the same end */
} all;

static bool is_unpriv_case(const struct bpf_test *t)
{
	return !t->prog_type || t->prog_type == BPF_PROG_TYPE_SOCKET_FILTER ||
	       t->prog_type == BPF_PROG_TYPE_CGROUP_SKB;
}

static bool wants_accept(const struct bpf_test *t, bool unpriv)
{
	int result = unpriv && t->result_unpriv != UNDEF ? t->result_unpriv : t->result;

	return result != REJECT;
}

static bool wants_words(const struct bpf_test *t, bool unpriv)
{
	int result = unpriv && t->result_unpriv != UNDEF ? t->result_unpriv : t->result;

	return result != ACCEPT;
}

static bool retvals_differ(const struct bpf_test *t, bool unpriv, const struct answer *a)
{
	for (int i = 0; a->ran && i < max_of(t->runs, 1) && i < MAX_TEST_RUNS; i++) {
		u32 want = unpriv && t->retvals[i].retval_unpriv ? t->retvals[i].retval_unpriv :
								   t->retvals[i].retval;

		if (a->run_err || (want != POINTER_VALUE && a->retval[i] != want))
			return true;
	}
	return false;
}

static const char *compare(const struct bpf_test *t, bool unpriv, const struct answer *a)
{
	bool accept = a->out == OUT_ACCEPT;

	if (accept != wants_accept(t, unpriv))
		return accept ? "accepts" : "refuses";
	if (wants_words(t, unpriv) && !a->words)
		return "words";
	if (!unpriv && t->insn_processed && a->processed != t->insn_processed)
		return "processed";
	if (accept && a->xlated_wrong)
		return "xlated";
	return accept && retvals_differ(t, unpriv, a) ? "retval" : NULL;
}

/* Is what skep says, where it is not what the table says, what the running kernel says? */
static bool kernel_agrees(const char *kind, const struct answer *own, const struct answer *kernel)
{
	if (kernel->out != own->out)
		return false;
	if (!strcmp(kind, "accepts") || !strcmp(kind, "xlated"))
		return true;
	if (!strcmp(kind, "processed"))
		return own->processed == kernel->processed;
	if (!strcmp(kind, "retval"))
		return !memcmp(own->retval, kernel->retval, sizeof(own->retval));
	/* Of an accepted program the log tells much; neither of them has these words. */
	return own->out == OUT_ACCEPT ? !kernel->words : !strcmp(own->last, kernel->last);
}

static bool is_listed(const char *family, const char *descr, bool unpriv)
{
	char key[512];

	snprintf(key, sizeof(key), "`%s: %s%s`", family, descr, unpriv ? " (unprivileged)" : "");
	return all.listed && strstr(all.listed, key);
}

static void judge_case(const char *family, struct bpf_test *t, bool unpriv, struct outcome_of *o)
{
	const struct answer *own = &o->a[JUDGE_INTERP], *jit = &o->a[JUDGE_JIT];

	for (u32 i = 0; i < JUDGE_CNT; i++)
		ask(&all.judges[i], t, unpriv, &o->a[i]);
	o->want_accept = wants_accept(t, unpriv);
	o->kind = NULL;
	if (own->out == OUT_NOT_MODELLED) {
		o->status = ST_UNMODELLED;
		return;
	}
	o->kind = compare(t, unpriv, own);
	if (own->out == o->a[JUDGE_KERNEL].out) {
		all.own_usec += own->usec;
		all.kernel_usec += o->a[JUDGE_KERNEL].usec;
	}
	if (!o->kind && jit->out != OUT_NONE && compare(t, unpriv, jit))
		o->kind = "engines";
	o->status = !o->kind ? ST_AGREE :
		    kernel_agrees(o->kind, own, &o->a[JUDGE_KERNEL]) ? ST_NEWER :
		    is_listed(family, t->descr, unpriv) ? ST_LISTED : ST_DIFFER;
}

/* ---- reports ------------------------------------------------------------------------------------------- */

static const char *said(const struct answer *a)
{
	return a->out == OUT_ACCEPT ? "accepts" : a->out == OUT_REFUSE ? "refuses" : "-";
}

static void print_answer(const char *who, const struct answer *a)
{
	printf("    %-7s %s", who, a->out == OUT_NOT_MODELLED ? "not modelled" : said(a));
	if (a->out != OUT_ACCEPT && a->err)
		printf(" (%s)", a->err == -524 ? "ENOTSUPP" : strerrorname_np(-a->err));
	if (a->ran)
		printf(" returns %d%s", (int)a->retval[0], a->run_err ? " RUN FAILS" : "");
	printf("%s%s\n", a->last[0] ? ": " : "", a->last);
}

static void print_case(const char *family, const struct bpf_test *t, bool unpriv,
		       const struct outcome_of *o)
{
	const char *want = unpriv && t->errstr_unpriv ? t->errstr_unpriv : t->errstr;

	printf("%s%s%s %s: %s%s\n", status_names[o->status], o->kind ? " " : "", o->kind ? o->kind : "",
	       family, t->descr, unpriv ? " (unprivileged)" : "");
	printf("    table   %s", o->want_accept ? "accepts" : "refuses");
	if (o->want_accept)
		printf(" returns %d", (int)t->retval);
	printf("%s%s\n", want ? ": " : "", want ? want : "");
	print_answer("skep", &o->a[JUDGE_INTERP]);
	if (o->kind && !strcmp(o->kind, "engines"))
		print_answer("jit", &o->a[JUDGE_JIT]);
	print_answer("kernel", &o->a[JUDGE_KERNEL]);
}

static void add_json(const char *family, const struct bpf_test *t, bool unpriv,
		     const struct outcome_of *o)
{
	json_object *row;

	if (!all.json)
		return;
	row = json_object_new_object();
	json_object_object_add(row, "family", json_object_new_string(family));
	json_object_object_add(row, "case", json_object_new_string(t->descr));
	json_object_object_add(row, "privileged", json_object_new_boolean(!unpriv));
	json_object_object_add(row, "status", json_object_new_string(status_names[o->status]));
	if (o->kind)
		json_object_object_add(row, "kind", json_object_new_string(o->kind));
	json_object_object_add(row, "table", json_object_new_string(o->want_accept ? "accepts" : "refuses"));
	json_object_object_add(row, "skep", json_object_new_string(said(&o->a[JUDGE_INTERP])));
	json_object_object_add(row, "skep_log", json_object_new_string(o->a[JUDGE_INTERP].last));
	json_object_object_add(row, "kernel", json_object_new_string(said(&o->a[JUDGE_KERNEL])));
	json_object_object_add(row, "kernel_log", json_object_new_string(o->a[JUDGE_KERNEL].last));
	json_object_array_add(all.json, row);
}

static void print_row(const char *name, const struct totals *t)
{
	printf("%-32s %6u %6u %6u %6u %6u %6u\n", name, t->cases, t->by_status[ST_AGREE],
	       t->by_status[ST_NEWER], t->by_status[ST_LISTED], t->by_status[ST_UNMODELLED],
	       t->by_status[ST_DIFFER]);
}

static void add_to(struct totals *to, const struct outcome_of *o, bool words)
{
	const struct answer *own = &o->a[JUDGE_INTERP];

	to->cases++;
	to->by_status[o->status]++;
	if (words && own->out != OUT_NOT_MODELLED) {
		to->parts += own->parts;
		to->parts_found += own->parts_found;
		if (o->status == ST_NEWER)
			to->parts_newer += own->parts - own->parts_found;
	}
}

/* ---- going through the tables ------------------------------------------------------------------------------ */

static void do_case(const struct family *f, struct bpf_test *t, struct totals *totals)
{
	if (t->fill_helper) {
		t->fill_insns = calloc(MAX_TEST_INSNS, sizeof(*t->fill_insns));
		t->fill_helper(t);
	}
	for (int unpriv = 0; unpriv <= is_unpriv_case(t); unpriv++) {
		struct outcome_of o;

		judge_case(f->name, t, unpriv, &o);
		add_to(totals, &o, wants_words(t, unpriv));
		add_to(&all.by_mode[unpriv], &o, wants_words(t, unpriv));
		add_json(f->name, t, unpriv, &o);
		if (o.status == ST_DIFFER || (all.verbose && o.status != ST_AGREE))
			print_case(f->name, t, unpriv, &o);
	}
	free(t->fill_insns);
	t->fill_insns = NULL;
}

static bool is_asked_for(const char *family, const char *descr, char *const *args)
{
	if (!*args)
		return true;
	for (; *args; args++) {
		size_t len = strcspn(*args, ":");

		if (strlen(family) == len && !strncmp(family, *args, len) &&
		    (!(*args)[len] || strstr(descr, *args + len + 1)))
			return true;
	}
	return false;
}

static void do_all(char *const *args, struct totals *totals)
{
	for (u32 i = 0; i < family_cnt; i++)
		for (u32 n = 0; n < families[i].cnt; n++)
			if (is_asked_for(families[i].name, families[i].tests[n].descr, args))
				do_case(&families[i], &families[i].tests[n], &totals[i]);
}

static void print_totals(const struct totals *totals)
{
	static const char *const modes[] = { "all, privileged", "all, unprivileged" };
	const struct totals *m = all.by_mode;
	u32 parts = m[PRIV].parts + m[UNPRIV].parts, found = m[PRIV].parts_found + m[UNPRIV].parts_found;
	u32 newer = m[PRIV].parts_newer + m[UNPRIV].parts_newer;

	printf("%-32s %6s %6s %6s %6s %6s %6s\n", "family", "cases", "agree", "newer", "listed", "unmod.",
	       "differ");
	for (u32 i = 0; i < family_cnt; i++)
		if (totals[i].cases)
			print_row(families[i].name, &totals[i]);
	print_row(modes[PRIV], &m[PRIV]);
	print_row(modes[UNPRIV], &m[UNPRIV]);
	if (all.kernel_usec)
		printf("time to verify what both accept or both refuse: skep %llu us, kernel %llu us\n",
		       (unsigned long long)all.own_usec, (unsigned long long)all.kernel_usec);
	if (parts)
		printf("pieces of log that the tables expect: %u; %u found, %u worded as by the running kernel (%.1f %%)\n",
		       parts, found, newer, 100.0 * (found + newer) / parts);
}

static char *read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	struct strbuf sb = { 0 };
	char buf[4096];
	size_t n;

	if (!f) {
		fprintf(stderr, "conformance: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	while ((n = fread(buf, 1, sizeof(buf), f)))
		strbuf_add(&sb, buf, n);
	fclose(f);
	return sb.str;
}

static void make_judges(void)
{
	static const char *const names[JUDGE_CNT] = { "interp", "jit", "kernel" };

	for (u32 i = 0; i < JUDGE_CNT; i++) {
		all.judges[i].present = judge_make(&all.judges[i].judge, names[i]);
		if (!all.judges[i].present)
			printf("# no judge here: %s\n", names[i]);
	}
}

int main(int argc, char **argv)
{
	struct totals *totals = calloc(family_cnt, sizeof(*totals));
	const char *json_path = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "vj:d:")) != -1) {
		if (opt == 'v')
			all.verbose = true;
		else if (opt == 'j')
			json_path = optarg;
		else if (opt == 'd')
			all.listed = read_text(optarg);
		else
			return 2;
	}
	if (json_path)
		all.json = json_object_new_array();
	make_judges();
	do_all(argv + optind, totals);
	print_totals(totals);
	for (u32 i = 0; i < JUDGE_CNT; i++)
		judge_free(&all.judges[i].judge);
	if (json_path && json_object_to_file_ext(json_path, all.json, JSON_C_TO_STRING_PRETTY)) {
		fprintf(stderr, "conformance: %s: %s\n", json_path, strerror(errno));
		return 2;
	}
	json_object_put(all.json);
	free(totals);
	free(all.listed);
	return all.by_mode[PRIV].by_status[ST_DIFFER] || all.by_mode[UNPRIV].by_status[ST_DIFFER];
}
