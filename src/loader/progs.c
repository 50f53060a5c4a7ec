/* SPDX-License-Identifier: BSD-2-Clause */
/* progs.c - programs: finding functions in sections; after linking, filling in maps and loading. */
#include "loader/internal.h"

#include "syscall/syscall.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LOG_ROOM     (64u << 10)
#define LOG_ROOM_MAX (UINT32_MAX >> 8)

/* ---- finding ----------------------------------------------------------------------------------- */

static int add_func(struct bpf_object *obj, const struct elf_sym *sym, u32 *cap)
{
	const struct elf_sec *sec = &obj->secs[sym->sec];
	struct bpf_program *progs, *p;

	if (sym->value % sizeof(struct bpf_insn) || sym->size % sizeof(struct bpf_insn) || !sym->size ||
	    sym->value >= sec->hdr.sh_size || sym->size > sec->hdr.sh_size - sym->value) {
		pr_warn("%s: section %s: function %s at offset %llu: lies outside of its section\n", obj->path, sec->name,
			sym->name, (unsigned long long)sym->value);
		return -LIBBPF_ERRNO__FORMAT;
	}
	if (sym->bind == STB_LOCAL && strcmp(sec->name, ".text")) {
		pr_warn("sec '%s': program '%s' is static and not supported\n", sec->name, sym->name);
		return -EOPNOTSUPP;
	}
	if (obj->prog_cnt == *cap) {
		*cap = *cap ? *cap * 2 : 16;
		progs = realloc(obj->progs, *cap * sizeof(*progs));
		if (!progs)
			return -ENOMEM;
		obj->progs = progs;
	}
	p = &obj->progs[obj->prog_cnt];
	*p = (struct bpf_program){ .obj = obj, .sec_idx = sym->sec, .fd = -1,
				   .sec_off = sym->value / sizeof(struct bpf_insn),
				   .sec_cnt = sym->size / sizeof(struct bpf_insn) };
	obj->prog_cnt++;
	p->name = strdup(sym->name);
	p->sec_name = strdup(sec->name);
	p->orig = malloc(sym->size);
	if (!p->name || !p->sec_name || !p->orig)
		return -ENOMEM;
	memcpy(p->orig, (const char *)sec->data->d_buf + sym->value, sym->size);
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct bpf_program *x = a, *y = b;

	if (x->sec_idx != y->sec_idx)
		return x->sec_idx < y->sec_idx ? -1 : 1;
	return x->sec_off < y->sec_off ? -1 : x->sec_off > y->sec_off;
}

static bool ends_in_wide(const struct bpf_program *p)
{
	u32 i = 0;

	while (i < p->sec_cnt)
		i += p->orig[i].code == (BPF_LD | BPF_IMM | BPF_DW) ? 2 : 1;
	return i > p->sec_cnt;
}

static int check_place(struct bpf_object *obj, u32 i)
{
	const struct bpf_program *p = &obj->progs[i], *before = i ? p - 1 : NULL;

	if (before && before->sec_idx == p->sec_idx && before->sec_off + before->sec_cnt > p->sec_off) {
		pr_warn("%s: section %s: functions %s and %s overlap\n", obj->path, p->sec_name, before->name, p->name);
		return -LIBBPF_ERRNO__FORMAT;
	}
	if (ends_in_wide(p)) {
		pr_warn("%s: section %s: function %s ends within an instruction\n", obj->path, p->sec_name, p->name);
		return -LIBBPF_ERRNO__FORMAT;
	}
	return 0;
}

static int set_up(struct bpf_program *p)
{
	int err = p->handler.setup ? p->handler.setup(p, p->handler.cookie) : 0;

	if (err < 0)
		pr_warn("prog '%s': failed to initialize: %d\n", p->name, err);
	return err < 0 ? err : 0;
}

int progs_collect(struct bpf_object *obj)
{
	u32 text = elf_find_section(obj, ".text"), cap = 0;

	for (u32 i = 0; i < obj->sym_cnt; i++) {
		const struct elf_sym *sym = &obj->syms[i];
		int err;

		if (sym->type != STT_FUNC || !sym->sec || sym->sec >= obj->sec_cnt ||
		    obj->secs[sym->sec].kind != SEC_PROGS)
			continue;
		err = add_func(obj, sym, &cap);
		if (err)
			return err;
	}
	if (obj->prog_cnt)
		qsort(obj->progs, obj->prog_cnt, sizeof(*obj->progs), by_place);
	for (u32 i = 0; i < obj->prog_cnt; i++) {
		int err = check_place(obj, i);

		if (err)
			return err;
		/* One function alone in .text is a program that somebody gives a type. */
		obj->progs[i].is_subprog = obj->progs[i].sec_idx == text && obj->prog_cnt > 1;
		sec_apply(&obj->progs[i]);
		err = set_up(&obj->progs[i]);
		if (err)
			return err;
	}
	return 0;
}

/* ---- loading -------------------------------------------------------------------------------------- */

static void poison(struct bpf_insn *insn, s32 number)
{
	*insn = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = number };
}

static void fill_map(struct bpf_program *p, const struct relo *relo, struct bpf_insn *insn)
{
	const struct bpf_map *map = &p->obj->maps[relo->map_idx];

	if (map->fd < 0) {
		poison(&insn[0], POISON_MAP + relo->map_idx);
		poison(&insn[1], POISON_MAP + relo->map_idx);
		return;
	}
	insn->src_reg = relo->kind == RELO_MAP ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
	insn[1].imm = relo->kind == RELO_MAP ? 0 : insn->imm + relo->off;
	insn->imm = map->fd;
}

/* What is not there becomes a call of a helper that does not exist: a program that can get there is
 * refused, one that cannot is not. */
static void fill_one(struct bpf_program *p, const struct relo *relo)
{
	struct bpf_insn *insn = &p->insns[relo->insn_idx];
	const struct extern_sym *ext;

	switch (relo->kind) {
	case RELO_KFUNC:
		ext = &p->obj->externs.at[relo->ext_idx];
		if (!ext->kernel_id) {
			poison(insn, POISON_KFUNC + relo->ext_idx);
			return;
		}
		insn->src_reg = BPF_PSEUDO_KFUNC_CALL;
		insn->imm = ext->kernel_id;
		insn->off = 0; /* vmlinux */
		return;
	case RELO_KSYM:
		ext = &p->obj->externs.at[relo->ext_idx];
		insn[0].src_reg = ext->kernel_id ? BPF_PSEUDO_BTF_ID : 0;
		insn[0].imm = ext->kernel_id ? ext->kernel_id : (u32)ext->addr;
		insn[1].imm = ext->kernel_id ? 0 : ext->addr >> 32;
		return;
	default:
		fill_map(p, relo, insn);
	}
}

static bool is_of_map(const struct relo *relo)
{
	return relo->kind == RELO_MAP || relo->kind == RELO_DATA;
}

static int fill(struct bpf_object *obj, bool maps)
{
	for (u32 i = 0; i < obj->prog_cnt; i++) {
		for (size_t k = 0; k < obj->progs[i].linked_relos.cnt; k++) {
			const struct relo *relo = &obj->progs[i].linked_relos.at[k];

			if (is_of_map(relo) == maps)
				fill_one(&obj->progs[i], relo);
		}
	}
	return 0;
}

int progs_fill_externs(struct bpf_object *obj)
{
	return fill(obj, false);
}

int progs_fill_maps(struct bpf_object *obj)
{
	return fill(obj, true);
}

void prog_load_opts(const struct bpf_program *p, struct bpf_prog_load_opts *opts)
{
	const struct bpf_object *obj = p->obj;

	opts->expected_attach_type = p->attach_type;
	opts->prog_flags = p->flags | p->sec_flags;
	opts->prog_ifindex = p->ifindex;
	opts->kern_version = obj->kern_version;
	opts->attach_btf_id = p->attach_btf_id;
	opts->attach_prog_fd = p->attach_prog_fd;
	if (obj->btf_fd < 0 || !obj->ext)
		return;
	opts->prog_btf_fd = obj->btf_fd;
	opts->func_info = p->func_info;
	opts->func_info_cnt = p->func_info_cnt;
	opts->func_info_rec_size = obj->ext->func.rec_size;
	opts->line_info = p->line_info;
	opts->line_info_cnt = p->line_info_cnt;
	opts->line_info_rec_size = obj->ext->line.rec_size;
}

/* @ret_true_size: how large the log would have been, its end included; NULL: nobody asks. */
static int try_load(struct bpf_program *p, const struct bpf_prog_load_opts *base, u32 level, char *buf, u32 size,
		    u32 *ret_true_size)
{
	struct bpf_prog_load_opts opts = *base;
	int fd;

	opts.log_level = level;
	opts.log_buf = buf;
	opts.log_size = buf ? size : 0;
	fd = sys_prog_load(p->obj->skep, p->type, p->name, p->obj->license, p->insns, p->insn_cnt, &opts);
	if (ret_true_size)
		*ret_true_size = opts.log_true_size;
	return fd;
}

/* With a log of our own, as large as it must be. */
static int load_with_log(struct bpf_program *p, const struct bpf_prog_load_opts *base, u32 level, char **ret_log)
{
	u32 size = LOG_ROOM, needed;
	int fd = -ENOMEM;

	*ret_log = NULL;
	do {
		free(*ret_log);
		*ret_log = malloc(size);
		if (!*ret_log)
			return -ENOMEM;
		**ret_log = '\0';
		fd = try_load(p, base, level, *ret_log, size, &needed);
		if (fd == -ENOSPC && size < LOG_ROOM_MAX)
			size = min_of(max_of(size * 2, needed), LOG_ROOM_MAX);
		else
			break;
	} while (true);
	if (fd < 0)
		load_log_fixup(p, *ret_log, size);
	return fd;
}

/* A handler may change what the program is loaded with, its insns included. */
static int get_ready(struct bpf_program *p, struct bpf_prog_load_opts *base)
{
	bool linked = !p->own_insns;
	int err = prog_find_attach_btf(p);

	prog_load_opts(p, base);
	if (!err && p->handler.prepare)
		err = p->handler.prepare(p, base, p->handler.cookie);
	if (linked && p->own_insns) {
		base->func_info = base->line_info = NULL; /* of insns that are gone */
		base->func_info_cnt = base->line_info_cnt = 0;
	}
	if (err < 0)
		pr_warn("prog '%s': failed to prepare load attributes: %d\n", p->name, err);
	return err < 0 ? err : 0;
}

/* The application's buffer, else one of ours that goes to the print callback: on failure, or when a
 * level was asked for. */
static int load_one(struct bpf_program *p)
{
	LIBBPF_OPTS(bpf_prog_load_opts, base);
	struct bpf_object *obj = p->obj;
	u32 level = p->log_level ? p->log_level : obj->log_level;
	char *buf = p->log_buf ? p->log_buf : obj->log_buf, *own = NULL;
	size_t size = p->log_buf ? p->log_size : obj->log_size;
	int err, fd;

	if (p->type == BPF_PROG_TYPE_UNSPEC) {
		pr_warn("prog '%s': missing BPF prog type, check ELF section name '%s'\n", p->name, p->sec_name);
		return -EINVAL;
	}
	err = get_ready(p, &base);
	if (err)
		return err;
	if (buf) {
		if (size)
			buf[0] = '\0';
		fd = try_load(p, &base, level, buf, size, NULL);
		if (fd < 0)
			load_log_fixup(p, buf, size);
	} else {
		fd = level ? load_with_log(p, &base, level, &own) : try_load(p, &base, 0, NULL, 0, NULL);
		if (fd < 0 && !own)
			fd = load_with_log(p, &base, 1, &own);
	}
	if (fd < 0)
		pr_warn("prog '%s': BPF program load failed: %s\n", p->name, ERR_STR(fd));
	if (own && own[0]) {
		void (*say)(const char *, ...) = fd < 0 ? pr_warn : pr_debug;

		say("prog '%s': -- BEGIN PROG LOAD LOG --\n%s-- END PROG LOAD LOG --\n", p->name, own);
	}
	free(own);
	if (fd < 0) {
		pr_warn("prog '%s': failed to load: %d\n", p->name, fd);
		return fd;
	}
	p->fd = fd;
	return 0;
}

int progs_load(struct bpf_object *obj)
{
	for (u32 i = 0; i < obj->prog_cnt; i++) {
		struct bpf_program *p = &obj->progs[i];
		int err;

		if (!p->autoload || p->is_subprog) {
			if (!p->is_subprog)
				pr_debug("prog '%s': skipped loading\n", p->name);
			continue;
		}
		err = load_one(p);
		if (err)
			return err;
	}
	return maps_fill_slots(obj, true);
}

void progs_unload(struct bpf_object *obj)
{
	for (u32 i = 0; i < obj->prog_cnt; i++) {
		if (obj->progs[i].fd >= 0)
			close(obj->progs[i].fd);
		obj->progs[i].fd = -1;
	}
}

void progs_close(struct bpf_object *obj)
{
	progs_unload(obj);
	for (u32 i = 0; i < obj->prog_cnt; i++) {
		struct bpf_program *p = &obj->progs[i];

		free(p->name);
		free(p->sec_name);
		free(p->orig);
		free(p->insns);
		free(p->func_info);
		free(p->line_info);
		vec_free(&p->relos);
		vec_free(&p->linked_relos);
		vec_free(&p->parts);
		for (size_t k = 0; k < p->core_notes.cnt; k++)
			free(p->core_notes.at[k].text);
		vec_free(&p->core_notes);
	}
	free(obj->progs);
}

/* ---- bpf_program__* ---------------------------------------------------------------------------------- */

static bool is_own(const struct bpf_object *obj, const struct bpf_program *prog)
{
	if (!prog || prog->obj == obj)
		return true;
	pr_warn("prog '%s': is none of object '%s'\n", prog->name, obj->name);
	return false;
}

struct bpf_program *bpf_object__next_program(const struct bpf_object *obj, struct bpf_program *prog)
{
	u32 idx;

	NEED_PTR(obj && is_own(obj, prog));
	idx = prog ? prog - obj->progs + 1 : 0;
	while (idx < obj->prog_cnt && obj->progs[idx].is_subprog)
		idx++;
	return idx < obj->prog_cnt ? &obj->progs[idx] : NULL;
}

struct bpf_program *bpf_object__prev_program(const struct bpf_object *obj, struct bpf_program *prog)
{
	u32 idx;

	NEED_PTR(obj && is_own(obj, prog));
	idx = prog ? prog - obj->progs : obj->prog_cnt;
	while (idx && obj->progs[idx - 1].is_subprog)
		idx--;
	return idx ? &obj->progs[idx - 1] : NULL;
}

struct bpf_program *bpf_object__find_program_by_name(const struct bpf_object *obj, const char *name)
{
	struct bpf_program *prog;

	NEED_PTR(obj && name);
	bpf_object__for_each_program(prog, obj) {
		if (!strcmp(prog->name, name))
			return prog;
	}
	return libbpf_err_ptr(-ENOENT);
}

const char *bpf_program__name(const struct bpf_program *prog)
{
	NEED_PTR(prog);
	return prog->name;
}

const char *bpf_program__section_name(const struct bpf_program *prog)
{
	NEED_PTR(prog);
	return prog->sec_name;
}

int bpf_program__fd(const struct bpf_program *prog)
{
	return prog && prog->fd >= 0 ? prog->fd : libbpf_err(prog ? -ENOENT : -EINVAL);
}

const struct bpf_insn *bpf_program__insns(const struct bpf_program *prog)
{
	NEED_PTR(prog);
	return prog->insns ? prog->insns : prog->orig;
}

size_t bpf_program__insn_cnt(const struct bpf_program *prog)
{
	NEED_OR(prog, 0);
	return prog->insns ? prog->insn_cnt : prog->sec_cnt;
}

#define PROG_FIELD(ctype, name, member)                                                            \
	ctype bpf_program__##name(const struct bpf_program *prog)                                  \
	{                                                                                          \
		return prog ? prog->member : (ctype)0;                                             \
	}                                                                                          \
	int bpf_program__set_##name(struct bpf_program *prog, ctype val)                           \
	{                                                                                          \
		NEED(prog);                                                                        \
		if (prog->obj->loaded)                                                             \
			return libbpf_err(-EBUSY);                                                 \
		prog->member = val;                                                                \
		return 0;                                                                          \
	}
PROG_FIELD(enum bpf_attach_type, expected_attach_type, attach_type)
PROG_FIELD(__u32, flags, flags)
PROG_FIELD(__u32, log_level, log_level)
PROG_FIELD(bool, autoload, autoload)

enum bpf_prog_type bpf_program__type(const struct bpf_program *prog)
{
	NEED_OR(prog, 0);
	return prog->type;
}

int bpf_program__set_type(struct bpf_program *prog, enum bpf_prog_type type)
{
	NEED(prog);
	if (prog->obj->loaded)
		return libbpf_err(-EBUSY);
	/* What the section's name said is about another type. */
	if (type != prog->type) {
		prog->sec_flags = 0;
		prog->needs_attach_btf = false;
	}
	prog->type = type;
	return 0;
}

void bpf_program__unload(struct bpf_program *prog)
{
	if (!prog)
		return;
	if (prog->fd >= 0)
		close(prog->fd);
	prog->fd = -1;
}

/* Records of another size are none of this type. */
struct bpf_func_info *bpf_program__func_info(const struct bpf_program *prog)
{
	NEED_PTR(prog);
	return prog->obj->ext && prog->obj->ext->func.rec_size == sizeof(struct bpf_func_info) ? prog->func_info : NULL;
}

__u32 bpf_program__func_info_cnt(const struct bpf_program *prog)
{
	return bpf_program__func_info(prog) ? prog->func_info_cnt : 0;
}

struct bpf_line_info *bpf_program__line_info(const struct bpf_program *prog)
{
	NEED_PTR(prog);
	return prog->obj->ext && prog->obj->ext->line.rec_size == sizeof(struct bpf_line_info) ? prog->line_info : NULL;
}

__u32 bpf_program__line_info_cnt(const struct bpf_program *prog)
{
	return bpf_program__line_info(prog) ? prog->line_info_cnt : 0;
}

const char *bpf_program__log_buf(const struct bpf_program *prog, size_t *log_size)
{
	NEED_PTR(prog && log_size);
	*log_size = prog->log_size;
	return prog->log_buf;
}

int bpf_program__set_log_buf(struct bpf_program *prog, char *log_buf, size_t log_size)
{
	NEED(prog);
	if ((log_size && !log_buf) || log_size > UINT32_MAX)
		return libbpf_err(-EINVAL);
	if (prog->obj->loaded)
		return libbpf_err(-EBUSY);
	prog->log_buf = log_buf;
	prog->log_size = log_size;
	return 0;
}

void bpf_program__set_ifindex(struct bpf_program *prog, __u32 ifindex)
{
	if (prog)
		prog->ifindex = ifindex;
}
