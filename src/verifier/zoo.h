/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zoo.h - bugs that Linux's verifier once had, to be put back one at a time: tests/zoo compiles the verifier
 * with SKEP_ZOO and shows that its cases notice each of them. Elsewhere zoo() is false, and costs nothing.
 */
#ifndef SKEP_VERIFIER_ZOO_H
#define SKEP_VERIFIER_ZOO_H

/* ZOO(NAME, "name in a case's bug: field") */
#define ZOO_BUGS(ZOO)                                                                              \
	ZOO(SIGNED_MOV32, "signed mov32")		/* CVE-2017-16995 */                       \
	ZOO(ALU32_NOT_CUT, "alu32 not cut")		/* CVE-2017-17852 */                       \
	ZOO(SIGNED_RSH, "signed rsh")			/* CVE-2017-17853 */                       \
	ZOO(INSANE_OFFSET, "insane offset")		/* CVE-2017-17854 */                       \
	ZOO(STACK_UNALIGNED, "stack unaligned")		/* CVE-2017-17856 */                       \
	ZOO(RSH32_WIDE, "rsh32 wide")			/* CVE-2018-18445 */                       \
	ZOO(NO_MASKS, "no masks")			/* CVE-2019-7308 */                        \
	ZOO(JMP32_WIDE, "jmp32 wide")			/* CVE-2020-8835 */                        \
	ZOO(OR32_CUT, "or32 cut")			/* CVE-2020-27194 */                       \
	ZOO(AND32_STALE, "and32 stale")			/* CVE-2021-3490 */                        \
	ZOO(R64_ENDS_IN_R32, "r64 ends in r32")		/* CVE-2021-31440 */                       \
	ZOO(NO_GUESSED_WAYS, "no guessed ways")		/* CVE-2021-33624 */                       \
	ZOO(MAP_TYPE, "map type")			/* CVE-2021-34866 */                       \
	ZOO(RECORD_MOVED, "record moved")		/* CVE-2021-4204 */                        \
	ZOO(MOV32_LEAK, "mov32 leak")			/* CVE-2021-45402 */                       \
	ZOO(OR_NULL_ARITH, "or_null arith")		/* CVE-2022-23222 */                       \
	ZOO(BRANCH_PRECISION, "branch precision")	/* CVE-2023-2163 */                        \
	ZOO(SPILL_PRECISION, "spill precision")		/* CVE-2023-52920 */                       \
	ZOO(HELPER_WRITES_RDONLY, "helper writes rdonly") /* CVE-2024-49861 */                     \
	ZOO(FETCH_PRECISION, "fetch precision")		/* the fetch of atomics, 2026 */           \
	ZOO(PACKET_KEPT, "packet kept")			/* pointers behind helpers that move packets */ \
	ZOO(WITHIN_BY_ENDS, "within by ends")		/* V-02 */                                 \
	ZOO(DELTA_IGNORED, "delta ignored")		/* V-13 */                                 \
	ZOO(PKT_END_KEPT, "pkt_end kept")		/* V-15 */

enum zoo_bug {
	ZOO_NONE,
#define ZOO(name, text) ZOO_##name,
	ZOO_BUGS(ZOO)
#undef ZOO
	ZOO_CNT,
};

#if defined(SKEP_ZOO) && SKEP_ZOO
extern enum zoo_bug zoo_bug; /* defined by the test */
#define zoo(bug) (zoo_bug == ZOO_##bug)
#else
#define zoo(bug) 0
#endif

#endif
