/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf.h - thin wrappers of bpf(2), with libbpf's names and signatures, on skep's default instance
 * (skep_default_instance_set() in <skep/skep.h> chooses another). All return -errno and set errno on
 * failure. Any thread.
 */
#ifndef SKEP_BPF_BPF_H
#define SKEP_BPF_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/libbpf_common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bpf_log_opts {
	size_t sz;
	char *buf;
	__u32 size, level, true_size; /* true_size: out */
	size_t :0;
};

struct bpf_map_create_opts {
	size_t sz;
	__u32 btf_fd, btf_key_type_id, btf_value_type_id, btf_vmlinux_value_type_id;
	__u32 inner_map_fd, map_flags;
	__u64 map_extra;
	__u32 numa_node, map_ifindex;
	__s32 value_type_btf_obj_fd;
	__u32 token_fd;
	const void *excl_prog_hash;
	__u32 excl_prog_hash_size;
	struct bpf_log_opts *log_opts;
	size_t :0;
};

struct bpf_prog_load_opts {
	size_t sz;
	int attempts;
	enum bpf_attach_type expected_attach_type;
	__u32 prog_btf_fd, prog_flags, prog_ifindex, kern_version;
	__u32 attach_btf_id, attach_prog_fd, attach_btf_obj_fd;
	const int *fd_array;
	const void *func_info;
	__u32 func_info_cnt, func_info_rec_size;
	const void *line_info;
	__u32 line_info_cnt, line_info_rec_size;
	__u32 log_level, log_size;
	char *log_buf;
	__u32 log_true_size, token_fd, fd_array_cnt;
	size_t :0;
};

struct bpf_btf_load_opts {
	size_t sz;
	char *log_buf;
	__u32 log_level, log_size, log_true_size, btf_flags, token_fd;
	size_t :0;
};

struct bpf_map_batch_opts {
	size_t sz;
	__u64 elem_flags, flags;
};

struct bpf_get_fd_by_id_opts {
	size_t sz;
	__u32 open_flags, token_fd;
	size_t :0;
};

struct bpf_obj_pin_opts {
	size_t sz;
	__u32 file_flags;
	int path_fd;
	size_t :0;
};

struct bpf_obj_get_opts {
	size_t sz;
	__u32 file_flags;
	int path_fd;
	size_t :0;
};

struct bpf_link_create_opts {
	size_t sz;
	__u32 flags;
	union bpf_iter_link_info *iter_info;
	__u32 iter_info_len;
	__u32 target_btf_id;
	union { /* by attach type */
		struct {
			__u64 bpf_cookie;
		} perf_event;
		struct {
			__u32 flags, cnt;
			const char **syms;
			const unsigned long *addrs;
			const __u64 *cookies;
		} kprobe_multi;
		struct {
			__u32 flags, cnt;
			const char *path;
			const unsigned long *offsets, *ref_ctr_offsets;
			const __u64 *cookies;
			__u32 pid, path_fd;
		} uprobe_multi;
		struct {
			__u64 cookie;
		} tracing;
		struct {
			__u32 pf, hooknum;
			__s32 priority;
			__u32 flags;
		} netfilter;
		struct {
			__u32 relative_fd, relative_id;
			__u64 expected_revision;
		} tcx;
		struct {
			__u32 relative_fd, relative_id;
			__u64 expected_revision;
		} netkit;
		struct {
			__u32 relative_fd, relative_id;
			__u64 expected_revision;
		} cgroup;
		struct {
			const __u32 *ids;
			const __u64 *cookies;
			__u32 cnt;
		} tracing_multi;
	};
	size_t :0;
};

struct bpf_link_update_opts {
	size_t sz;
	__u32 flags, old_prog_fd, old_map_fd;
	size_t :0;
};

struct bpf_raw_tp_opts {
	size_t sz;
	const char *tp_name;
	__u64 cookie;
	size_t :0;
};

struct bpf_test_run_opts {
	size_t sz;
	const void *data_in; /* optional */
	void *data_out;	     /* optional */
	__u32 data_size_in;
	__u32 data_size_out; /* in: room; out: bytes written */
	const void *ctx_in;  /* optional */
	void *ctx_out;	     /* optional */
	__u32 ctx_size_in;
	__u32 ctx_size_out;
	__u32 retval;	     /* out */
	int repeat;
	__u32 duration;	     /* out: mean ns per run */
	__u32 flags, cpu, batch_size;
};

struct bpf_prog_attach_opts {
	size_t sz;
	__u32 flags;
	union {
		int replace_prog_fd;
		int replace_fd;
	};
	int relative_fd;
	__u32 relative_id;
	__u64 expected_revision;
	size_t :0;
};

struct bpf_prog_detach_opts {
	size_t sz;
	__u32 flags;
	int relative_fd;
	__u32 relative_id;
	__u64 expected_revision;
	size_t :0;
};

struct bpf_prog_query_opts {
	size_t sz;
	__u32 query_flags;
	__u32 attach_flags; /* out */
	__u32 *prog_ids;
	union { /* in: room; out: how many there are */
		__u32 prog_cnt;
		__u32 count;
	};
	__u32 *prog_attach_flags, *link_ids, *link_attach_flags;
	__u64 revision; /* out */
	size_t :0;
};

struct bpf_prog_bind_opts {
	size_t sz;
	__u32 flags;
	size_t :0;
};

struct bpf_token_create_opts {
	size_t sz;
	__u32 flags;
	size_t :0;
};

struct bpf_prog_stream_read_opts {
	size_t sz;
	size_t :0;
};

struct bpf_prog_assoc_struct_ops_opts {
	size_t sz;
	__u32 flags;
	size_t :0;
};

LIBBPF_API int bpf_map_create(enum bpf_map_type map_type, const char *map_name, __u32 key_size,
			      __u32 value_size, __u32 max_entries, const struct bpf_map_create_opts *opts);
LIBBPF_API int bpf_prog_load(enum bpf_prog_type prog_type, const char *prog_name, const char *license,
			     const struct bpf_insn *insns, size_t insn_cnt, struct bpf_prog_load_opts *opts);
LIBBPF_API int bpf_btf_load(const void *btf_data, size_t btf_size, struct bpf_btf_load_opts *opts);

LIBBPF_API int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags);
LIBBPF_API int bpf_map_lookup_elem(int fd, const void *key, void *value);
LIBBPF_API int bpf_map_lookup_elem_flags(int fd, const void *key, void *value, __u64 flags);
LIBBPF_API int bpf_map_lookup_and_delete_elem(int fd, const void *key, void *value);
LIBBPF_API int bpf_map_lookup_and_delete_elem_flags(int fd, const void *key, void *value, __u64 flags);
LIBBPF_API int bpf_map_delete_elem(int fd, const void *key);
LIBBPF_API int bpf_map_delete_elem_flags(int fd, const void *key, __u64 flags);
LIBBPF_API int bpf_map_get_next_key(int fd, const void *key, void *next_key);
LIBBPF_API int bpf_map_freeze(int fd);

/* @count: in, how many there is room for or are given; out, how many were done. */
LIBBPF_API int bpf_map_delete_batch(int fd, const void *keys, __u32 *count, const struct bpf_map_batch_opts *opts);
LIBBPF_API int bpf_map_lookup_batch(int fd, void *in_batch, void *out_batch, void *keys, void *values, __u32 *count,
				    const struct bpf_map_batch_opts *opts);
LIBBPF_API int bpf_map_lookup_and_delete_batch(int fd, void *in_batch, void *out_batch, void *keys, void *values,
					       __u32 *count, const struct bpf_map_batch_opts *opts);
LIBBPF_API int bpf_map_update_batch(int fd, const void *keys, const void *values, __u32 *count,
				    const struct bpf_map_batch_opts *opts);

/* Extensions only; @target_fd 0: where the load has said. */
LIBBPF_API int bpf_link_create(int prog_fd, int target_fd, enum bpf_attach_type attach_type,
			       const struct bpf_link_create_opts *opts);
LIBBPF_API int bpf_link_detach(int link_fd);
LIBBPF_API int bpf_link_update(int link_fd, int new_prog_fd, const struct bpf_link_update_opts *opts);
LIBBPF_API int bpf_raw_tracepoint_open(const char *name, int prog_fd);
LIBBPF_API int bpf_raw_tracepoint_open_opts(int prog_fd, struct bpf_raw_tp_opts *opts);
LIBBPF_API int bpf_prog_test_run_opts(int prog_fd, struct bpf_test_run_opts *opts);
LIBBPF_API int bpf_obj_pin(int fd, const char *pathname);
LIBBPF_API int bpf_obj_pin_opts(int fd, const char *pathname, const struct bpf_obj_pin_opts *opts);
LIBBPF_API int bpf_obj_get(const char *pathname);
LIBBPF_API int bpf_obj_get_opts(const char *pathname, const struct bpf_obj_get_opts *opts);
LIBBPF_API int bpf_obj_get_info_by_fd(int bpf_fd, void *info, __u32 *info_len);
LIBBPF_API int bpf_prog_get_info_by_fd(int prog_fd, struct bpf_prog_info *info, __u32 *info_len);
LIBBPF_API int bpf_map_get_info_by_fd(int map_fd, struct bpf_map_info *info, __u32 *info_len);
LIBBPF_API int bpf_btf_get_info_by_fd(int btf_fd, struct bpf_btf_info *info, __u32 *info_len);
LIBBPF_API int bpf_link_get_info_by_fd(int link_fd, struct bpf_link_info *info, __u32 *info_len);
LIBBPF_API int bpf_prog_get_next_id(__u32 start_id, __u32 *next_id);
LIBBPF_API int bpf_map_get_next_id(__u32 start_id, __u32 *next_id);
LIBBPF_API int bpf_btf_get_next_id(__u32 start_id, __u32 *next_id);
LIBBPF_API int bpf_prog_get_fd_by_id(__u32 id);
LIBBPF_API int bpf_map_get_fd_by_id(__u32 id);
LIBBPF_API int bpf_btf_get_fd_by_id(__u32 id);
LIBBPF_API int bpf_link_get_next_id(__u32 start_id, __u32 *next_id);
LIBBPF_API int bpf_link_get_fd_by_id(__u32 id);
LIBBPF_API int bpf_prog_get_fd_by_id_opts(__u32 id, const struct bpf_get_fd_by_id_opts *opts);
LIBBPF_API int bpf_map_get_fd_by_id_opts(__u32 id, const struct bpf_get_fd_by_id_opts *opts);
LIBBPF_API int bpf_btf_get_fd_by_id_opts(__u32 id, const struct bpf_get_fd_by_id_opts *opts);
LIBBPF_API int bpf_link_get_fd_by_id_opts(__u32 id, const struct bpf_get_fd_by_id_opts *opts);
/* Counts runs and their time until the descriptor that it returns is closed. */
LIBBPF_API int bpf_enable_stats(enum bpf_stats_type type);

/* Places that programs attach to, as bpf(2) has them. EOPNOTSUPP, with a line that names it: skep does not have it. */
LIBBPF_API int bpf_prog_attach(int prog_fd, int attachable_fd, enum bpf_attach_type type, unsigned int flags);
LIBBPF_API int bpf_prog_attach_opts(int prog_fd, int target, enum bpf_attach_type type,
				    const struct bpf_prog_attach_opts *opts);
LIBBPF_API int bpf_prog_detach(int attachable_fd, enum bpf_attach_type type);
LIBBPF_API int bpf_prog_detach2(int prog_fd, int attachable_fd, enum bpf_attach_type type);
LIBBPF_API int bpf_prog_detach_opts(int prog_fd, int target, enum bpf_attach_type type,
				    const struct bpf_prog_detach_opts *opts);
LIBBPF_API int bpf_prog_query(int target_fd, enum bpf_attach_type type, __u32 query_flags, __u32 *attach_flags,
			      __u32 *prog_ids, __u32 *prog_cnt);
LIBBPF_API int bpf_prog_query_opts(int target, enum bpf_attach_type type, struct bpf_prog_query_opts *opts);
LIBBPF_API int bpf_iter_create(int link_fd);
LIBBPF_API int bpf_prog_bind_map(int prog_fd, int map_fd, const struct bpf_prog_bind_opts *opts);
LIBBPF_API int bpf_token_create(int bpffs_fd, struct bpf_token_create_opts *opts);
LIBBPF_API int bpf_prog_stream_read(int prog_fd, __u32 stream_id, void *buf, __u32 buf_len,
				    struct bpf_prog_stream_read_opts *opts);
LIBBPF_API int bpf_prog_assoc_struct_ops(int prog_fd, int map_fd, struct bpf_prog_assoc_struct_ops_opts *opts);
LIBBPF_API int bpf_task_fd_query(int pid, int fd, __u32 flags, char *buf, __u32 *buf_len, __u32 *prog_id,
				 __u32 *fd_type, __u64 *probe_offset, __u64 *probe_addr);

#ifdef __cplusplus
}
#endif
#endif
