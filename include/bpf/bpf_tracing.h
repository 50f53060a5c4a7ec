/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf_tracing.h - arguments of traced functions by name. Programs get them as an array of 64-bit words
 * (BPF_PROG: raw tracepoints, fentry, fexit, LSM) or in the registers of the calling convention
 * (BPF_KPROBE and its like, PT_REGS_*), which need -D__TARGET_ARCH_x86, _arm64 or _riscv.
 */
#ifndef __BPF_TRACING_H__
#define __BPF_TRACING_H__

#include <bpf/bpf_args.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* ---- registers --------------------------------------------------------------------------------------- */

/* Names as in the kernel's own struct pt_regs (vmlinux.h), or as in the one of <asm/ptrace.h>. */
#if defined(__TARGET_ARCH_x86)
#define ___pt_cast(x) ((struct pt_regs *)(x))
#if defined(__KERNEL__) || defined(__VMLINUX_H__)
#define ___pt_parm1   di
#define ___pt_parm2   si
#define ___pt_parm3   dx
#define ___pt_parm4   cx
#define ___pt_ret     sp
#define ___pt_fp      bp
#define ___pt_rc      ax
#define ___pt_sp      sp
#define ___pt_ip      ip
#else
#define ___pt_parm1   rdi
#define ___pt_parm2   rsi
#define ___pt_parm3   rdx
#define ___pt_parm4   rcx
#define ___pt_ret     rsp
#define ___pt_fp      rbp
#define ___pt_rc      rax
#define ___pt_sp      rsp
#define ___pt_ip      rip
#endif
#define ___pt_parm5   r8
#define ___pt_parm6   r9
#define ___pt_sys4    r10
#define ___pt_kprobe_syscall_wrapped 1
#elif defined(__TARGET_ARCH_arm64)
#define ___pt_cast(x) ((const struct user_pt_regs *)(x))
#define ___pt_parm1   regs[0]
#define ___pt_parm2   regs[1]
#define ___pt_parm3   regs[2]
#define ___pt_parm4   regs[3]
#define ___pt_parm5   regs[4]
#define ___pt_parm6   regs[5]
#define ___pt_sys4    regs[3]
#define ___pt_ret     regs[30]
#define ___pt_fp      regs[29]
#define ___pt_rc      regs[0]
#define ___pt_sp      sp
#define ___pt_ip      pc
#elif defined(__TARGET_ARCH_riscv)
#define ___pt_cast(x) ((const struct user_regs_struct *)(x))
#define ___pt_parm1   a0
#define ___pt_parm2   a1
#define ___pt_parm3   a2
#define ___pt_parm4   a3
#define ___pt_parm5   a4
#define ___pt_parm6   a5
#define ___pt_sys4    a3
#define ___pt_ret     ra
#define ___pt_fp      s0
#define ___pt_rc      a0
#define ___pt_sp      sp
#define ___pt_ip      pc
#endif

#ifdef ___pt_cast

#define PT_REGS_PARM1(x)	 (___pt_cast(x)->___pt_parm1)
#define PT_REGS_PARM2(x)	 (___pt_cast(x)->___pt_parm2)
#define PT_REGS_PARM3(x)	 (___pt_cast(x)->___pt_parm3)
#define PT_REGS_PARM4(x)	 (___pt_cast(x)->___pt_parm4)
#define PT_REGS_PARM5(x)	 (___pt_cast(x)->___pt_parm5)
#define PT_REGS_PARM6(x)	 (___pt_cast(x)->___pt_parm6)
#define PT_REGS_RET(x)	 (___pt_cast(x)->___pt_ret)
#define PT_REGS_FP(x)	 (___pt_cast(x)->___pt_fp)
#define PT_REGS_RC(x)	 (___pt_cast(x)->___pt_rc)
#define PT_REGS_SP(x)	 (___pt_cast(x)->___pt_sp)
#define PT_REGS_IP(x)	 (___pt_cast(x)->___pt_ip)
#define PT_REGS_PARM1_CORE(x) BPF_CORE_READ(___pt_cast(x), ___pt_parm1)
#define PT_REGS_PARM2_CORE(x) BPF_CORE_READ(___pt_cast(x), ___pt_parm2)
#define PT_REGS_PARM3_CORE(x) BPF_CORE_READ(___pt_cast(x), ___pt_parm3)
#define PT_REGS_PARM4_CORE(x) BPF_CORE_READ(___pt_cast(x), ___pt_parm4)
#define PT_REGS_PARM5_CORE(x) BPF_CORE_READ(___pt_cast(x), ___pt_parm5)
#define PT_REGS_PARM6_CORE(x) BPF_CORE_READ(___pt_cast(x), ___pt_parm6)
#define PT_REGS_RET_CORE(x)	 BPF_CORE_READ(___pt_cast(x), ___pt_ret)
#define PT_REGS_FP_CORE(x)	 BPF_CORE_READ(___pt_cast(x), ___pt_fp)
#define PT_REGS_RC_CORE(x)	 BPF_CORE_READ(___pt_cast(x), ___pt_rc)
#define PT_REGS_SP_CORE(x)	 BPF_CORE_READ(___pt_cast(x), ___pt_sp)
#define PT_REGS_IP_CORE(x)	 BPF_CORE_READ(___pt_cast(x), ___pt_ip)
#define PT_REGS_PARM1_SYSCALL(x) PT_REGS_PARM1(x)
#define PT_REGS_PARM1_CORE_SYSCALL(x) PT_REGS_PARM1_CORE(x)
#define PT_REGS_PARM2_SYSCALL(x) PT_REGS_PARM2(x)
#define PT_REGS_PARM2_CORE_SYSCALL(x) PT_REGS_PARM2_CORE(x)
#define PT_REGS_PARM3_SYSCALL(x) PT_REGS_PARM3(x)
#define PT_REGS_PARM3_CORE_SYSCALL(x) PT_REGS_PARM3_CORE(x)
#define PT_REGS_PARM4_SYSCALL(x) (___pt_cast(x)->___pt_sys4)
#define PT_REGS_PARM4_CORE_SYSCALL(x) BPF_CORE_READ(___pt_cast(x), ___pt_sys4)
#define PT_REGS_PARM5_SYSCALL(x) PT_REGS_PARM5(x)
#define PT_REGS_PARM5_CORE_SYSCALL(x) PT_REGS_PARM5_CORE(x)
#define PT_REGS_PARM6_SYSCALL(x) PT_REGS_PARM6(x)
#define PT_REGS_PARM6_CORE_SYSCALL(x) PT_REGS_PARM6_CORE(x)
/* The user's registers of a system call, from the kprobe on its function. */
#ifdef ___pt_kprobe_syscall_wrapped
#define PT_REGS_SYSCALL_REGS(ctx) ((struct pt_regs *)PT_REGS_PARM1(ctx))
#else
#define PT_REGS_SYSCALL_REGS(ctx) ctx
#endif
#endif /* ___pt_cast */

/* ---- programs ----------------------------------------------------------------------------------------- */

/* The context itself, then argument @i and on. The type comes from the parameter that it is passed to:
 * a word goes through void *, which converts to pointers and, by the cast of a call, to integers. */
#define ___trace_words0(i)
#define ___trace_words1(i, x) , (void *)ctx[i]
#define ___trace_words2(i, x, ...) , (void *)ctx[i] ___trace_words1((i) + 1, __VA_ARGS__)
#define ___trace_words3(i, x, ...) , (void *)ctx[i] ___trace_words2((i) + 1, __VA_ARGS__)
#define ___trace_words4(i, x, ...) , (void *)ctx[i] ___trace_words3((i) + 1, __VA_ARGS__)
#define ___trace_words5(i, x, ...) , (void *)ctx[i] ___trace_words4((i) + 1, __VA_ARGS__)
#define ___trace_words6(i, x, ...) , (void *)ctx[i] ___trace_words5((i) + 1, __VA_ARGS__)
#define ___trace_words7(i, x, ...) , (void *)ctx[i] ___trace_words6((i) + 1, __VA_ARGS__)
#define ___trace_words8(i, x, ...) , (void *)ctx[i] ___trace_words7((i) + 1, __VA_ARGS__)
#define ___trace_words9(i, x, ...) , (void *)ctx[i] ___trace_words8((i) + 1, __VA_ARGS__)
#define ___trace_words10(i, x, ...) , (void *)ctx[i] ___trace_words9((i) + 1, __VA_ARGS__)
#define ___trace_words11(i, x, ...) , (void *)ctx[i] ___trace_words10((i) + 1, __VA_ARGS__)
#define ___trace_words12(i, x, ...) , (void *)ctx[i] ___trace_words11((i) + 1, __VA_ARGS__)

#define ___trace_regs0()
#define ___trace_regs1(...) , (void *)PT_REGS_PARM1(ctx)
#define ___trace_regs2(...) , (void *)PT_REGS_PARM1(ctx), (void *)PT_REGS_PARM2(ctx)
#define ___trace_regs3(...) , (void *)PT_REGS_PARM1(ctx), (void *)PT_REGS_PARM2(ctx), (void *)PT_REGS_PARM3(ctx)
#define ___trace_regs4(...) , (void *)PT_REGS_PARM1(ctx), (void *)PT_REGS_PARM2(ctx), (void *)PT_REGS_PARM3(ctx), (void *)PT_REGS_PARM4(ctx)
#define ___trace_regs5(...) , (void *)PT_REGS_PARM1(ctx), (void *)PT_REGS_PARM2(ctx), (void *)PT_REGS_PARM3(ctx), (void *)PT_REGS_PARM4(ctx), (void *)PT_REGS_PARM5(ctx)
#define ___trace_regs6(...) , (void *)PT_REGS_PARM1(ctx), (void *)PT_REGS_PARM2(ctx), (void *)PT_REGS_PARM3(ctx), (void *)PT_REGS_PARM4(ctx), (void *)PT_REGS_PARM5(ctx), (void *)PT_REGS_PARM6(ctx)
#define ___trace_sys0()
#define ___trace_sys1(...) , (void *)PT_REGS_PARM1_CORE_SYSCALL(regs)
#define ___trace_sys2(...) , (void *)PT_REGS_PARM1_CORE_SYSCALL(regs), (void *)PT_REGS_PARM2_CORE_SYSCALL(regs)
#define ___trace_sys3(...) , (void *)PT_REGS_PARM1_CORE_SYSCALL(regs), (void *)PT_REGS_PARM2_CORE_SYSCALL(regs), (void *)PT_REGS_PARM3_CORE_SYSCALL(regs)
#define ___trace_sys4(...) , (void *)PT_REGS_PARM1_CORE_SYSCALL(regs), (void *)PT_REGS_PARM2_CORE_SYSCALL(regs), (void *)PT_REGS_PARM3_CORE_SYSCALL(regs), (void *)PT_REGS_PARM4_CORE_SYSCALL(regs)
#define ___trace_sys5(...) , (void *)PT_REGS_PARM1_CORE_SYSCALL(regs), (void *)PT_REGS_PARM2_CORE_SYSCALL(regs), (void *)PT_REGS_PARM3_CORE_SYSCALL(regs), (void *)PT_REGS_PARM4_CORE_SYSCALL(regs), (void *)PT_REGS_PARM5_CORE_SYSCALL(regs)
#define ___trace_sys6(...) , (void *)PT_REGS_PARM1_CORE_SYSCALL(regs), (void *)PT_REGS_PARM2_CORE_SYSCALL(regs), (void *)PT_REGS_PARM3_CORE_SYSCALL(regs), (void *)PT_REGS_PARM4_CORE_SYSCALL(regs), (void *)PT_REGS_PARM5_CORE_SYSCALL(regs), (void *)PT_REGS_PARM6_CORE_SYSCALL(regs)
#define ___trace_ret0()
#define ___trace_ret1(x) , (void *)PT_REGS_RC(ctx)

/* The program is NAME, with the context; what the braces after the macro hold becomes a function of its
 * own with the arguments named, inlined into it. */
#define ___trace_prog(name, ctx_decl, setup, pass, args...)                                        \
	name(ctx_decl);                                                                            \
	static __always_inline typeof(name(0)) ____##name(ctx_decl, ##args);                       \
	typeof(name(0)) name(ctx_decl)                                                             \
	{                                                                                          \
		_Pragma("GCC diagnostic push")                                                     \
		_Pragma("GCC diagnostic ignored \"-Wint-conversion\"")                             \
		setup return ____##name(ctx pass);                                                 \
		_Pragma("GCC diagnostic pop")                                                      \
	}                                                                                          \
	static __always_inline typeof(name(0)) ____##name(ctx_decl __attribute__((unused)), ##args)

/* SEC("raw_tp/sched_switch") int BPF_PROG(on_switch, bool preempt, struct task_struct *prev) { ... } */
#define BPF_PROG(name, args...)                                                                    \
	___trace_prog(name, unsigned long long *ctx, , ___bpf_do(___trace_words, ##args)(0, ##args), ##args)

/* Registers: what a kprobe finds at entry, a kretprobe at return. */
#define BPF_KPROBE(name, args...)                                                                  \
	___trace_prog(name, struct pt_regs *ctx, , ___bpf_do(___trace_regs, ##args)(args), ##args)
#define BPF_KRETPROBE(name, args...)                                                               \
	___trace_prog(name, struct pt_regs *ctx, , ___bpf_do(___trace_ret, ##args)(args), ##args)
#define BPF_UPROBE    BPF_KPROBE
#define BPF_URETPROBE BPF_KRETPROBE

/* Arguments of a system call, from a kprobe on it. */
#define BPF_KSYSCALL(name, args...)                                                                \
	___trace_prog(name, struct pt_regs *ctx,                                                   \
		      struct pt_regs *regs = (void *)PT_REGS_SYSCALL_REGS(ctx); (void)regs;,       \
		      ___bpf_do(___trace_sys, ##args)(args), ##args)
#define BPF_KPROBE_SYSCALL BPF_KSYSCALL

#endif
