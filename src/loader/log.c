/* SPDX-License-Identifier: BSD-2-Clause */
/* log.c - messages and errors. The print callback is one a process, as in libbpf; it is read and
 * replaced atomically. */
#include "loader/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int print_default(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level <= LIBBPF_INFO ? vfprintf(stderr, fmt, args) : 0;
}

static libbpf_print_fn_t print_fn = print_default;

libbpf_print_fn_t libbpf_set_print(libbpf_print_fn_t fn)
{
	return __atomic_exchange_n(&print_fn, fn, __ATOMIC_SEQ_CST);
}

static void print(enum libbpf_print_level level, const char *fmt, ...)
{
	libbpf_print_fn_t fn = __atomic_load_n(&print_fn, __ATOMIC_SEQ_CST);
	int saved = errno;
	va_list args;

	if (!fn)
		return;
	va_start(args, fmt);
	fn(level, fmt, args);
	va_end(args);
	errno = saved;
}

static void print_text(enum libbpf_print_level level, const char *fmt, va_list args)
{
	struct strbuf text = { 0 };

	strbuf_puts(&text, "libbpf: ");
	strbuf_vprintf(&text, fmt, args);
	print(level, "%s", strbuf_str(&text));
	strbuf_free(&text);
}

void pr_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_text(LIBBPF_WARN, fmt, args);
	va_end(args);
}

/* "libbpf: map 'events' (.maps+0x18): ": its definition or data; inner maps have no place of their own. */
void pr_map_warn(const struct bpf_map *map, const char *fmt, ...)
{
	struct strbuf text = { 0 };
	va_list args;

	strbuf_printf(&text, "libbpf: map '%s'", map->name ? map->name : "?");
	if (map->sec_idx)
		strbuf_printf(&text, " (%s+0x%x)", map->obj->secs[map->sec_idx].name, map->sec_off);
	strbuf_puts(&text, ": ");
	va_start(args, fmt);
	strbuf_vprintf(&text, fmt, args);
	va_end(args);
	print(LIBBPF_WARN, "%s", strbuf_str(&text));
	strbuf_free(&text);
}

void pr_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_text(LIBBPF_INFO, fmt, args);
	va_end(args);
}

void pr_debug(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_text(LIBBPF_DEBUG, fmt, args);
	va_end(args);
}

int libbpf_err(int err)
{
	if (err < 0)
		errno = -err;
	return err;
}

void *libbpf_err_ptr(int err)
{
	errno = -err;
	return NULL;
}

bool opts_ok(const void *opts, size_t known_size, size_t min_size)
{
	const char *bytes = opts;
	size_t sz;

	if (!opts)
		return true;
	memcpy(&sz, opts, sizeof(sz));
	if (sz < min_size)
		return false;
	for (size_t i = known_size; i < sz; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

/* "-EACCES": as libbpf writes errnos in its messages. */
const char *err_str(int err, char buf[32])
{
	const char *name;

	err = err < 0 ? -err : err;
	name = err == 524 ? "ENOTSUPP" : strerrorname_np(err); /* the kernel's own has no name in libc */
	if (name)
		snprintf(buf, 32, "-%s", name);
	else
		snprintf(buf, 32, "-%d", err);
	return buf;
}

int libbpf_strerror(int err, char *buf, size_t size)
{
	static const char *const texts[] = {
		[0] = "Something wrong in libelf",
		[LIBBPF_ERRNO__FORMAT - __LIBBPF_ERRNO__START] = "BPF object format invalid",
		[LIBBPF_ERRNO__KVERSION - __LIBBPF_ERRNO__START] = "'version' section incorrect or lost",
		[LIBBPF_ERRNO__ENDIAN - __LIBBPF_ERRNO__START] = "Endian mismatch",
		[LIBBPF_ERRNO__INTERNAL - __LIBBPF_ERRNO__START] = "Internal error in libbpf",
		[LIBBPF_ERRNO__RELOC - __LIBBPF_ERRNO__START] = "Relocation failed",
		[LIBBPF_ERRNO__LOAD - __LIBBPF_ERRNO__START] = "Failed to load program",
		[LIBBPF_ERRNO__VERIFY - __LIBBPF_ERRNO__START] = "Kernel verifier blocks program loading",
		[LIBBPF_ERRNO__PROG2BIG - __LIBBPF_ERRNO__START] = "Program too big",
		[LIBBPF_ERRNO__KVER - __LIBBPF_ERRNO__START] = "Incorrect kernel version",
		[LIBBPF_ERRNO__PROGTYPE - __LIBBPF_ERRNO__START] = "Kernel doesn't support this program type",
		[LIBBPF_ERRNO__WRNGPID - __LIBBPF_ERRNO__START] = "Wrong pid in netlink message",
		[LIBBPF_ERRNO__INVSEQ - __LIBBPF_ERRNO__START] = "Invalid netlink sequence",
		[LIBBPF_ERRNO__NLPARSE - __LIBBPF_ERRNO__START] = "Incorrect netlink message parsing",
	};

	if (!buf || !size)
		return libbpf_err(-EINVAL);
	err = err > 0 ? err : err == INT_MIN ? INT_MAX : -err;
	if (err < __LIBBPF_ERRNO__START) {
		char tmp[128];
		const char *text = strerror_r(err, tmp, sizeof(tmp));

		snprintf(buf, size, "%s", text);
		return strlen(text) < size ? 0 : libbpf_err(-ERANGE);
	}
	if (err >= __LIBBPF_ERRNO__END) {
		snprintf(buf, size, "Unknown libbpf error %d", err);
		return libbpf_err(-ENOENT);
	}
	snprintf(buf, size, "%s", texts[err - __LIBBPF_ERRNO__START]);
	return strlen(texts[err - __LIBBPF_ERRNO__START]) < size ? 0 : libbpf_err(-ERANGE);
}

__u32 libbpf_major_version(void)
{
	return LIBBPF_MAJOR_VERSION;
}

__u32 libbpf_minor_version(void)
{
	return LIBBPF_MINOR_VERSION;
}

const char *libbpf_version_string(void)
{
	return "v1.7";
}

long libbpf_get_error(const void *ptr)
{
	return ptr ? 0 : -errno;
}

int libbpf_set_strict_mode(enum libbpf_strict_mode mode __unused_arg)
{
	return 0;
}
