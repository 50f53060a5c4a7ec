/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skep.h - one simulated machine: its own programs, maps, ids, clock and memory limit.
 *
 * An application either uses the libbpf-compatible API of <bpf/libbpf.h>, which works on a default
 * instance made at its first use, or makes instances of its own here. All functions may be called
 * from any thread unless they say otherwise.
 */
#ifndef SKEP_SKEP_H
#define SKEP_SKEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef SKEP_API
#define SKEP_API __attribute__((visibility("default")))
#endif

struct skep;
union bpf_attr;

enum skep_engine_kind {
	SKEP_RUN_AUTO,	 /* machine code where there is a JIT for the host, else the interpreter */
	SKEP_RUN_JIT,	 /* skep_create() fails with -EOPNOTSUPP where there is none */
	SKEP_RUN_INTERP,
};

/*
 * Profilers and debuggers of this machine that learn names, lines and frames of the machine code that programs
 * become. The environment variable SKEP_OBSERVE adds to it, words joined by commas: "perf-map,gdb".
 */
#define SKEP_OBSERVE_PERF_MAP 1 /* "perf-map": /tmp/perf-PID.map, which perf report reads */
#define SKEP_OBSERVE_JITDUMP  2 /* "jitdump": jit-PID.dump in $JITDUMPDIR, else /tmp, for perf inject --jit */
#define SKEP_OBSERVE_GDB      4 /* "gdb": the JIT interface of gdb and lldb */
#define SKEP_OBSERVE_UNWIND   8 /* "unwind": _Unwind_Backtrace() and C++ exceptions of the application walk through */

/* Machine code as some CPUs want it. */
#define SKEP_CODEGEN_NO_ENDBR	1 /* indirect targets without the mark that IBT enforces */
#define SKEP_CODEGEN_CALL_DEPTH 2 /* calls are accounted, and the predictor of returns is refilled when it runs dry */

struct skep_btf_blob {
	const void *data;
	uint32_t size;
};

/* Zero-initialise, set @sz, then what differs from the default. */
struct skep_config {
	size_t sz;		/* sizeof(struct skep_config) */
	uint32_t cpu_cnt;	/* virtual CPUs; 0: as many as the host has, at most 64 */
	uint32_t engine;	/* enum skep_engine_kind */
	uint64_t mem_limit;	/* bytes of maps and programs; 0: 1 GiB */
	bool virtual_time;	/* time starts at start_ns and moves tick_ns with each reading */
	uint64_t start_ns, tick_ns;
	bool seeded;		/* randomness repeats, from @seed */
	uint64_t seed;
	const void *kernel_btf; /* BTF of another kernel instead of the built-in one; copied */
	uint32_t kernel_btf_size;
	const char *kernel_config; /* "CONFIG_HZ=250\n...", as in /boot/config-*: what .kconfig externs get; copied */
	uint32_t observe;	/* SKEP_OBSERVE_*: who is told about machine code */
	bool count_insns;	/* machine code counts the runs of each instruction: skep_prog_counts() */
	/* Of modules of @kernel_btf's kernel, split from it, as in /sys/kernel/btf; copied. Types that CO-RE does not find in
	 * the kernel's are looked for here. */
	const struct skep_btf_blob *module_btfs;
	uint32_t module_btf_cnt;
	uint32_t codegen;	/* SKEP_CODEGEN_*: what machine code looks like */
	bool unprivileged_bpf; /* callers without CAP_BPF may use some of it: kernel.unprivileged_bpf_disabled is 0, not 2 */
};

/**
 * skep_create() - make an instance
 * @config: NULL for defaults
 * @ret_skep: on success, the instance; destroy it with skep_destroy()
 * Return: 0, -EINVAL (bad config, kernel BTF or SKEP_OBSERVE), -EOPNOTSUPP (no JIT here, or no libgcc_s for
 * SKEP_OBSERVE_UNWIND), -ENOMEM, the errno of a file that could not be made for @config->observe
 */
SKEP_API int skep_create(const struct skep_config *config, struct skep **ret_skep);

/**
 * skep_destroy() - end an instance
 * Nobody may use it, its descriptors or its programs any more. NULL is fine.
 */
SKEP_API void skep_destroy(struct skep *skep);

/**
 * skep_time_advance() - let virtual time pass
 * Timers (bpf_timer) that come due on the way run on the calling thread, each at its time. Without this they run
 * behind the program run in which their time came.
 * Return: 0, -EINVAL (time is real)
 */
SKEP_API int skep_time_advance(struct skep *skep, uint64_t ns);

/**
 * skep_default_instance_set() - let the libbpf-compatible API work on @skep from now on
 * NULL: on a fresh default instance made at the next use. Objects opened before keep theirs.
 * Threads: not while another thread uses that API.
 */
SKEP_API void skep_default_instance_set(struct skep *skep);

/* The instance that the libbpf-compatible API works on; made when there is none. NULL and errno. */
SKEP_API struct skep *skep_default_instance(void);

/**
 * skep_use_kernel() - let the libbpf-compatible API make real bpf(2) calls, to compare with Linux
 * Objects opened before must be closed before it changes. Ring buffers cannot be read meanwhile.
 * Threads: not while another thread uses that API.
 */
SKEP_API void skep_use_kernel(bool kernel);

/* What a caller may do, as Linux's capabilities say. */
#define SKEP_CAP_BPF       1
#define SKEP_CAP_PERFMON   2
#define SKEP_CAP_NET_ADMIN 4
#define SKEP_CAP_SYS_ADMIN 8
#define SKEP_CAP_ALL	   15

/**
 * skep_set_caps() - which capabilities the calling thread has from now on, in every instance
 * At first a thread has all. The libbpf-compatible API and skep_bpf_call() obey it; what was made before stays.
 */
SKEP_API void skep_set_caps(uint32_t caps);

/**
 * skep_bpf_call() - bpf(2) of an instance, with the calling thread's capabilities
 * Return: as bpf(2); errors as negative errno
 */
SKEP_API long skep_bpf_call(struct skep *skep, int cmd, union bpf_attr *attr, uint32_t size);

/* Address spaces of the simulated machine, as bpf_probe_read_kernel() and _user() tell them apart. */
enum skep_mem_space { SKEP_MEM_KERNEL, SKEP_MEM_USER };

/**
 * skep_mem_register() - let programs look at memory of the application
 * @addr: where programs see it; (uintptr_t)@mem to see it where it is
 * @mem: @size bytes, which stay there until skep_mem_unregister() has returned
 *
 * Helpers that read through pointers which the verifier has not proved (bpf_probe_read_*(),
 * bpf_copy_from_user(), strings of bpf_trace_printk()) reach the program's own objects and what was
 * registered; everything else is a fault to the program. Nothing is ever written there.
 * Return: 0, -EINVAL (empty, or wraps), -EEXIST (overlaps what is registered), -ENOMEM
 */
SKEP_API int skep_mem_register(struct skep *skep, enum skep_mem_space space, uint64_t addr,
			       const void *mem, uint64_t size);

/**
 * skep_mem_unregister() - take back what was registered at @addr
 * Return: 0, -EINVAL (no such space), -ENOENT, -ENOMEM. No program looks at it any more then.
 * Threads: any, but not from inside a program's run.
 */
SKEP_API int skep_mem_unregister(struct skep *skep, enum skep_mem_space space, uint64_t addr);

/* Network devices beside "lo", which has index 1: their indices count up from 2. */
/**
 * skep_dev_add() - make a simulated network device
 * @name: at most 15 bytes
 * @rx_queues: at least 1
 * Return: 0, -EINVAL (name or queues), -EEXIST (name), -ENOMEM
 */
SKEP_API int skep_dev_add(struct skep *skep, const char *name, uint32_t rx_queues,
			  uint32_t *ret_ifindex);

/* A socket of the simulated machine, as bpf_sk_lookup_tcp() and the like find it. Clear it first. */
struct skep_sock {
	size_t sz;	   /* sizeof(struct skep_sock) */
	uint16_t family;   /* AF_INET, AF_INET6 */
	uint16_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	uint8_t local[16], remote[16]; /* as on the wire; of IPv4 the first four bytes; all 0: any */
	uint16_t local_port, remote_port; /* host byte order; remote_port 0: not connected */
	uint32_t state;	   /* BPF_TCP_*; 0: what such a socket has first: LISTEN, ESTABLISHED or (UDP) CLOSE */
	uint32_t ifindex;  /* the device that it is bound to, 0: none */
	uint32_t mark;
	bool v6only;	   /* a wildcard of IPv6 takes no IPv4 */
};
/**
 * skep_sock_add() - open a socket on the simulated machine; it stays until the instance ends
 * Return: 0, -EINVAL (what cannot be, or no such device), -EADDRINUSE (there is one with the same ends), -ENOMEM
 * Threads: any
 */
SKEP_API int skep_sock_add(struct skep *skep, const struct skep_sock *sock);

/* Where bpf_fib_lookup() and bpf_redirect_neigh() find that IP packets go. */
enum skep_route_type {
	SKEP_ROUTE_UNICAST, SKEP_ROUTE_LOCAL, SKEP_ROUTE_BLACKHOLE, SKEP_ROUTE_UNREACHABLE, SKEP_ROUTE_PROHIBIT,
};
struct skep_route {
	size_t sz;	 /* sizeof(struct skep_route) */
	uint16_t family; /* AF_INET, AF_INET6; addresses as on the wire, of IPv4 the first four bytes */
	uint8_t prefix[16], prefix_len;
	uint8_t via[16]; /* the next hop; all 0: the destination itself */
	uint8_t src[16]; /* what a sender is there called (BPF_FIB_LOOKUP_SRC) */
	uint32_t ifindex; /* of UNICAST and LOCAL only */
	uint32_t metric, mtu; /* mtu 0: the device's */
	uint32_t type;	 /* enum skep_route_type */
};
struct skep_neigh {
	size_t sz; /* sizeof(struct skep_neigh) */
	uint16_t family;
	uint8_t addr[16], mac[6];
	uint32_t ifindex;
};
/**
 * skep_route_add(), skep_neigh_add() - what is added stays until the instance ends; a later neighbour of the
 * same address replaces an earlier one
 * Return: 0, -EINVAL (what cannot be, or no such device), -ENOMEM
 * Threads: any
 */
SKEP_API int skep_route_add(struct skep *skep, const struct skep_route *route);
SKEP_API int skep_neigh_add(struct skep *skep, const struct skep_neigh *neigh);
/* Whether packets that arrive at the device are sent on; at first not, as in Linux. 0 or -ENODEV. */
SKEP_API int skep_dev_forward(struct skep *skep, uint32_t ifindex, bool on);

struct skep_dev_counts {
	uint64_t tx_packets, tx_bytes; /* sent by programs: XDP_TX, redirects, clones */
	uint64_t rx_packets, rx_bytes; /* redirected into it (BPF_F_INGRESS, bpf_redirect_peer()) */
};
/* 0 or -ENODEV. */
SKEP_API int skep_dev_counts(struct skep *skep, uint32_t ifindex, struct skep_dev_counts *ret_counts);

/*
 * AF_XDP sockets, as far as a BPF_MAP_TYPE_XSKMAP and the programs that redirect to it can tell. The rings
 * and the memory that Linux shares with the application are not modelled: frames are read one by one.
 */
/**
 * skep_xsk_open() - socket(AF_XDP) and bind() to a queue of a device
 * @rx_frames: frames that may wait to be read, a power of two up to 65536; 0: a socket that only sends
 * Return: a descriptor, to be closed with close(), which takes the socket out of all maps; -ENODEV,
 * -EINVAL (no such queue, or @rx_frames), -ENOMEM, -EMFILE
 */
SKEP_API int skep_xsk_open(struct skep *skep, uint32_t ifindex, uint32_t queue, uint32_t rx_frames);
/**
 * skep_xsk_receive() - take the oldest frame that waits
 * @buf: gets its first @size bytes
 * Return: its length; -EAGAIN: none waits; -EOPNOTSUPP: it only sends; -EBADF, -EINVAL (no such socket);
 * -EBUSY: called from a handler that interrupted a call for the same socket
 * Threads: any, each frame goes to one
 */
SKEP_API int skep_xsk_receive(struct skep *skep, int fd, void *buf, uint32_t size);

/* A packet that a program sent away in a test run. It ends where it arrives. */
struct skep_sent {
	const char *dev;  /* name; NULL: to a CPU, or there is no such device */
	uint32_t ifindex; /* 0 without a device */
	int32_t cpu;	  /* -1: not to a CPU */
	int32_t xsk_queue; /* to the AF_XDP socket of this queue; -1: not to a socket */
	bool ingress;
	const void *data; /* from the Ethernet header on */
	uint32_t size;
	int err; /* -ENODEV, -EMSGSIZE (longer than the device takes), -EINVAL (no target), and of
		    bpf_redirect_neigh() -ENETUNREACH (no route), -EHOSTUNREACH (no neighbour): dropped */
};
typedef void (*skep_sent_fn)(void *ctx, const struct skep_sent *sent);

/**
 * skep_on_sent() - see the packets that programs send away
 * @fn: called inside the program's run, on its thread; must not load or run programs. NULL: nobody
 * Threads: not while programs of @skep run
 */
SKEP_API void skep_on_sent(struct skep *skep, skep_sent_fn fn, void *ctx);

/* One insn of the path that led to a refusal, in the order in which they happened. */
struct skep_cause {
	uint32_t insn_idx;
	uint32_t times;	    /* how often it was done on that path and mattered */
	const char *role;   /* "set", "copied", "computed", "loaded", "stored", "filled", "compared", "passed", ... */
	const char *insn;   /* "(07) r2 += 8" */
	const char *known;  /* what it left in its register the last time: "R2=fp-8"; "" */
	const char *source; /* "file.c:12: text"; "" */
};

/* An instruction, and the calls that led to it: how often it was processed. */
struct skep_cost_place {
	const char *calls;  /* "main;parse;next_header": functions, outermost first */
	const char *file;   /* "" without line info */
	uint32_t line, insn_idx;
	uint64_t times;
};
/* At an instruction a state was not covered by an earlier one, which would have ended the path. */
struct skep_cost_miss {
	uint32_t insn_idx, line;
	const char *file;
	uint64_t times;
	bool in_loop;	   /* the earlier state was on the way to this one, the first time */
	const char *where; /* what differed first: "R3", "frame1: fp-16", "references" */
	const char *kept, *arrived; /* what was there, the first time */
};

/* What the verifier said of one program. Strings live until the callback returns. */
struct skep_verdict {
	const char *prog_name;
	uint32_t prog_type;
	int err;		/* 0 accepted, else negative errno */
	const char *reason;	/* stable name: "map-value-bounds"; "" when accepted */
	const char *message;	/* the kernel's words */
	const char *explanation; /* one line for people */
	const char *source;	/* "file.c:12: text" when line info tells, else "" */
	uint32_t insn_idx;	/* where it was refused */
	uint32_t insn_cnt;	/* as loaded */
	uint32_t insns_processed, total_states, peak_states, max_states_per_insn, stack_depth;
	uint64_t verify_ns, prepare_ns; /* prepare: verify, compile and link; 0 when refused */
	uint64_t state_bytes;	 /* most memory that states took at a time */
	/* With skep_explain(), of a refusal on a path: what would have been enough, what was known of the register
	 * that it is about ("" each when there is no saying), and how that came to be. */
	const char *required, *known;
	const struct skep_cause *causes;
	uint32_t cause_cnt, causes_left_out; /* earlier ones that are too many to tell */
	/* With skep_measure(): all instructions processed, in the order of calls and insns; misses most frequent
	 * first. */
	const struct skep_cost_place *cost;
	const struct skep_cost_miss *misses;
	uint32_t cost_cnt, miss_cnt;
};
typedef void (*skep_verdict_fn)(void *ctx, const struct skep_verdict *verdict);

/* Calls @fn on the loading thread after each verification in @skep. NULL stops it. */
SKEP_API void skep_on_verdict(struct skep *skep, skep_verdict_fn fn, void *ctx);

/**
 * skep_explain() - tell how refusals came about, in the verdicts of programs loaded from now on
 * Takes 64 bytes for each instruction processed, and time. Threads: not while another loads into @skep
 */
SKEP_API void skep_explain(struct skep *skep, bool on);

/**
 * skep_measure() - tell where the instructions processed went, in the verdicts of programs loaded from now on
 * Verifying takes about twice as long. Threads: not while another loads into @skep
 */
SKEP_API void skep_measure(struct skep *skep, bool on);

struct bpf_insn;
enum skep_classic_kind {
	SKEP_CLASSIC_PACKET,  /* a filter of packets: takes a struct __sk_buff whose data begins with the link header */
	SKEP_CLASSIC_SECCOMP, /* takes a struct seccomp_data */
};

/**
 * skep_classic_convert() - a classic BPF program as one of extended BPF
 * @text: what "tcpdump -ddd" prints: the number of insns, then "code jt jf k" in decimal, a line each
 * @kind: enum skep_classic_kind
 * @ret_insns: on success malloc()ed, the caller frees it; takes the context in r1, returns what the filter returns
 * @err: on failure, one line that tells why, cut at @err_size
 * Return: 0, -EINVAL (not such text, or Linux refuses the filter), -EOPNOTSUPP (not modelled), -ENOMEM
 */
SKEP_API int skep_classic_convert(const char *text, size_t size, uint32_t kind, struct bpf_insn **ret_insns,
				  uint32_t *ret_cnt, char *err, size_t err_size);

enum skep_dump_kind {
	SKEP_DUMP_XLATED,	 /* instructions after rewriting, as bpftool prints them */
	SKEP_DUMP_JITED,	 /* machine code, disassembled where skep was built with capstone */
	SKEP_DUMP_CFG,		 /* Graphviz */
};
/* What the text has beside that; the graph has none of it. */
#define SKEP_DUMP_OPCODES 1 /* the raw bytes, in a line below each instruction */
#define SKEP_DUMP_LINUM	  2 /* file, line and column of each source line */
#define SKEP_DUMP_INSNS	  4 /* above machine code, the rewritten instruction that it was made for */

/**
 * skep_prog_dump() - text of a loaded program
 * @kind: enum skep_dump_kind
 * @flags: SKEP_DUMP_OPCODES and the like
 * @ret_text: on success malloc()ed, the caller frees it
 * Return: 0, -EBADF, -EINVAL (not a program, an unknown flag), -ENOENT (no machine code), -ENOMEM
 */
SKEP_API int skep_prog_dump(struct skep *skep, int prog_fd, uint32_t kind, uint32_t flags, char **ret_text);

/* How often one rewritten instruction ran. Strings live as long as the array. */
struct skep_insn_count {
	uint32_t idx;
	uint32_t line, col; /* 0: not known */
	uint64_t count;
	const char *insn;	  /* "(07) r2 += 8" */
	const char *file, *text; /* of its line of source; "" when not known */
};

/**
 * skep_prog_counts() - what a program of an instance with .count_insns counted so far
 * @ret_counts: an entry an instruction, in order; the caller free()s the array
 * Return: 0, -EBADF, -EINVAL (not a program), -ENOENT (nobody counted), -ENOMEM
 */
SKEP_API int skep_prog_counts(struct skep *skep, int prog_fd, struct skep_insn_count **ret_counts, uint32_t *ret_cnt);

/* Input and results of skep_prog_test(). Zero-initialise, set @sz, then what there is. */
struct skep_test {
	size_t sz;	       /* sizeof(struct skep_test) */
	/* The user-visible context (struct bpf_sock_addr, ...); NULL: all 0. Clear it with memset() first: an
	 * initializer may leave anything in padding, and what belongs to no field must be 0. */
	const void *ctx_in;
	void *ctx_out;	       /* the context afterwards */
	const void *data_in;   /* what its data pointers lead to: a packet, an option's value */
	void *data_out;
	uint32_t ctx_size_in, ctx_size_out;   /* ctx_size_out, data_size_out: room; afterwards the size */
	uint32_t data_size_in, data_size_out; /* of the whole, which may be more: -ENOSPC */
	uint32_t repeat;       /* 0: once */
	uint32_t retval, duration_ns; /* the last return value, mean time of a run */
	/* Addresses on the stacks that bpf_get_stackid() and bpf_get_stack() find, innermost first; none: they fail
	 * with -EFAULT, as where Linux has none. */
	const uint64_t *kernel_stack, *user_stack;
	uint32_t kernel_stack_cnt, user_stack_cnt;
	/* What the operation that a control group's program is asked about answers: 0 or a negative errno. In: what
	 * bpf_get_retval() finds; out: what bpf_set_retval() left, or -EPERM when that is no error and the program
	 * denied (returned 0). For programs on socket options the context's field retval is the same. */
	int32_t hook_ret;
	uint64_t attach_cookie; /* bpf_get_attach_cookie() */
	uint64_t func_ip;	/* bpf_get_func_ip(); 0: a probe inside of a function, in Linux too */
	/* What bpf_perf_prog_read_value() gives: counter, time enabled, time running. */
	uint64_t event_value[3];
};

/**
 * skep_prog_test() - run a program on a context of one's own
 * Unlike BPF_PROG_TEST_RUN, which Linux has for some program types and skep therefore refuses for
 * others, this works for every type that skep can load, and every number in the context that the
 * program may read can be set. Pointers in it must be 0: they lead to what the run makes up (a socket
 * as the context describes it) or to @data_in.
 * Return: 0, -EBADF, -EINVAL (sizes; something was set that is no readable number), -ERANGE (a number does
 * not fit its field), -E2BIG (the context is longer than the type's), -ENOSPC, -ENODEV (ifindex), -ENOMEM
 */
SKEP_API int skep_prog_test(struct skep *skep, int prog_fd, struct skep_test *test);

struct bpf_object;
struct skep_replacement {
	const char *helper; /* "bpf_ktime_get_ns", also without "bpf_" */
	const char *func;   /* of the object; global, or static with __attribute__((used)) */
};

/**
 * skep_replace_helpers() - let an object that was opened call functions of its own in place of helpers
 * All calls in all of its programs and functions are changed but those in the functions named here. What is loaded is
 * the program so changed: the verifier checks these functions with the arguments that the helper was given, and what
 * it knew of the helper's own result is lost. Helpers that call back or lock are refused.
 * Return: 0, -ENOENT (no such helper or function, or nobody calls it), -EINVAL, -EOPNOTSUPP (not this helper), -EBUSY
 * (loaded already), -ENOMEM; all but the last with a warning of libbpf_set_print(). After a failure close the object.
 * Threads: none other may use @obj
 */
SKEP_API int skep_replace_helpers(struct bpf_object *obj, const struct skep_replacement *list, uint32_t cnt);

/* How far a run may go; 0 and NULL: as far as it likes. */
struct skep_limits {
	size_t sz; /* sizeof(struct skep_limits) */
	uint64_t max_insns;   /* instructions, callbacks included */
	uint64_t deadline_ns; /* real time from its first instruction on */
	const bool *stop;     /* runs end soon after another thread sets it, with __atomic_store_n() */
};
/**
 * skep_set_limits() - end runs of programs early that overrun
 * @limits: in force for programs loaded from now on; the caller keeps it, unchanged, until the instance is destroyed or
 * other limits are set. NULL: none
 *
 * A run is stopped before its next instruction (the clock and @limits->stop are looked at every 64) and returns 0; what it
 * wrote stays. A helper that has begun is not interrupted: bpf_loop() goes through its remaining rounds, without doing
 * any. What may hold something that must be given back is never stopped but ends by itself, as the verifier saw to: runs
 * of programs that take locks, look up sockets or reserve records, and of all programs while an extension that does so is loaded.
 * Programs that are tail-called and callbacks of timers are not limited.
 * Return: 0, -EINVAL (@limits->sz), -EOPNOTSUPP (the instance runs machine code, which cannot be stopped: make it with
 * SKEP_RUN_INTERP), the errno of loading a program
 * Threads: not while another loads into @skep or runs programs of it
 */
SKEP_API int skep_set_limits(struct skep *skep, const struct skep_limits *limits);
enum skep_run_end {
	SKEP_RUN_ENDED,	  /* by itself, within its limits */
	SKEP_RUN_OVERRAN, /* by itself, but it went too far: it could not be stopped */
	SKEP_RUN_STOPPED,
};
/* How this thread's last run of an instance with limits ended. */
SKEP_API enum skep_run_end skep_last_run(void);

/* The name of a program's return value ("XDP_DROP"), NULL when it has none. Static. */
SKEP_API const char *skep_retval_name(struct skep *skep, uint32_t prog_type, uint32_t retval);

/* What bpf_trace_printk() and the like wrote, the last 64 KiB; malloc()ed. NULL: no memory. */
SKEP_API char *skep_trace_text(struct skep *skep);

/* "0.1.0", and the interface that this version follows: "bpf-next 2026-06 (Linux 7.2)". */
SKEP_API const char *skep_version(void);
SKEP_API const char *skep_profile(void);

#ifdef __cplusplus
}
#endif
#endif
