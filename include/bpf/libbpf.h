/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libbpf.h - objects, programs and maps, with libbpf's names, signatures and meanings, on skep's
 * default instance (<skep/skep.h>). Functions that give a pointer return NULL and set errno; those
 * that give an int return -errno and set errno. An object is used by one thread at a time.
 */
#ifndef SKEP_BPF_LIBBPF_H
#define SKEP_BPF_LIBBPF_H

#include <linux/bpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <bpf/libbpf_common.h>
#include <bpf/libbpf_legacy.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LIBBPF_MAJOR_VERSION 1
#define LIBBPF_MINOR_VERSION 7

enum libbpf_errno {
	__LIBBPF_ERRNO__START = 4000,
	LIBBPF_ERRNO__LIBELF = __LIBBPF_ERRNO__START,
	LIBBPF_ERRNO__FORMAT,
	LIBBPF_ERRNO__KVERSION,
	LIBBPF_ERRNO__ENDIAN,
	LIBBPF_ERRNO__INTERNAL,
	LIBBPF_ERRNO__RELOC,
	LIBBPF_ERRNO__LOAD,
	LIBBPF_ERRNO__VERIFY,
	LIBBPF_ERRNO__PROG2BIG,
	LIBBPF_ERRNO__KVER,
	LIBBPF_ERRNO__PROGTYPE,
	LIBBPF_ERRNO__WRNGPID,
	LIBBPF_ERRNO__INVSEQ,
	LIBBPF_ERRNO__NLPARSE,
	__LIBBPF_ERRNO__END,
};

LIBBPF_API int libbpf_strerror(int err, char *buf, size_t size);
LIBBPF_API __u32 libbpf_major_version(void);
LIBBPF_API __u32 libbpf_minor_version(void);
LIBBPF_API const char *libbpf_version_string(void);
LIBBPF_API long libbpf_get_error(const void *ptr);
LIBBPF_API int libbpf_num_possible_cpus(void);
LIBBPF_API const char *libbpf_bpf_map_type_str(enum bpf_map_type t);
LIBBPF_API const char *libbpf_bpf_prog_type_str(enum bpf_prog_type t);
LIBBPF_API const char *libbpf_bpf_attach_type_str(enum bpf_attach_type t);
LIBBPF_API const char *libbpf_bpf_link_type_str(enum bpf_link_type t);
LIBBPF_API int libbpf_prog_type_by_name(const char *name, enum bpf_prog_type *prog_type,
					enum bpf_attach_type *expected_attach_type);
LIBBPF_API int libbpf_find_vmlinux_btf_id(const char *name, enum bpf_attach_type attach_type);
LIBBPF_API int libbpf_attach_type_by_name(const char *name, enum bpf_attach_type *attach_type);


/* Whether the default instance has it: 1, 0, negative errno. @opts: NULL. A program is loaded, or a map created, to
 * find out; then the answer is kept, for callers with the same capabilities. Helpers of programs that are about
 * a type of the kernel (tracing, LSM, ...) are -EOPNOTSUPP. Any thread. */
LIBBPF_API int libbpf_probe_bpf_prog_type(enum bpf_prog_type prog_type, const void *opts);
LIBBPF_API int libbpf_probe_bpf_map_type(enum bpf_map_type map_type, const void *opts);
LIBBPF_API int libbpf_probe_bpf_helper(enum bpf_prog_type prog_type, enum bpf_func_id helper_id, const void *opts);
/* No effect: an instance counts memory against its own limit. 0. */
LIBBPF_API int libbpf_set_memlock_rlim(size_t memlock_bytes);

enum libbpf_print_level { LIBBPF_WARN, LIBBPF_INFO, LIBBPF_DEBUG };
typedef int (*libbpf_print_fn_t)(enum libbpf_print_level level, const char *fmt, va_list ap);
/* Returns the callback before; NULL keeps quiet. The default prints warnings and infos on stderr. One callback a
 * process; setting it is atomic. */
LIBBPF_API libbpf_print_fn_t libbpf_set_print(libbpf_print_fn_t fn);

/* ---- objects ----------------------------------------------------------------------------------- */

struct bpf_object;
struct bpf_program;
struct bpf_map;
struct btf;

struct bpf_object_open_opts {
	size_t sz;
	const char *object_name;
	bool relaxed_maps; /* map definitions may have members that nobody knows */
	const char *pin_root_path;
	__u32 :32;
	const char *kconfig; /* "CONFIG_HZ=250\n...": what .kconfig externs get */
	const char *btf_custom_path; /* BTF to relocate against instead of the instance's kernel BTF */
	char *kernel_log_buf;
	size_t kernel_log_size;
	__u32 kernel_log_level;
	const char *bpf_token_path;
	size_t :0;
};

LIBBPF_API struct bpf_object *bpf_object__open(const char *path);
LIBBPF_API struct bpf_object *bpf_object__open_file(const char *path, const struct bpf_object_open_opts *opts);
LIBBPF_API struct bpf_object *bpf_object__open_mem(const void *obj_buf, size_t obj_buf_sz,
						   const struct bpf_object_open_opts *opts);
/* All that comes before programs are loaded: types, relocations, maps. bpf_object__load() then does the rest. */
LIBBPF_API int bpf_object__prepare(struct bpf_object *obj);
LIBBPF_API int bpf_object__load(struct bpf_object *obj);
/* ENOTSUP: there are no loader programs, and no tokens (-1). */
struct gen_loader_opts {
	size_t sz;
	const char *data, *insns;
	__u32 data_sz, insns_sz;
	bool gen_hash;
	size_t :0;
};
LIBBPF_API int bpf_object__gen_loader(struct bpf_object *obj, struct gen_loader_opts *opts);
LIBBPF_API int bpf_object__token_fd(const struct bpf_object *obj);
LIBBPF_API void bpf_object__close(struct bpf_object *obj); /* NULL is fine */
LIBBPF_API const char *bpf_object__name(const struct bpf_object *obj);
LIBBPF_API unsigned int bpf_object__kversion(const struct bpf_object *obj);
LIBBPF_API int bpf_object__set_kversion(struct bpf_object *obj, __u32 kern_version);
LIBBPF_API struct btf *bpf_object__btf(const struct bpf_object *obj);
/* -1 before it is loaded, or without BTF. */
LIBBPF_API int bpf_object__btf_fd(const struct bpf_object *obj);

LIBBPF_API struct bpf_program *bpf_object__next_program(const struct bpf_object *obj, struct bpf_program *prog);
#define bpf_object__for_each_program(pos, obj)                                                     \
	for ((pos) = bpf_object__next_program((obj), NULL); (pos) != NULL;                         \
	     (pos) = bpf_object__next_program((obj), (pos)))
LIBBPF_API struct bpf_program *bpf_object__prev_program(const struct bpf_object *obj, struct bpf_program *prog);
LIBBPF_API struct bpf_program *bpf_object__find_program_by_name(const struct bpf_object *obj, const char *name);
LIBBPF_API struct bpf_map *bpf_object__next_map(const struct bpf_object *obj, const struct bpf_map *map);
#define bpf_object__for_each_map(pos, obj)                                                         \
	for ((pos) = bpf_object__next_map((obj), NULL); (pos) != NULL;                             \
	     (pos) = bpf_object__next_map((obj), (pos)))
LIBBPF_API struct bpf_map *bpf_object__prev_map(const struct bpf_object *obj, const struct bpf_map *map);
LIBBPF_API struct bpf_map *bpf_object__find_map_by_name(const struct bpf_object *obj, const char *name);
LIBBPF_API int bpf_object__find_map_fd_by_name(const struct bpf_object *obj, const char *name);

/* ---- programs ---------------------------------------------------------------------------------- */

LIBBPF_API const char *bpf_program__name(const struct bpf_program *prog);
LIBBPF_API const char *bpf_program__section_name(const struct bpf_program *prog);
LIBBPF_API int bpf_program__fd(const struct bpf_program *prog);
LIBBPF_API const struct bpf_insn *bpf_program__insns(const struct bpf_program *prog);
LIBBPF_API size_t bpf_program__insn_cnt(const struct bpf_program *prog);
LIBBPF_API bool bpf_program__autoload(const struct bpf_program *prog);
LIBBPF_API int bpf_program__set_autoload(struct bpf_program *prog, bool autoload);
LIBBPF_API enum bpf_prog_type bpf_program__type(const struct bpf_program *prog);
/* The function that it is about: of program @attach_prog_fd, or with 0 of the kernel. */
LIBBPF_API int bpf_program__set_attach_target(struct bpf_program *prog, int attach_prog_fd,
					      const char *attach_func_name);
LIBBPF_API int bpf_program__set_type(struct bpf_program *prog, enum bpf_prog_type type);
LIBBPF_API enum bpf_attach_type bpf_program__expected_attach_type(const struct bpf_program *prog);
LIBBPF_API int bpf_program__set_expected_attach_type(struct bpf_program *prog, enum bpf_attach_type type);
LIBBPF_API __u32 bpf_program__flags(const struct bpf_program *prog);
LIBBPF_API int bpf_program__set_flags(struct bpf_program *prog, __u32 flags);
LIBBPF_API __u32 bpf_program__log_level(const struct bpf_program *prog);
LIBBPF_API int bpf_program__set_log_level(struct bpf_program *prog, __u32 log_level);
LIBBPF_API const char *bpf_program__log_buf(const struct bpf_program *prog, size_t *log_size);
LIBBPF_API int bpf_program__set_log_buf(struct bpf_program *prog, char *log_buf, size_t log_size);
LIBBPF_API void bpf_program__unload(struct bpf_program *prog);
/* Other insns, copied, which refer to nothing of the object. Before the load, or in a prog_prepare_load_fn. */
LIBBPF_API int bpf_program__set_insns(struct bpf_program *prog, struct bpf_insn *new_insns, size_t new_insn_cnt);
struct bpf_prog_load_opts;
/* Loads a program of a prepared object once more; where @opts says nothing, as the object does. The caller owns the
 * descriptor that it returns, which outlives the object. */
LIBBPF_API int bpf_program__clone(struct bpf_program *prog, const struct bpf_prog_load_opts *opts);
LIBBPF_API void bpf_program__set_ifindex(struct bpf_program *prog, __u32 ifindex);
/* As loaded; NULL before that, and when records have another size. */
LIBBPF_API struct bpf_func_info *bpf_program__func_info(const struct bpf_program *prog);
LIBBPF_API __u32 bpf_program__func_info_cnt(const struct bpf_program *prog);
LIBBPF_API struct bpf_line_info *bpf_program__line_info(const struct bpf_program *prog);
LIBBPF_API __u32 bpf_program__line_info_cnt(const struct bpf_program *prog);

/* ---- maps -------------------------------------------------------------------------------------- */

LIBBPF_API const char *bpf_map__name(const struct bpf_map *map);
LIBBPF_API int bpf_map__fd(const struct bpf_map *map);
LIBBPF_API enum bpf_map_type bpf_map__type(const struct bpf_map *map);
LIBBPF_API int bpf_map__set_type(struct bpf_map *map, enum bpf_map_type type);
LIBBPF_API __u32 bpf_map__key_size(const struct bpf_map *map);
LIBBPF_API int bpf_map__set_key_size(struct bpf_map *map, __u32 size);
LIBBPF_API __u32 bpf_map__value_size(const struct bpf_map *map);
LIBBPF_API struct bpf_map *bpf_map__inner_map(struct bpf_map *map);
LIBBPF_API int bpf_map__set_inner_map_fd(struct bpf_map *map, int fd);
LIBBPF_API int bpf_map__set_value_size(struct bpf_map *map, __u32 size);
LIBBPF_API __u32 bpf_map__max_entries(const struct bpf_map *map);
LIBBPF_API int bpf_map__set_max_entries(struct bpf_map *map, __u32 max_entries);
LIBBPF_API __u32 bpf_map__map_flags(const struct bpf_map *map);
LIBBPF_API int bpf_map__set_map_flags(struct bpf_map *map, __u32 flags);
LIBBPF_API __u32 bpf_map__btf_key_type_id(const struct bpf_map *map);
LIBBPF_API __u32 bpf_map__btf_value_type_id(const struct bpf_map *map);
LIBBPF_API bool bpf_map__autocreate(const struct bpf_map *map);
LIBBPF_API int bpf_map__set_autocreate(struct bpf_map *map, bool autocreate);
LIBBPF_API bool bpf_map__is_internal(const struct bpf_map *map);
LIBBPF_API __u32 bpf_map__numa_node(const struct bpf_map *map);
LIBBPF_API int bpf_map__set_numa_node(struct bpf_map *map, __u32 numa_node);
LIBBPF_API __u64 bpf_map__map_extra(const struct bpf_map *map);
LIBBPF_API int bpf_map__set_map_extra(struct bpf_map *map, __u64 map_extra);
LIBBPF_API __u32 bpf_map__ifindex(const struct bpf_map *map);
LIBBPF_API int bpf_map__set_ifindex(struct bpf_map *map, __u32 ifindex);
LIBBPF_API bool bpf_map__autoattach(const struct bpf_map *map);
LIBBPF_API int bpf_map__set_autoattach(struct bpf_map *map, bool autoattach);
/* Only @prog, of the same object, may use the map. Before the object is prepared. */
LIBBPF_API int bpf_map__set_exclusive_program(struct bpf_map *map, struct bpf_program *prog);
LIBBPF_API struct bpf_program *bpf_map__exclusive_program(struct bpf_map *map); /* NULL: any may */
/* Takes @fd (a copy) instead of creating the map. */
LIBBPF_API int bpf_map__reuse_fd(struct bpf_map *map, int fd);
/* Pinning is not modelled: no map is. */
/* Pins live in the instance's own BPF file system at /sys/fs/bpf. Folders need no mkdir(). */
LIBBPF_API int bpf_map__pin(struct bpf_map *map, const char *path);
LIBBPF_API int bpf_map__unpin(struct bpf_map *map, const char *path);
LIBBPF_API int bpf_map__set_pin_path(struct bpf_map *map, const char *path);
LIBBPF_API int bpf_program__pin(struct bpf_program *prog, const char *path);
LIBBPF_API int bpf_program__unpin(struct bpf_program *prog, const char *path);
LIBBPF_API int bpf_object__pin_maps(struct bpf_object *obj, const char *path);
LIBBPF_API int bpf_object__unpin_maps(struct bpf_object *obj, const char *path);
LIBBPF_API int bpf_object__pin_programs(struct bpf_object *obj, const char *path);
LIBBPF_API int bpf_object__unpin_programs(struct bpf_object *obj, const char *path);
LIBBPF_API int bpf_object__pin(struct bpf_object *object, const char *path);
LIBBPF_API int bpf_object__unpin(struct bpf_object *object, const char *path);
LIBBPF_API bool bpf_map__is_pinned(const struct bpf_map *map);
LIBBPF_API const char *bpf_map__pin_path(const struct bpf_map *map);
/* Of .data, .rodata and .bss maps: before load the initial contents, to be changed in place; after it
 * the live ones (.rodata: read-only) at the same address. NULL for other maps, and after load for maps
 * of static variables only. */
LIBBPF_API void *bpf_map__initial_value(const struct bpf_map *map, size_t *psize);
LIBBPF_API int bpf_map__set_initial_value(struct bpf_map *map, const void *data, size_t size);
LIBBPF_API int bpf_map__lookup_elem(const struct bpf_map *map, const void *key, size_t key_sz, void *value,
				    size_t value_sz, __u64 flags);
LIBBPF_API int bpf_map__update_elem(const struct bpf_map *map, const void *key, size_t key_sz,
				    const void *value, size_t value_sz, __u64 flags);
LIBBPF_API int bpf_map__lookup_and_delete_elem(const struct bpf_map *map, const void *key, size_t key_sz,
					       void *value, size_t value_sz, __u64 flags);
LIBBPF_API int bpf_map__delete_elem(const struct bpf_map *map, const void *key, size_t key_sz, __u64 flags);
LIBBPF_API int bpf_map__get_next_key(const struct bpf_map *map, const void *cur_key, void *next_key,
				     size_t key_sz);

/* ---- ring buffers -------------------------------------------------------------------------------- */

struct ring_buffer;
struct ring;
typedef int (*ring_buffer_sample_fn)(void *ctx, void *data, size_t size);
struct ring_buffer_opts {
	size_t sz;
};
LIBBPF_API struct ring_buffer *ring_buffer__new(int map_fd, ring_buffer_sample_fn sample_cb, void *ctx,
						const struct ring_buffer_opts *opts);
LIBBPF_API int ring_buffer__add(struct ring_buffer *rb, int map_fd, ring_buffer_sample_fn sample_cb, void *ctx);
LIBBPF_API void ring_buffer__free(struct ring_buffer *rb); /* NULL is fine */
LIBBPF_API int ring_buffer__poll(struct ring_buffer *rb, int timeout_ms);
LIBBPF_API int ring_buffer__consume(struct ring_buffer *rb);
/* At most @n records; those beyond stay. */
LIBBPF_API int ring_buffer__consume_n(struct ring_buffer *rb, size_t n);
LIBBPF_API int ring_buffer__epoll_fd(const struct ring_buffer *rb);
/* The ring of the @idx-th map; NULL and errno. */
LIBBPF_API struct ring *ring_buffer__ring(struct ring_buffer *rb, unsigned int idx);
LIBBPF_API int ring__map_fd(const struct ring *r);
LIBBPF_API int ring__consume(struct ring *r);
LIBBPF_API int ring__consume_n(struct ring *r, size_t n);
LIBBPF_API unsigned long ring__consumer_pos(const struct ring *r);
LIBBPF_API unsigned long ring__producer_pos(const struct ring *r);
LIBBPF_API size_t ring__avail_data_size(const struct ring *r);
LIBBPF_API size_t ring__size(const struct ring *r);

/* Nobody has one: there are no maps of that type. ENOTSUP. */
struct user_ring_buffer;
struct user_ring_buffer_opts {
	size_t sz;
};
LIBBPF_API struct user_ring_buffer *user_ring_buffer__new(int map_fd, const struct user_ring_buffer_opts *opts);
LIBBPF_API void *user_ring_buffer__reserve(struct user_ring_buffer *rb, __u32 size);
LIBBPF_API void *user_ring_buffer__reserve_blocking(struct user_ring_buffer *rb, __u32 size, int timeout_ms);
LIBBPF_API void user_ring_buffer__submit(struct user_ring_buffer *rb, void *sample);
LIBBPF_API void user_ring_buffer__discard(struct user_ring_buffer *rb, void *sample);
LIBBPF_API void user_ring_buffer__free(struct user_ring_buffer *rb);

/* ---- perf buffers --------------------------------------------------------------------------------- */

struct perf_buffer;
struct perf_event_attr;
struct perf_event_header;
enum bpf_perf_event_ret {
	LIBBPF_PERF_EVENT_DONE = 0,
	LIBBPF_PERF_EVENT_ERROR = -1,
	LIBBPF_PERF_EVENT_CONT = -2,
};
typedef void (*perf_buffer_sample_fn)(void *ctx, int cpu, void *data, __u32 size);
typedef void (*perf_buffer_lost_fn)(void *ctx, int cpu, __u64 cnt);
typedef enum bpf_perf_event_ret (*perf_buffer_event_fn)(void *ctx, int cpu, struct perf_event_header *event);
struct perf_buffer_opts {
	size_t sz;
	__u32 sample_period; /* wakes after so many records; 0: 1 */
};
struct perf_buffer_raw_opts {
	size_t sz;
	int cpu_cnt; /* 0: all CPUs that have a slot in the map */
	int *cpus, *map_keys; /* @cpu_cnt of each */
};
/* A buffer of @page_cnt pages, a power of two, for each CPU. NULL and errno. */
LIBBPF_API struct perf_buffer *perf_buffer__new(int map_fd, size_t page_cnt, perf_buffer_sample_fn sample_cb,
						perf_buffer_lost_fn lost_cb, void *ctx,
						const struct perf_buffer_opts *opts);
/* Events as @attr says, and all their records as they are. */
LIBBPF_API struct perf_buffer *perf_buffer__new_raw(int map_fd, size_t page_cnt, struct perf_event_attr *attr,
						    perf_buffer_event_fn event_cb, void *ctx,
						    const struct perf_buffer_raw_opts *opts);
LIBBPF_API void perf_buffer__free(struct perf_buffer *pb); /* NULL is fine */
LIBBPF_API int perf_buffer__epoll_fd(const struct perf_buffer *pb);
/* How many buffers woke; negative: errno, or what the callback said. */
LIBBPF_API int perf_buffer__poll(struct perf_buffer *pb, int timeout_ms);
LIBBPF_API int perf_buffer__consume(struct perf_buffer *pb);
LIBBPF_API int perf_buffer__consume_buffer(struct perf_buffer *pb, size_t buf_idx);
LIBBPF_API size_t perf_buffer__buffer_cnt(const struct perf_buffer *pb);
/* To wait on for one buffer; only consuming empties it. */
LIBBPF_API int perf_buffer__buffer_fd(const struct perf_buffer *pb, size_t buf_idx);
/* The mapped memory: a page of struct perf_event_mmap_page, then @buf_size bytes of records. */
LIBBPF_API int perf_buffer__buffer(struct perf_buffer *pb, int buf_idx, void **buf, size_t *buf_size);

/* ---- links: programs that are attached ------------------------------------------------------------ */

struct bpf_link;

/* Functions that attach return NULL and errno. EOPNOTSUPP, with a line that names it: skep has no such place. */
LIBBPF_API struct bpf_link *bpf_program__attach(const struct bpf_program *prog);
/* Puts an extension in place of function @attach_func_name of the program @target_fd; 0 and NULL: of what
 * bpf_program__set_attach_target() named. It is in place until the link is destroyed. */
LIBBPF_API struct bpf_link *bpf_program__attach_freplace(const struct bpf_program *prog, int target_fd,
							 const char *attach_func_name);
LIBBPF_API struct bpf_link *bpf_program__attach_trace(const struct bpf_program *prog);
/* Whether bpf_object__attach_skeleton() does; yes unless told otherwise. */
LIBBPF_API bool bpf_program__autoattach(const struct bpf_program *prog);
LIBBPF_API void bpf_program__set_autoattach(struct bpf_program *prog, bool autoattach);
LIBBPF_API int bpf_link__fd(const struct bpf_link *link);
LIBBPF_API int bpf_link__detach(struct bpf_link *link);
LIBBPF_API int bpf_link__update_program(struct bpf_link *link, struct bpf_program *prog);
/* From here on bpf_link__destroy() leaves the descriptor open. */
LIBBPF_API void bpf_link__disconnect(struct bpf_link *link);
LIBBPF_API int bpf_link__destroy(struct bpf_link *link); /* NULL is fine */
LIBBPF_API struct bpf_link *bpf_link__open(const char *path);
LIBBPF_API int bpf_link__pin(struct bpf_link *link, const char *path);
LIBBPF_API int bpf_link__unpin(struct bpf_link *link);
LIBBPF_API const char *bpf_link__pin_path(const struct bpf_link *link);

/* ---- places to attach to: EINVAL for wrong arguments and programs that are not loaded, then as above ------ */

enum probe_attach_mode {
	PROBE_ATTACH_MODE_DEFAULT = 0,
	PROBE_ATTACH_MODE_LEGACY,
	PROBE_ATTACH_MODE_PERF,
	PROBE_ATTACH_MODE_LINK,
};
struct bpf_perf_event_opts {
	size_t sz;
	__u64 bpf_cookie;
	bool force_ioctl_attach, dont_enable;
	size_t :0;
};
struct bpf_kprobe_opts {
	size_t sz;
	__u64 bpf_cookie;
	size_t offset; /* more than SSIZE_MAX is a negative one: EINVAL */
	bool retprobe;
	enum probe_attach_mode attach_mode;
	size_t :0;
};
struct bpf_kprobe_multi_opts {
	size_t sz;
	const char **syms;
	const unsigned long *addrs;
	const __u64 *cookies;
	size_t cnt;
	bool retprobe, session, unique_match;
	size_t :0;
};
struct bpf_uprobe_multi_opts {
	size_t sz;
	const char **syms;
	const unsigned long *offsets, *ref_ctr_offsets;
	const __u64 *cookies;
	size_t cnt;
	bool retprobe, session;
	size_t :0;
};
struct bpf_ksyscall_opts {
	size_t sz;
	__u64 bpf_cookie;
	bool retprobe;
	size_t :0;
};
struct bpf_uprobe_opts {
	size_t sz;
	size_t ref_ctr_offset;
	__u64 bpf_cookie;
	bool retprobe;
	const char *func_name;
	enum probe_attach_mode attach_mode;
	size_t :0;
};
struct bpf_usdt_opts {
	size_t sz;
	__u64 usdt_cookie;
	size_t :0;
};
struct bpf_tracepoint_opts {
	size_t sz;
	__u64 bpf_cookie;
};
struct bpf_tracing_multi_opts {
	size_t sz;
	const __u32 *ids;
	const __u64 *cookies;
	size_t cnt;
	size_t :0;
};
struct bpf_raw_tracepoint_opts {
	size_t sz;
	__u64 cookie;
	size_t :0;
};
struct bpf_trace_opts {
	size_t sz;
	__u64 cookie;
};
struct bpf_netfilter_opts {
	size_t sz;
	__u32 pf, hooknum;
	__s32 priority;
	__u32 flags;
};
struct bpf_tcx_opts {
	size_t sz;
	__u32 flags, relative_fd, relative_id;
	__u64 expected_revision;
	size_t :0;
};
struct bpf_netkit_opts {
	size_t sz;
	__u32 flags, relative_fd, relative_id;
	__u64 expected_revision;
	size_t :0;
};
struct bpf_cgroup_opts {
	size_t sz;
	__u32 flags, relative_fd, relative_id;
	__u64 expected_revision;
	size_t :0;
};
struct bpf_iter_attach_opts {
	size_t sz;
	union bpf_iter_link_info *link_info;
	__u32 link_info_len;
};
struct bpf_prog_assoc_struct_ops_opts;
LIBBPF_API struct bpf_link *bpf_program__attach_kprobe(const struct bpf_program *prog, bool retprobe,
						       const char *func_name);
LIBBPF_API struct bpf_link *bpf_program__attach_perf_event(const struct bpf_program *prog, int pfd);
LIBBPF_API struct bpf_link *bpf_program__attach_raw_tracepoint(const struct bpf_program *prog, const char *tp_name);
LIBBPF_API struct bpf_link *bpf_program__attach_tracepoint(const struct bpf_program *prog,
							   const char *tp_category, const char *tp_name);
LIBBPF_API struct bpf_link *bpf_program__attach_uprobe(const struct bpf_program *prog, bool retprobe, pid_t pid,
						       const char *binary_path, size_t func_offset);
LIBBPF_API struct bpf_link *bpf_program__attach_cgroup(const struct bpf_program *prog, int cgroup_fd);
LIBBPF_API struct bpf_link *bpf_program__attach_lsm(const struct bpf_program *prog);
LIBBPF_API struct bpf_link *bpf_program__attach_iter(const struct bpf_program *prog,
						     const struct bpf_iter_attach_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_netns(const struct bpf_program *prog, int netns_fd);
LIBBPF_API struct bpf_link *bpf_program__attach_xdp(const struct bpf_program *prog, int ifindex);
LIBBPF_API struct bpf_link *bpf_program__attach_kprobe_opts(const struct bpf_program *prog, const char *func_name,
							    const struct bpf_kprobe_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_perf_event_opts(const struct bpf_program *prog, int pfd,
								const struct bpf_perf_event_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_tracepoint_opts(const struct bpf_program *prog,
								const char *tp_category, const char *tp_name,
								const struct bpf_tracepoint_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_uprobe_opts(const struct bpf_program *prog, pid_t pid,
							const char *binary_path, size_t func_offset,
							const struct bpf_uprobe_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_kprobe_multi_opts(const struct bpf_program *prog,
								const char *pattern,
								const struct bpf_kprobe_multi_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_trace_opts(const struct bpf_program *prog,
							   const struct bpf_trace_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_usdt(const struct bpf_program *prog, pid_t pid,
						const char *binary_path, const char *usdt_provider,
						const char *usdt_name,
						     const struct bpf_usdt_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_ksyscall(const struct bpf_program *prog, const char *syscall_name,
							 const struct bpf_ksyscall_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_netfilter(const struct bpf_program *prog,
							  const struct bpf_netfilter_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_netkit(const struct bpf_program *prog, int ifindex,
						       const struct bpf_netkit_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_tcx(const struct bpf_program *prog, int ifindex,
						    const struct bpf_tcx_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_uprobe_multi(const struct bpf_program *prog, pid_t pid,
							const char *binary_path, const char *func_pattern,
							const struct bpf_uprobe_multi_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_raw_tracepoint_opts(const struct bpf_program *prog,
								const char *tp_name,
								struct bpf_raw_tracepoint_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_sockmap(const struct bpf_program *prog, int map_fd);
LIBBPF_API struct bpf_link *bpf_program__attach_cgroup_opts(const struct bpf_program *prog, int cgroup_fd,
							    const struct bpf_cgroup_opts *opts);
LIBBPF_API struct bpf_link *bpf_program__attach_tracing_multi(const struct bpf_program *prog, const char *pattern,
							      const struct bpf_tracing_multi_opts *opts);
LIBBPF_API struct bpf_link *bpf_map__attach_struct_ops(const struct bpf_map *map);
LIBBPF_API int bpf_program__assoc_struct_ops(struct bpf_program *prog, struct bpf_map *map,
					     struct bpf_prog_assoc_struct_ops_opts *opts);

/* Devices: arguments are checked, then ENOTSUP with a line; simulated devices take no programs. */
struct bpf_xdp_attach_opts {
	size_t sz;
	int old_prog_fd;
	size_t :0;
};
struct bpf_xdp_query_opts {
	size_t sz;
	__u32 prog_id, drv_prog_id, hw_prog_id, skb_prog_id;
	__u8 attach_mode;
	__u64 feature_flags;
	__u32 xdp_zc_max_segs;
	size_t :0;
};
enum bpf_tc_attach_point {
	BPF_TC_INGRESS = 1 << 0,
	BPF_TC_EGRESS = 1 << 1,
	BPF_TC_CUSTOM = 1 << 2,
	BPF_TC_QDISC = 1 << 3,
};
#define BPF_TC_PARENT(a, b) ((((a) << 16) & 0xffff0000u) | ((b) & 0x0000ffffu))
enum bpf_tc_flags {
	BPF_TC_F_REPLACE = 1 << 0,
};
struct bpf_tc_hook {
	size_t sz;
	int ifindex;
	enum bpf_tc_attach_point attach_point;
	__u32 parent, handle;
	const char *qdisc;
	size_t :0;
};
struct bpf_tc_opts {
	size_t sz;
	int prog_fd;
	__u32 flags, prog_id, handle, priority;
	size_t :0;
};
LIBBPF_API int bpf_tc_attach(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts);
LIBBPF_API int bpf_tc_detach(const struct bpf_tc_hook *hook, const struct bpf_tc_opts *opts);
LIBBPF_API int bpf_tc_hook_create(struct bpf_tc_hook *hook);
LIBBPF_API int bpf_tc_hook_destroy(struct bpf_tc_hook *hook);
LIBBPF_API int bpf_tc_query(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts);
LIBBPF_API int bpf_xdp_attach(int ifindex, int prog_fd, __u32 flags, const struct bpf_xdp_attach_opts *opts);
LIBBPF_API int bpf_xdp_detach(int ifindex, __u32 flags, const struct bpf_xdp_attach_opts *opts);
LIBBPF_API int bpf_xdp_query(int ifindex, int flags, struct bpf_xdp_query_opts *opts);
LIBBPF_API int bpf_xdp_query_id(int ifindex, int flags, __u32 *prog_id);

/* ---- SEC() names of the application's own ---------------------------------------------------------- */

struct bpf_prog_load_opts;
typedef int (*libbpf_prog_setup_fn_t)(struct bpf_program *prog, long cookie); /* when it is opened */
/* Before it is loaded; may change @opts, and the insns with bpf_program__set_insns(). */
typedef int (*libbpf_prog_prepare_load_fn_t)(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie);
typedef int (*libbpf_prog_attach_fn_t)(const struct bpf_program *prog, long cookie, struct bpf_link **link);
struct libbpf_prog_handler_opts {
	size_t sz;
	long cookie;
	libbpf_prog_setup_fn_t prog_setup_fn;
	libbpf_prog_prepare_load_fn_t prog_prepare_load_fn;
	libbpf_prog_attach_fn_t prog_attach_fn;
};
/* For objects opened from here on. @sec: "abc" exactly, "abc/" with something behind it, "abc+" either, NULL: names
 * that nothing else knows (one of those; EBUSY). Returns a number above 0. Any thread. */
LIBBPF_API int libbpf_register_prog_handler(const char *sec, enum bpf_prog_type prog_type,
					    enum bpf_attach_type exp_attach_type,
					    const struct libbpf_prog_handler_opts *opts);
LIBBPF_API int libbpf_unregister_prog_handler(int handler_id);

/* ---- lines of a program, out of its struct bpf_prog_info -------------------------------------------- */

struct bpf_prog_linfo;
struct bpf_prog_info;
/* Copies. NULL and errno: EINVAL when it has no lines or they make no sense. */
LIBBPF_API struct bpf_prog_linfo *bpf_prog_linfo__new(const struct bpf_prog_info *info);
LIBBPF_API void bpf_prog_linfo__free(struct bpf_prog_linfo *prog_linfo); /* NULL is fine */
/* The last line at or before @addr (@insn_off), without looking at the first @nr_skip. NULL, ENOENT: none. */
LIBBPF_API const struct bpf_line_info *bpf_prog_linfo__lfind_addr_func(const struct bpf_prog_linfo *prog_linfo,
									__u64 addr, __u32 func_idx, __u32 nr_skip);
LIBBPF_API const struct bpf_line_info *bpf_prog_linfo__lfind(const struct bpf_prog_linfo *prog_linfo, __u32 insn_off,
							     __u32 nr_skip);

/* ---- skeletons: what "bpftool gen skeleton" makes calls these ------------------------------------- */

struct bpf_map_skeleton {
	const char *name;
	struct bpf_map **map;
	void **mmaped;
	struct bpf_link **link;
};

struct bpf_prog_skeleton {
	const char *name;
	struct bpf_program **prog;
	struct bpf_link **link;
};

struct bpf_object_skeleton {
	size_t sz;
	const char *name;
	const void *data;
	size_t data_sz;
	struct bpf_object **obj;
	int map_cnt, map_skel_sz;
	struct bpf_map_skeleton *maps;
	int prog_cnt, prog_skel_sz;
	struct bpf_prog_skeleton *progs;
};

struct bpf_var_skeleton {
	const char *name;
	struct bpf_map **map;
	void **addr;
};

struct bpf_object_subskeleton {
	size_t sz;
	const struct bpf_object *obj;
	int map_cnt, map_skel_sz;
	struct bpf_map_skeleton *maps;
	int prog_cnt, prog_skel_sz;
	struct bpf_prog_skeleton *progs;
	int var_cnt, var_skel_sz;
	struct bpf_var_skeleton *vars;
};

LIBBPF_API int bpf_object__open_skeleton(struct bpf_object_skeleton *s, const struct bpf_object_open_opts *opts);
LIBBPF_API int bpf_object__load_skeleton(struct bpf_object_skeleton *s);
/* Attaching is not modelled: -EOPNOTSUPP when a program would be attached. */
LIBBPF_API int bpf_object__attach_skeleton(struct bpf_object_skeleton *s);
LIBBPF_API void bpf_object__detach_skeleton(struct bpf_object_skeleton *s);
LIBBPF_API void bpf_object__destroy_skeleton(struct bpf_object_skeleton *s);
LIBBPF_API int bpf_object__open_subskeleton(struct bpf_object_subskeleton *s);
LIBBPF_API void bpf_object__destroy_subskeleton(struct bpf_object_subskeleton *s);

/* ---- static linker: several objects become one ------------------------------------------------------ */

struct bpf_linker;
struct bpf_linker_opts {
	size_t sz;
};
struct bpf_linker_file_opts {
	size_t sz;
};
/*
 * Objects are added in turn: sections of one name follow each other, a declaration finds its definition in another
 * object, a strong definition wins over __weak ones, BTF becomes one. Then bpf_linker__finalize() writes the output,
 * once; bpf_linker__free() always. What was added is copied. After a refused object the linker can only be freed.
 * A linker is used by one thread at a time.
 * Errors (negative errno, or NULL and errno): -EINVAL (objects do not fit; called at the wrong time; NULL),
 * -LIBBPF_ERRNO__FORMAT, -LIBBPF_ERRNO__ENDIAN (no BPF object of this byte order), those of reading and writing
 * files, -ENOMEM.
 */
/* The file @filename appears, or is replaced, when all is written: never half of it. */
LIBBPF_API struct bpf_linker *bpf_linker__new(const char *filename, struct bpf_linker_opts *opts);
/* Into a descriptor, which stays the caller's; a regular file is emptied first, when all is ready. */
LIBBPF_API struct bpf_linker *bpf_linker__new_fd(int fd, struct bpf_linker_opts *opts);
LIBBPF_API int bpf_linker__add_file(struct bpf_linker *linker, const char *filename,
				    const struct bpf_linker_file_opts *opts);
LIBBPF_API int bpf_linker__add_fd(struct bpf_linker *linker, int fd, const struct bpf_linker_file_opts *opts);
LIBBPF_API int bpf_linker__add_buf(struct bpf_linker *linker, void *buf, size_t buf_sz,
				   const struct bpf_linker_file_opts *opts);
LIBBPF_API int bpf_linker__finalize(struct bpf_linker *linker);
LIBBPF_API void bpf_linker__free(struct bpf_linker *linker); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
