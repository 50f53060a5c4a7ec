/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - the vectors of Linux's lib/test_bpf.c on the interpreter and on the machine code of each
 * target that this CPU can run, plain and blinded. As in Linux no verifier looks at them first.
 *
 * A vector passes when each engine gives the result that Linux expects. What an engine refuses fails, too.
 * Not run are classic ones, and those that could be left at the end: no verifier lets such a program
 * through, and both engines refuse it.
 */
#include "vectors.h"

#include "interp/interp.h"
#include "isa/xlated.h"
#include "jit/jit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct engine {
	const char *name;
	const struct jit_target *target; /* NULL: the interpreter */
	u32 flags;
	u32 passed, failed, refused;
};

static bool ends_open(const struct vector *v)
{
	u8 last = v->insns[v->insn_cnt - 1].code;

	return last != (BPF_JMP | BPF_EXIT) && last != (BPF_JMP | BPF_JA);
}

static struct xlated_prog *make_prog(const struct vector *v)
{
	struct xlated_prog *prog = calloc(1, sizeof(*prog));

	prog->insns = malloc(v->insn_cnt * sizeof(*prog->insns));
	memcpy(prog->insns, v->insns, v->insn_cnt * sizeof(*prog->insns));
	prog->aux = calloc(v->insn_cnt, sizeof(*prog->aux));
	prog->insn_cnt = v->insn_cnt;
	prog->syms = calloc(1, sizeof(*prog->syms));
	prog->sym_cnt = 1;
	prog->subprogs = calloc(1, sizeof(*prog->subprogs));
	prog->subprogs[0] = (struct xlated_subprog){ .end = v->insn_cnt,
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

static void run_vector(const struct vector *v, u32 nr, struct engine *engines, u32 cnt)
{
	for (u32 e = 0; e < cnt; e++) {
		char why[200] = "";
		int ret = run_on(v, &engines[e], why, sizeof(why));

		if (ret > 0) {
			engines[e].passed++;
			continue;
		}
		printf("%s #%u %s: %s: %s\n", ret ? "REFUSED" : "FAILED", nr, v->descr, engines[e].name, why);
		if (ret)
			engines[e].refused++;
		else
			engines[e].failed++;
	}
}

int main(void)
{
	struct engine engines[] = {
		{ .name = "interp" },
		{ .name = "jit", .target = jit_target_host() },
		{ .name = "jit, blinded", .target = jit_target_host(), .flags = JIT_BLIND },
		{ .name = "jit, generic", .target = jit_target_find("x86_64") },
	};
	u32 cnt = jit_target_host() ? ARRAY_SIZE(engines) : 1, classic = 0, open = 0, bad = 0;

	for (u32 nr = 0; nr < vector_cnt(); nr++) {
		struct vector v;

		if (vector_begin(nr, &v)) {
			printf("FAILED #%u: no memory\n", nr);
			return 1;
		}
		if (v.classic)
			classic++;
		else if (ends_open(&v))
			open++;
		else
			run_vector(&v, nr, engines, cnt);
		vector_end(nr);
	}
	printf("%u vectors; not run: %u of classic BPF, %u that no exit or jump ends\n", vector_cnt(), classic, open);
	for (u32 e = 0; e < cnt; e++) {
		printf("%s: %u passed, %u failed, %u refused\n", engines[e].name, engines[e].passed,
		       engines[e].failed, engines[e].refused);
		bad += engines[e].failed + engines[e].refused;
	}
	return bad ? 1 : 0;
}
