/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_attr.c - any sequence of bpf(2) calls with any attributes: no crash, an errno that Linux has, and
 * nothing left when all descriptors and the instance are gone.
 *
 * A call is a header of four bytes - command, size of the attributes, form, one more - and the attributes.
 * Numbers alone would never be a pointer or a descriptor, so in them 8-byte words that begin (from the top)
 * with 0xaa are pointers into a small memory that calls share, and 4-byte words that begin with 0xfd the
 * descriptors that calls returned. A command of 0xff fills that memory instead.
 */
#include "btf/btf.h"
#include "net/net.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEM_SIZE  8192
#define FDS_MAX	  32
#define CALLS_MAX 64
#define CNT_MAX	  4096 /* of elements and repetitions: more only costs time */

static struct run {
	struct skep *skep;
	int fds[FDS_MAX];
	u32 fd_cnt;
	u8 *mem; /* followed by a page that cannot be read */
} run;

static void words_to_pointers(u8 *attr, u32 size)
{
	for (u32 i = 0; i + 8 <= size; i += 8) {
		u64 word;

		memcpy(&word, attr + i, 8);
		if (word >> 56 != 0xaa)
			continue;
		word = (uintptr_t)run.mem + (word & (MEM_SIZE - 1));
		memcpy(attr + i, &word, 8);
	}
	for (u32 i = 0; i + 4 <= size && run.fd_cnt; i += 4) {
		u32 word;

		memcpy(&word, attr + i, 4);
		if (word >> 24 != 0xfd)
			continue;
		word = (u32)run.fds[(word & 0xff) % run.fd_cnt];
		memcpy(attr + i, &word, 4);
	}
}

static bool costs_too_much(int cmd, const union bpf_attr *attr)
{
	if (cmd == BPF_PROG_TEST_RUN)
		return attr->test.repeat > 8;
	return cmd == BPF_MAP_CREATE && attr->max_entries > CNT_MAX && attr->max_entries < UINT32_MAX - CNT_MAX;
}

static void keep(int cmd, long ret)
{
	switch (cmd) {
	case BPF_MAP_CREATE:
	case BPF_PROG_LOAD:
	case BPF_OBJ_GET:
	case BPF_BTF_LOAD:
	case BPF_PROG_GET_FD_BY_ID:
	case BPF_MAP_GET_FD_BY_ID:
	case BPF_BTF_GET_FD_BY_ID:
	case BPF_LINK_GET_FD_BY_ID:
	case BPF_LINK_CREATE:
	case BPF_RAW_TRACEPOINT_OPEN:
	case BPF_ENABLE_STATS:
		if (ret >= 0 && run.fd_cnt < FDS_MAX)
			run.fds[run.fd_cnt++] = (int)ret;
		else if (ret >= 0)
			close((int)ret);
		break;
	default:
		break;
	}
}

/* The attributes lie at the end of readable memory: who reads behind @size is found out. */
static void one_call(int cmd, const u8 *data, u32 size, u32 form)
{
	static const struct skep_cred nobody = { .uid = 1000 }, some = { .caps = VCAP_BPF | VCAP_NET_ADMIN, .uid = 1000 };
	union bpf_attr attr = { 0 };
	u8 *at = run.mem + MEM_SIZE - size;
	long ret;

	memcpy(at, data, size);
	words_to_pointers(at, size);
	memcpy(&attr, at, size < sizeof(attr) ? size : sizeof(attr));
	if (costs_too_much(cmd, &attr))
		return;
	ret = skep_bpf(run.skep, form & 1 ? &some : form & 2 ? &nobody : NULL, cmd, (void *)at, size);
	if (ret < -4095)
		abort();
	keep(cmd, ret);
	if (form & 4 && run.fd_cnt)
		close(run.fds[--run.fd_cnt]);
}

static void start(void)
{
	static struct skep_btf *kernel; /* parsed once: most of an instance's start otherwise */
	struct skep_opts opts = { .cpu_cnt = 2, .engine = SKEP_ENGINE_INTERP, .mem_limit = 16 << 20,
				  .unprivileged_bpf = true };
	const void *raw;
	u32 size;

	if (!run.mem) {
		raw = net_kernel_btf(&size);
		if (btf_parse(raw, size, NULL, BTF_PARSE_KERNEL | BTF_PARSE_OBJECT, NULL, &kernel))
			abort();
		run.mem = mmap(NULL, MEM_SIZE + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (run.mem == MAP_FAILED || mprotect(run.mem + MEM_SIZE, 4096, PROT_NONE))
			abort();
	}
	opts.kernel_btf = kernel;
	memset(run.mem, 0, MEM_SIZE);
	run.fd_cnt = 0;
	if (skep_boot(&opts, &run.skep))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	start();
	for (u32 calls = 0; size >= 4 && calls < CALLS_MAX; calls++) {
		u32 cmd = data[0], len = data[1], form = data[2];
		u32 off = data[3] * 16u;

		data += 4;
		size -= 4;
		len = len < size ? len : (u32)size;
		if (cmd == 0xff)
			memcpy(run.mem + off, data, len);
		else
			one_call((int)cmd, data, len, form);
		data += len;
		size -= len;
	}
	while (run.fd_cnt)
		close(run.fds[--run.fd_cnt]);
	skep_free(run.skep);
	return 0;
}
