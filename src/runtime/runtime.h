/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runtime.h - a struct skep: one simulated machine with its programs, maps, BTF objects, ids and
 * memory limit, and the tables in which subsystems (net, ...) register what they bring. All state
 * hangs off the instance: two in one process do not see each other. Any thread unless said.
 */
#ifndef SKEP_RUNTIME_RUNTIME_H
#define SKEP_RUNTIME_RUNTIME_H

#include "base/types.h"
#include "core/clock.h"
#include "core/memacct.h"
#include "core/vcpu.h"
#include "helper/helper.h"
#include "map/map.h"
#include "verifier/verifier.h"

struct skep;
struct skep_btf;

struct skep_opts {
	u32 cpu_cnt;	/* vCPUs; 0: the host's, at most VCPU_MAX */
	u64 mem_limit;	/* bytes of maps and programs; 0: 1 GiB */
	bool virtual_time;
	u64 start_ns, tick_ns;
	bool seeded;
	u64 seed;
	u32 engine;	/* enum skep_engine: what programs run on */
	bool unprivileged_bpf; /* kernel.unprivileged_bpf_disabled is 0, not 2 */
	u32 jit_harden; /* net.core.bpf_jit_harden: 1 blinds constants of callers without CAP_BPF, 2 of all */
	u32 observe; /* JIT_OBSERVE_* of jit.h: who is told about machine code */
	bool count_insns; /* machine code counts the runs of each instruction */
	u32 codegen; /* JIT_NO_LANDING, JIT_CALL_DEPTH: what machine code looks like */
	const struct skep_btf *kernel_btf; /* instead of the built-in one; a reference is taken */
	struct skep_btf *const *modules;   /* split from it; the same */
	u32 module_cnt;
};
enum skep_engine { SKEP_ENGINE_AUTO /* JIT where there is one */, SKEP_ENGINE_JIT, SKEP_ENGINE_INTERP };

/* 0, -ENOMEM, -EINVAL, -EOPNOTSUPP (no JIT for this host, no libgcc_s), the errno of a file for .observe. */
int skep_new(const struct skep_opts *opts, struct skep **ret_skep);
/* Nobody may use the instance, its programs or maps any more. */
void skep_free(struct skep *skep);

/* May callers without CAP_BPF load socket filters and cgroup_skb programs. */
bool skep_unprivileged_bpf(const struct skep *skep);
u32 skep_cpu_cnt(const struct skep *skep);
struct vcpu_set *skep_vcpus(struct skep *skep);
struct skep_clock *skep_clock_of(struct skep *skep);
/* Moves virtual time on, and what timers are set to happens at its time, on this thread. Not from inside of a
 * run. 0, -EINVAL: time is real. */
int skep_advance_time(struct skep *skep, u64 ns);
struct memacct *skep_memacct(struct skep *skep);
const struct skep_btf *skep_kernel_btf(struct skep *skep);
struct skep_btf *const *skep_module_btfs(struct skep *skep, u32 *ret_cnt);

/* ---- what subsystems register (before the first program is loaded) ------------------------ */

struct test_run {
	const void *data_in;
	u32 data_size_in;
	void *data_out;
	u32 data_size_out;     /* in: room; out: size of the result (may exceed the room: -ENOSPC) */
	const void *ctx_in;
	u32 ctx_size_in;
	void *ctx_out;
	u32 ctx_size_out;      /* as data_size_out */
	u32 repeat, flags, cpu, batch_size;
	struct run_given given;
	u32 retval, duration_ns; /* out: last result, mean ns per run */
	s32 hook_ret; /* in and out: run_env.hook_ret; as a context it is not reset between repeats */
};

struct skep_prog;

/* What a subsystem says of a program type that it runs. */
struct prog_type_ops {
	enum bpf_prog_type type;
	/* How context fields are reached; fields of the type's rows that no conv covers become
	 * CTX_NOT_MODELLED. NULL: the program sees the structure as it is. */
	const struct ctx_conv *convs;
	u32 conv_cnt;
	/* BPF_PROG_TEST_RUN; NULL: -ENOTSUPP as Linux. 0 or negative errno. */
	int (*test_run)(struct skep *skep, struct skep_prog *prog, struct test_run *run);
	/* What skep adds where Linux has no test run: runs the program on the context that ctx_in
	 * describes (all fields that it may read can be set) and gives the changed one back. NULL:
	 * test_run does that. */
	int (*own_run)(struct skep *skep, struct skep_prog *prog, struct test_run *run);
	/* The name of a return value ("XDP_DROP"), NULL when it has none. */
	const char *(*retval_name)(u32 retval);
	/* Bytes from @mem on that belong to what the running program was given (a packet); 0: none.
	 * May be NULL. See helper_host.mem_at. */
	size_t (*mem_room)(const struct run_ctx *run, const void *mem);
};

/* Rows of convs: the user-visible field, then the way to what is behind it. */
#define UAPI(type, field)   .off = offsetof(struct type, field), .size = sizeof(((struct type *)0)->field)
#define STEP(type, field)   { offsetof(struct type, field), sizeof(((struct type *)0)->field) }
#define ONE(type, field)    .load_cnt = 1, .load = { STEP(type, field) }

/* -EEXIST when the slot is taken. @ops and what it points to outlive the instance. */
int skep_register_prog_type(struct skep *skep, const struct prog_type_ops *ops);
/* How fields of what programs hold pointers to are reached. -EEXIST when somebody has said so. */
int skep_register_view(struct skep *skep, enum view_kind kind, const struct ctx_conv *convs, u32 conv_cnt);
/* @prog_type BPF_PROG_TYPE_UNSPEC: for all types that Linux allows it in. */
int skep_register_helper(struct skep *skep, u32 prog_type, u32 helper_id, helper_fn fn);
/* Whether the instance has a network device with that index: maps of devices ask. */
void skep_register_devs(struct skep *skep, bool (*dev_exists)(void *skep, u32 ifindex));
/* Where a subsystem has memory that no program was given: asked last, for addresses that are nowhere else. Inside
 * a run, signal handlers included; answers as helper_host.mem_at. One for each space. */
typedef const void *(*skep_mem_fn)(struct skep *skep, u64 addr, size_t *ret_room);
void skep_register_mem(struct skep *skep, enum helper_mem space, skep_mem_fn fn);
const struct prog_type_ops *skep_prog_type_ops(struct skep *skep, u32 type);
/* What Linux has; modelled only when a subsystem has registered the type. NULL: no such type. */
const struct prog_type_row *skep_prog_type_row(struct skep *skep, u32 type, u32 attach_type);
/* expected_attach_type values that loading accepts for the type. */
bool skep_attach_type_ok(u32 type, u32 attach_type);
/* "bpf_map_lookup_elem"; NULL when Linux has no such helper. */
const char *skep_helper_name(u32 helper_id);
/* The id of "bpf_map_lookup_elem" or "map_lookup_elem"; negative when there is none. */
int skep_helper_id(const char *name);

/* ---- test runs (testrun.c) ------------------------------------------------------------------ */

/* Whether there are that many bytes of data: 0, -EINVAL (their number), -EFAULT (there are none). */
int test_data_in(const struct test_run *run, u32 min, u32 max);
/* Copies what BPF_PROG_TEST_RUN returns, as far as the caller has room: sizes are always those of
 * the whole; -ENOSPC when it did not fit. A room of 0 with a buffer is "large enough". */
int test_finish_data(struct test_run *run, const void *data, u32 size);
/* The context that was passed in, at most @size bytes, into @ctx; *ret_given: whether there is any
 * to pass in or out. 0 or -E2BIG: bytes past @size are not 0, or it is larger than
 * TEST_CTX_MAX and @size. */
#define TEST_CTX_MAX 4096
int test_ctx_in(const struct test_run *run, void *ctx, u32 size, bool *ret_given);
int test_ctx_out(struct test_run *run, const void *ctx, u32 size);
/* Runs run->repeat times and fills retval and duration_ns. 0 or -EAGAIN (no vCPU to be had). */
int test_repeat(struct skep_prog *prog, struct test_run *run, void *hook_ctx);
/* The same, with what happens before and after each run; @hooks may be NULL. */
struct repeat_hooks {
	void (*before)(void *hook_ctx);
	void (*after)(struct skep *skep, void *hook_ctx, u32 retval);
};
int test_repeat_hooked(struct skep_prog *prog, struct test_run *run, void *hook_ctx,
		       const struct repeat_hooks *hooks);
/* Sets every number that the program may read in @hook_ctx, with its pointers in place, from the
 * user-visible context in run->ctx_in (absent: 0), runs the program and gives the context back with
 * what it changed. -EINVAL: something else was set; -ERANGE: a value does not fit its field. */
int test_own_run(struct skep_prog *prog, struct test_run *run, void *hook_ctx);
/* The same where the program sees the context as it is: @size bytes. */
int test_plain_run(struct skep_prog *prog, struct test_run *run, void *ctx, u32 size);

/* One pointer a subsystem for its own state in the instance. */
enum skep_room { SKEP_ROOM_NET, SKEP_ROOM_SYSCALL, SKEP_ROOM_BPFFS, SKEP_ROOM_VERDICT, SKEP_ROOM_SENT,
		 SKEP_ROOM_CGROUP, SKEP_ROOM_SOCKS, SKEP_ROOM_ROUTES, SKEP_ROOM_TASK,
		 SKEP_ROOM_CNT };
void skep_room_set(struct skep *skep, enum skep_room room, void *state,
		   void (*free_state)(struct skep *skep, void *state));
void *skep_room_get(struct skep *skep, enum skep_room room);

/* ---- objects and ids ---------------------------------------------------------------------- */

enum obj_kind { OBJ_MAP, OBJ_PROG, OBJ_BTF, OBJ_LINK, OBJ_KIND_CNT };

int skep_map_create(struct skep *skep, const struct map_attr *attr, struct skep_map **ret_map,
		    const char **ret_why); /* fills acct, cpu_cnt, seed; gives an id */
/* A new reference to the object with that id, NULL when there is none. */
struct skep_map *skep_map_by_id(struct skep *skep, u32 id);
struct skep_prog *skep_prog_by_id(struct skep *skep, u32 id);
struct skep_btf *skep_btf_by_id(struct skep *skep, u32 id);
/* The smallest id above @id; -ENOENT when none. */
int skep_next_id(struct skep *skep, enum obj_kind kind, u32 id, u32 *ret_next);
/* Gives a BTF object an id in the instance. */
int skep_btf_add(struct skep *skep, struct skep_btf *btf, u32 *ret_id);
/* The id lives as long as one of its uses: skep_btf_add() makes the first, a program or a map with
 * this BTF another. Does nothing for a BTF that was never added. */
void skep_btf_use(struct skep *skep, const struct skep_btf *btf);
void skep_btf_unuse(struct skep *skep, const struct skep_btf *btf);
/* The id that skep_btf_add() gave, 0 when there is none. */
u32 skep_btf_id(struct skep *skep, const struct skep_btf *btf);

/* ---- programs ----------------------------------------------------------------------------- */

struct prog_load {
	struct vprog v;
	/* Finds a map by descriptor with a new reference; the syscall room supplies it. */
	int (*map_by_fd)(void *ctx, int fd, struct skep_map **ret_map);
	void *fd_ctx;
	u32 caps;
	struct vopts opts;
	u64 load_time_ns; /* since boot, for info */
	u32 created_by_uid;
	struct skep_prog *target; /* BPF_PROG_TYPE_EXT: the program it extends; the caller's reference */
	bool verify_only; /* do not make it ready to run; *ret_prog stays NULL */
};

/* Verifies and makes ready. @vres (may be NULL) receives the verdict, also when refused; the caller
 * frees it with skep_vresult_free(). Rewritten code and used maps stay in @vres only with
 * verify_only; else they are the program's (skep_prog_info()). 0 or the verdict's errno. */
int skep_prog_load(struct skep *skep, const struct prog_load *load, struct vresult *vres,
		   struct skep_prog **ret_prog);
void skep_vresult_free(struct skep *skep, struct vresult *vres);
/* Calls @fn on the loading thread after each verification; @prog is NULL when it was refused or
 * only verified. NULL stops it. Not while another thread loads. */
typedef void (*skep_load_fn)(void *ctx, const struct prog_load *load, const struct vresult *res,
			     const struct skep_prog *prog);
void skep_on_load(struct skep *skep, skep_load_fn fn, void *ctx);
/* From now on vresult.explain of refusals is filled; not while another thread loads. */
void skep_explain_refusals(struct skep *skep, bool on);
/* The same for vresult.cost. */
void skep_measure_loads(struct skep *skep, bool on);
/*
 * Programs loaded from now on keep the facts of their verification for skep_on_load(), and interpreted runs
 * (callbacks included, programs that are tail-called not) ask @check before each insn; @done gets what
 * interp_run_checked() said. NULL ends it. Not while another thread loads or runs.
 */
struct run_checker {
	bool (*check)(void *ctx, u32 xlated_idx, const u64 regs[ISA_REG_CNT]);
	void (*done)(void *ctx, int err); /* may be NULL */
	void *ctx;
	u64 max_insns;
};
void skep_check_runs(struct skep *skep, const struct run_checker *checker);
/* What descriptors stand for in maps that hold programs. Before the first map is made. */
void skep_set_map_objs(struct skep *skep, const struct map_objs *objs);
struct map_prog *skep_prog_in_maps(struct skep_prog *prog);
void skep_prog_get(struct skep_prog *prog);
void skep_prog_put(struct skep_prog *prog);

struct skep_prog_info {
	u32 id, type, attach_type;
	char name[BPF_OBJ_NAME_LEN];
	u8 tag[BPF_TAG_SIZE];
	bool gpl, jited;
	u32 insn_cnt; /* as loaded */
	const struct xlated_prog *xlated;
	const u8 *jited_code;
	u32 jited_size;
	const struct jit_image *jit_image;
	const struct skep_btf *btf;
	struct skep_map *const *maps; /* used maps, in order */
	u32 map_cnt;
	u32 verified_insns;
	u64 load_time_ns, run_time_ns, run_cnt, miss_cnt; /* runs are counted while stats are on */
	u32 created_by_uid;
	const void *func_info, *line_info; /* as loaded */
	u32 func_info_rec_size, func_info_cnt, line_info_rec_size, line_info_cnt;
	u32 attach_btf_id;
	const struct skep_btf *attach_btf; /* while a program to attach to is held */
	u64 prepare_ns; /* verify + compile + link */
	u64 mem_bytes;
};
void skep_prog_info(const struct skep_prog *prog, struct skep_prog_info *info);

/* Adds to @counts, by rewritten instruction, how often each ran. -ENOENT: nobody counted (skep_opts.count_insns,
 * and machine code). */
int skep_prog_counted(const struct skep_prog *prog, u64 *counts);

/* A line of source. Strings are the program's BTF's. */
struct prog_line {
	u32 first; /* the instruction, as loaded, that its code begins with */
	u32 line, col;
	const char *file, *text; /* text without the blanks before it; "" when not known */
};
/* The line that @orig_idx (as loaded) comes from. False: the program came without lines. */
bool skep_prog_line(const struct skep_prog_info *info, u32 orig_idx, struct prog_line *ret_line);

/* Bytes that a program touches of a writable raw tracepoint's buffer. */
u32 skep_prog_tp_size(const struct skep_prog *prog);
struct skep *skep_prog_skep(const struct skep_prog *prog);
/* Counts runs and their time from now on, as BPF_ENABLE_STATS: costs two clock readings a run. */
void skep_stats_enable(struct skep *skep, bool on);

/* Runs the program once on the calling thread's vCPU. @ctx is the simulated kernel's structure
 * (struct xdp_buff, ...), as the program type's ctx_conv rows address it. */
u32 skep_prog_run(struct skep_prog *prog, void *ctx);
/* Many runs with one entry: calls @next before each run until it returns NULL. For benchmarks and
 * test runs: vCPU and RCU are taken once. *ret_cnt gets the number of runs. */
u32 skep_prog_run_batch(struct skep_prog *prog, void *(*next)(void *arg, u32 prev_ret), void *arg,
			u64 *ret_cnt);

/*
 * Lets programs of the instance look at @size bytes of @mem, which they see at @addr of an address
 * space: bpf_probe_read_user() and the like, bpf_copy_from_user(), %s. 0; -EINVAL: empty or wraps;
 * -EEXIST: overlaps what is there; -ENOMEM. The memory stays where it is until skep_mem_del() has
 * returned. Neither from a program's run.
 */
int skep_mem_add(struct skep *skep, enum helper_mem space, u64 addr, const void *mem, u64 size);
int skep_mem_del(struct skep *skep, enum helper_mem space, u64 addr); /* 0, -ENOENT, -ENOMEM */

/* ---- links ---------------------------------------------------------------------------------- */

struct skep_link;
struct skep_link_ops {
	void (*release)(struct skep_link *link); /* the last reference: detaches, frees */
	int (*detach)(struct skep_link *link);	 /* NULL: -EOPNOTSUPP */
	/* @old NULL: whatever it is. NULL: -EINVAL */
	int (*update)(struct skep_link *link, struct skep_prog *prog, struct skep_prog *old);
	void (*info)(const struct skep_link *link, struct bpf_link_info *info);
};
/* First member of a kind of link. */
struct skep_link {
	u32 refs; /* atomic */
	u32 id, type; /* enum bpf_link_type */
	struct skep *skep;
	const struct skep_link_ops *ops;
	struct skep_prog *prog; /* NULL: none any more */
};
/* Gives it an id: it can be found from here on. 0, -ENOMEM, -ENOSPC. */
int skep_link_init(struct skep_link *link, struct skep *skep, const struct skep_link_ops *ops, u32 type,
		   struct skep_prog *prog);
void skep_link_get(struct skep_link *link);
void skep_link_put(struct skep_link *link);
struct skep_link *skep_link_by_id(struct skep *skep, u32 id);
void skep_link_info(const struct skep_link *link, struct bpf_link_info *info);

/*
 * An extension takes its place: at @target (a reference is taken) or, NULL, where its load said, which
 * it may once. -EINVAL: it does not fit; -EBUSY: the place is taken, or the target is in a program
 * array; -ENOMEM.
 */
int skep_ext_attach(struct skep_prog *prog, struct skep_prog *target, u32 btf_id, u32 attach_type, u64 cookie,
		    struct skep_link **ret_link);

/* bpf_trace_printk and the like write here; default: the instance keeps the last 64 KiB. */
void skep_trace_write(struct skep *skep, const char *text, size_t len);
/* A malloc()ed copy of what was traced. */
char *skep_trace_read(struct skep *skep);

#endif
