/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map.h - maps: one object, one operations table a type. Programs, bpf(2) and the loader all come
 * through here. Errors are Linux's (data/map-ops.tsv, data/map-types.tsv).
 */
#ifndef SKEP_MAP_MAP_H
#define SKEP_MAP_MAP_H

#include "base/types.h"
#include "btf/fields.h"
#include "core/memacct.h"
#include "core/rcu.h"
#include "core/tail.h"

#include <linux/bpf.h>
#include <pthread.h>

/* The kernel's own "not supported", which user space sees but <errno.h> does not name. */
#ifndef ENOTSUPP
#define ENOTSUPP 524
#endif

struct cgroup;
struct perf_event;
struct xsk;
struct skep_btf;
struct skep_map;
struct map_timers;
struct timer_host;

/* A program as maps of programs see it; embedded in the runtime's. */
struct map_prog {
	struct tail_prog tail; /* first: slots point to it */
	u32 id;
	/* What must be the same of all programs that may jump to one another. */
	struct map_owner {
		u32 type, attach_type;
		bool jited, xdp_has_frags, sleepable;
		const void *attach_proto; /* tracing: identity of what it attaches to */
		/* Maps whose values an attachment has: who jumps brings its own along. */
		const struct skep_map *storage[2];
	} kind;
	void (*put)(struct map_prog *prog);
	/* Members of program arrays are not extended, and what is extended becomes no member. */
	pthread_mutex_t ext_lock;
	u32 member_cnt; /* under ext_lock */
	u32 ext_cnt;	/* under ext_lock */
	bool is_ext;
};

/* What user space's numbers stand for in maps whose values are descriptors. */
struct map_objs {
	void *ctx;
	/* A new reference; -EBADF: not open, -EINVAL: no program. */
	int (*prog_by_fd)(void *ctx, int fd, struct map_prog **ret_prog);
	/* A new reference; -EBADF: not open, -EINVAL: no map. */
	int (*map_by_fd)(void *ctx, int fd, struct skep_map **ret_map);
	/* A new reference; -EBADF: not open, or no perf event. */
	int (*perf_by_fd)(void *ctx, int fd, struct perf_event **ret_event);
	/* A new reference; -EBADF: not open, -ENOTSOCK: no socket, -EOPNOTSUPP: another kind of socket. */
	int (*xsk_by_fd)(void *ctx, int fd, struct xsk **ret_xsk);
	/* A new reference; -EBADF: not open, or no control group. */
	int (*cgroup_by_fd)(void *ctx, int fd, struct cgroup **ret_cgrp);
};

struct map_attr {
	u32 type, key_size, value_size, max_entries, flags; /* flags: BPF_F_* */
	u64 extra;
	char name[BPF_OBJ_NAME_LEN];
	const struct skep_btf *btf; /* a reference is taken */
	u32 btf_key_type_id, btf_value_type_id;
	u32 numa_node;
	u32 cpu_cnt;		  /* vCPUs of the instance: slots of per-CPU maps */
	/* Whether there is such a network device; NULL: there are none. */
	bool (*dev_exists)(void *ctx, u32 ifindex);
	void *dev_ctx;
	struct memacct *acct;	  /* outlives the map, whose memory goes by RCU: rcu_drain() first */
	u64 seed;		  /* for hashes; 0 with BPF_F_ZERO_SEED */
	const struct map_objs *objs; /* outlives the map */
	int inner_fd;		  /* maps of maps: what the inner ones are like */
	struct timer_host *timers; /* outlives the map; NULL: values cannot have any */
	const u8 *excl_hash;	  /* SHA-256 of the only program that may use it; NULL: any may */
};

/* What all inner maps of a map of maps have in common. */
struct map_template {
	u32 type, key_size, value_size, max_entries, flags;
	struct btf_fields fields;
	const struct skep_btf *btf; /* a reference */
	u32 btf_key_type_id, btf_value_type_id;
};

struct map_ops {
	const char *name; /* "hash", as bpftool prints it */
	u32 flags_always; /* every map of the type has them, asked for or not */
	/* Checks @attr alone. 0, -EINVAL, -E2BIG, ... */
	int (*check)(const struct map_attr *attr);
	/* Returns an object whose first member is struct skep_map; fields of it are filled by map.c;
	 * ops and max_entries only when this left them 0 (a type may choose a table by sizes, or
	 * round up). */
	int (*alloc)(const struct map_attr *attr, struct skep_map **ret_map);
	void (*free)(struct skep_map *map); /* after the last reference and a grace period */

	/* Maps of maps: lookup gives the inner map (struct skep_map *), bpf(2) an id; updates take
	 * a descriptor. */

	/* From programs, inside RCU and a vCPU, signal handlers included: never block, never call
	 * malloc. Locks give up: -EDEADLK (re-entry), -ETIMEDOUT. The pointer stays valid until the end of the read side. For
	 * per-CPU types: the current vCPU's slot. */
	void *(*lookup)(struct skep_map *map, const void *key);
	long (*update)(struct skep_map *map, const void *key, const void *value, u64 flags);
	long (*delete)(struct skep_map *map, const void *key);
	void *(*lookup_percpu)(struct skep_map *map, const void *key, u32 cpu);
	long (*push)(struct skep_map *map, const void *value, u64 flags);
	long (*pop)(struct skep_map *map, void *value);
	long (*peek)(struct skep_map *map, void *value);

	/* From bpf(2), inside RCU, flags checked by map.c: values are copied; per-CPU types use
	 * round_up(value_size, 8) bytes a vCPU. NULL: map.c copies what lookup or lookup_percpu
	 * points to, and calls update. */
	int (*sys_lookup)(struct skep_map *map, const void *key, void *value, u64 flags);
	int (*sys_update)(struct skep_map *map, const void *key, const void *value, u64 flags);
	int (*sys_lookup_and_delete)(struct skep_map *map, const void *key, void *value, u64 flags);
	/* @key NULL: the first. -ENOENT at the end. */
	int (*next_key)(struct skep_map *map, const void *key, void *ret_next);

	/* The memory at @off of value 0, for LD_IMM64 (array types); 0 or -EINVAL, -ENOTSUPP. */
	int (*direct_value)(const struct skep_map *map, u32 off, u64 *ret_addr);
	/* Arrays: where element 0 is, elements being value_size, rounded up to 8, apart; and how far the
	 * next vCPU's are. */
	void *(*elements)(const struct skep_map *map, u64 *ret_row_size);
	/* A file to map for mmap() of the descriptor, and the offset therein; see map_sys_mmap_file(). */
	int (*mmap_file)(struct skep_map *map, u64 off, u64 len, int prot, int *ret_fd, u64 *ret_off);
	/* An eventfd, the map's, readable since the last wake-up. Who waits on it reads it empty first
	 * and then looks for records (ringbuf_consume() does), else a wake-up is lost. */
	int (*poll_fd)(struct skep_map *map);
	u64 (*mem_usage)(const struct skep_map *map); /* bytes */
	/* Maps of programs. May @prog be put in, or use the map: the first that is asked about decides
	 * for all. */
	bool (*prog_fits)(struct skep_map *map, const struct map_prog *prog);
	struct tail_slots *(*tail_slots)(struct skep_map *map);
	/* Maps of instructions. The values, which loading the program completes; one program at a time. */
	struct bpf_insn_array_value *(*insn_values)(struct skep_map *map);
	bool (*insn_claim)(struct skep_map *map); /* false: another program has it */
	void (*insn_release)(struct skep_map *map);
	bool (*insn_is_used)(const struct skep_map *map);
	/* No descriptor and no pin is left; programs may still use the map. */
	void (*users_gone)(struct skep_map *map);
	/* Calls @fn for each element (bpf_for_each_map_elem, dumps) until it returns non-zero: how
	 * many it was called for, or -EINVAL for @flags. Inside RCU. @fn may change the map; elements
	 * that come or go meanwhile may or may not be seen. */
	long (*for_each)(struct skep_map *map, long (*fn)(void *ctx, struct skep_map *map, void *key,
							  void *value), void *ctx, u64 flags);
};

struct skep_map {
	const struct map_ops *ops;
	struct rcu_item rcu;
	u32 refs;	  /* programs, descriptors, pins; atomic */
	u32 users;	  /* descriptors and pins; atomic */
	u32 type, key_size, value_size, max_entries, flags;
	u64 extra;
	u32 id;		  /* given by the runtime, 0 before */
	u32 cpu_cnt;
	char name[BPF_OBJ_NAME_LEN];
	const struct skep_btf *btf;
	u32 btf_key_type_id, btf_value_type_id;
	struct btf_fields fields; /* special ones in values */
	s32 spin_lock_off; /* of struct bpf_spin_lock; -1: none */
	u32 key_before;	   /* of hashes: a key is that many bytes before its value */
	struct map_timers *timers; /* NULL: values have none */
	struct memacct *acct;
	const struct map_objs *objs;
	u32 write_users;  /* writers of bpf(2) under way and writable mappings; atomic */
	bool frozen;	  /* atomic */
	bool was_inner;	  /* has been in a map of maps; atomic */
	const struct map_template *inner; /* of maps of maps; NULL else */
	bool exclusive;	  /* to the program whose instructions have this hash */
	u8 excl_hash[32];
	void (*on_free)(struct skep_map *map, void *ctx); /* runtime: drops the id */
	void *on_free_ctx;
};

/* Which of a program's map_owner.storage a map is; negative: neither. */
static inline int map_storage_slot(u32 type)
{
	return type == BPF_MAP_TYPE_CGROUP_STORAGE ? 0 : type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE ? 1 : -1;
}

/* The operations of a type, NULL: Linux has no such type or skep does not model it. */
const struct map_ops *map_ops_of(u32 type);
/* The type's name as bpftool prints it ("percpu_array") also when it is not modelled; NULL when
 * Linux has none. */
const char *map_type_name(u32 type);
/* What Linux checks before it looks for BTFs and names; the first thing that map_create() does. */
int map_check(const struct map_attr *attr);
/*
 * Checks and makes a map with one reference. -EINVAL, -E2BIG, -ENOMEM, -EPERM as Linux;
 * -EOPNOTSUPP with *ret_why set ("not modelled: map type lru_hash") for what skep does not model.
 * @ret_why may be NULL. Not from a signal handler.
 */
int map_create(const struct map_attr *attr, struct skep_map **ret_map, const char **ret_why);
void map_get(struct skep_map *map);
/* The last one: on_free() at once, the memory after a grace period. Any context on_free() allows. */
void map_put(struct skep_map *map);
/* User space's hold on a map, beside a reference: a descriptor, a pin. */
void map_user_get(struct skep_map *map);
void map_user_put(struct skep_map *map);

/*
 * What bpf(2) does with a map, whatever its type: missing operations answer as Linux does
 * (data/map-ops.tsv). Any thread, not from a reader (they enter RCU themselves and register the
 * thread). @value has map_sys_value_size() bytes for the same @flags. What the descriptor may do
 * (BPF_F_RDONLY, BPF_F_WRONLY) is checked by the caller, before.
 */
u32 map_sys_value_size(const struct skep_map *map); /* without flags */
/* With BPF_F_CPU or BPF_F_ALL_CPUS one value, not one a vCPU. */
u32 map_sys_value_size_of(const struct skep_map *map, u64 flags);
/* Flags of one command: @allowed of the lower half; the upper half is a CPU's number. What the calls below ask
 * first; bpf(2) asks before it reads the key. */
int map_sys_check_flags(const struct skep_map *map, u64 flags, u32 allowed);
int map_sys_lookup(struct skep_map *map, const void *key, void *value, u64 flags);
int map_sys_update(struct skep_map *map, const void *key, const void *value, u64 flags);
int map_sys_delete(struct skep_map *map, const void *key);
int map_sys_next_key(struct skep_map *map, const void *key, void *ret_next);
int map_sys_lookup_and_delete(struct skep_map *map, const void *key, void *value, u64 flags);
/* 0; -EBUSY: frozen already, or a writer is under way or has it mapped. */
int map_sys_freeze(struct skep_map *map);
/*
 * What to mmap() for a mapping of the descriptor: *ret_fd belongs to the map, map it (MAP_SHARED)
 * at *ret_off. Errors as Linux's mmap(): -ENOTSUPP: the type has none; -EINVAL, -EPERM, -EACCES.
 * A writable mapping counts as a writer (map_sys_freeze()) until map_write_end().
 */
int map_sys_mmap_file(struct skep_map *map, u64 off, u64 len, int prot, int *ret_fd, u64 *ret_off);
/* Around writes of bpf(2): -EPERM when the map is frozen. */
int map_write_begin(struct skep_map *map);
void map_write_end(struct skep_map *map);
u64 map_mem_usage(const struct skep_map *map);

/* struct bpf_spin_lock in a value; see fields.c. */
void value_lock_take(u32 *lock);
void value_lock_drop(u32 *lock);

/*
 * Ring buffer, from programs (any context). A record's pointer is its payload; @size is at most
 * max_entries - 16. NULL and -EAGAIN: full, or the lock is held by what this interrupted.
 * Wake-ups: see poll_fd; BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP.
 */
void *ringbuf_reserve(struct skep_map *map, u64 size, u64 flags);
void ringbuf_submit(void *record, u64 flags);
void ringbuf_discard(void *record, u64 flags);
long ringbuf_output(struct skep_map *map, const void *data, u64 size, u64 flags);
u64 ringbuf_query(struct skep_map *map, u64 flags);
/* From the host: hands each committed record to @fn until none is left or @fn returns negative,
 * which is then returned (that record counts as consumed); else the number consumed. One consumer
 * at a time. */
long ringbuf_consume(struct skep_map *map, int (*fn)(void *ctx, void *data, size_t size), void *ctx);

#endif
