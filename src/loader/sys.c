/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys.c - bpf(2) as the API makes it: on the default instance, or, for comparing, on the running
 * kernel. Exception to "no state outside of an instance": which instance is the default one. Guard:
 * the pointer is read and replaced atomically; who replaces it sees to it that nobody uses the API.
 */
#include "loader/internal.h"

#include "map/map.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include <skep/skep.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct skep *default_skep;
static bool on_kernel;
static pthread_mutex_t make_lock = PTHREAD_MUTEX_INITIALIZER;

void skep_default_instance_set(struct skep *skep)
{
	__atomic_store_n(&default_skep, skep, __ATOMIC_RELEASE);
}

void skep_use_kernel(bool kernel)
{
	__atomic_store_n(&on_kernel, kernel, __ATOMIC_RELEASE);
}

bool loader_on_kernel(void)
{
	return __atomic_load_n(&on_kernel, __ATOMIC_ACQUIRE);
}

struct skep *skep_default_instance(void)
{
	struct skep *skep = __atomic_load_n(&default_skep, __ATOMIC_ACQUIRE);
	int err = 0;

	if (skep)
		return skep;
	pthread_mutex_lock(&make_lock);
	skep = default_skep;
	if (!skep) {
		err = skep_create(NULL, &skep);
		if (!err)
			__atomic_store_n(&default_skep, skep, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&make_lock);
	if (err) {
		errno = -err;
		return NULL;
	}
	return skep;
}

struct skep *loader_instance(void)
{
	return skep_default_instance();
}

long loader_bpf(struct skep *skep, int cmd, union bpf_attr *attr)
{
	long ret;

	if (loader_on_kernel()) {
		ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
		return ret < 0 ? -errno : ret;
	}
	if (!skep)
		skep = skep_default_instance();
	if (!skep)
		return -errno;
	return skep_bpf(skep, NULL, cmd, attr, sizeof(*attr));
}

static long call(int cmd, union bpf_attr *attr)
{
	return libbpf_err(loader_bpf(NULL, cmd, attr));
}

static __u64 ptr(const void *p)
{
	return (uintptr_t)p;
}

static void copy_name(char to[BPF_OBJ_NAME_LEN], const char *from)
{
	if (from)
		strncpy(to, from, BPF_OBJ_NAME_LEN - 1);
}

/* A field of an options structure, 0 when the caller's is too short to have it. */
#define OPT(opts, field)                                                                           \
	((opts) && (opts)->sz >= offsetof(__typeof__(*(opts)), field) + sizeof((opts)->field) ?     \
		 (opts)->field : (__typeof__((opts)->field))0)

int bpf_map_create(enum bpf_map_type map_type, const char *map_name, __u32 key_size, __u32 value_size,
		   __u32 max_entries, const struct bpf_map_create_opts *opts)
{
	union bpf_attr attr = { 0 };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	attr.map_type = map_type;
	copy_name(attr.map_name, map_name);
	attr.key_size = key_size;
	attr.value_size = value_size;
	attr.max_entries = max_entries;
	attr.btf_fd = OPT(opts, btf_fd);
	attr.btf_key_type_id = OPT(opts, btf_key_type_id);
	attr.btf_value_type_id = OPT(opts, btf_value_type_id);
	attr.btf_vmlinux_value_type_id = OPT(opts, btf_vmlinux_value_type_id);
	attr.inner_map_fd = OPT(opts, inner_map_fd);
	attr.map_flags = OPT(opts, map_flags);
	attr.map_extra = OPT(opts, map_extra);
	attr.numa_node = OPT(opts, numa_node);
	attr.map_ifindex = OPT(opts, map_ifindex);
	return call(BPF_MAP_CREATE, &attr);
}

int bpf_prog_load(enum bpf_prog_type prog_type, const char *prog_name, const char *license,
		  const struct bpf_insn *insns, size_t insn_cnt, struct bpf_prog_load_opts *opts)
{
	union bpf_attr attr = { 0 };
	int ret;

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	attr.prog_type = prog_type;
	copy_name(attr.prog_name, prog_name);
	attr.license = ptr(license);
	attr.insns = ptr(insns);
	attr.insn_cnt = insn_cnt;
	attr.expected_attach_type = OPT(opts, expected_attach_type);
	attr.prog_btf_fd = OPT(opts, prog_btf_fd);
	attr.prog_flags = OPT(opts, prog_flags);
	attr.prog_ifindex = OPT(opts, prog_ifindex);
	attr.kern_version = OPT(opts, kern_version);
	attr.attach_btf_id = OPT(opts, attach_btf_id);
	attr.fd_array = ptr(OPT(opts, fd_array));
	attr.fd_array_cnt = OPT(opts, fd_array_cnt);
	attr.func_info = ptr(OPT(opts, func_info));
	attr.func_info_cnt = OPT(opts, func_info_cnt);
	attr.func_info_rec_size = OPT(opts, func_info_rec_size);
	attr.line_info = ptr(OPT(opts, line_info));
	attr.line_info_cnt = OPT(opts, line_info_cnt);
	attr.line_info_rec_size = OPT(opts, line_info_rec_size);
	attr.log_level = OPT(opts, log_level);
	attr.log_buf = ptr(OPT(opts, log_buf));
	attr.log_size = OPT(opts, log_size);
	ret = call(BPF_PROG_LOAD, &attr);
	if (opts && opts->sz >= offsetof(struct bpf_prog_load_opts, log_true_size) + 4)
		opts->log_true_size = attr.log_true_size;
	return ret;
}

int bpf_btf_load(const void *btf_data, size_t btf_size, struct bpf_btf_load_opts *opts)
{
	union bpf_attr attr = { 0 };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	attr.btf = ptr(btf_data);
	attr.btf_size = btf_size;
	attr.btf_log_level = OPT(opts, log_level);
	attr.btf_log_buf = ptr(OPT(opts, log_buf));
	attr.btf_log_size = OPT(opts, log_size);
	return call(BPF_BTF_LOAD, &attr);
}

static int elem(int cmd, int fd, const void *key, const void *value, __u64 flags)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = fd;
	attr.key = ptr(key);
	attr.value = ptr(value);
	attr.flags = flags;
	return call(cmd, &attr);
}

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	return elem(BPF_MAP_UPDATE_ELEM, fd, key, value, flags);
}

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	return elem(BPF_MAP_LOOKUP_ELEM, fd, key, value, 0);
}

int bpf_map_lookup_elem_flags(int fd, const void *key, void *value, __u64 flags)
{
	return elem(BPF_MAP_LOOKUP_ELEM, fd, key, value, flags);
}

int bpf_map_lookup_and_delete_elem(int fd, const void *key, void *value)
{
	return elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, fd, key, value, 0);
}

int bpf_map_delete_elem(int fd, const void *key)
{
	return elem(BPF_MAP_DELETE_ELEM, fd, key, NULL, 0);
}

int bpf_map_get_next_key(int fd, const void *key, void *next_key)
{
	return elem(BPF_MAP_GET_NEXT_KEY, fd, key, next_key, 0);
}

int bpf_map_freeze(int fd)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = fd;
	return call(BPF_MAP_FREEZE, &attr);
}

int bpf_prog_test_run_opts(int prog_fd, struct bpf_test_run_opts *opts)
{
	union bpf_attr attr = { 0 };
	int ret;

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	attr.test.prog_fd = prog_fd;
	attr.test.batch_size = OPT(opts, batch_size);
	attr.test.cpu = OPT(opts, cpu);
	attr.test.flags = OPT(opts, flags);
	attr.test.repeat = OPT(opts, repeat);
	attr.test.duration = OPT(opts, duration);
	attr.test.ctx_size_in = OPT(opts, ctx_size_in);
	attr.test.ctx_size_out = OPT(opts, ctx_size_out);
	attr.test.data_size_in = OPT(opts, data_size_in);
	attr.test.data_size_out = OPT(opts, data_size_out);
	attr.test.ctx_in = ptr(OPT(opts, ctx_in));
	attr.test.ctx_out = ptr(OPT(opts, ctx_out));
	attr.test.data_in = ptr(OPT(opts, data_in));
	attr.test.data_out = ptr(OPT(opts, data_out));
	ret = call(BPF_PROG_TEST_RUN, &attr);
	if (opts) {
		opts->data_size_out = attr.test.data_size_out;
		opts->ctx_size_out = attr.test.ctx_size_out;
		opts->duration = attr.test.duration;
		opts->retval = attr.test.retval;
	}
	return ret;
}

int bpf_obj_get_info_by_fd(int bpf_fd, void *info, __u32 *info_len)
{
	union bpf_attr attr = { 0 };
	int ret;

	attr.info.bpf_fd = bpf_fd;
	attr.info.info_len = *info_len;
	attr.info.info = ptr(info);
	ret = call(BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (!ret)
		*info_len = attr.info.info_len;
	return ret;
}

int bpf_prog_get_info_by_fd(int prog_fd, struct bpf_prog_info *info, __u32 *info_len)
{
	return bpf_obj_get_info_by_fd(prog_fd, info, info_len);
}

int bpf_map_get_info_by_fd(int map_fd, struct bpf_map_info *info, __u32 *info_len)
{
	return bpf_obj_get_info_by_fd(map_fd, info, info_len);
}

int bpf_btf_get_info_by_fd(int btf_fd, struct bpf_btf_info *info, __u32 *info_len)
{
	return bpf_obj_get_info_by_fd(btf_fd, info, info_len);
}

static int next_id(int cmd, __u32 start_id, __u32 *ret_id)
{
	union bpf_attr attr = { 0 };
	int ret;

	attr.start_id = start_id;
	ret = call(cmd, &attr);
	if (!ret)
		*ret_id = attr.next_id;
	return ret;
}

int bpf_prog_get_next_id(__u32 start_id, __u32 *id)
{
	return next_id(BPF_PROG_GET_NEXT_ID, start_id, id);
}

int bpf_map_get_next_id(__u32 start_id, __u32 *id)
{
	return next_id(BPF_MAP_GET_NEXT_ID, start_id, id);
}

int bpf_btf_get_next_id(__u32 start_id, __u32 *id)
{
	return next_id(BPF_BTF_GET_NEXT_ID, start_id, id);
}

static int fd_by_id(int cmd, __u32 id)
{
	union bpf_attr attr = { 0 };

	attr.prog_id = id;
	return call(cmd, &attr);
}

int bpf_prog_get_fd_by_id(__u32 id)
{
	return fd_by_id(BPF_PROG_GET_FD_BY_ID, id);
}

int bpf_map_get_fd_by_id(__u32 id)
{
	return fd_by_id(BPF_MAP_GET_FD_BY_ID, id);
}

int bpf_btf_get_fd_by_id(__u32 id)
{
	return fd_by_id(BPF_BTF_GET_FD_BY_ID, id);
}

int libbpf_num_possible_cpus(void)
{
	struct skep *skep;

	if (loader_on_kernel())
		return sysconf(_SC_NPROCESSORS_CONF);
	skep = skep_default_instance();
	return skep ? (int)skep_cpu_cnt(skep) : libbpf_err(-errno);
}

const char *libbpf_bpf_map_type_str(enum bpf_map_type t)
{
	return map_type_name(t);
}

const char *libbpf_bpf_prog_type_str(enum bpf_prog_type t)
{
	static const char *const names[] = {
		[BPF_PROG_TYPE_UNSPEC] = "unspec", [BPF_PROG_TYPE_SOCKET_FILTER] = "socket_filter",
		[BPF_PROG_TYPE_KPROBE] = "kprobe", [BPF_PROG_TYPE_SCHED_CLS] = "sched_cls",
		[BPF_PROG_TYPE_SCHED_ACT] = "sched_act", [BPF_PROG_TYPE_TRACEPOINT] = "tracepoint",
		[BPF_PROG_TYPE_XDP] = "xdp", [BPF_PROG_TYPE_PERF_EVENT] = "perf_event",
		[BPF_PROG_TYPE_CGROUP_SKB] = "cgroup_skb", [BPF_PROG_TYPE_CGROUP_SOCK] = "cgroup_sock",
		[BPF_PROG_TYPE_LWT_IN] = "lwt_in", [BPF_PROG_TYPE_LWT_OUT] = "lwt_out",
		[BPF_PROG_TYPE_LWT_XMIT] = "lwt_xmit", [BPF_PROG_TYPE_SOCK_OPS] = "sock_ops",
		[BPF_PROG_TYPE_SK_SKB] = "sk_skb", [BPF_PROG_TYPE_CGROUP_DEVICE] = "cgroup_device",
		[BPF_PROG_TYPE_SK_MSG] = "sk_msg", [BPF_PROG_TYPE_RAW_TRACEPOINT] = "raw_tracepoint",
		[BPF_PROG_TYPE_CGROUP_SOCK_ADDR] = "cgroup_sock_addr",
		[BPF_PROG_TYPE_LWT_SEG6LOCAL] = "lwt_seg6local", [BPF_PROG_TYPE_LIRC_MODE2] = "lirc_mode2",
		[BPF_PROG_TYPE_SK_REUSEPORT] = "sk_reuseport", [BPF_PROG_TYPE_FLOW_DISSECTOR] = "flow_dissector",
		[BPF_PROG_TYPE_CGROUP_SYSCTL] = "cgroup_sysctl",
		[BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE] = "raw_tracepoint_writable",
		[BPF_PROG_TYPE_CGROUP_SOCKOPT] = "cgroup_sockopt", [BPF_PROG_TYPE_TRACING] = "tracing",
		[BPF_PROG_TYPE_STRUCT_OPS] = "struct_ops", [BPF_PROG_TYPE_EXT] = "ext",
		[BPF_PROG_TYPE_LSM] = "lsm", [BPF_PROG_TYPE_SK_LOOKUP] = "sk_lookup",
		[BPF_PROG_TYPE_SYSCALL] = "syscall", [BPF_PROG_TYPE_NETFILTER] = "netfilter",
	};

	return (u32)t < ARRAY_SIZE(names) ? names[t] : NULL;
}
