/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * externs.c - what an object leaves to the kernel: configuration values (section .kconfig: a read-only
 * map of the object's, filled here) and kernel symbols (section .ksyms: ksyms.c). Sections .kconfig and
 * .ksyms stand in BTF only.
 */
#include "loader/internal.h"

#include "base/kconfig.h"

#include "syscall/syscall.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define KERNEL_VERSION_OF(a, b, c) (((a) << 16) + ((b) << 8) + (c))
#define PROFILE_VERSION KERNEL_VERSION_OF(7, 2, 0) /* what skep_profile() names */

int extern_by_name(const struct bpf_object *obj, const char *name)
{
	for (size_t i = 0; i < obj->externs.cnt; i++) {
		if (!strcmp(obj->externs.at[i].name, name))
			return i;
	}
	return -1;
}

/* ---- collecting ------------------------------------------------------------------------------------- */

static const struct elf_sym *undefined_symbol(const struct bpf_object *obj, const char *name)
{
	for (u32 i = 1; i < obj->sym_cnt; i++) {
		if (!obj->syms[i].sec && !strcmp(obj->syms[i].name, name))
			return &obj->syms[i];
	}
	return NULL;
}

/* Configuration first, in libbpf's order in the map: alignment falling, size rising, name. */
static int by_layout(const void *a, const void *b)
{
	const struct extern_sym *x = a, *y = b;

	if (x->is_kconfig != y->is_kconfig)
		return x->is_kconfig ? -1 : 1;
	if (x->align != y->align)
		return x->align > y->align ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void lay_out(struct bpf_object *obj)
{
	u32 off = 0;

	if (!obj->externs.cnt)
		return;
	qsort(obj->externs.at, obj->externs.cnt, sizeof(*obj->externs.at), by_layout);
	for (size_t i = 0; i < obj->externs.cnt && obj->externs.at[i].is_kconfig; i++) {
		struct extern_sym *ext = &obj->externs.at[i];

		ext->off = round_up_to(off, ext->align);
		off = ext->off + ext->size;
	}
}

static int collect_section(struct bpf_object *obj, const char *name, bool is_kconfig)
{
	u32 id = btf_find(obj->btf.b, name, BTF_KIND_DATASEC);
	struct btf_secvar sv;
	struct btf_t sec;

	if (!id || !btf_type_get(obj->btf.b, id, &sec))
		return 0;
	for (u32 i = 0; btf_secvar(&sec, i, &sv); i++) {
		const struct elf_sym *sym;
		struct extern_sym ext;
		struct btf_t t;
		s64 size, align;

		if (!btf_type_get(obj->btf.b, sv.type, &t))
			return -LIBBPF_ERRNO__FORMAT;
		/* The compiler leaves no symbol of what no code uses. */
		sym = undefined_symbol(obj, t.name);
		ext = (struct extern_sym){ .name = t.name, .btf_id = t.id, .is_kconfig = is_kconfig,
					   .weak = !sym || sym->bind == STB_WEAK, .is_func = t.kind == BTF_KIND_FUNC };
		if (is_kconfig) {
			size = btf_type_size(obj->btf.b, t.type);
			align = btf_type_align(obj->btf.b, t.type);
			if (t.kind != BTF_KIND_VAR || size <= 0 || size > 4096 || align <= 0) {
				pr_warn("extern (kcfg) '%s': unsupported type\n", t.name);
				return -EOPNOTSUPP;
			}
			ext.size = size;
			ext.align = align;
		}
		ext.type_id = t.type;
		ext.typed = ext.is_func || btf_skip_mods(obj->btf.b, t.type);
		if (extern_by_name(obj, ext.name) >= 0) {
			pr_warn("extern '%s': declared twice\n", ext.name);
			return -LIBBPF_ERRNO__FORMAT;
		}
		if (!vec_push(&obj->externs, ext))
			return -ENOMEM;
	}
	return 0;
}

int externs_collect(struct bpf_object *obj)
{
	int err;

	obj->kconfig_map = -1;
	if (!obj->btf.b)
		return 0;
	err = collect_section(obj, ".kconfig", true);
	if (!err)
		err = collect_section(obj, ".ksyms", false);
	if (!err)
		lay_out(obj);
	return err;
}

/* ---- values of .kconfig ------------------------------------------------------------------------------- */

static u64 kernel_version(const struct bpf_object *obj)
{
	struct utsname uts;
	unsigned int a = 0, b = 0, c = 0;

	if (obj->skep || uname(&uts))
		return PROFILE_VERSION;
	sscanf(uts.release, "%u.%u.%u", &a, &b, &c);
	return KERNEL_VERSION_OF(a, b, c > 255 ? 255 : c);
}

static int bad_value(const struct extern_sym *ext, const char *text, size_t len)
{
	pr_warn("extern (kcfg) '%s': value '%.*s' does not fit its type\n", ext->name, (int)len, text);
	return -EINVAL;
}

static int put_number(const struct extern_sym *ext, void *to, bool is_signed, bool is_bool, u64 val)
{
	u32 bits = ext->size * 8;
	s64 sval = val;

	if (is_bool ? val > 1 :
	    bits < 64 && (is_signed ? sval < -(1LL << (bits - 1)) || sval >= 1LL << (bits - 1) : val >> bits)) {
		pr_warn("extern (kcfg) '%s': value %lld does not fit its %u bytes\n", ext->name, (long long)sval,
			ext->size);
		return -ERANGE;
	}
	memcpy(to, &val, ext->size);
	return 0;
}

/* y, m and n are 1, 2 and 0 (enum libbpf_tristate); of a bool only y and n. */
static int put_letter(const struct extern_sym *ext, const struct btf_t *t, void *to, char letter)
{
	bool tristate = t->kind == BTF_KIND_ENUM && !strcmp(t->name, "libbpf_tristate");
	bool is_bool = t->kind == BTF_KIND_INT && btf_int_encoding(t) & BTF_INT_BOOL;
	u64 val = letter == 'y' ? 1 : letter == 'm' ? 2 : 0;

	if (tristate || (is_bool && letter != 'm')) {
		memcpy(to, &val, min_of(ext->size, 8u));
		return 0;
	}
	if (t->kind == BTF_KIND_INT && ext->size == 1 && !is_bool) {
		memcpy(to, &letter, 1);
		return 0;
	}
	return bad_value(ext, &letter, 1);
}

static int put_text(struct bpf_object *obj, const struct extern_sym *ext, const struct btf_t *t, void *to,
		    const char *text, size_t len)
{
	struct btf_arr arr;

	/* In quotes, and cut where the array ends. */
	if (t->kind != BTF_KIND_ARRAY || !btf_array(t, &arr) || btf_type_size(obj->btf.b, arr.elem_type) != 1 || len < 2 ||
	    text[len - 1] != '"')
		return bad_value(ext, text, len);
	len = min_of(len - 2, (size_t)ext->size - 1);
	memcpy(to, text + 1, len);
	((char *)to)[len] = '\0';
	return 0;
}

static int put_value(struct bpf_object *obj, const struct extern_sym *ext, void *to, const char *text, size_t len)
{
	bool is_signed, is_bool;
	struct btf_t var, t;
	char num[32], *end;
	u64 val;

	if (!btf_type_get(obj->btf.b, ext->btf_id, &var) ||
	    !btf_type_get(obj->btf.b, btf_skip_mods(obj->btf.b, var.type), &t))
		return -EINVAL;
	if (len == 1 && strchr("ymn", *text))
		return put_letter(ext, &t, to, *text);
	if (len && *text == '"')
		return put_text(obj, ext, &t, to, text, len);
	if (t.kind != BTF_KIND_INT || ext->size > 8 || !len || len >= sizeof(num))
		return bad_value(ext, text, len);
	memcpy(num, text, len);
	num[len] = '\0';
	errno = 0;
	is_signed = btf_int_encoding(&t) & BTF_INT_SIGNED;
	is_bool = btf_int_encoding(&t) & BTF_INT_BOOL;
	val = is_signed && *num == '-' ? (u64)strtoll(num, &end, 0) : strtoull(num, &end, 0);
	if (errno || *end || (*num == '-' && !is_signed))
		return bad_value(ext, text, len);
	return put_number(ext, to, is_signed, is_bool, val);
}

/* What the loader itself knows of the kernel. */
static bool virtual_value(const struct bpf_object *obj, const char *name, char text[32])
{
	u64 val;

	if (!strcmp(name, "LINUX_KERNEL_VERSION"))
		val = kernel_version(obj);
	else if (!strcmp(name, "LINUX_HAS_BPF_COOKIE"))
		val = 1;
	else if (!strcmp(name, "LINUX_HAS_SYSCALL_WRAPPER"))
		val = 1;
	else
		return false;
	snprintf(text, 32, "%llu", (unsigned long long)val);
	return true;
}

static int resolve_kconfig(struct bpf_object *obj, const struct extern_sym *ext)
{
	void *to = (u8 *)obj->maps[obj->kconfig_map].data + ext->off;
	const char *text = NULL;
	char num[32];
	size_t len = 0;

	if (!strncmp(ext->name, "CONFIG_", 7)) {
		text = kconfig_value(obj->kconfig, ext->name, &len);
		if (!text && obj->skep)
			text = kconfig_value(skep_kernel_config(obj->skep), ext->name, &len);
	} else if (virtual_value(obj, ext->name, num)) {
		text = num;
		len = strlen(num);
	}
	if (text)
		return put_value(obj, ext, to, text, len);
	if (ext->weak)
		return 0; /* 0, as the map is */
	pr_warn("extern '%s' (strong): not resolved; give its value by the option kconfig, or declare it __weak\n",
		ext->name);
	return -ESRCH;
}

int externs_resolve(struct bpf_object *obj)
{
	for (size_t i = 0; i < obj->externs.cnt; i++) {
		struct extern_sym *ext = &obj->externs.at[i];
		int err = ext->is_kconfig ? resolve_kconfig(obj, ext) : ksym_resolve(obj, ext);

		if (err)
			return err;
	}
	return 0;
}
