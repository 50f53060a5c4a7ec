/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe.c - reads through pointers that the verifier has not looked at. They reach only what
 * helper_host.mem_at() finds: nothing of the host is read because a program guessed its address.
 */
#include "helper/private.h"

#include <string.h>

#define USER_END 0x7ffffffff000ULL /* of x86-64: user space with its guard page lies below */

/* What is out of reach: Linux asks first whether a kernel may have the address at all. */
static long fault_errno(u64 addr, enum helper_mem space)
{
	if (space == HELPER_MEM_KERNEL && (addr < USER_END + 4096 || addr < 0xffff800000000000ULL))
		return -ERANGE;
	return -EFAULT;
}

static const u8 *mem_at(struct helper_host *host, const struct run_ctx *run, u64 addr,
			enum helper_mem space, size_t *ret_room)
{
	*ret_room = 0;
	return host->mem_at ? host->mem_at(host, run, addr, space, ret_room) : NULL;
}

long mem_read(struct helper_host *host, const struct run_ctx *run, void *to, u32 size, u64 addr,
	      enum helper_mem space)
{
	u32 done = 0;

	while (done < size) {
		size_t room;
		const u8 *mem = mem_at(host, run, addr + done, space, &room);
		u32 part = (u32)min_of(room, (size_t)(size - done));

		if (!part) {
			memset(to, 0, size);
			return fault_errno(addr, space);
		}
		memmove((u8 *)to + done, mem, part);
		done += part;
	}
	return 0;
}

long mem_read_str(struct helper_host *host, const struct run_ctx *run, char *to, u32 size, u64 addr,
		  enum helper_mem space)
{
	u32 done = 0;

	while (done < size) {
		size_t room;
		const u8 *mem = mem_at(host, run, addr + done, space, &room), *end;
		u32 part = (u32)min_of(room, (size_t)(size - done));

		if (!part) {
			memset(to, 0, size);
			return fault_errno(addr, space);
		}
		end = memchr(mem, 0, part);
		if (end)
			part = (u32)(end - mem) + 1;
		memmove(to + done, mem, part);
		done += part;
		if (end) {
			to[done - 1] = '\0'; /* the memory may have changed meanwhile */
			return done;
		}
	}
	if (size)
		to[size - 1] = '\0';
	return size;
}

#define READ(read, space)                                                                          \
	(u64)read(helper_host(), helper_run(), (void *)(uintptr_t)r1, (u32)r2, r3, space)

HELPER(probe_read_user)
{
	return READ(mem_read, HELPER_MEM_USER);
}

HELPER(probe_read_kernel)
{
	return READ(mem_read, HELPER_MEM_KERNEL);
}

HELPER(probe_read_user_str)
{
	return READ(mem_read_str, HELPER_MEM_USER);
}

HELPER(probe_read_kernel_str)
{
	return READ(mem_read_str, HELPER_MEM_KERNEL);
}

/* Linux tells the two spaces apart by the address. Here kernel objects live at the host's user
 * addresses, so what is registered as user memory decides. */
static bool is_user(u64 addr)
{
	size_t room;

	return mem_at(helper_host(), helper_run(), addr, HELPER_MEM_USER, &room);
}

HELPER(probe_read)
{
	u64 ret = is_user(r3) ? READ(mem_read, HELPER_MEM_USER) : READ(mem_read, HELPER_MEM_KERNEL);

	return (s64)ret < 0 && r3 < USER_END ? (u64)-EFAULT : ret;
}

HELPER(probe_read_str)
{
	u64 ret = is_user(r3) ? READ(mem_read_str, HELPER_MEM_USER)
			      : READ(mem_read_str, HELPER_MEM_KERNEL);

	return (s64)ret < 0 && r3 < USER_END ? (u64)-EFAULT : ret;
}

HELPER(copy_from_user)
{
	return READ(mem_read, HELPER_MEM_USER);
}
