/* SPDX-License-Identifier: BSD-2-Clause */
/* externs.bpf.c - what the kernel defines: configuration, and symbols that may be absent. */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

extern unsigned int LINUX_KERNEL_VERSION __kconfig;
extern bool CONFIG_A_BOOL __kconfig __weak;
extern enum libbpf_tristate CONFIG_A_MODULE __kconfig __weak;
extern char CONFIG_A_LETTER __kconfig __weak;
extern short CONFIG_A_NUMBER __kconfig __weak;
extern const char CONFIG_A_TEXT[8] __kconfig __weak;
extern unsigned long CONFIG_NOT_THERE __kconfig __weak;

extern const void a_kernel_variable __ksym __weak;
extern int a_kernel_function(struct xdp_md *, int) __ksym __weak;

__u32 version;
int a_bool, a_module, a_letter, a_number, a_text_end, not_there, variable_there, function_said = -1;

SEC("xdp")
int externs(struct xdp_md *ctx)
{
	version = LINUX_KERNEL_VERSION;
	a_bool = CONFIG_A_BOOL;
	a_module = CONFIG_A_MODULE;
	a_letter = CONFIG_A_LETTER;
	a_number = CONFIG_A_NUMBER;
	a_text_end = CONFIG_A_TEXT[2];
	not_there = CONFIG_NOT_THERE != 0;
	variable_there = &a_kernel_variable != 0;
	if (bpf_ksym_exists(a_kernel_function))
		function_said = a_kernel_function(ctx, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
