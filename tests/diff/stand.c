/* SPDX-License-Identifier: BSD-2-Clause */
#include "stand.h"

#include "gen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long bpf(struct stand *s, int cmd, union bpf_attr *attr)
{
	return s->judge.bpf(s->judge.ctx, cmd, attr, sizeof(*attr));
}

bool stand_open(struct stand *s, const char *judge)
{
	*s = (struct stand){ .fd = -1, .tail_fds = { -1, -1 } };
	if (!judge_make(&s->judge, judge))
		return false;
	s->log = calloc(1, LOG_SIZE);
	return s->log;
}

void stand_close(struct stand *s)
{
	stand_leave(s);
	judge_free(&s->judge);
	free(s->log);
}

/* ---- worlds ------------------------------------------------------------------------------------ */

static long elem(struct stand *s, int cmd, int fd, const void *key, void *value)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = fd;
	attr.key = (u64)(uintptr_t)key;
	attr.value = (u64)(uintptr_t)value;
	return bpf(s, cmd, &attr);
}

/* Programs 0 and 1 of a program array return 1 and 2. */
static bool fill_tails(struct stand *s, int fd)
{
	for (u32 i = 0; i < 2; i++) {
		struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV, .imm = (s32)i + 1 },
					    { .code = BPF_JMP | BPF_EXIT } };
		union bpf_attr attr = { 0 };
		u32 value;

		attr.prog_type = s->world->prog_type;
		attr.insns = (u64)(uintptr_t)insns;
		attr.insn_cnt = ARRAY_SIZE(insns);
		attr.license = (u64)(uintptr_t) "GPL";
		s->tail_fds[i] = (int)bpf(s, BPF_PROG_LOAD, &attr);
		value = (u32)s->tail_fds[i];
		if (s->tail_fds[i] < 0 || elem(s, BPF_MAP_UPDATE_ELEM, fd, &i, &value))
			return false;
	}
	return true;
}

bool stand_enter(struct stand *s, const struct text_case *world)
{
	char why[256];

	stand_leave(s);
	s->world = world;
	if (!case_maps_make(&s->judge, world, s->map_fds, why, sizeof(why)))
		return false;
	for (u32 i = 0; i < world->map_cnt; i++) {
		if (world->maps[i].type == BPF_MAP_TYPE_PROG_ARRAY && !fill_tails(s, s->map_fds[i]))
			return false;
	}
	return true;
}

void stand_leave(struct stand *s)
{
	if (s->world)
		case_maps_close(s->world, s->map_fds);
	for (u32 i = 0; i < 2; i++) {
		if (s->tail_fds[i] >= 0)
			close(s->tail_fds[i]);
		s->tail_fds[i] = -1;
	}
	s->world = NULL;
}

/* ---- loading ------------------------------------------------------------------------------------- */

static bool is_map_load(const struct bpf_insn *insn)
{
	return insn_is_wide(insn) &&
	       (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE);
}

static void put_descriptors(const struct stand *s, const struct program *p, struct bpf_insn *insns)
{
	memcpy(insns, p->insns, p->cnt * sizeof(*insns));
	for (u32 i = 0; i < p->cnt; i++) {
		if (is_map_load(&insns[i]) && (u32)insns[i].imm < s->world->map_cnt)
			insns[i].imm = s->map_fds[insns[i].imm];
	}
}

void stand_load(struct stand *s, const struct program *p, enum judge_rights rights, u32 log_level)
{
	static struct bpf_insn insns[MAX_INSNS];
	const struct text_case *w = p->world;
	union bpf_attr attr = { 0 };
	struct func_types types;

	put_descriptors(s, p, insns);
	attr.prog_type = w->prog_type;
	attr.expected_attach_type = w->attach_type;
	attr.prog_flags = w->prog_flags | (w->prog_type == BPF_PROG_TYPE_SYSCALL ? BPF_F_SLEEPABLE : 0);
	attr.insns = (u64)(uintptr_t)insns;
	attr.insn_cnt = p->cnt;
	attr.license = (u64)(uintptr_t)(w->gpl ? "GPL" : "Proprietary");
	if (log_level) {
		attr.log_buf = (u64)(uintptr_t)s->log;
		attr.log_size = LOG_SIZE;
		attr.log_level = log_level;
	}
	s->log[0] = '\0';
	s->fd = func_types_make(&s->judge, insns, p->cnt, &types, &attr);
	if (!s->fd)
		s->fd = judge_load(&s->judge, &attr, rights);
	if (types.fd >= 0)
		close(types.fd);
}

void stand_unload(struct stand *s)
{
	if (s->fd >= 0)
		close((int)s->fd);
	s->fd = -1;
}

const char *stand_reason(const struct stand *s, char *buf, size_t size)
{
	const char *end = strstr(s->log, "\nprocessed "), *at = strstr(s->log, "\nverification time"), *line;

	if (at && (!end || at < end))
		end = at;
	if (!end)
		end = s->log + strlen(s->log);
	while (end > s->log && end[-1] == '\n')
		end--;
	for (line = end; line > s->log && line[-1] != '\n'; line--)
		;
	snprintf(buf, size, "%.*s", (int)(end - line), line);
	return buf;
}

/* ---- running --------------------------------------------------------------------------------------- */

static bool is_plain(const struct case_map *m)
{
	return m->type == BPF_MAP_TYPE_ARRAY && m->value_size <= STATE_MAX / 2;
}

/* Whatever keys a mutated program put in. */
static void empty_map(struct stand *s, int fd)
{
	for (u32 n = 0; n < 64; n++) {
		union bpf_attr attr = { 0 };
		u32 key;

		attr.map_fd = fd;
		attr.next_key = (u64)(uintptr_t)&key;
		if (bpf(s, BPF_MAP_GET_NEXT_KEY, &attr))
			break;
		elem(s, BPF_MAP_DELETE_ELEM, fd, &key, NULL);
	}
}

/* Maps as before every other run: numbers in "in", zeros elsewhere, generated programs' hash half full. */
static void reset_maps(struct stand *s, const struct program *p, u32 set)
{
	for (u32 i = 0; i < s->world->map_cnt; i++) {
		const struct case_map *m = &s->world->maps[i];
		u64 value[STATE_MAX / 8] = { 0 };
		u32 key = 0;

		if (is_plain(m)) {
			if (!strcmp(m->name, "in"))
				gen_inputs(p->seed, set, value);
			elem(s, BPF_MAP_UPDATE_ELEM, s->map_fds[i], &key, value);
		} else if (p->world_text && m->type == BPF_MAP_TYPE_HASH) {
			empty_map(s, s->map_fds[i]);
			for (key = 0; key < GEN_HASH_KEYS; key += 2)
				elem(s, BPF_MAP_UPDATE_ELEM, s->map_fds[i], &key, value);
		}
	}
}

static void keep(struct result *r, const void *bytes, u32 size)
{
	size = min_of(size, STATE_MAX - r->state_size);
	memcpy(r->state + r->state_size, bytes, size);
	r->state_size += size;
}

static void keep_maps(struct stand *s, const struct program *p, struct result *r)
{
	for (u32 i = 0; i < s->world->map_cnt; i++) {
		const struct case_map *m = &s->world->maps[i];
		u64 value[STATE_MAX / 8] = { 0 };
		u32 key = 0, keys = is_plain(m) ? 1 : 0;

		if (p->world_text && m->type == BPF_MAP_TYPE_HASH)
			keys = GEN_HASH_KEYS;
		for (; key < keys; key++) {
			long err = elem(s, BPF_MAP_LOOKUP_ELEM, s->map_fds[i], &key, value);

			keep(r, &err, sizeof(err));
			if (!err)
				keep(r, value, m->value_size);
		}
	}
}

void stand_run(struct stand *s, const struct program *p, u32 set, struct result *ret)
{
	u8 packet[64], out[512] = { 0 };
	u64 ctx[CTX_SIZE / 8];
	union bpf_attr attr = { 0 };
	u32 type = p->world->prog_type;

	*ret = (struct result){ 0 };
	reset_maps(s, p, set);
	for (u32 i = 0; i < sizeof(packet); i++)
		packet[i] = (u8)(i * (set + 3));
	packet[12] = 0x08; /* ETH_P_IP */
	packet[13] = 0;
	attr.test.prog_fd = (u32)s->fd;
	if (type == BPF_PROG_TYPE_RAW_TRACEPOINT || type == BPF_PROG_TYPE_SYSCALL) {
		attr.test.ctx_in = (u64)(uintptr_t)ctx;
		attr.test.ctx_size_in = type == BPF_PROG_TYPE_SYSCALL ? CTX_SIZE : RAW_TP_SIZE;
		memset(ctx, 0, attr.test.ctx_size_in);
	} else {
		attr.test.data_in = (u64)(uintptr_t)packet;
		attr.test.data_size_in = sizeof(packet);
		attr.test.data_out = (u64)(uintptr_t)out;
		attr.test.data_size_out = sizeof(out);
		attr.test.repeat = 1;
	}
	ret->err = bpf(s, BPF_PROG_TEST_RUN, &attr);
	ret->r0 = attr.test.retval;
	keep(ret, out, min_of(attr.test.data_size_out, (u32)sizeof(out)));
	keep_maps(s, p, ret);
}
