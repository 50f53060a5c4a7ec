/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ksyms.c - section .ksyms: variables and functions that the kernel has. With a type they are found in its
 * BTF and become ids there; without one they are addresses, which a running kernel tells in /proc/kallsyms
 * and a simulated one does not have. What is weak may be absent.
 */
#include "loader/internal.h"

#include "syscall/syscall.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *kind_of(const struct extern_sym *ext)
{
	return ext->is_func ? "func" : "var";
}

/* An address is 0 where the kernel does not tell it to everybody. */
static bool kallsyms_address(const char *name, u64 *ret_addr)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long long addr;
	char sym[512];
	bool found = false;

	while (f && !found && fscanf(f, "%llx %*c %499s%*[^\n]\n", &addr, sym) == 2)
		found = !strcmp(sym, name);
	if (f)
		fclose(f);
	if (found)
		*ret_addr = addr;
	return found;
}

static int absent(struct bpf_object *obj, const struct extern_sym *ext)
{
	if (ext->weak) {
		pr_debug("extern (%s ksym) '%s': absent\n", kind_of(ext), ext->name);
		return 0;
	}
	/* skep's own kernel is not all of Linux. */
	if (obj->skep && (!ext->typed || skep_kernel_is_built_in(obj->skep))) {
		pr_warn("extern (%s ksym) '%s': not modelled: symbols and functions of the kernel\n", kind_of(ext), ext->name);
		return -EOPNOTSUPP;
	}
	pr_warn("extern (%s ksym) '%s': not found in kernel%s\n", kind_of(ext), ext->name,
		ext->is_func ? " or module BTFs" : ext->typed ? " BTF" : " symbols");
	return -ESRCH;
}

static int incompatible(const struct extern_sym *ext, u32 want, u32 found)
{
	if (ext->is_func)
		pr_warn("extern (func ksym) '%s': func_proto [%u] incompatible with vmlinux [%u]\n", ext->name, want, found);
	else
		pr_warn("extern (var ksym) '%s': incompatible types, expected [%u], but kernel has [%u]\n", ext->name, want,
			found);
	return -EINVAL;
}

/* The program says how it uses the thing; the kernel's own declaration must allow that. */
static int resolve_typed(struct bpf_object *obj, struct extern_sym *ext)
{
	const struct skep_btf *kernel = object_kernel_btf(obj);
	u32 id = kernel ? btf_find(kernel, ext->name, ext->is_func ? BTF_KIND_FUNC : BTF_KIND_VAR) : 0;
	struct btf_t t;

	if (!id || !btf_type_get(kernel, id, &t))
		return absent(obj, ext);
	if (!core_types_compatible(obj->btf.b, ext->type_id, kernel, t.type)) {
		/* A function may have changed since: who may do without it does. */
		if (ext->is_func && ext->weak)
			return absent(obj, ext);
		return incompatible(ext, ext->type_id, t.type);
	}
	ext->kernel_id = id;
	pr_debug("extern (%s ksym) '%s': resolved to vmlinux [%u]\n", kind_of(ext), ext->name, id);
	return 0;
}

int ksym_resolve(struct bpf_object *obj, struct extern_sym *ext)
{
	if (ext->typed)
		return resolve_typed(obj, ext);
	if (obj->skep || !kallsyms_address(ext->name, &ext->addr))
		return absent(obj, ext);
	pr_debug("extern (ksym) '%s': set to 0x%llx\n", ext->name, (unsigned long long)ext->addr);
	return 0;
}
