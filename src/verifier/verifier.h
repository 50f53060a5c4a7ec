/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verifier.h - decides whether a program is safe, says why, and rewrites it for execution.
 *
 * A pure function: program and environment in; verdict, log, rewritten program and facts out. It
 * runs nothing, allocates no map and owns no global state, so any number of threads may verify at
 * once. What Linux allows is a row of the environment (struct vhost), not a branch in here.
 */
#ifndef SKEP_VERIFIER_VERIFIER_H
#define SKEP_VERIFIER_VERIFIER_H

#include "base/types.h"
#include "base/vlog.h"
#include "btf/fields.h"
#include "isa/xlated.h"
#include "verifier/scalar.h"

struct skep_btf;

/* ---- the environment: what exists, as rows ---------------------------------------------- */

/* Argument and return kinds have the kernel's names, as data/helpers.tsv spells them. The order is
 * private to skep. ARG_BASE and RET_BASE take off the flags. */
enum arg_type {
	ARG_DONTCARE = 0, /* also: there is no such argument */
	ARG_ANYTHING,
	ARG_CONST_MAP_PTR,
	ARG_PTR_TO_MAP_KEY,
	ARG_PTR_TO_MAP_VALUE,
	ARG_PTR_TO_MEM,
	ARG_PTR_TO_ARENA,
	ARG_CONST_SIZE,
	ARG_CONST_SIZE_OR_ZERO,
	ARG_PTR_TO_CTX,
	ARG_PTR_TO_SPIN_LOCK,
	ARG_PTR_TO_SOCK_COMMON,
	ARG_PTR_TO_SOCKET,
	ARG_PTR_TO_BTF_ID,
	ARG_PTR_TO_RINGBUF_MEM,
	ARG_CONST_ALLOC_SIZE_OR_ZERO,
	ARG_PTR_TO_BTF_ID_SOCK_COMMON,
	ARG_PTR_TO_PERCPU_BTF_ID,
	ARG_PTR_TO_FUNC,
	ARG_PTR_TO_STACK,
	ARG_PTR_TO_CONST_STR,
	ARG_PTR_TO_TIMER,
	ARG_KPTR_XCHG_DEST,
	ARG_PTR_TO_DYNPTR,
	ARG_TYPE_CNT,
};
#define ARG_BASE(t)	     ((t) & 0xff)
#define ARG_MAYBE_NULL	     BIT(8)
#define ARG_MEM_UNINIT	     BIT(9)  /* the helper writes it all; need not be initialised */
#define ARG_MEM_WRITE	     BIT(10)
#define ARG_MEM_RDONLY	     BIT(11)
#define ARG_OBJ_RELEASE	     BIT(12)
#define ARG_MEM_FIXED_SIZE   BIT(13) /* size in helper_proto.arg_size */
#define ARG_MEM_ALIGNED	     BIT(14)
#define ARG_UNKNOWN_FLAG     BIT(31) /* a flag of Linux that skep does not model: refuse */

enum ret_type {
	RET_INTEGER = 0,
	RET_VOID,
	RET_PTR_TO_MAP_VALUE,
	RET_PTR_TO_SOCKET,
	RET_PTR_TO_TCP_SOCK,
	RET_PTR_TO_SOCK_COMMON,
	RET_PTR_TO_MEM,
	RET_PTR_TO_MEM_OR_BTF_ID,
	RET_PTR_TO_BTF_ID,
	RET_TYPE_CNT,
};
#define RET_BASE(t)	 ((t) & 0xff)
#define RET_MAYBE_NULL	 BIT(8)
#define RET_MEM_RINGBUF	 BIT(9) /* acquired ring buffer record */
#define RET_UNKNOWN_FLAG BIT(31)

struct helper_proto {
	u32 id;
	const char *name; /* "bpf_map_lookup_elem" */
	bool gpl_only, pkt_access, might_sleep, allow_fastcall;
	u32 ret;	   /* enum ret_type | RET_* */
	u32 arg[5];	   /* enum arg_type | ARG_* */
	u32 arg_size[5];   /* for ARG_MEM_FIXED_SIZE */
	bool changes_pkt_data; /* packet pointers become invalid */
	const char *deprecated; /* what to call instead, "" when there is nothing; NULL: it is not */
};

/* Whether a helper may be called by this program, and if not, why not. */
enum helper_avail {
	HELPER_OK,
	HELPER_UNKNOWN,	    /* no such number: "invalid func unknown#N" */
	HELPER_NOT_ALLOWED, /* "program of this type cannot use helper bpf_x#N" */
	HELPER_NOT_MODELLED,
};

/* A register's type after a context field was read. Values: enum reg_type of state.h, named here
 * for the rows. */
enum ctx_val {
	CTX_SCALAR,
	CTX_PACKET,
	CTX_PACKET_META,
	CTX_PACKET_END,
	CTX_SOCK_COMMON_OR_NULL,
	CTX_SOCK,
	CTX_SOCK_OR_NULL,
	CTX_FLOW_KEYS,
	CTX_TP_BUFFER,
	CTX_NOT_MODELLED, /* Linux gives a pointer that skep does not model: refuse the read */
};

#define CTX_READ      BIT(0)
#define CTX_WRITE     BIT(1)
#define CTX_WRITE_IMM BIT(2)
/* Needs CAP_BPF: to read it, to write it. */
#define CTX_READ_BPF  BIT(3)
#define CTX_WRITE_BPF BIT(4)

struct ctx_row {
	u16 off;
	u8 size;
	u8 access; /* CTX_READ, ... */
	u8 val;	   /* enum ctx_val */
	const char *field;
};

/* Plain bytes of a context: [from, to) in accesses of certain sizes at their natural alignment. */
struct ctx_range {
	u16 from, to;
	u8 sizes; /* a sum of 1, 2, 4, 8 */
	u8 access; /* CTX_READ, ... */
	u8 val;	   /* enum ctx_val */
};

/*
 * How an access to a context field becomes loads of the simulated kernel's structures: @load is
 * followed from the context pointer, the last step holds the value. Covers the @size bytes at
 * @off of the user-visible context; a narrower read shifts and masks the wider one.
 */
struct ctx_conv {
	u16 off;
	u8 size;
	u8 load_cnt; /* 1..4 */
	struct {
		u16 off;
		u8 size;
	} load[4];
	u8 shift;  /* value = (loaded >> shift) & mask; mask 0 is all ones */
	u64 mask;
	bool as_bool; /* then 1 when not 0 */
	bool be16;    /* then byte-swapped as a 16-bit big-endian number */
	bool fixed;   /* no choice for a test run: follows from what else it was given */
};

/* A structure as programs see it, and where its fields really are. */
struct ctx_view {
	const char *name; /* "xdp_md" */
	const struct ctx_row *rows;
	u32 row_cnt;
	const struct ctx_range *ranges;
	u32 range_cnt;
	const struct ctx_conv *convs; /* NULL: the program sees the structure as it is */
	u32 conv_cnt;
};

/* Structures other than the context that programs hold pointers to and see converted. */
enum view_kind { VIEW_CTX, VIEW_SOCK_COMMON, VIEW_SOCK, VIEW_TCP_SOCK, VIEW_XDP_SOCK, VIEW_CNT };

struct prog_type_row {
	enum bpf_prog_type type;
	const char *name;	/* "XDP", as data/prog-types.tsv */
	struct ctx_view ctx;
	u32 ctx_size;	  /* of the user-visible struct; for syscall programs the largest, 65535 */
	bool ctx_is_mem;  /* syscall: plain memory, any size and (bounded) variable offset */
	bool pkt_read, pkt_write; /* direct packet access; pkt_read: helpers may get packet pointers */
	bool pkt_any_helper; /* ... even those whose prototype does not say pkt_access */
	bool ld_abs;	  /* may use LD_ABS and LD_IND */
	bool sleepable_ok;
	bool ret_checked; /* R0 at exit must lie in [ret_min, ret_max] */
	s64 ret_min, ret_max;
	bool modelled;	  /* false: refuse the program by name */
};

/* What the verifier must know of a map. Owned by the host, valid while verifying. */
struct map_desc {
	const void *cookie; /* the host's map object */
	u32 id;
	u32 type; /* enum bpf_map_type */
	u32 key_size, value_size, max_entries, map_flags;
	char name[BPF_OBJ_NAME_LEN];
	const struct skep_btf *btf; /* NULL when none */
	u32 btf_key_type_id, btf_value_type_id;
	bool frozen;		/* values can no longer change from user space */
	const void *const_data; /* contents when read-only for programs and frozen; else NULL */
	bool direct_value;	/* LD_IMM64 with MAP_VALUE allowed (single-element array) */
	struct btf_fields fields; /* special ones in values */
	/* Maps of maps: what every inner map is like. The number of elements is the inner maps' only
	 * for arrays without BPF_F_INNER_MAP. NULL for other maps. */
	const struct map_desc *inner;
	bool foreign; /* exclusive to another program */
	/* BPF_MAP_TYPE_INSN_ARRAY: its max_entries instructions, NULL for other maps. */
	const struct bpf_insn_array_value *insn_values;
	bool insns_used; /* another program has them */
};

#define VCAP_BPF       BIT(0)
#define VCAP_PERFMON   BIT(1) /* pointer leaks, speculative bypass */
#define VCAP_NET_ADMIN BIT(2)
#define VCAP_SYS_ADMIN BIT(3)

struct vhost {
	void *ctx;
	u32 caps; /* VCAP_* */
	bool jit; /* will run as machine code: allows stack arguments */
	const struct skep_btf *kernel_btf; /* NULL when there is none */
	/* NULL when Linux has no such program type. */
	const struct prog_type_row *(*prog_type)(void *ctx, u32 type, u32 attach_type);
	/* A view other than the context's; NULL when nothing stands behind it: not modelled. */
	const struct ctx_view *(*view)(void *ctx, enum view_kind kind);
	/* *ret_proto is set for HELPER_OK and HELPER_NOT_MODELLED, and, for the name, for NOT_ALLOWED. */
	enum helper_avail (*helper)(void *ctx, const struct prog_type_row *type, u32 attach_type,
				    u32 id, const struct helper_proto **ret_proto);
	/* May the helper be used with this map type; false words Linux's refusal. */
	bool (*helper_map_ok)(void *ctx, u32 helper_id, u32 map_type);
	/* May a program of this type use the map at all. */
	bool (*prog_map_ok)(void *ctx, const struct prog_type_row *type, u32 map_type);
	/* Takes a reference of the map behind @fd for as long as the result lives. 0, -EBADF, -EINVAL. */
	int (*map_get)(void *ctx, int fd, struct map_desc *ret_map);
	void (*map_put)(void *ctx, const struct map_desc *map);
};

/* ---- a run ------------------------------------------------------------------------------- */

/* What a program of type BPF_PROG_TYPE_EXT replaces: a function of a loaded program. */
struct ext_target {
	u32 type, attach_type; /* the target's, which the extension is verified as */
	bool is_ext, jited;
	const struct skep_btf *btf; /* the target's; NULL: none */
	const struct xlated_prog *xlated;
};

struct vprog {
	const struct bpf_insn *insns; /* host byte order; copied */
	u32 insn_cnt;
	u32 type, attach_type; /* enum bpf_prog_type, enum bpf_attach_type */
	u32 flags;	       /* BPF_F_STRICT_ALIGNMENT, BPF_F_ANY_ALIGNMENT, BPF_F_SLEEPABLE, ... */
	char name[BPF_OBJ_NAME_LEN];
	bool gpl;	       /* the licence is GPL-compatible */
	const struct skep_btf *btf; /* the program's, NULL when none */
	const void *func_info, *line_info; /* records of the sizes below, already in our memory */
	u32 func_info_rec_size, func_info_cnt;
	u32 line_info_rec_size, line_info_cnt;
	const struct ext_target *ext; /* NULL: none was named */
	u32 attach_btf_id;	      /* the function in the target's BTF */
	const int *fd_array;
	u32 fd_array_cnt;
};

/* Stable names of why a program was refused: keys of explanations and of JSON output. One row
 * each in reject.def: REASON(NAME, "name-in-json", "one line of explanation"). */
enum reject_reason {
	R_NONE = 0,
#define REASON(name, ...) R_##name,
#include "verifier/reject.def"
#undef REASON
	REJECT_REASON_CNT,
};
const char *reject_reason_name(enum reject_reason reason);   /* "map-value-bounds" */
const char *reject_reason_explain(enum reject_reason reason);

/* What holds for a register before an insn on every visit: the join over all of them, pruned
 * arrivals included. A scalar that pruning did not compare is unknown from there on. */
struct reg_fact {
	u8 kind; /* FACT_* */
	struct scalar scalar;
};
enum { FACT_NEVER = 0 /* not reached, or not initialised on some path */, FACT_SCALAR, FACT_POINTER,
       FACT_MIXED };

struct vstats {
	u32 insns_processed, total_states, peak_states, max_states_per_insn, longest_mark_read_walk;
	u64 verification_ns;
	u64 state_bytes; /* most memory that states took at a time */
	u32 max_stack_depth; /* worst call path, bytes */
};

#define VOPT_FACTS	   BIT(0) /* fill vresult.facts */
#define VOPT_EXPLAIN	   BIT(2) /* fill vresult.explain of a refusal; takes memory for each insn processed */
#define VOPT_COST	   BIT(3) /* fill vresult.cost; takes time and some memory */
#define VOPT_TEST_STATE_FREQ BIT(1) /* a checkpoint at each insn that may have one */

struct vopts {
	u32 flags;
	struct vlog *log; /* NULL: none */
};

/* One insn of the path that led to a refusal, and what it has to do with it. */
struct vcause {
	u32 insn_idx, times; /* how often on this path */
	const char *role;    /* "origin", "copied", "computed", "compared", ...; static */
	char *insn, *known;  /* its text; what it left in its register the last time, or NULL */
	char source[256];
};

struct vexplain {
	char *required, *known; /* what would have been enough; what there was. NULL: nothing to say */
	struct vcause *causes;	/* in the order in which they happened */
	u32 cause_cnt, left_out; /* earlier ones that are too many to tell */
};

/* Where the instructions processed went. Files' names live as long as the program's BTF. */
struct vcost {
	struct vcost_chain { /* functions that called one another */
		u32 parent; /* index of the caller's; UINT32_MAX: it was entered from outside */
		u32 callsite, subprog;
		const char *name; /* of the function, from BTF; else "" */
	} *chains;
	struct vcost_place { /* ordered by chain and insn */
		u32 chain, insn_idx;
		u64 cnt;
		const char *file; /* NULL: no line info */
		u32 line;
	} *places;
	struct vcost_miss { /* an earlier state did not cover one that arrived; most frequent first */
		u32 insn_idx, line;
		const char *file;
		u64 cnt;
		bool in_loop;	     /* the earlier state was on the way to this one, the first time */
		char where[32];	     /* what differed first: "R3", "frame1: fp-16", "references" */
		char *kept, *arrived; /* what was there, the first time; may be NULL */
	} *misses;
	u32 chain_cnt, place_cnt, miss_cnt;
};

struct vresult {
	int err; /* 0 accepted; -EACCES, -EINVAL, -E2BIG, ... refused; the verdict */
	enum reject_reason reason;
	u32 insn_idx;	   /* where it was refused */
	char message[512]; /* the kernel's words, one line, without newline */
	char source[256];  /* "file.c:12: text of the line" when line info tells; else "" */
	struct vstats stats;
	struct vexplain explain; /* when asked for and refused */
	struct vcost cost;	 /* when asked for */
	/* The rest only when accepted. */
	char *warnings; /* lines of what is accepted and yet better not done; NULL: none */
	struct xlated_prog *xlated;
	struct map_desc *used_maps; /* by map index; each holds a reference until vresult_free() */
	u32 used_map_cnt;
	u32 max_ctx_off; /* end of the furthest context access; a test run must bring as much */
	u32 max_tp_off;	 /* the same of the buffer of a writable raw tracepoint */
	struct reg_fact (*facts)[11]; /* by insn as loaded (original index), when asked for */
};

/* 0 when a verdict was reached (look at ret->err), else the machine is short: -ENOMEM.
 * Always fill @ret; release it with vresult_free(). */
int verifier_run(const struct vprog *prog, const struct vhost *host, const struct vopts *opts,
		 struct vresult *ret);
/*
 * May an accepted extension replace another function than the one it was loaded for? @xlated is the
 * extension's own, @func_id its main function in @btf. 0 or -EINVAL, -ENOMEM.
 */
int verifier_check_ext(const struct vhost *host, const struct skep_btf *btf,
		       const struct xlated_prog *xlated, const struct ext_target *target,
		       u32 target_btf_id);
/* Drops what @ret holds, maps through @host included. */
void vresult_free(const struct vhost *host, struct vresult *ret);

#endif
