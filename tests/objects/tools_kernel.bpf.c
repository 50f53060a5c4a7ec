/* SPDX-License-Identifier: BSD-2-Clause */
/* tools_kernel.bpf.c - the types of a kernel for tools of libbpf-tools: the names are Linux's, the places are not,
 * so that only a program that was relocated finds its arguments. */
struct trace_entry {
	int pid;
	unsigned short type;
};

/* The first 8 bytes of a record are no program's to read. */
struct trace_event_raw_sys_enter {
	struct trace_entry ent;
	unsigned long args[6];
	long id;
};

struct trace_event_raw_sys_exit {
	struct trace_entry ent;
	long id, other, ret;
};

__attribute__((noinline)) long enter(struct trace_event_raw_sys_enter *ctx)
{
	return (long)ctx->args[0];
}

__attribute__((section("kernel"))) long uses(struct trace_event_raw_sys_enter *in, struct trace_event_raw_sys_exit *out)
{
	return enter(in) + out->ret;
}
