/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - the vectors of Linux's lib/test_bpf.c on the interpreter and on the machine code of each
 * target that this CPU can run, plain and blinded. As in Linux no verifier looks at them first.
 *
 * A vector passes when each engine gives the result that Linux expects. What an engine refuses fails, too.
 * Both engines refuse programs that could be left at the end, as some vectors could if they ever came there:
 * those get an exit behind them. Vectors of classic BPF go through translation and verifier (classic.c).
 */
#include "vectors.h"

#include "interp/interp.h"
#include "isa/xlated.h"
#include "jit/jit.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct engine {
	const char *name;
	const struct jit_target *target; /* NULL: the interpreter */
	u32 flags;
	struct skep_opts opts; /* of an instance that runs classic vectors so */
	bool has_instance;
	struct skep *skep;
	u32 passed, failed, refused, classic_passed;
	u32 known; /* what docs/divergences.md lists */
};

/* docs/divergences.md: Linux's translation of these is longer, so that a jump becomes too far. */
static bool is_too_far_on_linux(const struct vector *v)
{
	return v->classic && !strcmp(v->descr, "BPF_MAXINSNS: jump over MSH");
}

static bool ends_open(const struct vector *v)
{
	u8 last = v->insns[v->insn_cnt - 1].code;

	return last != (BPF_JMP | BPF_EXIT) && last != (BPF_JMP | BPF_JA);
}

static struct xlated_prog *make_prog(const struct vector *v)
{
	struct xlated_prog *prog = calloc(1, sizeof(*prog));

	prog->insn_cnt = v->insn_cnt + ends_open(v);
	prog->insns = calloc(prog->insn_cnt, sizeof(*prog->insns));
	memcpy(prog->insns, v->insns, v->insn_cnt * sizeof(*prog->insns));
	if (ends_open(v))
		prog->insns[v->insn_cnt].code = BPF_JMP | BPF_EXIT;
	prog->aux = calloc(prog->insn_cnt, sizeof(*prog->aux));
	prog->syms = calloc(1, sizeof(*prog->syms));
	prog->sym_cnt = 1;
	prog->subprogs = calloc(1, sizeof(*prog->subprogs));
	prog->subprogs[0] = (struct xlated_subprog){ .end = prog->insn_cnt,
						     .stack_depth = round_up_to(v->stack_depth, 8) };
	prog->subprog_cnt = 1;
	prog->max_stack_depth = prog->subprogs[0].stack_depth;
	return prog;
}

/* Linux runs them thousands of times to measure; twice shows that nothing is kept. */
static bool runs_right(const struct vector *v, struct interp_prog *interp, const struct jit_code *code,
		       char *why, size_t size)
{
	for (u32 i = 0; i < 2 * v->run_cnt; i++) {
		const struct vector_run *run = &v->runs[i / 2];
		void *data = v->no_data ? NULL : calloc(1, run->data_size + 64);
		u32 got = code ? code->entry(data) : interp_run(interp, data);

		free(data);
		if (got != run->result) {
			snprintf(why, size, "result %u is %#x, should be %#x", i / 2, got, run->result);
			return false;
		}
	}
	return true;
}

/* 1: as expected, 0: not, negative errno: not run. */
static int run_on(const struct vector *v, const struct engine *engine, char *why, size_t size)
{
	struct xlated_prog *prog = make_prog(v);
	struct interp_prog *interp = NULL;
	struct jit_image *image = NULL;
	struct jit_code *code = NULL;
	const char *words = NULL;
	int err;

	if (engine->target) {
		err = jit_compile(prog, engine->target, engine->flags, &image, &words);
		if (!err)
			err = jit_link(image, prog, NULL, &code);
	} else {
		err = interp_link(prog, NULL, &interp);
		if (err)
			words = interp_why_not(prog);
	}
	if (err)
		snprintf(why, size, "%s", words ? words : strerror(-err));
	else
		err = runs_right(v, interp, code, why, size);
	jit_unlink(code);
	if (interp)
		interp_unlink(interp);
	jit_image_free(image);
	xlated_free(prog);
	return err;
}

static void run_vector(const struct vector *v, u32 nr, struct engine *engine)
{
	char why[200] = "";
	int ret = v->classic ? classic_run(engine->skep, v, why, sizeof(why)) : run_on(v, engine, why, sizeof(why));

	if (ret > 0) {
		engine->passed++;
		engine->classic_passed += v->classic;
		return;
	}
	if (v->classic && (ret == -EOPNOTSUPP || is_too_far_on_linux(v))) {
		engine->known++;
		if (!engine->target) /* the others say the same */
			printf("KNOWN #%u %s: %s\n", nr, v->descr, why);
		return;
	}
	printf("%s #%u %s: %s: %s\n", ret ? "REFUSED" : "FAILED", nr, v->descr, engine->name, why);
	if (ret)
		engine->refused++;
	else
		engine->failed++;
}

static bool run_all(struct engine *engines, u32 cnt)
{
	for (u32 nr = 0; nr < vector_cnt(); nr++) {
		struct vector v;

		if (vector_begin(nr, &v)) {
			printf("FAILED #%u: no memory\n", nr);
			return false;
		}
		for (u32 e = 0; e < cnt; e++)
			if (!v.classic || engines[e].skep)
				run_vector(&v, nr, &engines[e]);
		vector_end(nr);
	}
	return true;
}

int main(void)
{
	const struct jit_target *host = jit_target_host();
	struct engine engines[] = {
		{ .name = "interp", .has_instance = true, .opts.engine = SKEP_ENGINE_INTERP },
		{ .name = "jit", .target = host, .has_instance = true, .opts.engine = SKEP_ENGINE_JIT },
		{ .name = "jit, blinded", .target = host, .flags = JIT_BLIND, .has_instance = true,
		  .opts = { .engine = SKEP_ENGINE_JIT, .jit_harden = 2 } },
		{ .name = "jit, call depth", .target = host, .flags = JIT_CALL_DEPTH, .has_instance = true,
		  .opts = { .engine = SKEP_ENGINE_JIT, .codegen = JIT_CALL_DEPTH } },
		{ .name = "jit, no ENDBR", .target = host, .flags = JIT_NO_LANDING, .has_instance = true,
		  .opts = { .engine = SKEP_ENGINE_JIT, .codegen = JIT_NO_LANDING } },
		/* instances take the host's own target */
		{ .name = "jit, generic", .target = jit_target_find("x86_64") },
	};
	u32 cnt = host ? ARRAY_SIZE(engines) : 1, bad = 0;
	bool all;

	for (u32 e = 0; e < cnt; e++) {
		if (engines[e].has_instance && skep_boot(&engines[e].opts, &engines[e].skep)) {
			printf("FAILED: no instance for %s\n", engines[e].name);
			return 1;
		}
	}
	all = run_all(engines, cnt);
	printf("%u vectors\n", vector_cnt());
	for (u32 e = 0; e < cnt; e++) {
		printf("%s: %u passed (%u of classic BPF), %u failed, %u refused, %u known to differ\n", engines[e].name,
		       engines[e].passed, engines[e].classic_passed, engines[e].failed, engines[e].refused,
		       engines[e].known);
		bad += engines[e].failed + engines[e].refused;
		skep_free(engines[e].skep);
	}
	return bad || !all ? 1 : 0;
}
