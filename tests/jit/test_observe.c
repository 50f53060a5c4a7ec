/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_observe.c - walking through frames of machine code: from a helper to main(), and from every single
 * instruction of the code (the trap flag stops at each); breakpoints in pages that programs leave behind.
 */
#include "../interp/build.h"

#include "core/tail.h"
#include "core/vcpu.h"
#include "jit/jit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#define FRAMES_MAX 64

struct observed {
	struct jit_image *image;
	struct jit_code *code;
};

int main(void); /* where every walk must end up */

/* ---- observed programs -------------------------------------------------------------------------- */

static bool line_of(void *ctx __unused_arg, u32 xlated_idx, struct jit_src *ret)
{
	*ret = (struct jit_src){ .file = "test.c", .line = xlated_idx + 1 };
	return true;
}

static struct observed observe(struct build *b, u32 flags, u32 how)
{
	static const char *const names[] = { "zero", "one", "two", "three" };
	struct jit_desc desc = { .prefix = "", .names = names, .line = line_of };
	struct sym_resolver resolver = build_resolver(b);
	struct observed o;

	assert_int_equal(jit_observe_start(how), 0);
	assert_int_equal(jit_compile(b->prog, jit_target_host(), flags | JIT_OBSERVED, &o.image, NULL), 0);
	assert_int_equal(jit_link(o.image, b->prog, &resolver, &o.code), 0);
	assert_int_equal(jit_observe(o.code, o.image, &desc, how), 0);
	return o;
}

static void unobserve(struct observed *o)
{
	jit_unlink(o->code);
	jit_image_free(o->image);
}

/* Which function an address is in; -1: none of the program's. */
static int func_of(const struct observed *o, u64 ip)
{
	u64 off = ip - (uintptr_t)o->code->base;
	int func = -1;

	for (u32 f = 0; off < o->code->size && f < o->image->func_cnt; f++)
		if (o->image->func_off[f] <= off)
			func = f;
	return func;
}

/* ---- walks ------------------------------------------------------------------------------------------ */

struct frame {
	u64 ip, cfa, saved[5];
	void *func;
};

struct walk {
	struct frame frames[FRAMES_MAX];
	u32 cnt;
};

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *ctx, void *arg)
{
	static const u8 saved[] = { 3, 12, 13, 14, 15 }; /* RBX, R12 .. R15 by their DWARF numbers */
	struct walk *w = arg;
	struct frame *f = &w->frames[w->cnt];
	int before_insn;

	f->ip = _Unwind_GetIPInfo(ctx, &before_insn);
	f->cfa = _Unwind_GetCFA(ctx);
	f->func = _Unwind_FindEnclosingFunction((void *)(uintptr_t)(f->ip - !before_insn));
	for (u32 i = 0; i < ARRAY_SIZE(saved); i++)
		f->saved[i] = _Unwind_GetGR(ctx, saved[i]);
	return ++w->cnt == FRAMES_MAX ? _URC_END_OF_STACK : _URC_NO_REASON;
}

static const struct frame *find_frame(const struct walk *w, void *func)
{
	for (u32 i = 0; i < w->cnt; i++)
		if (w->frames[i].func == func)
			return &w->frames[i];
	return NULL;
}

/* The frame that BPF code is called from. */
static __attribute__((noinline)) u64 call_bpf(const struct observed *o, void *ctx)
{
	u64 ret = o->code->entry(ctx);

	__asm__ volatile("" ::: "memory"); /* no tail call */
	return ret;
}

/* ---- from a helper ---------------------------------------------------------------------------------- */

static struct walk helper_walk;

static u64 helper_walks(u64 a, u64 b __unused_arg, u64 c __unused_arg, u64 d __unused_arg, u64 e __unused_arg)
{
	memset(&helper_walk, 0, sizeof(helper_walk));
	_Unwind_Backtrace(note_frame, &helper_walk);
	return a;
}

/*
 * Two functions whose frames have all that there is: saved registers, a stack, arguments on it, a loop budget.
 * Returns 42 + what the helper returns, which is 7.
 */
static void frames_prog(struct build *b, void *helper)
{
	struct xlated_subprog *sub;
	u32 call, idx;

	build_start(b);
	sub = build_func(b, 64);
	sub->out_arg_cnt = 3;
	emit(b, FORM_MOV64_K, 6, 0, 0, 42);
	emit(b, FORM_MOV64_K, 9, 0, 0, 1);
	for (int i = 1; i <= 3; i++)
		emit(b, FORM_ST_ARG, 11, 0, -8 * i, i);
	call = emit(b, FORM_CALL_SUBPROG, 0, 0, 0, 0);
	emit(b, FORM_ADD64_X, 0, 6, 0, 0);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	b->prog->insns[call].imm = b->prog->insn_cnt - call - 1;
	sub = build_func(b, 8);
	sub->in_arg_cnt = 3;
	for (int i = 6; i <= 9; i++)
		emit(b, FORM_MOV64_K, i, 0, 0, -i);
	emit(b, FORM_MOV64_K, ISA_REG_AX, 0, 0, -99);
	idx = emit(b, FORM_MAY_GOTO, 0, 0, 0, 0);
	b->prog->insns[idx].off = 1;
	emit(b, FORM_MOV64_K, 7, 0, 0, 3);
	emit(b, FORM_JEQ64_K, 7, 0, 2, 4); /* never */
	emit(b, FORM_MOV64_K, 1, 0, 0, 7);
	emit(b, FORM_JA, 0, 0, 1, 0);
	emit(b, FORM_EXIT, 0, 0, 0, 0);	   /* code behind an exit has a frame again */
	emit_call(b, FORM_CALL_HELPER, helper);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_end(b);
}

static void walk_from_helper(void **state __unused_arg)
{
	struct observed o;
	struct build b;
	u32 at = 0;

	frames_prog(&b, helper_walks);
	o = observe(&b, 0, JIT_OBSERVE_UNWIND);
	assert_int_equal(call_bpf(&o, NULL), 49);
	while (at < helper_walk.cnt && helper_walk.frames[at].func != (void *)helper_walks)
		at++;
	assert_true(at + 3 < helper_walk.cnt);
	assert_int_equal(func_of(&o, helper_walk.frames[at + 1].ip), 1);
	assert_int_equal(func_of(&o, helper_walk.frames[at + 2].ip), 0);
	assert_ptr_equal(helper_walk.frames[at + 3].func, call_bpf);
	assert_non_null(find_frame(&helper_walk, main));
	unobserve(&o);
	/* Forgotten: the walk of a later program at the same place is by its own information. */
	o = observe(&b, JIT_REPLACEABLE | JIT_BLIND, JIT_OBSERVE_UNWIND);
	assert_int_equal(call_bpf(&o, NULL), 49);
	assert_non_null(find_frame(&helper_walk, call_bpf));
	assert_non_null(find_frame(&helper_walk, main));
	unobserve(&o);
	xlated_free(b.prog);
}

/* ---- from every instruction ---------------------------------------------------------------------------- */

/* What the trap handler works on and finds: asserting there would leave the handler by longjmp(). */
static struct {
	const struct observed *codes[2];
	struct frame caller; /* as the first stop saw it */
	u32 stops, lost, moved, no_main, too_many;
} steps;

/* No program here has more than two functions at once; what was pushed for the CPU's predictor is no frame. */
static bool has_too_many(const struct walk *w)
{
	u32 cnt = 0;

	for (u32 i = 0; i < w->cnt; i++)
		cnt += func_of(steps.codes[0], w->frames[i].ip) >= 0 ||
		       (steps.codes[1] && func_of(steps.codes[1], w->frames[i].ip) >= 0);
	return cnt > 2;
}

static void on_trap(int sig __unused_arg, siginfo_t *info __unused_arg, void *uctx)
{
	u64 ip = ((ucontext_t *)uctx)->uc_mcontext.gregs[REG_RIP];
	const struct frame *caller;
	static struct walk w;

	if (func_of(steps.codes[0], ip) < 0 && (!steps.codes[1] || func_of(steps.codes[1], ip) < 0))
		return;
	w.cnt = 0;
	_Unwind_Backtrace(note_frame, &w);
	caller = find_frame(&w, call_bpf);
	if (!caller) {
		steps.lost++;
	} else if (!steps.stops) {
		steps.caller = *caller;
	} else if (caller->ip != steps.caller.ip || caller->cfa != steps.caller.cfa ||
		   memcmp(caller->saved, steps.caller.saved, sizeof(caller->saved))) {
		steps.moved++;
	}
	steps.no_main += !find_frame(&w, main);
	steps.too_many += has_too_many(&w);
	steps.stops++;
}

/* The caller's registers hold numbers of its own, so that wrong rules show. */
static __attribute__((noinline)) u64 step_through_with(const struct observed *o, const struct observed *second,
						      void *ctx)
{
	struct sigaction act = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO }, old;
	u64 ret;

	memset(&steps, 0, sizeof(steps));
	steps.codes[0] = o;
	steps.codes[1] = second;
	sigaction(SIGTRAP, &act, &old);
	__builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | 0x100);
	ret = call_bpf(o, ctx);
	__builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~0x100ULL);
	sigaction(SIGTRAP, &old, NULL);
	return ret;
}

static u64 step_through(const struct observed *o, const struct observed *second)
{
	return step_through_with(o, second, NULL);
}

static u64 helper_plain(u64 a, u64 b __unused_arg, u64 c __unused_arg, u64 d __unused_arg, u64 e __unused_arg)
{
	return a;
}

static void check_steps(u32 least)
{
	assert_true(steps.stops >= least);
	assert_int_equal(steps.lost, 0);
	assert_int_equal(steps.moved, 0);
	assert_int_equal(steps.no_main, 0);
	assert_int_equal(steps.too_many, 0);
}

static void walk_from_every_insn(void **state __unused_arg)
{
	static const u32 flags[] = { 0, JIT_BLIND, JIT_REPLACEABLE, JIT_CALL_DEPTH };

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
		struct observed o;
		struct build b;

		frames_prog(&b, helper_plain);
		o = observe(&b, flags[i], JIT_OBSERVE_UNWIND);
		jit_call_depth = 0; /* both returns refill the CPU's predictor */
		assert_int_equal(step_through(&o, NULL), 49);
		check_steps(flags[i] & JIT_CALL_DEPTH ? 30 + 2 * JIT_DEPTH_REFILL : 30);
		unobserve(&o);
		xlated_free(b.prog);
	}
}

/* A tail call drops one frame and enters another program's; then one that finds no program and goes on. */
static void walk_through_tail_call_with(u32 flags)
{
	struct vcpu_set *set = vcpu_set_new(1);
	struct tail_slots *slots = calloc(1, sizeof(*slots) + 2 * sizeof(slots->at[0]));
	struct run_ctx run = { 0 };
	struct tail_prog there = { 0 };
	struct observed o[2];
	struct build b[2];
	struct vcpu *vcpu = vcpu_enter(set);
	u32 idx;

	frames_prog(&b[1], helper_plain);
	o[1] = observe(&b[1], flags, JIT_OBSERVE_UNWIND);
	there.entry = o[1].code->entry;
	slots->cnt = 2;
	slots->at[1] = &there;
	build_start(&b[0]);
	build_func(&b[0], 16);
	for (int i = 6; i <= 9; i++)
		emit(&b[0], FORM_MOV64_K, i, 0, 0, 1000 + i);
	for (int key = 0; key < 2; key++) {
		emit(&b[0], FORM_MOV64_K, 3, 0, 0, key);
		idx = emit(&b[0], FORM_CALL_HELPER, 0, 0, 0, 12);
		b[0].prog->aux[idx].sym = build_sym(&b[0], SYM_TAIL_CALL, 0, (uintptr_t)slots);
	}
	emit(&b[0], FORM_MOV64_K, 0, 0, 0, 1);
	emit(&b[0], FORM_EXIT, 0, 0, 0, 0);
	build_end(&b[0]);
	o[0] = observe(&b[0], flags, JIT_OBSERVE_UNWIND);
	jit_call_depth = ~(u64)0 << 40;
	vcpu->run = &run;
	assert_int_equal(step_through(&o[0], &o[1]), 49);
	assert_int_equal(run.tail_calls, 1);
	check_steps(60);
	/* one entry and one return: a tail call is neither */
	assert_true(jit_call_depth == ~(u64)0 << 40);
	vcpu->run = NULL;
	vcpu_leave(vcpu);
	for (u32 i = 0; i < 2; i++) {
		unobserve(&o[i]);
		xlated_free(b[i].prog);
	}
	vcpu_set_free(set);
	free(slots);
}

static void walk_through_tail_call(void **state __unused_arg)
{
	walk_through_tail_call_with(0);
	walk_through_tail_call_with(JIT_CALL_DEPTH);
}

/* ---- from leaves without a frame ------------------------------------------------------------------------- */

/* The second function has no frame and reads what r1 points at. */
static void leaf_prog(struct build *b)
{
	build_start(b);
	build_func(b, 16);
	emit(b, FORM_MOV64_X, 6, 1, 0, 0);
	emit(b, FORM_CALL_SUBPROG, 0, 0, 0, 2);
	emit(b, FORM_ADD64_K, 0, 0, 0, 1);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_func(b, 0);
	emit(b, FORM_MOV64_K, 2, 0, 0, 5);
	emit(b, FORM_LDX_DW, 0, 1, 0, 0);
	emit(b, FORM_ADD64_X, 0, 2, 0, 0);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_end(b);
}

/* PUSH RBP would be its first byte, behind what the entry of any function has. */
static bool has_frame(const struct jit_image *image, u32 func)
{
	return image->code[image->func_off[func]] == 0x55;
}

static void walk_from_every_insn_of_leaf(void **state __unused_arg)
{
	struct observed o;
	struct build b;
	u64 word = 36;

	leaf_prog(&b);
	o = observe(&b, 0, JIT_OBSERVE_UNWIND);
	assert_false(has_frame(o.image, 1));
	assert_int_equal(step_through_with(&o, NULL, &word), 42);
	check_steps(12);
	unobserve(&o);
	xlated_free(b.prog);
}

static struct walk fault_walk;
static u64 good_word;

/* The read is done again, from a place that is there. */
static void on_fault(int sig __unused_arg, siginfo_t *info __unused_arg, void *uctx)
{
	fault_walk.cnt = 0;
	_Unwind_Backtrace(note_frame, &fault_walk);
	((ucontext_t *)uctx)->uc_mcontext.gregs[REG_RDI] = (uintptr_t)&good_word;
}

static void walk_from_fault_in_leaf(void **state __unused_arg)
{
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, old;
	struct observed o;
	struct build b;
	u32 at = 0;

	leaf_prog(&b);
	o = observe(&b, 0, JIT_OBSERVE_UNWIND);
	assert_false(has_frame(o.image, 1));
	good_word = 100;
	sigaction(SIGSEGV, &act, &old);
	assert_int_equal(call_bpf(&o, (void *)8), 106);
	sigaction(SIGSEGV, &old, NULL);
	while (at < fault_walk.cnt && func_of(&o, fault_walk.frames[at].ip) < 0)
		at++;
	assert_true(at + 2 < fault_walk.cnt);
	assert_int_equal(fault_walk.frames[at].ip,
			 (uintptr_t)o.code->base + jit_code_off(o.image, 5)); /* the load itself */
	assert_int_equal(func_of(&o, fault_walk.frames[at].ip), 1);
	assert_int_equal(func_of(&o, fault_walk.frames[at + 1].ip), 0);
	assert_ptr_equal(fault_walk.frames[at + 2].func, call_bpf);
	assert_non_null(find_frame(&fault_walk, main));
	unobserve(&o);
	xlated_free(b.prog);
}

/* ---- breakpoints ------------------------------------------------------------------------------------------ */

static void return_prog(struct build *b, s32 value)
{
	build_start(b);
	build_func(b, 0);
	emit(b, FORM_MOV64_K, 0, 0, 0, value);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_end(b);
}

/* As a debugger does: past the protection of the page. False: that page cannot be written so. */
static bool put_trap(const u8 *at)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	bool ok = fd >= 0 && pwrite(fd, "\xcc", 1, (off_t)(uintptr_t)at) == 1;

	close(fd);
	return ok;
}

static void breakpoints(void **state __unused_arg)
{
	struct observed o;
	struct build b;
	const u8 *place;

	return_prog(&b, 1);
	o = observe(&b, 0, JIT_OBSERVE_GDB);
	place = o.code->base;
	assert_int_equal((uintptr_t)place % sysconf(_SC_PAGESIZE), 0);
	assert_int_equal(call_bpf(&o, NULL), 1);
	if (!put_trap(place)) {
		unobserve(&o);
		xlated_free(b.prog);
		print_message("this kernel lets nobody write there\n");
		skip();
	}
	assert_int_equal(*place, 0xcc);
	unobserve(&o); /* the debugger never took it out */
	xlated_free(b.prog);
	return_prog(&b, 2);
	o = observe(&b, 0, JIT_OBSERVE_GDB);
	assert_ptr_equal(o.code->base, place);
	assert_int_not_equal(*place, 0xcc);
	assert_int_equal(call_bpf(&o, NULL), 2);
	unobserve(&o);
	xlated_free(b.prog);
}

/* ---- off by default --------------------------------------------------------------------------------------- */

static void costs_nothing_when_off(void **state __unused_arg)
{
	struct jit_image *plain, *seen;
	struct build b;

	frames_prog(&b, helper_plain);
	assert_int_equal(jit_compile(b.prog, jit_target_host(), 0, &plain, NULL), 0);
	assert_int_equal(jit_compile(b.prog, jit_target_host(), JIT_OBSERVED, &seen, NULL), 0);
	assert_null(plain->cfi);
	assert_true(seen->cfi_cnt > 0);
	assert_int_equal(plain->code_size, seen->code_size);
	assert_memory_equal(plain->code, seen->code, seen->code_size);
	jit_image_free(plain);
	jit_image_free(seen);
	xlated_free(b.prog);
}

static void words(void **state __unused_arg)
{
	u32 how = 0;

	assert_int_equal(jit_observe_parse("", &how), 0);
	assert_int_equal(how, 0);
	assert_int_equal(jit_observe_parse("perf-map,gdb", &how), 0);
	assert_int_equal(how, JIT_OBSERVE_PERF_MAP | JIT_OBSERVE_GDB);
	assert_int_equal(jit_observe_parse("jitdump,unwind,", &how), 0);
	assert_int_equal(how, JIT_OBSERVE_JITDUMP | JIT_OBSERVE_UNWIND);
	assert_int_equal(jit_observe_parse("perf", &how), -EINVAL);
	assert_int_equal(jit_observe_parse("gdb,,", &how), -EINVAL);
	assert_int_equal(jit_observe_start(JIT_OBSERVE_ALL + 1), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "unwinding: from a helper through two BPF functions to main", walk_from_helper, NULL, NULL, NULL },
		{ "unwinding: from every instruction, registers of the caller too", walk_from_every_insn, NULL, NULL, NULL },
		{ "unwinding: through a tail call", walk_through_tail_call, NULL, NULL, NULL },
		{ "unwinding: from every instruction of a leaf without frame", walk_from_every_insn_of_leaf, NULL, NULL, NULL },
		{ "unwinding: from a fault in a leaf without frame", walk_from_fault_in_leaf, NULL, NULL, NULL },
		{ "a debugger's breakpoint does not outlive its program", breakpoints, NULL, NULL, NULL },
		{ "the code is the same whether it is observed or not", costs_nothing_when_off, NULL, NULL, NULL },
		{ "who is told, in words", words, NULL, NULL, NULL },
	};

	if (!jit_target_host()) {
		printf("1..0 # SKIP no machine code on this machine\n");
		return 0;
	}
	return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
