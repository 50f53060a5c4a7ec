/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * case_judge.c - runs one text case before a judge: makes its maps, loads the program and its twins,
 * runs what is accepted with each input set. Everything goes through bpf(2) calls, so that skep and
 * the running kernel are asked in exactly the same way.
 */
#include "case.h"

#include "base/hash.h"
#include "isa/isa.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_SIZE (1 << 20)

struct bench {
	const struct text_case *c;
	const struct judge *j;
	int map_fds[CASE_MAX_MAPS];
	char *log;
	char *why;
	size_t why_size;
};

static long bpf(struct bench *b, int cmd, union bpf_attr *attr)
{
	return b->j->bpf(b->j->ctx, cmd, attr, sizeof(*attr));
}

__printf_like(2, 3) static bool fail(struct bench *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(b->why, b->why_size, fmt, args);
	va_end(args);
	return false;
}

static int find_map(void *ctx, const char *name)
{
	struct bench *b = ctx;

	for (u32 i = 0; i < b->c->map_cnt; i++) {
		if (!strcmp(b->c->maps[i].name, name))
			return b->map_fds[i];
	}
	return -1;
}

static int find_helper(void *ctx __unused_arg, const char *name)
{
	return case_helper_id(name);
}

/* A descriptor, or a negative errno with the log in b->log; -1000: the text does not assemble. */
static long load(struct bench *b, const char *text)
{
	const struct asm_syms syms = { .ctx = b, .map = find_map, .helper = find_helper };
	struct strbuf err = { 0 };
	union bpf_attr attr = { 0 };
	struct func_types types;
	struct bpf_insn *insns;
	long fd;
	u32 cnt;

	b->log[0] = '\0';
	if (insn_assemble(text, &syms, &insns, &cnt, &err)) {
		fail(b, "does not assemble: %s in\n%s", strbuf_str(&err), text);
		strbuf_free(&err);
		return -1000;
	}
	attr.prog_type = b->c->prog_type;
	attr.expected_attach_type = b->c->attach_type;
	attr.prog_flags = b->c->prog_flags | (b->c->prog_type == BPF_PROG_TYPE_SYSCALL ? BPF_F_SLEEPABLE : 0);
	attr.insns = (u64)(uintptr_t)insns;
	attr.insn_cnt = cnt;
	attr.license = (u64)(uintptr_t)(b->c->gpl ? "GPL" : "Proprietary");
	attr.log_buf = (u64)(uintptr_t)b->log;
	attr.log_size = LOG_SIZE;
	attr.log_level = 2;
	fd = func_types_make(b->j, insns, cnt, &types, &attr);
	if (fd)
		fail(b, "BTF load: errno %ld", -fd);
	fd = fd ? -1000 : judge_load(b->j, &attr, b->c->rights);
	if (types.fd >= 0)
		close(types.fd);
	free(insns);
	return fd;
}

/* @pattern is in @text; {{.*}} stands for anything within a line. */
static bool has_pattern(const char *text, const char *pattern)
{
	const char *gap = strstr(pattern, "{{.*}}");
	size_t len = gap ? (size_t)(gap - pattern) : strlen(pattern);

	for (; *text; text++) {
		const char *rest, *end;

		if (strncmp(text, pattern, len))
			continue;
		if (!gap)
			return true;
		rest = text + len;
		end = strchrnul(rest, '\n');
		for (; rest <= end; rest++) {
			const char *tail = gap + 6;
			size_t tail_len = strcspn(tail, "{");

			if (tail[tail_len] == '{' && strncmp(tail + tail_len, "{{.*}}", 6))
				tail_len = strlen(tail);
			if (!strncmp(rest, tail, tail_len) &&
			    (!tail[tail_len] || has_pattern(rest + tail_len, tail + tail_len)))
				return true;
		}
	}
	return false;
}

static const char *last_lines(const char *log)
{
	const char *p = log + strlen(log);

	for (int lines = 0; p > log && lines < 6; p--)
		lines += p[-1] == '\n';
	return p;
}

static bool check_verdict(struct bench *b, const char *who, const struct case_want *want, long fd)
{
	if (want->accept && fd < 0)
		return fail(b, "%s is refused (errno %ld):\n%s", who, -fd, last_lines(b->log));
	if (!want->accept && fd >= 0)
		return fail(b, "%s is accepted; wanted \"%s\"", who, want->msg);
	if (!want->accept && !has_pattern(b->log, want->msg))
		return fail(b, "%s: wanted \"%s\", got (errno %ld):\n%s", who, want->msg, -fd,
			    last_lines(b->log));
	for (u32 i = 0; i < want->log_cnt; i++) {
		if (!has_pattern(b->log, want->logs[i]))
			return fail(b, "%s: log has no \"%s\":\n%s", who, want->logs[i], b->log);
	}
	return true;
}

static bool write_inputs(struct bench *b, u32 set)
{
	u64 zero_value[CASE_MAX_SCALARS * 64] = { 0 };
	u32 key = 0;

	for (u32 i = 0; i < b->c->map_cnt; i++) {
		const struct case_map *m = &b->c->maps[i];
		union bpf_attr attr = { 0 };
		bool in = !strcmp(m->name, "in");

		if (m->type != BPF_MAP_TYPE_ARRAY || m->value_size > sizeof(zero_value))
			continue;
		attr.map_fd = b->map_fds[i];
		attr.key = (u64)(uintptr_t)&key;
		attr.value = (u64)(uintptr_t)(in ? b->c->in[set] : zero_value);
		if (bpf(b, BPF_MAP_UPDATE_ELEM, &attr))
			return fail(b, "cannot write map %s", m->name);
	}
	return true;
}

/* What the run left behind: first values of arrays, and the packet. */
static u64 hash_state(struct bench *b, const u8 *data_out, u32 len)
{
	u64 h = hash_bytes(data_out, len, 1), value[CASE_MAX_SCALARS * 64] = { 0 };
	u32 key = 0;

	for (u32 i = 0; i < b->c->map_cnt; i++) {
		const struct case_map *m = &b->c->maps[i];
		union bpf_attr attr = { 0 };

		if (m->type != BPF_MAP_TYPE_ARRAY || m->value_size > sizeof(value))
			continue;
		attr.map_fd = b->map_fds[i];
		attr.key = (u64)(uintptr_t)&key;
		attr.value = (u64)(uintptr_t)value;
		if (!bpf(b, BPF_MAP_LOOKUP_ELEM, &attr))
			h = hash_bytes(value, m->value_size, h);
	}
	return h;
}

static bool run_once(struct bench *b, int fd, u32 set, u64 *ret_r0, u64 *ret_state)
{
	u32 type = b->c->prog_type;
	u8 data_out[4096] = { 0 };
	u64 ctx[12] = { 0 };
	union bpf_attr attr = { 0 };
	long err;

	if (!write_inputs(b, set))
		return false;
	attr.test.prog_fd = fd;
	if (type == BPF_PROG_TYPE_RAW_TRACEPOINT || type == BPF_PROG_TYPE_SYSCALL) {
		attr.test.ctx_in = (u64)(uintptr_t)ctx;
		attr.test.ctx_size_in = sizeof(ctx);
	} else {
		attr.test.data_in = (u64)(uintptr_t)b->c->data;
		attr.test.data_size_in = b->c->data_len;
		attr.test.data_out = (u64)(uintptr_t)data_out;
		attr.test.data_size_out = sizeof(data_out);
		attr.test.repeat = 1;
	}
	err = bpf(b, BPF_PROG_TEST_RUN, &attr);
	if (err)
		return fail(b, "test run: errno %ld", -err);
	*ret_r0 = attr.test.retval;
	*ret_state = hash_state(b, data_out, min_of(attr.test.data_size_out, (u32)sizeof(data_out)));
	return true;
}

static bool run_sets(struct bench *b, int fd, const struct case_want *want, u64 *ret_r0,
		     u64 *ret_state)
{
	for (u32 s = 0; s < b->c->set_cnt; s++) {
		if (!run_once(b, fd, s, &ret_r0[s], &ret_state[s]))
			return false;
		if (s < want->r0_cnt && (u32)ret_r0[s] != (u32)want->r0[s])
			return fail(b, "input set %u: r0 is 0x%llx, wanted 0x%llx", s,
				    (unsigned long long)ret_r0[s], (unsigned long long)want->r0[s]);
	}
	return true;
}

static bool judge_one(struct bench *b, const struct case_twin *twin, const char *who, u64 *ret_r0,
		      u64 *ret_state, bool *ret_ran)
{
	const struct case_want *want = twin ? &twin->want : &b->c->want;
	char *text = case_text(b->c, twin);
	bool ok;
	long fd;

	if (!text)
		return fail(b, "%s: \"%s\" does not stand exactly once in the text", who,
			    twin ? twin->edits[0].from : "");
	fd = load(b, text);
	free(text);
	if (fd == -1000)
		return false;
	ok = check_verdict(b, who, want, fd);
	if (ok && fd >= 0 && ret_r0 && !b->c->no_run) {
		ok = run_sets(b, fd, want, ret_r0, ret_state);
		*ret_ran = ok;
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

bool case_judge(const struct text_case *c, const struct judge *judge, char *why, size_t why_size,
		u64 ret_r0[CASE_MAX_SETS], u64 ret_state[CASE_MAX_SETS], bool *ret_ran)
{
	struct bench b = { .c = c, .j = judge, .why = why, .why_size = why_size };
	bool ok;

	*ret_ran = false;
	why[0] = '\0';
	b.log = malloc(LOG_SIZE);
	if (!b.log)
		return fail(&b, "out of memory");
	ok = case_maps_make(judge, c, b.map_fds, why, why_size) && judge_one(&b, NULL, "the case", ret_r0, ret_state, ret_ran);
	for (u32 t = 0; ok && t < c->twin_cnt; t++) {
		char who[32];

		snprintf(who, sizeof(who), "twin %u", t + 1);
		ok = judge_one(&b, &c->twins[t], who, NULL, NULL, NULL);
	}
	case_maps_close(c, b.map_fds);
	free(b.log);
	return ok;
}
