/* SPDX-License-Identifier: BSD-2-Clause */
#include "classes.h"

#include "vlogs.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the logs show ------------------------------------------------------------------------- */

struct logs {
	struct vlog_steps loser, winner; /* who refused, who accepted */
	u32 *path, path_cnt;		 /* of the loser, to the refusal */
};

static bool logs_read(const struct outcome *o, struct logs *l)
{
	bool skep_lost = o->who == KERNEL_ALONE;

	*l = (struct logs){ 0 };
	if (!vlog_read(skep_lost ? o->skep_log : o->kernel_log, &l->loser) ||
	    !vlog_read(skep_lost ? o->kernel_log : o->skep_log, &l->winner))
		abort();
	l->path = vlog_last_path(&l->loser, &l->path_cnt);
	return l->path;
}

static void logs_free(struct logs *l)
{
	vlog_free(&l->loser);
	vlog_free(&l->winner);
	free(l->path);
}

/* The refused path goes a way of a branch that the other judge knows is never taken. */
static bool goes_dead_way(const struct outcome *o, const struct logs *l)
{
	for (u32 i = 0; i + 1 < l->path_cnt; i++) {
		const struct log_step *next = &l->loser.steps[l->path[i + 1]];
		u32 a = l->loser.steps[l->path[i]].insn, b = next->insn;

		if (a < o->p->cnt && insn_infos[insn_decode(&o->p->insns[a])].kind == INSN_JCOND &&
		    !vlog_has_edge(&l->winner, a, b, next->speculative))
			return true;
	}
	return false;
}

/* At @step, of @reg: whatever the winner ever had there is narrower. */
static bool winner_knows_more(const struct logs *l, const struct log_step *step, u32 reg)
{
	struct number had, n;
	u32 seen = 0;

	if (!step_number(step, reg, &had))
		return false;
	for (u32 i = 0; i < l->winner.cnt; i++) {
		if (l->winner.steps[i].insn != step->insn || !step_number(&l->winner.steps[i], reg, &n))
			continue;
		if (!number_is_narrower(&n, &had))
			return false;
		seen++;
	}
	return seen;
}

static bool path_knows_less(const struct logs *l)
{
	for (u32 i = 0; i < l->path_cnt; i++) {
		for (u32 r = 0; r < 10; r++) {
			if (winner_knows_more(l, &l->loser.steps[l->path[i]], r))
				return true;
		}
	}
	return false;
}

static bool has_two_pieces(const struct vlog_steps *v)
{
	struct number n;

	for (u32 i = 0; i < v->cnt; i++) {
		for (u32 r = 0; r < 10; r++) {
			if (step_number(&v->steps[i], r, &n) && number_has_two_pieces(&n))
				return true;
		}
	}
	return false;
}

static bool says(const char *text, const char *const *words, u32 cnt)
{
	for (u32 i = 0; i < cnt; i++) {
		if (strstr(text, words[i]))
			return true;
	}
	return false;
}
#define SAYS(text, ...)                                                                            \
	says(text, (const char *const[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *))

/* Refusals that come from how much is known of a number. */
static bool about_a_number(const char *text)
{
	return SAYS(text, "memory access", "allowed memory range", "min value is negative", "unbounded m", "out of bounds",
		    "misaligned", "variable-offset", "variable stack access", "is not allowed", "mixed signed bounds",
		    "different maps, paths or scalars", "outside of the packet", "At callback return", "should have been in",
		    "invalid access to", "goes out of range", "R2 !read_ok", "invalid zero-sized", "beyond pointer bounds",
		    "invalid size", "is not a known constant", "unreleased", "R4 ", "At program exit");
}

/* ---- classes --------------------------------------------------------------------------------------- */

static bool is_dead_way(const struct outcome *o)
{
	struct logs l;
	bool yes = o->watched && logs_read(o, &l);

	if (yes) {
		yes = goes_dead_way(o, &l);
		logs_free(&l);
	}
	return yes;
}

static bool is_known_number(const struct outcome *o)
{
	struct logs l;
	bool yes = o->watched && about_a_number(o->kernel_says) && logs_read(o, &l);

	if (yes) {
		yes = path_knows_less(&l);
		logs_free(&l);
	}
	return yes;
}

static bool is_kernels_bug(const struct outcome *o)
{
	return o->watched && !strncmp(o->kernel_says, "verifier bug:", 13);
}

static bool is_two_pieces(const struct outcome *o)
{
	struct logs l;
	bool yes = about_a_number(o->skep_says) && logs_read(o, &l);

	if (yes) {
		yes = has_two_pieces(&l.winner) && (goes_dead_way(o, &l) || path_knows_less(&l));
		logs_free(&l);
	}
	return yes;
}

/* The first insn with a reserved field set, or a register that there is not, is never walked by the kernel. */
static bool is_unreached_field(const struct outcome *o)
{
	struct vlog_steps kernel;
	bool yes = false;

	if (!SAYS(o->skep_says, "uses reserved fields", "is invalid", "unknown opcode", "invalid atomic opcode") || !vlog_read(o->kernel_log, &kernel))
		return false;
	for (u32 i = 0; i < o->p->cnt && !yes; i++) {
		const struct bpf_insn *insn = &o->p->insns[i];
		enum insn_form form = insn_decode(insn);

		if (form == FORM_INVALID || insn_bad_reserved(insn, form) || insn->dst_reg > 10 || insn->src_reg > 10)
			yes = !vlog_has_insn(&kernel, i);
		i += insn_is_wide(insn);
	}
	vlog_free(&kernel);
	return yes;
}

/* The kernel looked at one number as two: "from 25 to 25". */
static bool kernel_splits(const struct outcome *o)
{
	for (const char *p = o->kernel_log; (p = strstr(p, "from ")); p++) {
		u32 from, to;

		if ((p == o->kernel_log || p[-1] == '\n') && sscanf(p, "from %u to %u:", &from, &to) == 2 && from == to)
			return true;
	}
	return false;
}

/* Somewhere skep knew a number better than the kernel ever did. */
static bool skep_knows_more(const struct outcome *o)
{
	struct logs l = { 0 };
	bool yes = false;

	if (!vlog_read(o->kernel_log, &l.loser) || !vlog_read(o->skep_log, &l.winner))
		abort();
	for (u32 i = 0; i < l.loser.cnt && !yes; i++) {
		for (u32 r = 0; r < 10; r++)
			yes |= winner_knows_more(&l, &l.loser.steps[i], r);
	}
	logs_free(&l);
	return yes;
}

/* Limits of masks follow from ranges: who knows a range better on one path has other limits. */
static bool is_other_mask(const struct outcome *o)
{
	return o->p->rights != RIGHTS_ALL && (o->watched || o->who == KERNEL_ALONE) &&
	       strstr(o->who == KERNEL_ALONE ? o->skep_says : o->kernel_says, "different maps, paths or scalars") &&
	       (skep_knows_more(o) || kernel_splits(o));
}

/* "R2=map_value(ks=4,vs=64,off=16,smin=-7)": a known part above 0, and, when @below, an unknown one below. */
static bool shows_split_offset(const struct log_step *step, bool below)
{
	const char *p = step->state, *end = p ? strchrnul(p, '\n') : NULL;

	while (p && (p = memmem(p, (size_t)(end - p), "off=", 4))) {
		const char *close = p + strcspn(p, ")\n"), *minus = strstr(p, "=-");

		if (p[4] >= '1' && p[4] <= '9' && (!below || (minus && minus < close)))
			return true;
		p++;
	}
	return false;
}

/* The kernel refuses a pointer, or what moves it, for an unknown part below 0 that the known part makes up for. */
static bool is_split_offset(const struct outcome *o)
{
	const struct bpf_insn *last;
	struct logs l;
	bool yes = false, moves;

	if (!o->watched || !SAYS(o->kernel_says, "goes out of range", "unbounded m", "min value is negative") ||
	    !logs_read(o, &l))
		return false;
	last = &o->p->insns[l.path_cnt ? l.loser.steps[l.path[l.path_cnt - 1]].insn : 0];
	moves = last->code == (BPF_ALU64 | BPF_ADD | BPF_X) || last->code == (BPF_ALU64 | BPF_SUB | BPF_X);
	for (u32 i = 0; i < l.path_cnt && !yes; i++)
		yes = shows_split_offset(&l.loser.steps[l.path[i]], !moves);
	logs_free(&l);
	return yes;
}

/* "pointer offset -5 is not allowed", where -5 is what linked numbers differ by: "R2=scalar(id=3-5,...". */
static bool is_distance_as_offset(const struct outcome *o)
{
	const char *at = strstr(o->kernel_says, "pointer offset ");
	char dist[32];
	long off;

	if (!o->watched || !at || sscanf(at, "pointer offset %ld is", &off) != 1)
		return false;
	snprintf(dist, sizeof(dist), "%+ld,", off);
	for (const char *p = o->kernel_log; (p = strstr(p, "scalar(id=")); p++) {
		const char *end = p + 10 + strspn(p + 10, "0123456789");

		if (!strncmp(end, dist, strlen(dist)))
			return true;
	}
	return false;
}

static bool is_stack_fetch(const struct bpf_insn *insn)
{
	const struct insn_info *info = &insn_infos[insn_decode(insn)];

	return info->kind == INSN_ATOMIC && insn->dst_reg == 10 && info->op >= OP_FETCH_ADD && info->op <= OP_CMPXCHG;
}

static bool has_insn_like(const struct outcome *o, bool (*is)(const struct bpf_insn *insn))
{
	for (u32 i = 0; i < o->p->cnt; i += insn_is_wide(&o->p->insns[i]) ? 2 : 1) {
		if (is(&o->p->insns[i]))
			return true;
	}
	return false;
}

/* skep went some way of a branch (one like @is, where given) at which the kernel never looked. */
static bool skep_went_further(const struct outcome *o, bool (*is)(const struct bpf_insn *insn))
{
	struct vlog_steps kernel, skep;
	bool yes = false;

	if (!vlog_read(o->kernel_log, &kernel) || !vlog_read(o->skep_log, &skep))
		abort();
	for (u32 i = 0; i + 1 < skep.cnt && !yes; i++) {
		u32 a = skep.steps[i].insn, b = skep.steps[i + 1].insn;

		yes = skep.steps[i + 1].from < 0 && a < o->p->cnt &&
		      insn_infos[insn_decode(&o->p->insns[a])].kind == INSN_JCOND && (!is || is(&o->p->insns[a])) &&
		      !vlog_has_edge(&kernel, a, b, true);
	}
	vlog_free(&kernel);
	vlog_free(&skep);
	return yes;
}

static u32 times_at(const struct vlog_steps *log, u32 insn)
{
	u32 cnt = 0;

	for (u32 i = 0; i < log->cnt; i++)
		cnt += log->steps[i].insn == insn;
	return cnt;
}

/* The kernel came less often to where skep refuses: it took a way there for covered. */
static bool kernel_saw_less(const struct outcome *o)
{
	struct vlog_steps kernel, skep;
	bool yes;

	if (!vlog_read(o->kernel_log, &kernel) || !vlog_read(o->skep_log, &skep))
		abort();
	yes = skep.cnt && times_at(&kernel, skep.steps[skep.cnt - 1].insn) < times_at(&skep, skep.steps[skep.cnt - 1].insn);
	vlog_free(&kernel);
	vlog_free(&skep);
	return yes;
}

/* Behind an atomic that fetches from the stack. */
static bool is_lost_precision(const struct outcome *o)
{
	return has_insn_like(o, is_stack_fetch) &&
	       (o->who == KERNEL_ALONE ? kernel_saw_less(o) : skep_went_further(o, NULL));
}

static bool compares_registers(const struct bpf_insn *insn)
{
	return insn->code & BPF_X;
}

static bool moves_by_number(const struct bpf_insn *insn)
{
	return insn->code == (BPF_ALU64 | BPF_ADD | BPF_K) || insn->code == (BPF_ALU64 | BPF_SUB | BPF_K);
}

/* A pointer that was found beyond the packet's end was moved and compared with the end once more. */
static bool is_moved_end(const struct outcome *o)
{
	return strstr(o->kernel_log, "=pkt_end(") && has_insn_like(o, moves_by_number) &&
	       skep_went_further(o, compares_registers);
}

/* 6.18 takes a loop around a call that calls back for one more iteration of the call. */
static bool is_loop_around_callback(const struct outcome *o)
{
	if (!strstr(o->skep_log, "infinite loop detected"))
		return false;
	for (u32 i = 0; i < o->p->cnt; i++) {
		if (insn_decode(&o->p->insns[i]) == FORM_LD_FUNC)
			return true;
		i += insn_is_wide(&o->p->insns[i]);
	}
	return false;
}

/* A narrow number was spilled to the first bytes of a slot; 6.18 looks at the first byte only. */
static bool is_half_slot(const struct outcome *o)
{
	const char *at = strstr(o->skep_says, "invalid read from stack");
	int off, past;

	if (o->p->rights == RIGHTS_ALL || !at || !(at = strstr(at, "off ")) || sscanf(at, "off %d+%d", &off, &past) != 2)
		return false;
	for (u32 i = 0; i < o->p->cnt; i++) {
		const struct bpf_insn *insn = &o->p->insns[i];
		const struct insn_info *info = &insn_infos[insn_decode(insn)];

		if (info->kind == INSN_STX && info->size < 8 && insn->dst_reg == 10 && insn->off % 8 == 0 &&
		    off + past > insn->off && off + past < insn->off + 8)
			return true;
	}
	return false;
}

/* The maps here are root's, for which Linux does without masks; skep does not keep who made a map. */
static bool is_others_array(const struct outcome *o)
{
	return o->p->rights != RIGHTS_ALL && strstr(o->skep_says, "tail_call abusing map_ptr");
}

/* The spilled pointer that a narrow store hits is dead: in skep's state the slot's other bytes are no one's ("?"). */
static bool is_dead_spill(const struct outcome *o)
{
	struct vlog_steps kernel, skep;
	bool yes = false;

	if (!o->watched || !strstr(o->kernel_says, "attempt to corrupt spilled pointer on stack"))
		return false;
	if (!vlog_read(o->kernel_log, &kernel) || !vlog_read(o->skep_log, &skep))
		abort();
	for (u32 i = 0; i < skep.cnt && kernel.cnt && !yes; i++) {
		const struct log_step *s = &skep.steps[i];

		if (s->insn == kernel.steps[kernel.cnt - 1].insn && s->state)
			yes = memmem(s->state, (size_t)(strchrnul(s->state, '\n') - s->state), "=?", 2);
	}
	vlog_free(&kernel);
	vlog_free(&skep);
	return yes;
}

static bool is_syscall_context(const struct outcome *o)
{
	return o->watched && o->p->world->prog_type == BPF_PROG_TYPE_SYSCALL &&
	       SAYS(o->kernel_says, "invalid bpf_context access", "variable ctx access", "dereference of modified ctx ptr");
}

static bool is_larger_frame(const struct outcome *o)
{
	return o->jit_accepts && SAYS(o->skep_says, "combined stack size", "when call stack of previous frames", "stack size 512(extra");
}

const struct diff_class diff_classes[] = {
	{ "frames without machine code", "", KERNEL_ALONE, is_larger_frame },
	{ "insns never reached", "V-06, V-23", KERNEL_ALONE, is_unreached_field },
	{ "two pieces", "V-01", KERNEL_ALONE, is_two_pieces },
	{ "limits of masks", "V-01, V-05", KERNEL_ALONE, is_other_mask },
	{ "loops around callbacks", "", KERNEL_ALONE, is_loop_around_callback },
	{ "who made the array", "", KERNEL_ALONE, is_others_array },
	{ "half-written slots", "", KERNEL_ALONE, is_half_slot },
	{ "fetches lose precision", "", KERNEL_ALONE, is_lost_precision },
	{ "moved past the end", "V-15", KERNEL_ALONE, is_moved_end },
	{ "ways never taken", "V-05, V-08", SKEP_ALONE, is_dead_way },
	{ "numbers known better", "V-01, V-05", SKEP_ALONE, is_known_number },
	{ "limits of masks", "V-01, V-05", SKEP_ALONE, is_other_mask },
	{ "offsets in one number", "", SKEP_ALONE, is_split_offset },
	{ "distances taken for offsets", "", SKEP_ALONE, is_distance_as_offset },
	{ "syscall contexts", "V-18", SKEP_ALONE, is_syscall_context },
	{ "dead spills", "V-11", SKEP_ALONE, is_dead_spill },
	{ "fetches lose precision", "", BOTH_DIFFER, is_lost_precision },
	{ "the kernel's own bug", "", SKEP_ALONE, is_kernels_bug },
};
const u32 diff_class_cnt = ARRAY_SIZE(diff_classes);

const struct diff_class *classify(const struct outcome *o)
{
	for (u32 i = 0; i < diff_class_cnt; i++) {
		if (diff_classes[i].is && diff_classes[i].who == o->who && diff_classes[i].is(o))
			return &diff_classes[i];
	}
	return NULL;
}

/* ---- documented -------------------------------------------------------------------------------- */

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!f)
		return NULL;
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

static bool has_ids(const char *features, const char *ids)
{
	char copy[128], row[16], *rest = copy, *id;

	snprintf(copy, sizeof(copy), "%s", ids);
	while ((id = strsep(&rest, ", "))) {
		snprintf(row, sizeof(row), "\n%s\t", id);
		if (*id && !strstr(features, row))
			return false;
	}
	return true;
}

bool classes_are_documented(const char *divergences, const char *features)
{
	char *docs = read_all(divergences), *ids = read_all(features), key[160];
	bool ok = docs && ids;

	for (u32 i = 0; ok && i < diff_class_cnt; i++) {
		snprintf(key, sizeof(key), "differential `%s`", diff_classes[i].name);
		if (!strstr(docs, key)) {
			printf("# %s has no line for %s\n", divergences, key);
			ok = false;
		} else if (!has_ids(ids, diff_classes[i].feature)) {
			printf("# %s lacks one of: %s\n", features, diff_classes[i].feature);
			ok = false;
		}
	}
	free(docs);
	free(ids);
	return ok;
}
