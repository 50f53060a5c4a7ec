/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * testspec.c - reads declaration tags "comment:N:test_..." and "comment:N:skep_..." (include/skep/test.h). Older
 * kernels' selftests have no number there, but in messages: "comment:test_expect_msg=N=text". Tags with other
 * names of that kind are refused: a test that leaves out what it does not know would pass for the wrong reason.
 */
#include "cli/testspec.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#define PREFIX "comment:"

struct tag {
	const char *func;
	const char *text; /* behind the number */
	u64 number;	  /* UINT64_MAX: none */
	u32 id;		  /* of BTF */
};
typedef VEC(struct tag) tags;

/* ---- the tags in their order --------------------------------------------------------------------------------- */

static int in_order(const void *a, const void *b)
{
	const struct tag *x = a, *y = b;

	return x->number != y->number ? (x->number < y->number ? -1 : 1) : (x->id > y->id) - (x->id < y->id);
}

/* "12:rest" or "rest". */
static const char *take_number(const char *text, char behind, u64 *ret_number)
{
	char *end;

	*ret_number = UINT64_MAX;
	if (*text < '0' || *text > '9')
		return text;
	errno = 0;
	*ret_number = strtoull(text, &end, 10);
	if (!errno && *end == behind)
		return end + 1;
	*ret_number = UINT64_MAX;
	return text;
}

/* The number of an older tag stands behind the "=". */
static u64 inner_number(const char *text)
{
	const char *equals = strchr(text, '=');
	u64 number = UINT64_MAX;

	if (equals && (!strncmp(text, "test_expect_", 12) || !strncmp(text, "test_jited", 10)))
		take_number(equals + 1, '=', &number);
	return number;
}

static bool gather(const struct btf *btf, tags *ret_tags)
{
	u32 cnt = btf__type_cnt(btf);

	for (u32 id = 1; id < cnt; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id), *func;
		const char *text;
		struct tag tag = { .id = id };

		if (btf_kind(t) != BTF_KIND_DECL_TAG || btf_decl_tag(t)->component_idx != -1)
			continue;
		func = btf__type_by_id(btf, t->type);
		text = btf__name_by_offset(btf, t->name_off);
		if (!func || btf_kind(func) != BTF_KIND_FUNC || !text || strncmp(text, PREFIX, strlen(PREFIX)))
			continue;
		tag.func = btf__name_by_offset(btf, func->name_off);
		tag.text = take_number(text + strlen(PREFIX), ':', &tag.number);
		if (tag.number == UINT64_MAX)
			tag.number = inner_number(tag.text);
		if (!vec_push(ret_tags, tag))
			return false;
	}
	if (ret_tags->cnt)
		qsort(ret_tags->at, ret_tags->cnt, sizeof(*ret_tags->at), in_order);
	return true;
}

/* ---- what one says ---------------------------------------------------------------------------------------------- */

#define FLAG(name) { #name, name }
static const struct named {
	const char *name;
	u32 value;
} flags[] = {
	FLAG(BPF_F_STRICT_ALIGNMENT), FLAG(BPF_F_ANY_ALIGNMENT), FLAG(BPF_F_TEST_RND_HI32), FLAG(BPF_F_TEST_STATE_FREQ),
	FLAG(BPF_F_SLEEPABLE), FLAG(BPF_F_XDP_HAS_FRAGS), FLAG(BPF_F_XDP_DEV_BOUND_ONLY), FLAG(BPF_F_TEST_REG_INVARIANTS),
}, caps[] = {
	{ "CAP_BPF", SKEP_CAP_BPF }, { "CAP_PERFMON", SKEP_CAP_PERFMON }, { "CAP_NET_ADMIN", SKEP_CAP_NET_ADMIN },
	{ "CAP_SYS_ADMIN", SKEP_CAP_SYS_ADMIN },
	/* The selftests' header has their numbers. */
	{ "12", SKEP_CAP_NET_ADMIN }, { "21", SKEP_CAP_SYS_ADMIN }, { "38", SKEP_CAP_PERFMON }, { "39", SKEP_CAP_BPF },
};

static bool by_name(const struct named *table, size_t cnt, const char *word, size_t len, u32 *ret_value)
{
	for (size_t i = 0; i < cnt; i++) {
		if (strlen(table[i].name) == len && !strncmp(table[i].name, word, len)) {
			*ret_value = table[i].value;
			return true;
		}
	}
	return false;
}

/* "A | B" */
static bool set_caps(struct test_spec *spec, const char *text)
{
	u32 bit;

	while (*text) {
		size_t len = strcspn(text, " |");

		if (!by_name(caps, ARRAY_SIZE(caps), text, len, &bit))
			return false;
		spec->unpriv.caps |= bit;
		text += len;
		text += strspn(text, " |");
	}
	return true;
}

static bool set_flag(struct test_spec *spec, const char *text)
{
	bool away = *text == '!';
	u64 number;
	u32 bit;

	text += away;
	if (!by_name(flags, ARRAY_SIZE(flags), text, strlen(text), &bit)) {
		if (!cli_number(text, UINT32_MAX, &number))
			return false;
		bit = (u32)number;
	}
	*(away ? &spec->flags_clear : &spec->flags_set) |= bit;
	return true;
}

static bool add_pattern(test_patterns *list, const char *text, bool absent, bool regex)
{
	struct test_pattern p = { .text = text, .absent = absent, .regex = regex };

	return vec_push(list, p);
}

/* Older tags: "N=text". */
static const char *message_text(const char *value)
{
	u64 number;

	return take_number(value, '=', &number);
}

/* "NAME", with its value in *ret_value: what stands behind the "=", "" when there is none. */
static bool is(const char *text, const char *name, const char **ret_value)
{
	size_t len = strlen(name);

	if (strncmp(text, name, len) || (text[len] && text[len] != '='))
		return false;
	*ret_value = text[len] ? text + len + 1 : "";
	return true;
}

/* What is said of one variant; @end: "" or "_unpriv". *ret_ok: the value makes sense. False: it is another tag. */
static bool of_variant(struct test_want *want, const char *text, const char *end, bool *ret_ok)
{
	static const char *const verdicts[] = { "test_expect_success", "test_expect_failure" };
	const char *value;
	char name[64];

	*ret_ok = true;
	for (u32 i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s%s", verdicts[i], end);
		if (is(text, name, &value)) {
			want->wanted = want->said_verdict = true;
			want->refused = i;
			return true;
		}
	}
	snprintf(name, sizeof(name), "test_retval%s", end);
	if (is(text, name, &value)) {
		want->wanted = true;
		want->retval = value;
		return true;
	}
	struct {
		const char *name;
		test_patterns *list;
		bool absent, regex;
	} lists[] = { { "test_expect_msg", &want->msgs, false, false }, { "test_expect_not_msg", &want->msgs, true, false },
		      { "test_expect_regex", &want->msgs, false, true }, { "test_expect_xlated", &want->xlated, false, false },
		      { "test_jited", &want->jited, false, false } };
	for (u32 i = 0; i < ARRAY_SIZE(lists); i++) {
		snprintf(name, sizeof(name), "%s%s", lists[i].name, end);
		if (is(text, name, &value)) {
			want->wanted = true;
			*ret_ok = add_pattern(lists[i].list, message_text(value), lists[i].absent, lists[i].regex);
			return true;
		}
	}
	return false;
}

#if defined(__x86_64__)
#define HOST_ARCH "X86_64"
#elif defined(__aarch64__)
#define HOST_ARCH "ARM64"
#elif defined(__riscv)
#define HOST_ARCH "RISCV64"
#else
#define HOST_ARCH "?"
#endif

static bool of_program(struct test_spec *spec, const char *text, bool *ret_ok)
{
	struct {
		const char *name;
		const char **at;
	} texts[] = { { "test_description", &spec->description }, { "skep_data_in", &spec->data_in },
		      { "skep_data_out", &spec->data_out }, { "skep_ctx", &spec->ctx }, { "skep_ctx_out", &spec->ctx_out },
		      { "skep_devs", &spec->devs } };
	struct {
		const char *name;
		test_patterns *list;
	} lists[] = { { "skep_map", &spec->maps }, { "skep_map_out", &spec->maps_out }, { "skep_event", &spec->events },
		      { "skep_trace", &spec->traces }, { "skep_replace", &spec->replaced } };
	struct {
		const char *name;
		u64 *at;
		u64 max;
	} numbers[] = { { "test_log_level", &spec->log_level, 7 }, { "skep_repeat", &spec->repeat, INT32_MAX },
			{ "skep_cpus", &spec->cpus, 64 }, { "skep_seed", &spec->seed, UINT64_MAX },
			{ "skep_clock", &spec->clock_ns, UINT64_MAX } };
	const char *value;

	*ret_ok = true;
	for (u32 i = 0; i < ARRAY_SIZE(texts); i++) {
		if (is(text, texts[i].name, &value)) {
			*texts[i].at = value;
			return true;
		}
	}
	for (u32 i = 0; i < ARRAY_SIZE(lists); i++) {
		if (is(text, lists[i].name, &value)) {
			*ret_ok = add_pattern(lists[i].list, value, false, false);
			return true;
		}
	}
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (is(text, numbers[i].name, &value)) {
			*ret_ok = cli_number(value, numbers[i].max, numbers[i].at);
			spec->seeded |= numbers[i].at == &spec->seed;
			spec->has_clock |= numbers[i].at == &spec->clock_ns;
			return true;
		}
	}
	return false;
}

/* Linux's loader of tests has these; a test that says so is skipped with why. */
static bool of_lacking(struct test_spec *spec, const char *text)
{
	static const struct {
		const char *name, *why;
	} tags[] = {
		{ "test_expect_stderr", "not modelled: __stderr: programs have no streams (bpf_stream_vprintk(), BPF_PROG_STREAM_READ_BY_FD)" },
		{ "test_expect_stdout", "not modelled: __stdout: programs have no streams (bpf_stream_vprintk(), BPF_PROG_STREAM_READ_BY_FD)" },
		{ "test_linear_size", "not modelled: __linear_size: packets of test runs are in one piece" },
		{ "test_btf_path", "not modelled: __btf_path: the kernel's types are those of --kernel-btf for all tests" },
	};
	const char *value;
	char name[64];

	for (u32 i = 0; i < ARRAY_SIZE(tags); i++) {
		snprintf(name, sizeof(name), "%s_unpriv", tags[i].name);
		if (is(text, tags[i].name, &value) || is(text, name, &value)) {
			spec->lacking = tags[i].why;
			return true;
		}
	}
	return false;
}

/* Those that need more than to be kept. */
static bool of_circumstances(struct test_spec *spec, const char *text, bool *ret_ok)
{
	const char *value;

	*ret_ok = true;
	if (is(text, "test_auxiliary", &value)) {
		spec->auxiliary = true;
	} else if (is(text, "test_auxiliary_unpriv", &value)) {
		spec->auxiliary_unpriv = true;
	} else if (is(text, "test_prog_flags", &value)) {
		*ret_ok = set_flag(spec, value);
	} else if (is(text, "test_caps_unpriv", &value)) {
		*ret_ok = set_caps(spec, value);
	} else if (is(text, "test_arch", &value)) {
		spec->arch_mask |= BIT(1) | (strcmp(value, HOST_ARCH) ? 0 : BIT(0));
	} else if (is(text, "load_mode", &value)) {
		spec->needs_jit |= !strcmp(value, "jited");
		spec->needs_no_jit |= !strcmp(value, "no_jited");
		*ret_ok = spec->needs_jit || spec->needs_no_jit;
	} else {
		return false;
	}
	return true;
}

bool test_spec_apply(struct test_spec *spec, const char *text, const char *path)
{
	bool ok = true;

	if (of_variant(&spec->priv, text, "", &ok) || of_variant(&spec->unpriv, text, "_unpriv", &ok) ||
	    of_program(spec, text, &ok) || of_circumstances(spec, text, &ok) || of_lacking(spec, text))
		return ok || !cli_fail("%s: %s: \"%s\" makes no sense", path, spec->prog, text);
	if (!strncmp(text, "test_", 5) || !strncmp(text, "skep_", 5))
		return !cli_fail("%s: %s: \"%s\" is no tag of tests that skep knows", path, spec->prog, text);
	return true; /* some other comment */
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static struct test_spec *spec_of(struct test_specs *specs, const char *func)
{
	struct test_spec spec = { .prog = func, .description = "", .log_level = 1, .repeat = 1 };

	for (size_t i = 0; i < specs->at.cnt; i++) {
		if (!strcmp(specs->at.at[i].prog, func))
			return &specs->at.at[i];
	}
	return vec_push(&specs->at, spec) ? &specs->at.at[specs->at.cnt - 1] : NULL;
}

/* What was not said of the caller without capabilities is as for others. */
static bool complete(struct test_spec *spec)
{
	struct test_want *priv = &spec->priv, *unpriv = &spec->unpriv;

	if (!unpriv->wanted)
		return true;
	if (!unpriv->said_verdict)
		unpriv->refused = priv->refused;
	if (!unpriv->retval)
		unpriv->retval = priv->retval;
	if (unpriv->msgs.cnt || unpriv->refused != priv->refused)
		return true;
	for (size_t i = 0; i < priv->msgs.cnt; i++) {
		if (!vec_push(&unpriv->msgs, priv->msgs.at[i]))
			return false;
	}
	return true;
}

bool test_specs_read(const struct bpf_object *obj, const char *path, struct test_specs *ret_specs)
{
	const struct btf *btf = bpf_object__btf(obj);
	tags all = { 0 };
	bool ok = true;

	*ret_specs = (struct test_specs){ 0 };
	if (btf && !gather(btf, &all))
		ok = !cli_fail("out of memory");
	for (size_t i = 0; ok && i < all.cnt; i++) {
		struct test_spec *spec = spec_of(ret_specs, all.at[i].func);

		ok = spec ? test_spec_apply(spec, all.at[i].text, path) : !cli_fail("out of memory");
	}
	for (size_t i = 0; ok && i < ret_specs->at.cnt; i++)
		ok = complete(&ret_specs->at.at[i]) || !cli_fail("out of memory");
	vec_free(&all);
	if (!ok)
		test_specs_free(ret_specs);
	return ok;
}

static void want_free(struct test_want *want)
{
	vec_free(&want->msgs);
	vec_free(&want->xlated);
	vec_free(&want->jited);
}

void test_spec_free(struct test_spec *spec)
{
	want_free(&spec->priv);
	want_free(&spec->unpriv);
	vec_free(&spec->maps);
	vec_free(&spec->maps_out);
	vec_free(&spec->events);
	vec_free(&spec->traces);
	vec_free(&spec->replaced);
}

void test_specs_free(struct test_specs *specs)
{
	for (size_t i = 0; i < specs->at.cnt; i++)
		test_spec_free(&specs->at.at[i]);
	vec_free(&specs->at);
}
