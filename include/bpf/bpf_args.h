/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf_args.h - macros that do something for each of their arguments, up to 12; what the other headers
 * for BPF programs are made of. ___bpf_do(what, ...) is what##N(...) with N the number of arguments.
 */
#ifndef __SKEP_BPF_ARGS_H__
#define __SKEP_BPF_ARGS_H__

#define ___bpf_pick13(a, b, c, d, e, f, g, h, i, j, k, l, m, n, ...) n
#define ___bpf_argc(...) ___bpf_pick13(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define ___bpf_glue_(a, b) a##b
#define ___bpf_glue(a, b)  ___bpf_glue_(a, b)
#define ___bpf_do(what, ...) ___bpf_glue(what, ___bpf_argc(__VA_ARGS__))

/* The u64 array @to is given the arguments, whatever integers or pointers they are. */
#define ___bpf_fill0(to, i)
#define ___bpf_fill1(to, i, x) (to)[i] = (unsigned long long)(x);
#define ___bpf_fill2(to, i, x, ...) (to)[i] = (unsigned long long)(x); ___bpf_fill1(to, (i) + 1, __VA_ARGS__)
#define ___bpf_fill3(to, i, x, ...) (to)[i] = (unsigned long long)(x); ___bpf_fill2(to, (i) + 1, __VA_ARGS__)
#define ___bpf_fill4(to, i, x, ...) (to)[i] = (unsigned long long)(x); ___bpf_fill3(to, (i) + 1, __VA_ARGS__)
#define ___bpf_fill5(to, i, x, ...) (to)[i] = (unsigned long long)(x); ___bpf_fill4(to, (i) + 1, __VA_ARGS__)
#define ___bpf_fill6(to, i, x, ...) (to)[i] = (unsigned long long)(x); ___bpf_fill5(to, (i) + 1, __VA_ARGS__)
#define ___bpf_fill7(to, i, x, ...) (to)[i] = (unsigned long long)(x); ___bpf_fill6(to, (i) + 1, __VA_ARGS__)
#define ___bpf_fill8(to, i, x, ...) (to)[i] = (unsigned long long)(x); ___bpf_fill7(to, (i) + 1, __VA_ARGS__)
#define ___bpf_fill9(to, i, x, ...) (to)[i] = (unsigned long long)(x); ___bpf_fill8(to, (i) + 1, __VA_ARGS__)
#define ___bpf_fill10(to, i, x, ...) (to)[i] = (unsigned long long)(x); ___bpf_fill9(to, (i) + 1, __VA_ARGS__)
#define ___bpf_fill11(to, i, x, ...) (to)[i] = (unsigned long long)(x); ___bpf_fill10(to, (i) + 1, __VA_ARGS__)
#define ___bpf_fill12(to, i, x, ...) (to)[i] = (unsigned long long)(x); ___bpf_fill11(to, (i) + 1, __VA_ARGS__)
#define ___bpf_fill(to, ...) ___bpf_do(___bpf_fill, ##__VA_ARGS__)(to, 0, ##__VA_ARGS__)

#endif
