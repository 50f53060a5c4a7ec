/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progs.c - programs: finding functions in sections, linking each program with the subprograms that
 * it calls, filling in maps, loading.
 *
 * Linking: the program's own insns come first, then every subprogram that is reached from what is
 * there already, once each. Calls and function addresses then get their distances.
 */
#include "loader/internal.h"

#include "syscall/syscall.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define NOT_LINKED UINT32_MAX
#define LOG_ROOM   (1u << 20)

/* ---- finding ----------------------------------------------------------------------------------- */

static int add_func(struct bpf_object *obj, const struct elf_sym *sym)
{
	const struct elf_sec *sec = &obj->secs[sym->sec];
	struct bpf_program *progs, *p;
	bool text = !strcmp(sec->name, ".text");

	if (sym->value % sizeof(struct bpf_insn) || sym->size % sizeof(struct bpf_insn) || !sym->size ||
	    sym->value >= sec->hdr.sh_size || sym->size > sec->hdr.sh_size - sym->value) {
		pr_warn("%s: section %s: function %s at offset %llu: lies outside of its section\n", obj->path, sec->name,
			sym->name, (unsigned long long)sym->value);
		return -LIBBPF_ERRNO__FORMAT;
	}
	if (!text && sym->bind == STB_LOCAL) {
		pr_warn("%s: section %s: program '%s' is static and not supported\n", obj->path, sec->name, sym->name);
		return -EOPNOTSUPP;
	}
	progs = realloc(obj->progs, (obj->prog_cnt + 1) * sizeof(*progs));
	if (!progs)
		return -ENOMEM;
	obj->progs = progs;
	p = &progs[obj->prog_cnt];
	*p = (struct bpf_program){ .obj = obj, .sec_idx = sym->sec, .fd = -1, .is_subprog = text,
				   .sec_off = sym->value / sizeof(struct bpf_insn),
				   .sec_cnt = sym->size / sizeof(struct bpf_insn), .link_off = NOT_LINKED };
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

int progs_collect(struct bpf_object *obj)
{
	for (u32 i = 0; i < obj->sym_cnt; i++) {
		const struct elf_sym *sym = &obj->syms[i];
		int err;

		if (sym->type != STT_FUNC || !sym->sec || sym->sec >= obj->sec_cnt ||
		    obj->secs[sym->sec].kind != SEC_PROGS)
			continue;
		err = add_func(obj, sym);
		if (err)
			return err;
	}
	if (obj->prog_cnt)
		qsort(obj->progs, obj->prog_cnt, sizeof(*obj->progs), by_place);
	for (u32 i = 0; i < obj->prog_cnt; i++) {
		struct bpf_program *p = &obj->progs[i];

		if (i && obj->progs[i - 1].sec_idx == p->sec_idx &&
		    obj->progs[i - 1].sec_off + obj->progs[i - 1].sec_cnt > p->sec_off) {
			pr_warn("%s: section %s: functions %s and %s overlap\n", obj->path, p->sec_name,
				obj->progs[i - 1].name, p->name);
			return -LIBBPF_ERRNO__FORMAT;
		}
		sec_apply(p);
	}
	return 0;
}

/* ---- linking ------------------------------------------------------------------------------------- */

static struct bpf_program *find_func(struct bpf_object *obj, u32 sec_idx, u32 insn)
{
	for (u32 i = 0; i < obj->prog_cnt; i++) {
		if (obj->progs[i].sec_idx == sec_idx && obj->progs[i].sec_off == insn)
			return &obj->progs[i];
	}
	return NULL;
}

static const struct relo *find_relo(const struct bpf_program *p, u32 insn_idx)
{
	for (size_t i = 0; i < p->relos.cnt; i++) {
		if (p->relos.at[i].insn_idx == insn_idx)
			return &p->relos.at[i];
	}
	return NULL;
}

static bool is_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

/* Appends a function's insns; its data relocations move with them. */
static int append(struct bpf_program *main, struct bpf_program *func)
{
	size_t cnt = main->insn_cnt + func->sec_cnt;
	struct bpf_insn *insns = realloc(main->insns, cnt * sizeof(*insns));

	if (!insns)
		return -ENOMEM;
	main->insns = insns;
	func->link_off = main->insn_cnt;
	memcpy(insns + main->insn_cnt, func->orig, func->sec_cnt * sizeof(*insns));
	main->insn_cnt = cnt;
	for (size_t i = 0; i < func->relos.cnt; i++) {
		struct relo relo = func->relos.at[i];

		if (relo.kind != RELO_MAP && relo.kind != RELO_DATA)
			continue;
		relo.insn_idx += func->link_off;
		if (!vec_push(&main->linked_relos, relo))
			return -ENOMEM;
	}
	return 0;
}

/* The function that insn @i of @func calls or takes the address of, NULL when it does neither. */
static int callee_of(struct bpf_object *obj, const struct bpf_program *func, u32 i, struct bpf_program **ret_callee,
		     bool *ret_addr)
{
	const struct bpf_insn *insn = &func->orig[i];
	const struct relo *relo = find_relo(func, i);
	s64 target;

	*ret_callee = NULL;
	*ret_addr = relo && relo->kind == RELO_FUNC;
	if (!*ret_addr && !is_call(insn))
		return 0;
	if (relo) {
		*ret_callee = find_func(obj, relo->sec, relo->target);
	} else {
		target = (s64)func->sec_off + i + insn->imm + 1;
		*ret_callee = target >= 0 ? find_func(obj, func->sec_idx, target) : NULL;
	}
	if (*ret_callee)
		return 0;
	pr_warn("prog '%s': insn %u: calls something that is not the start of a function\n", func->name, i);
	return -LIBBPF_ERRNO__RELOC;
}

static int link_calls(struct bpf_program *main, struct bpf_program *func)
{
	for (u32 i = 0; i < func->sec_cnt; i++) {
		struct bpf_program *callee;
		struct bpf_insn *insn;
		bool addr;
		int err = callee_of(main->obj, func, i, &callee, &addr);

		if (err)
			return err;
		if (!callee)
			continue;
		if (callee->link_off == NOT_LINKED) {
			err = append(main, callee);
			if (err)
				return err;
		}
		insn = &main->insns[func->link_off + i];
		if (addr) {
			insn->src_reg = BPF_PSEUDO_FUNC;
			insn[1].imm = 0;
		}
		insn->imm = (s32)callee->link_off - (s32)(func->link_off + i) - 1;
	}
	return 0;
}

/* Records of all functions in @main, their insn offsets counted in insns of @main. */
static int collect_info(struct bpf_program *main, const struct btf_ext_info *info, void **ret_recs, u32 *ret_cnt)
{
	struct bpf_object *obj = main->obj;
	VEC(u32) order = { 0 };
	u8 *recs;

	*ret_recs = NULL;
	*ret_cnt = 0;
	if (!info->rec_cnt)
		return 0;
	recs = malloc((size_t)info->rec_cnt * info->rec_size);
	if (!recs)
		return -ENOMEM;
	(void)order;
	/* Functions in the order in which they were appended: records must ascend. */
	for (u32 at = 0; at < main->insn_cnt;) {
		struct bpf_program *func = NULL;

		for (u32 i = 0; i < obj->prog_cnt && !func; i++) {
			if (obj->progs[i].link_off == at)
				func = &obj->progs[i];
		}
		if (!func)
			break;
		for (u32 i = 0; i < info->rec_cnt; i++) {
			const struct btf_ext_rec *rec = &info->recs[i];
			u32 insn = rec->insn_off / sizeof(struct bpf_insn);
			u8 *to = recs + (size_t)*ret_cnt * info->rec_size;

			if (strcmp(rec->sec, func->sec_name) || insn < func->sec_off || insn >= func->sec_off + func->sec_cnt)
				continue;
			memcpy(to, rec->rec, info->rec_size);
			insn = insn - func->sec_off + func->link_off;
			memcpy(to, &insn, sizeof(insn));
			++*ret_cnt;
		}
		at += func->sec_cnt;
	}
	*ret_recs = recs;
	return 0;
}

static int link_one(struct bpf_program *main)
{
	struct bpf_object *obj = main->obj;
	int err;

	for (u32 i = 0; i < obj->prog_cnt; i++)
		obj->progs[i].link_off = NOT_LINKED;
	err = append(main, main);
	for (u32 at = 0; !err && at < main->insn_cnt;) {
		struct bpf_program *func = NULL;

		for (u32 i = 0; i < obj->prog_cnt; i++) {
			if (obj->progs[i].link_off == at)
				func = &obj->progs[i];
		}
		if (!func)
			return -LIBBPF_ERRNO__INTERNAL;
		err = link_calls(main, func);
		at += func->sec_cnt;
	}
	if (!err && obj->ext)
		err = collect_info(main, &obj->ext->func, &main->func_info, &main->func_info_cnt);
	if (!err && obj->ext)
		err = collect_info(main, &obj->ext->line, &main->line_info, &main->line_info_cnt);
	return err;
}

int progs_link(struct bpf_object *obj)
{
	for (u32 i = 0; i < obj->prog_cnt; i++) {
		int err = obj->progs[i].autoload && !obj->progs[i].is_subprog ? link_one(&obj->progs[i]) : 0;

		if (err)
			return err;
	}
	return 0;
}

/* ---- loading -------------------------------------------------------------------------------------- */

static int fill_maps(struct bpf_program *p)
{
	for (size_t i = 0; i < p->linked_relos.cnt; i++) {
		const struct relo *relo = &p->linked_relos.at[i];
		const struct bpf_map *map = &p->obj->maps[relo->map_idx];
		struct bpf_insn *insn = &p->insns[relo->insn_idx];

		if (map->fd < 0) {
			pr_warn("prog '%s': insn %u: map '%s' was not created\n", p->name, relo->insn_idx, map->name);
			return -EINVAL;
		}
		if (relo->kind == RELO_MAP) {
			insn->src_reg = BPF_PSEUDO_MAP_FD;
			insn[1].imm = 0;
		} else {
			insn->src_reg = BPF_PSEUDO_MAP_VALUE;
			insn[1].imm = insn->imm + relo->off;
		}
		insn->imm = map->fd;
	}
	return 0;
}

static void fill_opts(struct bpf_program *p, struct bpf_prog_load_opts *opts)
{
	const struct bpf_object *obj = p->obj;

	opts->expected_attach_type = p->attach_type;
	opts->prog_flags = p->flags;
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

static void print_log(const struct bpf_program *p, const char *log)
{
	if (log && log[0])
		pr_warn("prog '%s': -- BEGIN PROG LOAD LOG --\n%s-- END PROG LOAD LOG --\n", p->name, log);
}

static int load_one(struct bpf_program *p)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	struct bpf_object *obj = p->obj;
	char *own_log = NULL;
	int fd;

	if (p->type == BPF_PROG_TYPE_UNSPEC) {
		pr_warn("prog '%s': missing BPF prog type, check ELF section name '%s'\n", p->name, p->sec_name);
		return -EINVAL;
	}
	if (p->needs_attach_btf) {
		pr_warn("prog '%s': not modelled: programs that attach by BTF (section '%s')\n", p->name, p->sec_name);
		return -EOPNOTSUPP;
	}
	fill_opts(p, &opts);
	opts.log_level = p->log_level ? p->log_level : obj->log_level;
	opts.log_buf = p->log_buf ? p->log_buf : obj->log_buf;
	opts.log_size = p->log_buf ? p->log_size : obj->log_size;
	if (!opts.log_level)
		opts.log_buf = NULL, opts.log_size = 0;
	fd = bpf_prog_load(p->type, p->name, obj->license, p->insns, p->insn_cnt, &opts);
	if (fd < 0 && !opts.log_buf) {
		/* Once more, to tell why. */
		own_log = calloc(1, LOG_ROOM);
		opts.log_buf = own_log;
		opts.log_size = own_log ? LOG_ROOM : 0;
		opts.log_level = own_log ? 1 : 0;
		fd = bpf_prog_load(p->type, p->name, obj->license, p->insns, p->insn_cnt, &opts);
	}
	if (fd < 0) {
		pr_warn("prog '%s': BPF program load failed: %s\n", p->name, strerror(-fd));
		print_log(p, own_log);
	} else {
		p->fd = fd;
	}
	free(own_log);
	return fd < 0 ? fd : 0;
}

int progs_load(struct bpf_object *obj)
{
	for (u32 i = 0; i < obj->prog_cnt; i++) {
		struct bpf_program *p = &obj->progs[i];
		int err;

		if (!p->autoload || p->is_subprog)
			continue;
		err = fill_maps(p);
		if (!err)
			err = load_one(p);
		if (err)
			return err;
	}
	return 0;
}

void progs_close(struct bpf_object *obj)
{
	for (u32 i = 0; i < obj->prog_cnt; i++) {
		struct bpf_program *p = &obj->progs[i];

		if (p->fd >= 0)
			close(p->fd);
		free(p->name);
		free(p->sec_name);
		free(p->orig);
		free(p->insns);
		free(p->func_info);
		free(p->line_info);
		vec_free(&p->relos);
		vec_free(&p->linked_relos);
	}
	free(obj->progs);
}

/* ---- bpf_program__* ---------------------------------------------------------------------------------- */

struct bpf_program *bpf_object__next_program(const struct bpf_object *obj, struct bpf_program *prog)
{
	u32 idx = prog ? prog - obj->progs + 1 : 0;

	while (idx < obj->prog_cnt && obj->progs[idx].is_subprog)
		idx++;
	return idx < obj->prog_cnt ? &obj->progs[idx] : NULL;
}

struct bpf_program *bpf_object__find_program_by_name(const struct bpf_object *obj, const char *name)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj) {
		if (!strcmp(prog->name, name))
			return prog;
	}
	return libbpf_err_ptr(-ENOENT);
}

const char *bpf_program__name(const struct bpf_program *prog)
{
	return prog->name;
}

const char *bpf_program__section_name(const struct bpf_program *prog)
{
	return prog->sec_name;
}

int bpf_program__fd(const struct bpf_program *prog)
{
	return prog->fd >= 0 ? prog->fd : libbpf_err(-ENOENT);
}

const struct bpf_insn *bpf_program__insns(const struct bpf_program *prog)
{
	return prog->insns ? prog->insns : prog->orig;
}

size_t bpf_program__insn_cnt(const struct bpf_program *prog)
{
	return prog->insns ? prog->insn_cnt : prog->sec_cnt;
}

#define PROG_FIELD(ctype, name, member)                                                            \
	ctype bpf_program__##name(const struct bpf_program *prog)                                  \
	{                                                                                          \
		return prog->member;                                                               \
	}                                                                                          \
	int bpf_program__set_##name(struct bpf_program *prog, ctype val)                           \
	{                                                                                          \
		if (prog->obj->loaded)                                                             \
			return libbpf_err(-EBUSY);                                                 \
		prog->member = val;                                                                \
		return 0;                                                                          \
	}
PROG_FIELD(enum bpf_prog_type, type, type)
PROG_FIELD(enum bpf_attach_type, expected_attach_type, attach_type)
PROG_FIELD(__u32, flags, flags)
PROG_FIELD(__u32, log_level, log_level)
PROG_FIELD(bool, autoload, autoload)

const char *bpf_program__log_buf(const struct bpf_program *prog, size_t *log_size)
{
	*log_size = prog->log_size;
	return prog->log_buf;
}

int bpf_program__set_log_buf(struct bpf_program *prog, char *log_buf, size_t log_size)
{
	if ((log_size && !log_buf) || log_size > UINT32_MAX)
		return libbpf_err(-EINVAL);
	if (prog->obj->loaded)
		return libbpf_err(-EBUSY);
	prog->log_buf = log_buf;
	prog->log_size = log_size;
	return 0;
}
