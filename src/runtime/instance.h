/* SPDX-License-Identifier: BSD-2-Clause */
/* instance.h - struct skep and struct skep_prog; private to the runtime. */
#ifndef SKEP_RUNTIME_INSTANCE_H
#define SKEP_RUNTIME_INSTANCE_H

#include "base/vec.h"
#include "btf/btf.h"
#include "core/rcu.h"
#include "interp/interp.h"
#include "jit/jit.h"
#include "map/timer.h"
#include "runtime/idtab.h"
#include "runtime/runtime.h"
#include "runtime/tables.h"

#include <errno.h>

#define PROG_TYPE_MAX 64 /* program type numbers are below */

/* The last TRACE_SIZE bytes that were traced. Written by trace.c. */
#define TRACE_SIZE 65536
struct trace_buf {
	pthread_mutex_t lock;
	char *bytes;
	u64 end; /* of all that was ever written */
};

struct room_state {
	void *state;
	void (*free_state)(struct skep *skep, void *state);
};

struct skep {
	struct helper_host host; /* first: helper.h */
	struct memacct acct;
	struct map_objs objs;
	struct vcpu_set *vcpus;
	u32 engine;
	bool unprivileged_bpf;
	u32 jit_harden;
	u32 observe; /* JIT_OBSERVE_* */
	bool count_insns;
	u32 codegen;
	u64 seed;
	bool stats_on;
	const struct skep_btf *kernel_btf;
	struct skep_btf **modules; /* of that kernel */
	u32 module_cnt;
	struct idtab ids[OBJ_KIND_CNT];
	struct room_state rooms[SKEP_ROOM_CNT];
	struct trace_buf trace;
	struct timer_host timers;
	/* What the application lets programs look into. Written by mem.c. */
	struct {
		pthread_mutex_t lock;
		struct mem_table *tables[HELPER_MEM_CNT]; /* RCU; NULL: empty */
		skep_mem_fn made[HELPER_MEM_CNT]; /* set while subsystems register */
	} mem;
	bool (*dev_exists)(void *skep, u32 ifindex); /* set while subsystems register */
	skep_load_fn on_load;
	void *on_load_ctx;
	struct run_checker checker;
	bool explain; /* refusals are traced back */
	bool measure; /* where verification's steps go is counted */

	/* Written by types.c while subsystems register, read-only afterwards. */
	const struct prog_type_ops *types[PROG_TYPE_MAX];
	helper_fn *helpers[PROG_TYPE_MAX]; /* by program type and helper id */
	struct tab_prog *progs;		   /* tab_progs with what was registered */
	struct ctx_view views[VIEW_CNT];   /* tab_views with the same; rows NULL: nobody has */
};

struct skep_prog {
	u32 refs; /* atomic */
	u32 id;
	struct map_prog in_maps;
	struct skep *skep;
	struct jit_code *code;	    /* what runs: jit or replaceable; RCU */
	struct jit_code *jit;	    /* one of jit and interp */
	struct interp_prog *interp;
	u64 run_time_ns, run_cnt, miss_cnt; /* atomic, relaxed */

	u32 type, attach_type;
	u32 run_type; /* whose helpers and context it has: an extension's is its target's */
	char name[BPF_OBJ_NAME_LEN];
	u8 tag[BPF_TAG_SIZE];
	bool gpl;
	u32 insn_cnt;
	struct vresult res; /* rewritten code and used maps live in here */
	struct skep_map **maps;
	u32 claimed_cnt; /* maps of instructions that are this program's */
	struct jit_image *image;
	const struct skep_btf *btf;
	void *func_info, *line_info;
	u32 func_info_rec_size, func_info_cnt, line_info_rec_size, line_info_cnt;
	u64 load_time_ns, prepare_ns, mem_bytes;
	u32 created_by_uid;
	bool blind; /* machine code without its immediates */

	/* freplace.c. Of a program that was extended, under in_maps.ext_lock: */
	struct jit_image *replaceable_image;
	struct jit_code *replaceable;
	struct skep_prog **exts; /* by subprogram: who stands in its place */
	/* Of an extension: where its load said it goes, until it went somewhere. */
	pthread_mutex_t dst_lock;
	struct skep_prog *dst_prog; /* under dst_lock */
	u32 dst_btf_id;
	struct rcu_item rcu;
};

/* observe.c: whoever skep->observe names is told of @code. 0, -ENOMEM, -EOPNOTSUPP. */
int prog_observe(const struct skep_prog *prog, struct jit_code *code, const struct jit_image *image);
/* prog.c: @prog once more, with functions entered through pointers. */
int prog_link_replaceable(struct skep_prog *prog);
/* freplace.c */
struct ext_target skep_ext_target(const struct skep_prog *target);

/* env.c: what the verifier may ask, for one load. */
struct env {
	struct skep *skep;
	const struct prog_load *load;
	bool digest_known;
	u8 digest[32]; /* of load's program, when a map asked for it */
};
struct vhost env_host(struct env *env);

/* prog.c: SHA-256 of the program as loaded, with map descriptors (and the offsets into values) taken
 * out: the same program has the same digest whatever numbers its descriptors had. 0 or -ENOMEM. */
int prog_digest(const struct vprog *v, u8 ret_digest[32]);

/* types.c */
helper_fn skep_helper_fn(const struct skep *skep, u32 prog_type, u32 helper_id);

/* objects.c */
void objects_init(struct skep *skep);
void objects_destroy(struct skep *skep);

/* timers.c: what happens in bpf_timer's time runs as programs do. */
void skep_timers_init(struct skep *skep);
/* prog.c: as skep_prog_put(), from any context; the id goes a little later. */
void skep_prog_put_later(struct skep_prog *prog);
/* What calls functions of @prog back. */
static inline void prog_set_engine(const struct skep_prog *prog, struct run_ctx *run)
{
	run->call_func = rcu_load(prog->code) ? jit_call_func : interp_call_func;
}

/* mem.c: helper_host.mem_at */
const void *skep_mem_at(struct helper_host *host, const struct run_ctx *run, u64 addr,
			enum helper_mem space, size_t *ret_room);
void mem_destroy(struct skep *skep);

/* raw.c: program types whose context is just memory (raw tracepoints, syscall) */
int raw_register(struct skep *skep);

/* trace.c */
int trace_init(struct trace_buf *trace);
void trace_destroy(struct trace_buf *trace);

#endif
