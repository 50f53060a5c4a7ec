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
	probes_forget();
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

	if (!skep && loader_on_kernel()) {
		ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
		return ret < 0 ? -errno : ret;
	}
	if (!skep)
		skep = skep_default_instance();
	if (!skep)
		return -errno;
	return skep_bpf(skep, NULL, cmd, attr, sizeof(*attr));
}

/* The kernel's maps have a value for each possible CPU: "0-127" of a machine with 2. */
static int kernel_cpu_cnt(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/possible", "re");
	unsigned int first, last;
	int got = f ? fscanf(f, "%u-%u", &first, &last) : 0;

	if (f)
		fclose(f);
	return got == 2 ? (int)last + 1 : got == 1 ? (int)first + 1 : (int)sysconf(_SC_NPROCESSORS_CONF);
}

static int call_on(struct skep *skep, int cmd, union bpf_attr *attr)
{
	return libbpf_err(loader_bpf(skep, cmd, attr));
}

static int call(int cmd, union bpf_attr *attr)
{
	return call_on(NULL, cmd, attr);
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

int sys_map_create(struct skep *skep, enum bpf_map_type type, const char *name, __u32 key_size, __u32 value_size,
		   __u32 max_entries, const struct bpf_map_create_opts *opts)
{
	union bpf_attr attr = { 0 };
	struct bpf_log_opts *log = OPT(opts, log_opts);

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	if (log) {
		pr_warn("not modelled: log_opts of bpf_map_create()\n");
		return libbpf_err(-EOPNOTSUPP);
	}
	attr.map_type = type;
	copy_name(attr.map_name, name);
	attr.key_size = key_size;
	attr.value_size = value_size;
	attr.max_entries = max_entries;
	attr.btf_fd = OPT(opts, btf_fd);
	attr.btf_key_type_id = OPT(opts, btf_key_type_id);
	attr.btf_value_type_id = OPT(opts, btf_value_type_id);
	attr.btf_vmlinux_value_type_id = OPT(opts, btf_vmlinux_value_type_id);
	attr.value_type_btf_obj_fd = OPT(opts, value_type_btf_obj_fd);
	attr.inner_map_fd = OPT(opts, inner_map_fd);
	attr.map_flags = OPT(opts, map_flags);
	attr.map_extra = OPT(opts, map_extra);
	attr.numa_node = OPT(opts, numa_node);
	attr.map_ifindex = OPT(opts, map_ifindex);
	attr.map_token_fd = OPT(opts, token_fd);
	attr.excl_prog_hash = ptr(OPT(opts, excl_prog_hash));
	attr.excl_prog_hash_size = OPT(opts, excl_prog_hash_size);
	return call_on(skep, BPF_MAP_CREATE, &attr);
}

int bpf_map_create(enum bpf_map_type map_type, const char *map_name, __u32 key_size, __u32 value_size,
		   __u32 max_entries, const struct bpf_map_create_opts *opts)
{
	return sys_map_create(NULL, map_type, map_name, key_size, value_size, max_entries, opts);
}

static void fill_prog_attr(union bpf_attr *attr, const struct bpf_prog_load_opts *opts)
{
	attr->expected_attach_type = OPT(opts, expected_attach_type);
	attr->prog_btf_fd = OPT(opts, prog_btf_fd);
	attr->prog_flags = OPT(opts, prog_flags);
	attr->prog_ifindex = OPT(opts, prog_ifindex);
	attr->kern_version = OPT(opts, kern_version);
	attr->attach_btf_id = OPT(opts, attach_btf_id);
	if (OPT(opts, attach_prog_fd))
		attr->attach_prog_fd = OPT(opts, attach_prog_fd);
	else
		attr->attach_btf_obj_fd = OPT(opts, attach_btf_obj_fd);
	attr->fd_array = ptr(OPT(opts, fd_array));
	attr->fd_array_cnt = OPT(opts, fd_array_cnt);
	attr->func_info = ptr(OPT(opts, func_info));
	attr->func_info_cnt = OPT(opts, func_info_cnt);
	attr->func_info_rec_size = OPT(opts, func_info_rec_size);
	attr->line_info = ptr(OPT(opts, line_info));
	attr->line_info_cnt = OPT(opts, line_info_cnt);
	attr->line_info_rec_size = OPT(opts, line_info_rec_size);
	attr->prog_token_fd = OPT(opts, token_fd);
}

/* A log of level 0 is for failures only: no log first, then once more with one. */
int sys_prog_load(struct skep *skep, enum bpf_prog_type type, const char *name, const char *license,
		  const struct bpf_insn *insns, size_t insn_cnt, struct bpf_prog_load_opts *opts)
{
	union bpf_attr attr = { 0 };
	__u32 level = OPT(opts, log_level), size = OPT(opts, log_size);
	int attempts = OPT(opts, attempts), ret;
	char *buf = OPT(opts, log_buf);

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)) || attempts < 0 || !!buf != !!size || (level && !buf) ||
	    (OPT(opts, attach_prog_fd) && OPT(opts, attach_btf_obj_fd)))
		return libbpf_err(-EINVAL);
	if (insn_cnt > UINT32_MAX)
		return libbpf_err(-E2BIG);
	attempts = attempts ? attempts : 5;
	fill_prog_attr(&attr, opts);
	attr.prog_type = type;
	copy_name(attr.prog_name, name);
	attr.license = ptr(license);
	attr.insns = ptr(insns);
	attr.insn_cnt = insn_cnt;
	for (bool retried = false;; retried = true) {
		if (level) {
			attr.log_level = level;
			attr.log_buf = ptr(buf);
			attr.log_size = size;
		}
		do {
			ret = loader_bpf(skep, BPF_PROG_LOAD, &attr);
		} while (ret == -EAGAIN && --attempts > 0);
		if (OPT_HAS(opts, log_true_size))
			opts->log_true_size = attr.log_true_size;
		if (ret >= 0 || level || !buf || retried)
			return libbpf_err(ret);
		level = 1;
	}
}

int bpf_prog_load(enum bpf_prog_type prog_type, const char *prog_name, const char *license,
		  const struct bpf_insn *insns, size_t insn_cnt, struct bpf_prog_load_opts *opts)
{
	return sys_prog_load(NULL, prog_type, prog_name, license, insns, insn_cnt, opts);
}

int sys_btf_load(struct skep *skep, const void *data, size_t size, struct bpf_btf_load_opts *opts)
{
	union bpf_attr attr = { 0 };
	__u32 level = OPT(opts, log_level), log_size = OPT(opts, log_size);
	char *buf = OPT(opts, log_buf);
	int ret;

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)) || (log_size && !buf) || (level && !buf) || size > UINT32_MAX)
		return libbpf_err(-EINVAL);
	attr.btf = ptr(data);
	attr.btf_size = size;
	attr.btf_flags = OPT(opts, btf_flags);
	attr.btf_token_fd = OPT(opts, token_fd);
	for (bool retried = false;; retried = true) {
		if (level) {
			attr.btf_log_level = level;
			attr.btf_log_buf = ptr(buf);
			attr.btf_log_size = log_size;
		}
		ret = loader_bpf(skep, BPF_BTF_LOAD, &attr);
		if (OPT_HAS(opts, log_true_size))
			opts->log_true_size = attr.btf_log_true_size;
		if (ret >= 0 || level || !buf || retried)
			return libbpf_err(ret);
		level = 1;
	}
}

int bpf_btf_load(const void *btf_data, size_t btf_size, struct bpf_btf_load_opts *opts)
{
	return sys_btf_load(NULL, btf_data, btf_size, opts);
}

int sys_elem(struct skep *skep, int cmd, int fd, const void *key, const void *value, __u64 flags)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = fd;
	attr.key = ptr(key);
	attr.value = ptr(value);
	attr.flags = flags;
	return call_on(skep, cmd, &attr);
}

static int elem(int cmd, int fd, const void *key, const void *value, __u64 flags)
{
	return sys_elem(NULL, cmd, fd, key, value, flags);
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

int bpf_map_lookup_and_delete_elem_flags(int fd, const void *key, void *value, __u64 flags)
{
	return elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, fd, key, value, flags);
}

int bpf_map_delete_elem(int fd, const void *key)
{
	return elem(BPF_MAP_DELETE_ELEM, fd, key, NULL, 0);
}

int bpf_map_delete_elem_flags(int fd, const void *key, __u64 flags)
{
	return elem(BPF_MAP_DELETE_ELEM, fd, key, NULL, flags);
}

int bpf_map_get_next_key(int fd, const void *key, void *next_key)
{
	return elem(BPF_MAP_GET_NEXT_KEY, fd, key, next_key, 0);
}

int sys_map_freeze(struct skep *skep, int fd)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = fd;
	return call_on(skep, BPF_MAP_FREEZE, &attr);
}

int bpf_map_freeze(int fd)
{
	return sys_map_freeze(NULL, fd);
}

/* ---- many elements at once ------------------------------------------------------------------------- */

static int batch(int cmd, int fd, const void *in, void *out, const void *keys, const void *values, __u32 *count,
		 const struct bpf_map_batch_opts *opts)
{
	union bpf_attr attr = { 0 };
	int ret;

	NEED(count && opts_ok(opts, sizeof(*opts), sizeof(size_t)));
	attr.batch.map_fd = fd;
	attr.batch.in_batch = ptr(in);
	attr.batch.out_batch = ptr(out);
	attr.batch.keys = ptr(keys);
	attr.batch.values = ptr(values);
	attr.batch.count = *count;
	attr.batch.elem_flags = OPT(opts, elem_flags);
	attr.batch.flags = OPT(opts, flags);
	ret = call(cmd, &attr);
	*count = attr.batch.count;
	return ret;
}

int bpf_map_delete_batch(int fd, const void *keys, __u32 *count, const struct bpf_map_batch_opts *opts)
{
	return batch(BPF_MAP_DELETE_BATCH, fd, NULL, NULL, keys, NULL, count, opts);
}

int bpf_map_lookup_batch(int fd, void *in_batch, void *out_batch, void *keys, void *values, __u32 *count,
			 const struct bpf_map_batch_opts *opts)
{
	return batch(BPF_MAP_LOOKUP_BATCH, fd, in_batch, out_batch, keys, values, count, opts);
}

int bpf_map_lookup_and_delete_batch(int fd, void *in_batch, void *out_batch, void *keys, void *values, __u32 *count,
				    const struct bpf_map_batch_opts *opts)
{
	return batch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, fd, in_batch, out_batch, keys, values, count, opts);
}

int bpf_map_update_batch(int fd, const void *keys, const void *values, __u32 *count,
			 const struct bpf_map_batch_opts *opts)
{
	return batch(BPF_MAP_UPDATE_BATCH, fd, NULL, NULL, keys, values, count, opts);
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

	NEED(info_len);
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

int bpf_link_get_info_by_fd(int link_fd, struct bpf_link_info *info, __u32 *info_len)
{
	return bpf_obj_get_info_by_fd(link_fd, info, info_len);
}

static int next_id(int cmd, __u32 start_id, __u32 *ret_id)
{
	union bpf_attr attr = { 0 };
	int ret;

	attr.start_id = start_id;
	ret = call(cmd, &attr);
	if (ret)
		return ret;
	NEED(ret_id);
	*ret_id = attr.next_id;
	return 0;
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

int bpf_link_get_next_id(__u32 start_id, __u32 *id)
{
	return next_id(BPF_LINK_GET_NEXT_ID, start_id, id);
}

static int fd_by_id_opts(int cmd, __u32 id, const struct bpf_get_fd_by_id_opts *opts)
{
	union bpf_attr attr = { 0 };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	attr.prog_id = id;
	attr.open_flags = OPT(opts, open_flags);
	attr.fd_by_id_token_fd = OPT(opts, token_fd);
	return call(cmd, &attr);
}

static int fd_by_id(int cmd, __u32 id)
{
	return fd_by_id_opts(cmd, id, NULL);
}

int bpf_prog_get_fd_by_id_opts(__u32 id, const struct bpf_get_fd_by_id_opts *opts)
{
	return fd_by_id_opts(BPF_PROG_GET_FD_BY_ID, id, opts);
}

int bpf_map_get_fd_by_id_opts(__u32 id, const struct bpf_get_fd_by_id_opts *opts)
{
	return fd_by_id_opts(BPF_MAP_GET_FD_BY_ID, id, opts);
}

int bpf_btf_get_fd_by_id_opts(__u32 id, const struct bpf_get_fd_by_id_opts *opts)
{
	return fd_by_id_opts(BPF_BTF_GET_FD_BY_ID, id, opts);
}

int bpf_link_get_fd_by_id_opts(__u32 id, const struct bpf_get_fd_by_id_opts *opts)
{
	return fd_by_id_opts(BPF_LINK_GET_FD_BY_ID, id, opts);
}

int bpf_link_get_fd_by_id(__u32 id)
{
	return fd_by_id(BPF_LINK_GET_FD_BY_ID, id);
}

int bpf_enable_stats(enum bpf_stats_type type)
{
	union bpf_attr attr = { 0 };

	attr.enable_stats.type = type;
	return call(BPF_ENABLE_STATS, &attr);
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

int sys_cpu_cnt(struct skep *skep)
{
	if (!skep && loader_on_kernel())
		return kernel_cpu_cnt();
	if (!skep)
		skep = skep_default_instance();
	return skep ? (int)skep_cpu_cnt(skep) : -errno;
}

int libbpf_num_possible_cpus(void)
{
	return libbpf_err(sys_cpu_cnt(NULL));
}
