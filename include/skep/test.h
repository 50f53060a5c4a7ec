/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test.h - for BPF programs: what "skep test" expects of the function that carries it.
 *
 *	SEC("xdp") __success __retval(XDP_DROP) __data_in("00 00 00 00 00 00 00 00 00 00 00 00 86 dd")
 *	int drops_ipv6(struct xdp_md *ctx) ...
 *
 * Each is a declaration tag, and the first part has the names and tags of the kernel's own selftests, so that
 * programs written with their header are read as well. The second part is skep's.
 */
#ifndef SKEP_TEST_H
#define SKEP_TEST_H

#define SKEP_TEST_TAG_(number, text) __attribute__((btf_decl_tag("comment:" #number ":" text)))
#define SKEP_TEST_TAG__(number, text) SKEP_TEST_TAG_(number, text)
/* Of a macro what it stands for. */
#define SKEP_TEST_STR_(x) #x
#define SKEP_TEST_STR(x) SKEP_TEST_STR_(x)
/* Numbered, as a compiler does not keep them in order. */
#define __test_tag(text) SKEP_TEST_TAG__(__COUNTER__, text)

/* ---- as in the kernel's selftests ------------------------------------------------------------------------- */

/* It loads, or is refused. With neither of these the function is no test. */
#define __success __test_tag("test_expect_success")
#define __failure __test_tag("test_expect_failure")
/* Part of the verifier's log, each behind the one before; {{...}} is a POSIX extended regular expression. */
#define __msg(text) __test_tag("test_expect_msg=" text)
/* The same, all of it a regular expression. */
#define __regex(text) __test_tag("test_expect_regex=" text)
/* What must not stand between its neighbours. */
#define __not_msg(text) __test_tag("test_expect_not_msg=" text)
/* The program is run, and returns this: a number, or one's name (XDP_DROP, INT_MIN, TEST_DATA_LEN); POINTER_VALUE
 * for anything. */
#define __retval(value) __test_tag("test_retval=" SKEP_TEST_STR(value))
#define __description(text) __test_tag("test_description=" text)
/* Of the load: 1 the path, 2 all states, 4 figures; 1 unless given. */
#define __log_level(level) __test_tag("test_log_level=" #level)
/* BPF_F_..., or a number; "!" in front takes it away. */
#define __flag(flag) __test_tag("test_prog_flags=" #flag)
/* Lines of the program after rewriting, and of the machine code: one after the other, "..." for any between. */
#define __xlated(text) __test_tag("test_expect_xlated=" text)
#define __jited(text) __test_tag("test_jited=" text)
/* Loaded together with each test: another program's target, or a tail call's. */
#define __auxiliary __test_tag("test_auxiliary")
/* Only on these machines, with these engines; elsewhere it is skipped. */
#define __arch(name) __test_tag("test_arch=" name)
#define __arch_x86_64 __arch("X86_64")
#define __arch_arm64 __arch("ARM64")
#define __arch_riscv64 __arch("RISCV64")
#define __arch_s390x __arch("S390X")
#define __load_if_JITed() __test_tag("load_mode=jited")
#define __load_if_no_JITed() __test_tag("load_mode=no_jited")

/* Not modelled: with these the test is skipped, and says why. */
#define __stderr(text) __test_tag("test_expect_stderr=" text)
#define __stdout(text) __test_tag("test_expect_stdout=" text)
#define __stderr_unpriv(text) __test_tag("test_expect_stderr_unpriv=" text)
#define __stdout_unpriv(text) __test_tag("test_expect_stdout_unpriv=" text)
#define __linear_size(bytes) __test_tag("test_linear_size=" SKEP_TEST_STR(bytes))
#define __btf_path(path) __test_tag("test_btf_path=" path)

/* The same once more for a caller without capabilities. What is not said of it is as above. */
#define __success_unpriv __test_tag("test_expect_success_unpriv")
#define __failure_unpriv __test_tag("test_expect_failure_unpriv")
#define __msg_unpriv(text) __test_tag("test_expect_msg_unpriv=" text)
#define __regex_unpriv(text) __test_tag("test_expect_regex_unpriv=" text)
#define __not_msg_unpriv(text) __test_tag("test_expect_not_msg_unpriv=" text)
#define __retval_unpriv(value) __test_tag("test_retval_unpriv=" SKEP_TEST_STR(value))
#define __xlated_unpriv(text) __test_tag("test_expect_xlated_unpriv=" text)
#define __jited_unpriv(text) __test_tag("test_jited_unpriv=" text)
#define __auxiliary_unpriv __test_tag("test_auxiliary_unpriv")
/* Which it has all the same: CAP_BPF | CAP_NET_ADMIN | CAP_PERFMON, or their numbers. */
#define __caps_unpriv(caps) __test_tag("test_caps_unpriv=" #caps)

/* ---- skep's ------------------------------------------------------------------------------------------------ */

/* The packet, or what else its data pointers lead to, in hex; and what the program made of it. */
#define __data_in(hex) __test_tag("skep_data_in=" hex)
#define __data_out(hex) __test_tag("skep_data_out=" hex)
/* Fields of the context, as "skep run --ctx" takes them; and those afterwards that matter. */
#define __ctx(settings) __test_tag("skep_ctx=" settings)
#define __ctx_out(settings) __test_tag("skep_ctx_out=" settings)
/* Elements of maps before, as "skep run --map" takes them; and those that must be there afterwards. */
#define __map(elements) __test_tag("skep_map=" elements)
#define __map_out(elements) __test_tag("skep_map_out=" elements)
/* What comes out of a ring buffer or perf event array, "events:HEX", and of bpf_printk(), in this order. */
#define __event(record) __test_tag("skep_event=" record)
#define __trace(text) __test_tag("skep_trace=" text)
/* Calls of a helper are calls of this function of the object instead, which is verified with the program; in it the
 * helper is itself. Global (arguments are numbers, the context or memory), or static with __attribute__((used)). */
#define __replace(helper, function) __test_tag("skep_replace=" #helper ":" #function)
/* How often it is run; the last return value counts. */
#define __repeat(times) __test_tag("skep_repeat=" SKEP_TEST_STR(times))
/* The machine: virtual CPUs; randomness that repeats; a clock that begins there, in ns, and ticks by the reading. */
#define __cpus(count) __test_tag("skep_cpus=" SKEP_TEST_STR(count))
#define __seed(number) __test_tag("skep_seed=" SKEP_TEST_STR(number))
#define __clock(start_ns) __test_tag("skep_clock=" SKEP_TEST_STR(start_ns))
#define __devs(names) __test_tag("skep_devs=" names)

#endif
