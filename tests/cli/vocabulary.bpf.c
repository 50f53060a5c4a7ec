/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vocabulary.bpf.c - words of Linux's selftests, each once: what follows from it stands in test_vocabulary.py. Those of
 * older kernels are tags without a number.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <skep/test.h>

#define OLD(text) __attribute__((btf_decl_tag("comment:" text)))
#define PROG(name, ret) \
	int name(struct __sk_buff *skb) \
	{ \
		return ret; \
	}

SEC("socket") __success __log_level(2) __regex("^[0-9]+: \\(b[47]\\) [rw]0 = 3") __regex("^processed 2 insns .* mark_read [0-9]+$") PROG(regex, 3)
SEC("socket") __success __log_level(2) __regex("^0: R9=") PROG(no_regex, 3)
SEC("socket") __success __log_level(2) __regex("(") PROG(wrong_regex, 3)
SEC("socket") __success __success_unpriv __log_level(2) __regex_unpriv("R0=3$") PROG(regex_unpriv, 3)
SEC("socket") __success __retval(POINTER_VALUE) PROG(any_value, 3)
SEC("socket") __success __test_tag("test_retval=0xbadcafe") PROG(any_number, 3)
SEC("socket") __success __test_tag("test_retval=INT_MIN") PROG(int_min, -2147483647 - 1)
SEC("socket") __success __test_tag("test_retval=TEST_DATA_LEN") PROG(data_len, skb->len)
SEC("socket") __success __test_tag("test_retval=INT_MIN") PROG(not_int_min, 3)
SEC("socket") __success_unpriv __test_tag("test_caps_unpriv=39|38") PROG(caps_by_number, 3)
SEC("socket") __success_unpriv __caps_unpriv(CAP_BPF | CAP_PERFMON) PROG(caps_by_name, 3)
SEC("socket") __success __arch_s390x PROG(another_machine, 3)
SEC("socket") __success __success_unpriv __jited_unpriv("there is no such insn") PROG(jited_unpriv, 3)
SEC("socket") __success __stderr("ERROR: anything") PROG(to_stderr, 3)
SEC("socket") __success __stdout("anything") PROG(to_stdout, 3)
SEC("socket") __success __success_unpriv __stderr_unpriv("anything") PROG(to_stderr_unpriv, 3)
SEC("socket") __success __linear_size(14) PROG(linear_size, 3)
SEC("socket") __success __btf_path("other.btf") PROG(btf_path, 3)
SEC("socket") OLD("test_expect_failure") OLD("test_expect_msg=R0 !read_ok") OLD("test_log_level=2")
__attribute__((naked)) int old_tags(void)
{
	asm volatile("exit");
}
SEC("socket") OLD("test_expect_success") OLD("test_expect_msg=1=second") OLD("test_expect_msg=0=first") PROG(old_numbers, 3)

char LICENSE[] SEC("license") = "GPL";
