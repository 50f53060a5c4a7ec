/* SPDX-License-Identifier: BSD-2-Clause */
/* judge.c - puts one case before one judge: loads it, reads its log, runs it, looks at what it became. */
#include "conf.h"

#include "btf/btf.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_SIZE (16 << 20)
#define ENOTSUPP 524
#define BTF_END	 0xdeadbeef

long conf_bpf(const struct conf_judge *j, int cmd, union bpf_attr *attr)
{
	return j->judge.bpf(j->judge.ctx, cmd, attr, sizeof(*attr));
}

/* The table's words may come in parts, in this order. */
static void compare_words(const char *log, const char *want, struct answer *ret)
{
	ret->words = true;
	while (want && *want) {
		size_t len = strcspn(want, "\t");
		const char *at = memmem(log, strlen(log), want, len);

		ret->parts++;
		if (at) {
			ret->parts_found++;
			log = at + len;
		} else {
			ret->words = false;
		}
		want += len + (want[len] == '\t');
	}
}

static bool is_statistics(const char *line)
{
	static const char *const starts[] = { "processed ", "verification time ", "stack depth ",
					      "insns processed" };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (!strncmp(line, starts[i], strlen(starts[i])))
			return true;
	return false;
}

static void last_line(char *ret, size_t size, const char *log)
{
	ret[0] = 0;
	for (const char *end; *log; log = *end ? end + 1 : end) {
		end = strchrnul(log, '\n');
		if (end > log && !is_statistics(log))
			snprintf(ret, size, "%.*s", (int)(end - log), log);
	}
}

static void read_log(struct bpf_test *t, bool unpriv, const char *log, struct answer *ret)
{
	const char *want = unpriv && t->errstr_unpriv ? t->errstr_unpriv : t->errstr;
	const char *processed = strstr(log, "\nprocessed "), *time = strstr(log, "verification time ");

	compare_words(log, want, ret);
	last_line(ret->last, sizeof(ret->last), log);
	if (processed)
		ret->processed = strtoul(processed + 11, NULL, 10);
	if (time)
		ret->usec = strtoull(time + 18, NULL, 10);
}

static void run(const struct conf_judge *j, struct bpf_test *t, int prog, struct answer *ret)
{
	static u8 out[TEST_DATA_LEN * 4];
	int cnt = t->runs ? t->runs : 1;

	for (int i = 0; i < cnt && i < MAX_TEST_RUNS; i++) {
		union bpf_attr attr = { 0 };
		long err;

		attr.test.prog_fd = prog;
		attr.test.data_in = (u64)(uintptr_t)t->retvals[i].data;
		attr.test.data_size_in = TEST_DATA_LEN;
		attr.test.data_out = (u64)(uintptr_t)out;
		attr.test.data_size_out = sizeof(out);
		attr.test.repeat = 1;
		err = conf_bpf(j, BPF_PROG_TEST_RUN, &attr);
		if (err == -ENOTSUPP)
			return;
		ret->ran = true;
		ret->run_err = err;
		ret->retval[i] = attr.test.retval;
	}
}

/* ---- what the program became ------------------------------------------------------------------------ */

static const struct bpf_insn no_insn, skip_mark = { 0xde, 0xa, 0xd, (s16)0xbeef, (s32)0xdeadbeef };

static bool same_insn(const struct bpf_insn *a, const struct bpf_insn *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool matches(struct bpf_insn insn, const struct bpf_insn *want)
{
	if (want->off == INSN_OFF_MASK)
		insn.off = INSN_OFF_MASK;
	if (want->imm == INSN_IMM_MASK)
		insn.imm = INSN_IMM_MASK;
	return same_insn(&insn, want);
}

static bool has_sequences(const struct bpf_insn *insns, u32 cnt, const struct bpf_insn *want, u32 max)
{
	u32 from = 0, begin = 0;

	while (begin < max && !same_insn(&want[begin], &no_insn)) {
		u32 len = 0, at;

		while (begin + len < max && !same_insn(&want[begin + len], &no_insn) &&
		       !same_insn(&want[begin + len], &skip_mark))
			len++;
		for (at = from; at + len <= cnt; at++) {
			u32 n = 0;

			while (n < len && matches(insns[at + n], &want[begin + n]))
				n++;
			if (n == len)
				break;
		}
		if (at + len > cnt)
			return false;
		from = at + len;
		begin += len;
		if (begin < max && same_insn(&want[begin], &skip_mark))
			begin++;
	}
	return true;
}

static void check_xlated(const struct conf_judge *j, struct bpf_test *t, int prog, struct answer *ret)
{
	bool wants = !same_insn(t->expected_insns, &no_insn);
	bool forbids = !same_insn(t->unexpected_insns, &no_insn);
	static struct bpf_insn insns[1 << 16];
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { 0 };
	u32 cnt;

	if (!wants && !forbids)
		return;
	info.xlated_prog_len = sizeof(insns);
	info.xlated_prog_insns = (u64)(uintptr_t)insns;
	attr.info.bpf_fd = prog;
	attr.info.info_len = sizeof(info);
	attr.info.info = (u64)(uintptr_t)&info;
	if (conf_bpf(j, BPF_OBJ_GET_INFO_BY_FD, &attr)) {
		ret->xlated_wrong = true;
		return;
	}
	cnt = min_of(info.xlated_prog_len, (u32)sizeof(insns)) / sizeof(*insns);
	ret->xlated_wrong = (wants && !has_sequences(insns, cnt, t->expected_insns, MAX_EXPECTED_INSNS)) ||
			    (forbids && has_sequences(insns, cnt, t->unexpected_insns,
						      MAX_UNEXPECTED_INSNS));
}

/* ---- loading ------------------------------------------------------------------------------------------- */

static u32 attach_kind(u32 type, u32 attach)
{
	return type == BPF_PROG_TYPE_TRACING && attach == BPF_TRACE_RAW_TP ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC;
}

static void name_target(const struct conf_judge *j, struct bpf_test *t, union bpf_attr *attr)
{
	char name[128];

	if (!t->kfunc || j->judge.is_kernel)
		return;
	snprintf(name, sizeof(name), "%s%s",
		 t->prog_type == BPF_PROG_TYPE_LSM ? "bpf_lsm_" :
		 t->expected_attach_type == BPF_TRACE_ITER ? "bpf_iter_" : "", t->kfunc);
	attr->attach_btf_id = btf_find(skep_kernel_btf(j->judge.ctx), name,
				       attach_kind(t->prog_type, t->expected_attach_type));
}

static int give_types(const struct conf_judge *j, struct bpf_test *t, struct fixed *f, union bpf_attr *attr)
{
	u32 cnt = 0;
	int fd;

	if (!t->btf_types[0])
		return 0;
	while (cnt < MAX_BTF_TYPES && t->btf_types[cnt] != BTF_END)
		cnt++;
	fd = conf_btf_load(j, t->btf_types, cnt, t->btf_strings, sizeof(t->btf_strings));
	if (fd < 0)
		return fd;
	f->fds[f->fd_cnt++] = fd;
	attr->prog_btf_fd = fd;
	return 0;
}

static u32 prog_flags(const struct bpf_test *t)
{
	u32 flags = BPF_F_TEST_RND_HI32 | (t->flags & ~(u32)(F_NEEDS_EFFICIENT_UNALIGNED_ACCESS |
							     F_LOAD_WITH_STRICT_ALIGNMENT));

	if (t->flags & F_LOAD_WITH_STRICT_ALIGNMENT)
		flags |= BPF_F_STRICT_ALIGNMENT;
	if (t->flags & F_NEEDS_EFFICIENT_UNALIGNED_ACCESS)
		flags |= BPF_F_ANY_ALIGNMENT;
	return flags;
}

static void put_why(struct answer *ret, const char *why)
{
	snprintf(ret->last, sizeof(ret->last), "%s", why);
}

/* A refusal for what the judge lacks says nothing about the program. */
static void refused(const struct conf_judge *j, struct answer *ret)
{
	const char *why = j->judge.is_kernel ? NULL : skep_bpf_why(j->judge.ctx);

	ret->out = OUT_REFUSE;
	if (j->judge.is_kernel) {
		if (ret->err == -EPERM && !ret->last[0])
			ret->out = OUT_NONE;
		return;
	}
	if (ret->err == -EOPNOTSUPP || strstr(ret->last, "not modelled:")) {
		ret->out = OUT_NOT_MODELLED;
		if (!ret->last[0] && why)
			put_why(ret, why);
	}
}

void ask(const struct conf_judge *j, struct bpf_test *t, bool unpriv, struct answer *ret)
{
	int result = unpriv && t->result_unpriv != UNDEF ? t->result_unpriv : t->result;
	union bpf_attr attr = { 0 };
	struct fixed f;
	char why[128], *log;
	long fd;

	*ret = (struct answer){ 0 };
	if (!j->present || (j->judge.is_kernel && (t->kfunc || t->fixup_kfunc_btf_id[0].kfunc)))
		return;
	log = calloc(1, LOG_SIZE);
	attr.prog_type = t->prog_type ? t->prog_type : BPF_PROG_TYPE_SOCKET_FILTER;
	attr.expected_attach_type = t->expected_attach_type;
	attr.license = (u64)(uintptr_t)"GPL";
	attr.prog_flags = prog_flags(t);
	attr.log_level = result == VERBOSE_ACCEPT ? 2 : 4;
	attr.log_buf = (u64)(uintptr_t)log;
	attr.log_size = LOG_SIZE;
	attr.func_info = (u64)(uintptr_t)(t->func_info_cnt ? t->func_info : NULL);
	attr.func_info_cnt = t->func_info_cnt;
	attr.func_info_rec_size = t->func_info_cnt ? sizeof(t->func_info[0]) : 0;
	ret->err = fix_insns(j, t, &f, why);
	if (!ret->err)
		ret->err = give_types(j, t, &f, &attr);
	if (ret->err) {
		put_why(ret, why);
		if (!j->judge.is_kernel)
			ret->out = OUT_NOT_MODELLED;
		goto out;
	}
	name_target(j, t, &attr);
	attr.insns = (u64)(uintptr_t)f.insns;
	attr.insn_cnt = f.insn_cnt;
	fd = judge_load(&j->judge, &attr, unpriv ? RIGHTS_NONE : RIGHTS_ALL);
	read_log(t, unpriv, log, ret);
	if (fd < 0) {
		ret->err = fd;
		refused(j, ret);
		goto out;
	}
	ret->out = OUT_ACCEPT;
	check_xlated(j, t, fd, ret);
	if (t->runs >= 0)
		run(j, t, fd, ret);
	close(fd);
out:
	fixed_put(&f);
	free(log);
}
