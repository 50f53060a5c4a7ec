/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * internal.h - an opened object: what elf.c found in the file, maps.c and progs.c made of it, and
 * object.c loads. Names are libbpf's only where the API needs them.
 */
#ifndef SKEP_LOADER_INTERNAL_H
#define SKEP_LOADER_INTERNAL_H

#include "base/types.h"
#include "base/vec.h"
#include "btf/btf.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <gelf.h>

struct skep;

enum sec_kind { SEC_OTHER, SEC_PROGS, SEC_DATA, SEC_RODATA, SEC_BSS, SEC_MAPS };

struct elf_sec {
	const char *name;
	GElf_Shdr hdr;
	Elf_Data *data; /* NULL for .bss and empty ones */
	enum sec_kind kind;
	int map_idx;  /* internal map of data sections, -1 */
};

struct elf_sym {
	const char *name;
	u64 value, size;
	u8 type, bind;
	bool hidden; /* not seen outside of the object: its BTF linkage becomes static */
	u32 sec; /* section index; 0: undefined */
};

enum relo_kind {
	RELO_MAP,     /* LD_IMM64: a map */
	RELO_DATA,    /* LD_IMM64: an address in a data section's map, plus the insn's own offset */
	RELO_CALL,    /* call of a function */
	RELO_FUNC,    /* LD_IMM64: a function's address */
	RELO_KSYM,    /* LD_IMM64: a kernel symbol's address; 0 of a weak one that is not there */
	RELO_KFUNC,   /* call of a kernel function */
};

struct relo {
	enum relo_kind kind;
	u32 insn_idx;
	int map_idx;
	u32 off;	/* RELO_DATA: offset of the symbol */
	u32 sec, target; /* RELO_CALL, RELO_FUNC: insn @target of section @sec */
	u32 ext_idx;	/* RELO_KSYM, RELO_KFUNC: obj->externs */
};

/* What the object declares and somebody else defines. */
struct extern_sym {
	const char *name;
	u32 btf_id; /* its VAR or FUNC */
	bool weak, is_kconfig, is_func;
	u32 off, size, align; /* kconfig: in the .kconfig map */
	bool typed;	/* ksym: declared with a type other than void */
	u32 type_id;	/* ksym: that type, or the function's prototype */
	u32 kernel_id;	/* ksym: what it is in the kernel's BTF, 0: absent */
	u64 addr;	/* ksym without a type */
};

/* Records of .BTF.ext that belong to one function: [first, first + cnt). */
struct rec_range {
	u32 first, cnt;
};

/* A function in a linked program. */
struct link_part {
	struct bpf_program *func;
	u32 off;
};

/* Why a CO-RE relocation poisoned an insn of a function. */
struct core_note {
	u32 insn_idx;
	char *text;
};

/* A SEC() name of the application's own, as it was registered. */
struct prog_handler {
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	long cookie;
	libbpf_prog_setup_fn_t setup; /* each may be NULL */
	libbpf_prog_prepare_load_fn_t prepare;
	libbpf_prog_attach_fn_t attach;
};

struct bpf_program {
	struct bpf_object *obj;
	char *name, *sec_name;
	u32 sec_idx, sec_off, sec_cnt; /* insns [sec_off, sec_off + sec_cnt) of its section */
	bool is_subprog;
	/* As in the file, CO-RE applied at load. */
	struct bpf_insn *orig;
	VEC(struct relo) relos; /* by insn_idx, one an insn */
	struct rec_range func_recs, line_recs;
	/* Linked: the program and the subprograms it needs. */
	struct bpf_insn *insns;
	size_t insn_cnt;
	bool own_insns; /* the application's: nothing is linked */
	VEC(struct relo) linked_relos;
	VEC(struct link_part) parts; /* ascending */
	VEC(struct core_note) core_notes;
	/* Where it stands in the program that was linked last, when that is number @link_main. */
	u32 link_off, link_main;
	void *func_info, *line_info;
	u32 func_info_cnt, line_info_cnt;
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	u32 flags, sec_flags; /* set by the application; what the section's name says */
	bool autoload, needs_attach_btf;
	bool can_attach; /* the section tells where to */
	bool no_autoattach;
	struct prog_handler handler; /* all zero: none */
	u32 ifindex;
	u32 attach_btf_id; /* in the kernel's BTF, or in that of program @attach_prog_fd */
	int attach_prog_fd; /* 0: none */
	int fd;
	u32 log_level;
	char *log_buf;
	size_t log_size;
};

/* A map or a program that stands in a map from the start. */
struct map_slot {
	u32 key;
	int map_idx; /* -1: it is a program */
	struct bpf_program *prog;
};

struct bpf_map {
	struct bpf_object *obj;
	char *name, *sec_name; /* sec_name: of internal maps */
	u32 sec_idx, sec_off, sec_size; /* where its definition or data stands */
	enum sec_kind internal; /* SEC_DATA, SEC_RODATA, SEC_BSS; SEC_MAPS: a definition */
	enum bpf_map_type type;
	u32 key_size, value_size, max_entries, flags, numa_node;
	u64 extra;
	u32 btf_key, btf_value;
	bool autocreate, is_kconfig;
	int fd;
	struct bpf_map *inner; /* what the maps in this one are like, NULL: not said */
	int inner_fd;	       /* the same as a descriptor, of the application's choice */
	bool is_inner;
	bool no_autoattach;
	u32 ifindex;
	struct bpf_program *excl_prog; /* who alone may use it, NULL: everybody */
	u32 values_off; /* of member "values" in the definition, 0: none */
	VEC(struct map_slot) slots;
	char *pin_path; /* NULL: none */
	bool pinned;
	void *data;	  /* internal maps: contents; private memory before load, the map's own after */
	size_t data_size; /* as mapped: whole pages */
	bool data_is_live, mapped_from_skep;
	int live_prot;
};

/* BTF as applications hold it: parsed, or being built. */
struct btf {
	struct skep_btf *b;
	struct btf_writer *w; /* instead of b, from the first change on */
	bool owned;	      /* not an object's */
	bool foreign;	      /* its raw data are given out in the other byte order */
	int fd;		      /* of owned ones: -1 none; not closed here when it was set from outside */
	bool own_fd;
	struct btf *base;
	void *raw; /* what was given out last of BTF that is being built or is foreign */
	VEC(struct btf_writer *) retired; /* records in them may have been given out */
};

struct bpf_object {
	char name[BPF_OBJ_NAME_LEN];
	char *path;
	struct skep *skep; /* the instance it was opened on, NULL: the running kernel */
	Elf *elf;
	int elf_fd;
	void *elf_mem;
	struct elf_sec *secs;
	u32 sec_cnt;
	struct elf_sym *syms;
	u32 sym_cnt;
	char license[64];
	u32 kern_version;
	struct bpf_program *progs;
	u32 prog_cnt;
	struct bpf_map *maps;
	u32 map_cnt;
	struct btf btf; /* .b NULL: none */
	struct btf_ext *ext;
	struct skep_btf *custom_btf; /* btf_custom_path */
	struct skep_btf *vmlinux;    /* of the running kernel, when that is used */
	VEC(struct extern_sym) externs;
	char *kconfig; /* text of the option, may be NULL */
	char *pin_root; /* of the option, may be NULL */
	int kconfig_map;
	int btf_fd;
	bool prepared, loaded, relaxed_maps;
	bool for_linking; /* only read: it may hold what cannot be loaded here */
	char *log_buf;
	size_t log_size;
	u32 log_level;
};

/* log.c */
void pr_warn(const char *fmt, ...) __printf_like(1, 2);
void pr_map_warn(const struct bpf_map *map, const char *fmt, ...) __printf_like(2, 3); /* names it and its place */
void pr_info(const char *fmt, ...) __printf_like(1, 2);
void pr_debug(const char *fmt, ...) __printf_like(1, 2);
/* Sets errno; returns @err (negative). */
int libbpf_err(int err);
void *libbpf_err_ptr(int err);
const char *err_str(int err, char buf[32]);
#define ERR_STR(err) err_str(err, (char[32]){ "" })
/*
 * What no caller of a function may leave out, before anything looks into it. Who does gets EINVAL, also from getters of
 * pointers; getters of numbers have no errno of their own and answer with nothing: 0, false.
 */
#define NEED(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return libbpf_err(-EINVAL);                                                \
	} while (0)
#define NEED_PTR(cond)                                                                             \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return libbpf_err_ptr(-EINVAL);                                            \
	} while (0)
#define NEED_OR(cond, nothing)                                                                     \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return nothing;                                                            \
	} while (0)
/* An options structure may be longer than we know only when the rest is zero. */
bool opts_ok(const void *opts, size_t known_size, size_t min_size);
/* A field of an options structure, 0 when the caller's is too short to have it. */
#define OPT_HAS(opts, field)                                                                       \
	((opts) && (opts)->sz >= offsetof(__typeof__(*(opts)), field) + sizeof((opts)->field))
#define OPT(opts, field) (OPT_HAS(opts, field) ? (opts)->field : (__typeof__((opts)->field))0)

/* sys.c: @skep NULL is the running kernel where skep_use_kernel() says so, else the default instance. */
long loader_bpf(struct skep *skep, int cmd, union bpf_attr *attr);
struct skep *loader_instance(void); /* NULL and errno */
bool loader_on_kernel(void);
int sys_map_create(struct skep *skep, enum bpf_map_type type, const char *name, __u32 key_size, __u32 value_size,
		   __u32 max_entries, const struct bpf_map_create_opts *opts);
int sys_prog_load(struct skep *skep, enum bpf_prog_type type, const char *name, const char *license,
		  const struct bpf_insn *insns, size_t insn_cnt, struct bpf_prog_load_opts *opts);
int sys_btf_load(struct skep *skep, const void *data, size_t size, struct bpf_btf_load_opts *opts);
int sys_elem(struct skep *skep, int cmd, int fd, const void *key, const void *value, __u64 flags);
int sys_map_freeze(struct skep *skep, int fd);
/* CPUs that per-CPU values have on that machine. */
int sys_cpu_cnt(struct skep *skep);

/* progcmds.c: sets errno; says what skep does not have */
int sys_told(struct skep *skep, int cmd, union bpf_attr *attr);
int sys_assoc_struct_ops(struct skep *skep, int prog_fd, int map_fd, const struct bpf_prog_assoc_struct_ops_opts *opts);

/* probe.c */
void probes_forget(void);
unsigned long probes_asked(void); /* for tests: how many programs and maps were tried so far */

/* elf.c: file and section tables, checked; negative errno with a message. */
int elf_open(struct bpf_object *obj, const char *path, const void *mem, size_t size);
void elf_close(struct bpf_object *obj);
/* The first section of that name, 0 none. */
u32 elf_find_section(const struct bpf_object *obj, const char *name);
/* Reads one section of an ELF file alone; -ENODATA: it has none. */
int elf_read_section(const char *path, const char *want, void **ret_data, size_t *ret_size);
int elf_read_btf(const char *path, void **ret_data, size_t *ret_size);

/* maps.c */
int maps_collect(struct bpf_object *obj);
int maps_create(struct bpf_object *obj);
void maps_unload(struct bpf_object *obj); /* closes, keeps definitions */
void maps_close(struct bpf_object *obj);
int map_by_sec(const struct bpf_object *obj, u32 sec_idx, u32 off); /* -1: none */

int map_parse_def(struct bpf_map *map, const struct btf_t *def);

/* values.c: what "values" of a map's definition says, and the maps and programs it lists */
int map_values(struct bpf_map *map, const struct btf_memb *m);
int values_collect(struct bpf_object *obj); /* after maps and programs */
/* Maps into maps, or programs into maps; their descriptors exist. */
int maps_fill_slots(struct bpf_object *obj, bool progs);

/* pin.c */
int map_pin_by_name(struct bpf_map *map);  /* LIBBPF_PIN_BY_NAME: where */
int map_reuse_pinned(struct bpf_map *map); /* 0 also when there is none: map->fd tells */
int pin_fd(struct skep *skep, int fd, const char *path); /* @path NULL or not in the BPF file system: -EINVAL */
int unpin_path(struct skep *skep, const char *path);

/* progs.c */
int progs_collect(struct bpf_object *obj);
int progs_fill_externs(struct bpf_object *obj); /* after progs_link() */
int progs_fill_maps(struct bpf_object *obj);    /* after maps_create() */
int progs_load(struct bpf_object *obj);
/* What it is loaded with, its log apart. */
void prog_load_opts(const struct bpf_program *prog, struct bpf_prog_load_opts *opts);
void progs_unload(struct bpf_object *obj);
void progs_close(struct bpf_object *obj);
/* The function that insn @insn of section @sec_idx belongs to, NULL none. */
struct bpf_program *prog_at(struct bpf_object *obj, u32 sec_idx, u64 insn);

/* link.c: after relos_collect() and core_relocate(). */
int links_collect(struct bpf_object *obj); /* which records belong to which function */
int progs_link(struct bpf_object *obj);

/* loadlog.c: puts names in place of the numbers of poisoned insns, in @log in place. */
void load_log_fixup(const struct bpf_program *prog, char *log, size_t size);
#define POISON_CORE	195896080  /* as src/btf puts it in */
#define POISON_MAP	2001000000 /* + number of the map */
#define POISON_KFUNC	2002000000 /* + number of the extern */

/* relo.c */
int relos_collect(struct bpf_object *obj);
const struct relo *relo_of(const struct bpf_program *prog, u32 insn_idx); /* NULL none */

/* attach.c */
const struct skep_btf *object_kernel_btf(struct bpf_object *obj); /* NULL: none */
/* The BTF id of a function of a loaded program, or negative errno, told. */
int prog_find_func(struct skep *skep, int prog_fd, const char *name);
int prog_find_attach_btf(struct bpf_program *prog);
int btf_read_by_id(struct skep *skep, u32 id, struct skep_btf **ret_btf);

/* corerelo.c */
int core_relocate(struct bpf_object *obj);

/* externs.c */
int externs_collect(struct bpf_object *obj); /* before object_btf_fixup() */
int externs_map(struct bpf_object *obj);     /* the .kconfig map; after other maps */
int externs_resolve(struct bpf_object *obj);
/* Index into obj->externs, -1. */
int extern_by_name(const struct bpf_object *obj, const char *name);

/* ksyms.c */
int ksym_resolve(struct bpf_object *obj, struct extern_sym *ext);

/* clone.c: what exclusive maps know it by; it is linked */
int prog_hash(const struct bpf_program *prog, u8 ret_hash[32]);

/* links.c: NULL and errno, told */
int link_not_loaded(const struct bpf_program *prog);
struct bpf_link *link_attached(const struct bpf_program *prog, const char *what, int fd);
int sys_link_create(struct skep *skep, int prog_fd, int target_fd, enum bpf_attach_type attach_type,
		    const struct bpf_link_create_opts *opts);
int sys_raw_tp_open(struct skep *skep, int prog_fd, const char *name, u64 cookie);

/* attachto.c */
struct bpf_link *attach_by_section(const struct bpf_program *prog);

/* handlers.c: when the application has registered one */
void handler_apply(struct bpf_program *prog);

/* sections.c: what SEC("...") says of a program. */
void sec_apply(struct bpf_program *prog);

/* objbtf.c */
int object_btf_parse(struct bpf_object *obj);
int object_btf_fixup(struct bpf_object *obj); /* sizes, offsets, linkage; then .BTF.ext */
int object_btf_load(struct bpf_object *obj);

/* btfapi.c */
const struct skep_btf *btf_look(const struct btf *btf);	  /* what is there now */
struct btf_writer *btf_change(struct btf *btf, int *ret_err); /* NULL: it cannot be changed */
u32 btf_new_id(void *ctx, u32 id); /* for btf_add_record(); @ctx: u32 *, the new id of each */
int btf_settle(struct btf *btf); /* parses what was built, so that others can lean on it */
int btf_settle_as(struct btf *btf, const char *what); /* the same; @what: it is called in a warning */
int btf_file_read(const char *path, void **ret_data, size_t *ret_size);

#endif
