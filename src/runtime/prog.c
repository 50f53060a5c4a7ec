/* SPDX-License-Identifier: BSD-2-Clause */
/* prog.c - a program's life: verified, compiled or interpreted, linked; freed after a grace period. */
#include "base/sha256.h"
#include "runtime/instance.h"

#include <stdlib.h>
#include <string.h>

/* ---- link: symbols to addresses of this process -------------------------------------------- */

/* Helpers that the map's type answers itself: one indirection less a call. The operations have
 * the helper's registers as parameters, in order. */
static void *map_op(const struct map_ops *ops, u64 helper_id)
{
	switch (helper_id) {
	case BPF_FUNC_map_lookup_elem:
		return (void *)ops->lookup;
	case BPF_FUNC_map_update_elem:
		return (void *)ops->update;
	case BPF_FUNC_map_delete_elem:
		return (void *)ops->delete;
	case BPF_FUNC_map_push_elem:
		return (void *)ops->push;
	case BPF_FUNC_map_pop_elem:
		return (void *)ops->pop;
	case BPF_FUNC_map_peek_elem:
		return (void *)ops->peek;
	default:
		return NULL;
	}
}

/* The map the program names, or the first one of the kind: the distance is the same in all. */
static struct skep_map *tail_map(const struct skep_prog *prog, u32 idx)
{
	struct skep_map *map;

	for (u32 i = 0; i < prog->res.used_map_cnt; i++) {
		map = prog->maps[i];
		if ((idx == i || idx == SYM_ANY_MAP) && map->ops->tail_slots)
			return map;
	}
	return NULL;
}

static int resolve_tail_call(const struct skep_prog *prog, const struct xlated_sym *sym, u64 *ret_value)
{
	struct skep_map *map = tail_map(prog, sym->idx);
	struct tail_slots *slots = map ? map->ops->tail_slots(map) : NULL;

	if (!slots || sym->off > slots->cnt)
		return -EINVAL;
	if (sym->idx == SYM_ANY_MAP)
		*ret_value = (uintptr_t)slots - (uintptr_t)map;
	else
		*ret_value = sym->off ? (uintptr_t)&slots->at[sym->off - 1] : (uintptr_t)slots;
	return 0;
}

static int resolve(void *ctx, const struct xlated_sym *sym, u64 *ret_value)
{
	struct skep_prog *prog = ctx;
	struct skep_map *map = NULL;
	u64 val = 0, row_size;

	if (sym->kind == SYM_MAP || sym->kind == SYM_MAP_VALUE || sym->kind == SYM_MAP_OP ||
	    sym->kind == SYM_MAP_MEM || sym->kind == SYM_MAP_ROW) {
		if (sym->idx >= prog->res.used_map_cnt)
			return -EINVAL;
		map = prog->maps[sym->idx];
	}
	switch (sym->kind) {
	case SYM_MAP:
		val = (uintptr_t)map;
		break;
	case SYM_MAP_VALUE:
		if (!map->ops->direct_value)
			return -EINVAL;
		return map->ops->direct_value(map, (u32)sym->off, ret_value);
	case SYM_MAP_MEM:
	case SYM_MAP_ROW:
		if (!map->ops->elements)
			return -EINVAL;
		val = (uintptr_t)map->ops->elements(map, &row_size);
		if (sym->kind == SYM_MAP_ROW)
			val = row_size;
		break;
	case SYM_PROG:
		val = (uintptr_t)prog;
		break;
	case SYM_HELPER:
		val = (uintptr_t)skep_helper_fn(prog->skep, prog->run_type, sym->idx);
		break;
	case SYM_MAP_OP:
		val = (uintptr_t)map_op(map->ops, sym->off);
		if (!val)
			val = (uintptr_t)skep_helper_fn(prog->skep, prog->run_type, (u32)sym->off);
		break;
	case SYM_TAIL_CALL:
		return resolve_tail_call(prog, sym, ret_value);
	default:
		return -EOPNOTSUPP;
	}
	*ret_value = val;
	return val ? 0 : -EINVAL;
}

static u32 jit_flags(const struct skep_prog *prog)
{
	return (prog->blind ? JIT_BLIND : 0) | (prog->skep->observe ? JIT_OBSERVED : 0) |
	       (prog->skep->count_insns ? JIT_COUNT : 0) | prog->skep->codegen;
}

static int link_jit(struct skep_prog *prog, const struct sym_resolver *resolver)
{
	const char *why;
	int err;

	if (prog->skep->engine == SKEP_ENGINE_INTERP || !jit_target_host())
		return -EOPNOTSUPP;
	err = jit_compile(prog->res.xlated, jit_target_host(), jit_flags(prog), &prog->image, &why);
	if (err)
		return err;
	err = jit_link(prog->image, prog->res.xlated, resolver, &prog->jit);
	return err ? err : prog_observe(prog, prog->jit, prog->image);
}

static int link_prog(struct skep_prog *prog)
{
	struct sym_resolver resolver = { .ctx = prog, .resolve = resolve };
	int err = link_jit(prog, &resolver);

	/* What the machine lacks, the interpreter has; unless the user wants only machine code. */
	if (err == -EOPNOTSUPP && prog->skep->engine != SKEP_ENGINE_JIT)
		err = interp_link(prog->res.xlated, &resolver, &prog->interp);
	if (err)
		return err;
	prog->code = prog->jit;
	prog->in_maps.kind.jited = prog->jit;
	prog->in_maps.tail.entry = prog->jit ? prog->jit->entry : NULL;
	prog->in_maps.tail.interp = prog->interp;
	return 0;
}

int prog_link_replaceable(struct skep_prog *prog)
{
	struct sym_resolver resolver = { .ctx = prog, .resolve = resolve };
	const char *why;
	int err = 0;

	if (!prog->replaceable_image)
		err = jit_compile(prog->res.xlated, jit_target_host(), jit_flags(prog) | JIT_REPLACEABLE,
				  &prog->replaceable_image, &why);
	if (!err)
		err = jit_link(prog->replaceable_image, prog->res.xlated, &resolver, &prog->replaceable);
	return err ? err : prog_observe(prog, prog->replaceable, prog->replaceable_image);
}

/* Who may jump into a map's programs is what could stand in it. */
static int check_maps_fit(struct skep_prog *prog)
{
	for (u32 i = 0; i < prog->res.used_map_cnt; i++) {
		int slot = map_storage_slot(prog->maps[i]->type);

		if (slot >= 0)
			prog->in_maps.kind.storage[slot] = prog->maps[i];
	}
	for (u32 i = 0; i < prog->res.used_map_cnt; i++) {
		struct skep_map *map = prog->maps[i];

		if (map->ops->prog_fits && !map->ops->prog_fits(map, &prog->in_maps))
			return -EINVAL;
	}
	return 0;
}

/* ---- maps of instructions ------------------------------------------------------------------ */

/* The program's own, from here until it is freed: between the verdict and now another may have come. */
static int claim_insns(struct skep_prog *prog)
{
	const struct xlated_prog *x = prog->res.xlated;

	for (u32 t = 0; t < x->table_cnt; t++) {
		struct skep_map *map = prog->maps[x->tables[t].map_idx];

		if (!map->ops->insn_claim(map))
			return -EBUSY;
		prog->claimed_cnt++;
	}
	return 0;
}

static void release_insns(struct skep_prog *prog)
{
	for (u32 t = 0; t < prog->claimed_cnt; t++) {
		struct skep_map *map = prog->maps[prog->res.xlated->tables[t].map_idx];

		map->ops->insn_release(map);
	}
}

/* Tells user space what became of the instructions that it named. */
static void publish_insns(struct skep_prog *prog)
{
	const struct xlated_prog *x = prog->res.xlated;

	for (u32 t = 0; t < x->table_cnt; t++) {
		const struct xlated_table *table = &x->tables[t];
		struct skep_map *map = prog->maps[table->map_idx];
		struct bpf_insn_array_value *values = map->ops->insn_values(map);

		for (u32 i = 0; i < table->cnt; i++) {
			u32 at = table->targets[i];
			u32 code = prog->jit && at != INSN_GONE ? jit_code_off(prog->image, at) : 0;

			__atomic_store_n(&values[i].xlated_off, at, __ATOMIC_RELAXED);
			__atomic_store_n(&values[i].jitted_off, code, __ATOMIC_RELAXED);
		}
	}
}

/* ---- making ----------------------------------------------------------------------------- */

int prog_digest(const struct vprog *v, u8 ret_digest[32])
{
	size_t size = v->insn_cnt * sizeof(struct bpf_insn);
	struct bpf_insn *insns = malloc(size);

	if (!insns)
		return -ENOMEM;
	memcpy(insns, v->insns, size);
	for (u32 i = 0; i + 1 < v->insn_cnt; i++) {
		if (!insn_is_wide(insns + i))
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_MAP_FD || insns[i].src_reg == BPF_PSEUDO_MAP_VALUE)
			insns[i].imm = insns[i + 1].imm = 0;
		i++;
	}
	sha256(insns, size, ret_digest);
	free(insns);
	return 0;
}

static int copy_info(const void *recs, u32 size, u32 cnt, void **ret_copy)
{
	if (!cnt)
		return 0;
	*ret_copy = malloc((size_t)size * cnt);
	if (!*ret_copy)
		return -ENOMEM;
	memcpy(*ret_copy, recs, (size_t)size * cnt);
	return 0;
}

static void put_from_map(struct map_prog *prog)
{
	skep_prog_put(container_of(prog, struct skep_prog, in_maps));
}

struct map_prog *skep_prog_in_maps(struct skep_prog *prog)
{
	return &prog->in_maps;
}

static struct skep_prog *prog_alloc(struct skep *skep, const struct prog_load *load)
{
	const struct vprog *v = &load->v;
	struct skep_prog *prog = calloc(1, sizeof(*prog));

	if (!prog)
		return NULL;
	prog->refs = 1;
	prog->skep = skep;
	prog->type = v->type;
	prog->run_type = v->ext ? v->ext->type : v->type;
	if (load->target) {
		skep_prog_get(load->target);
		prog->dst_prog = load->target;
		prog->dst_btf_id = v->attach_btf_id;
	}
	pthread_mutex_init(&prog->dst_lock, NULL);
	prog->attach_type = v->attach_type;
	memcpy(prog->name, v->name, sizeof(prog->name));
	prog->in_maps.kind = (struct map_owner){
		.type = prog->run_type,
		.attach_type = v->type == BPF_PROG_TYPE_EXT ? 0 : v->attach_type,
		.xdp_has_frags = v->flags & BPF_F_XDP_HAS_FRAGS,
		.sleepable = v->flags & BPF_F_SLEEPABLE,
	};
	prog->in_maps.is_ext = v->type == BPF_PROG_TYPE_EXT;
	prog->in_maps.put = put_from_map;
	pthread_mutex_init(&prog->in_maps.ext_lock, NULL);
	prog->gpl = v->gpl;
	prog->insn_cnt = v->insn_cnt;
	prog->btf = v->btf;
	if (prog->btf) {
		btf_get(prog->btf);
		skep_btf_use(skep, prog->btf);
	}
	prog->func_info_rec_size = v->func_info_rec_size;
	prog->func_info_cnt = v->func_info_cnt;
	prog->line_info_rec_size = v->line_info_rec_size;
	prog->line_info_cnt = v->line_info_cnt;
	prog->load_time_ns = load->load_time_ns;
	prog->created_by_uid = load->created_by_uid;
	prog->blind = prog->skep->jit_harden > (load->caps & VCAP_BPF ? 1 : 0);
	return prog;
}

static void prog_free(struct skep_prog *prog)
{
	struct env env = { .skep = prog->skep };
	struct vhost host = env_host(&env);

	if (prog->jit)
		jit_unlink(prog->jit);
	jit_unlink(prog->replaceable);
	jit_image_free(prog->replaceable_image);
	free(prog->exts);
	skep_prog_put(prog->dst_prog);
	pthread_mutex_destroy(&prog->dst_lock);
	if (prog->interp)
		interp_unlink(prog->interp);
	if (prog->image)
		jit_image_free(prog->image);
	release_insns(prog);
	vresult_free(&host, &prog->res);
	if (prog->btf) {
		skep_btf_unuse(prog->skep, prog->btf);
		btf_put(prog->btf);
	}
	memacct_release(&prog->skep->acct, prog->mem_bytes);
	free(prog->func_info);
	free(prog->line_info);
	free(prog->maps);
	pthread_mutex_destroy(&prog->in_maps.ext_lock);
	free(prog);
}

static void prog_free_rcu(struct rcu_item *item)
{
	prog_free(container_of(item, struct skep_prog, rcu));
}

/* Moves what a program keeps of a verdict out of @res. */
static int take_result(struct skep_prog *prog, struct vresult *res)
{
	prog->res = *res;
	prog->res.facts = NULL; /* those stay with the caller */
	prog->res.warnings = NULL;
	prog->res.cost = (struct vcost){ 0 };
	res->xlated = NULL;
	res->used_maps = NULL;
	res->used_map_cnt = 0;
	prog->maps = calloc(prog->res.used_map_cnt + 1, sizeof(*prog->maps));
	if (!prog->maps)
		return -ENOMEM;
	for (u32 i = 0; i < prog->res.used_map_cnt; i++)
		prog->maps[i] = (struct skep_map *)prog->res.used_maps[i].cookie;
	return 0;
}

static int charge(struct skep_prog *prog)
{
	const struct xlated_prog *x = prog->res.xlated;
	u64 bytes = sizeof(*prog) + (u64)x->insn_cnt * (sizeof(*x->insns) + sizeof(*x->aux));
	int err;

	if (prog->jit)
		bytes += prog->jit->size;
	err = memacct_charge(&prog->skep->acct, bytes);
	if (!err)
		prog->mem_bytes = bytes;
	return err;
}

static int make_ready(struct skep_prog *prog, const struct vprog *v, struct vresult *res)
{
	int err = take_result(prog, res);
	u8 digest[32];

	if (!err)
		err = prog_digest(v, digest);
	if (!err)
		memcpy(prog->tag, digest, sizeof(prog->tag));
	if (!err)
		err = copy_info(v->func_info, v->func_info_rec_size, v->func_info_cnt,
				&prog->func_info);
	if (!err)
		err = copy_info(v->line_info, v->line_info_rec_size, v->line_info_cnt,
				&prog->line_info);
	if (!err)
		err = claim_insns(prog);
	if (!err)
		err = link_prog(prog);
	if (!err)
		err = check_maps_fit(prog);
	if (!err)
		err = charge(prog);
	if (!err)
		publish_insns(prog);
	return err;
}

static int load(struct skep *skep, const struct prog_load *load, struct vresult *vres,
		struct skep_prog **ret_prog)
{
	struct env env = { .skep = skep, .load = load };
	struct vhost host = env_host(&env);
	u64 start = host_now_ns();
	struct vopts opts = load->opts;
	struct skep_prog *prog = NULL;
	struct vresult res;
	int err;

	*ret_prog = NULL;
	if (skep->checker.check)
		opts.flags |= VOPT_FACTS;
	if (skep->explain)
		opts.flags |= VOPT_EXPLAIN;
	if (skep->measure)
		opts.flags |= VOPT_COST;
	err = verifier_run(&load->v, &host, &opts, &res);
	if (!err)
		err = res.err;
	if (err || load->verify_only)
		goto out;
	prog = prog_alloc(skep, load);
	err = prog ? make_ready(prog, &load->v, &res) : -ENOMEM;
	if (!err)
		err = idtab_add(&skep->ids[OBJ_PROG], prog, &prog->id);
	if (!err)
		prog->in_maps.id = prog->id;
	if (err) {
		if (prog)
			prog_free(prog);
		goto out;
	}
	prog->prepare_ns = host_now_ns() - start;
	*ret_prog = prog;
out:
	if (skep->on_load)
		skep->on_load(skep->on_load_ctx, load, &res, *ret_prog);
	if (vres)
		*vres = res;
	else
		vresult_free(&host, &res);
	return err;
}

int skep_prog_load(struct skep *skep, const struct prog_load *given, struct vresult *vres,
		   struct skep_prog **ret_prog)
{
	struct prog_load own = *given;
	struct ext_target target;

	/* An extension is verified as what it will stand in for. */
	if (given->target) {
		target = skep_ext_target(given->target);
		own.v.ext = &target;
		own.v.attach_type = target.attach_type;
	}
	return load(skep, &own, vres, ret_prog);
}

void skep_vresult_free(struct skep *skep, struct vresult *vres)
{
	struct env env = { .skep = skep };
	struct vhost host = env_host(&env);

	vresult_free(&host, vres);
}

void skep_prog_get(struct skep_prog *prog)
{
	__atomic_fetch_add(&prog->refs, 1, __ATOMIC_RELAXED);
}

void skep_prog_put(struct skep_prog *prog)
{
	if (!prog || __atomic_sub_fetch(&prog->refs, 1, __ATOMIC_ACQ_REL))
		return;
	idtab_del(&prog->skep->ids[OBJ_PROG], prog->id);
	rcu_defer(&prog->rcu, prog_free_rcu);
}

static void prog_unlist_rcu(struct rcu_item *item)
{
	struct skep_prog *prog = container_of(item, struct skep_prog, rcu);

	idtab_del(&prog->skep->ids[OBJ_PROG], prog->id);
	prog_free(prog);
}

void skep_prog_put_later(struct skep_prog *prog)
{
	if (!__atomic_sub_fetch(&prog->refs, 1, __ATOMIC_ACQ_REL))
		rcu_defer(&prog->rcu, prog_unlist_rcu);
}

int skep_prog_counted(const struct skep_prog *prog, u64 *counts)
{
	/* With functions that were replaced the program has code twice; which of them ran is no matter. */
	const struct jit_code *codes[] = { prog->jit, rcu_load(prog->code) };

	if (!prog->jit || !prog->jit->counts)
		return -ENOENT;
	for (u32 c = 0; c < ARRAY_SIZE(codes) && (!c || codes[c] != codes[0]); c++)
		for (u32 i = 0; i < prog->res.xlated->insn_cnt; i++)
			counts[i] += __atomic_load_n(&codes[c]->counts[i], __ATOMIC_RELAXED);
	return 0;
}

void skep_on_load(struct skep *skep, skep_load_fn fn, void *ctx)
{
	skep->on_load = fn;
	skep->on_load_ctx = ctx;
}

u32 skep_prog_tp_size(const struct skep_prog *prog)
{
	return prog->res.max_tp_off;
}

struct skep *skep_prog_skep(const struct skep_prog *prog)
{
	return prog->skep;
}

void skep_prog_info(const struct skep_prog *prog, struct skep_prog_info *info)
{
	*info = (struct skep_prog_info){
		.id = prog->id, .type = prog->type, .attach_type = prog->attach_type,
		.gpl = prog->gpl, .jited = prog->jit, .insn_cnt = prog->insn_cnt,
		.xlated = prog->res.xlated, .jit_image = prog->image, .btf = prog->btf,
		.maps = prog->maps, .map_cnt = prog->res.used_map_cnt,
		.verified_insns = prog->res.stats.insns_processed,
		.load_time_ns = prog->load_time_ns,
		.run_time_ns = __atomic_load_n(&prog->run_time_ns, __ATOMIC_RELAXED),
		.run_cnt = __atomic_load_n(&prog->run_cnt, __ATOMIC_RELAXED),
		.miss_cnt = __atomic_load_n(&prog->miss_cnt, __ATOMIC_RELAXED),
		.created_by_uid = prog->created_by_uid,
		.func_info = prog->func_info, .line_info = prog->line_info,
		.func_info_rec_size = prog->func_info_rec_size, .func_info_cnt = prog->func_info_cnt,
		.line_info_rec_size = prog->line_info_rec_size, .line_info_cnt = prog->line_info_cnt,
		.attach_btf_id = prog->dst_btf_id,
		.attach_btf = prog->dst_prog ? prog->dst_prog->btf : NULL,
		.prepare_ns = prog->prepare_ns, .mem_bytes = prog->mem_bytes,
	};
	memcpy(info->name, prog->name, sizeof(info->name));
	memcpy(info->tag, prog->tag, sizeof(info->tag));
	if (prog->jit) {
		info->jited_code = prog->jit->base;
		info->jited_size = prog->jit->size;
	}
}
