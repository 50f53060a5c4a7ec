/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * task.c - bpf_get_current_task(), and what a program reads behind it. The running task is the host's thread, so
 * the tasks are the host's: each has an address of the simulated kernel, which stands for a struct task_struct as
 * the instance's kernel BTF lays it out. Nothing lies there. A read finds the members that can be told of a
 * thread, made when they are read; the rest of the structure is out of reach (-EFAULT), not zero.
 *
 * All of it may run in a signal handler: /proc is read with open(), read() and close().
 */
#include "task/task.h"

#include "btf/btf.h"
#include "runtime/runtime.h"
#include "task/kstructs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where Linux has its direct map; a task has a stride of it, which any kernel's structure fits. */
#define TASKS_ADDR  0xffff888000000000ULL
#define TASK_STRIDE 65536
#define TID_MAX	    (1u << 22)

enum member { TASK_PID, TASK_TGID, TASK_REAL_PARENT, TASK_PARENT, TASK_GROUP_LEADER, TASK_COMM, MEMBER_CNT };

static const struct {
	const char *name;
	u32 size;
} members[MEMBER_CNT] = {
	[TASK_PID] = { "pid", sizeof(s32) },	     [TASK_TGID] = { "tgid", sizeof(s32) },
	[TASK_REAL_PARENT] = { "real_parent", 8 },   [TASK_PARENT] = { "parent", 8 },
	[TASK_GROUP_LEADER] = { "group_leader", 8 }, [TASK_COMM] = { "comm", TASK_COMM_LEN },
};

/* Kept by the instance. */
struct tasks {
	u32 off[MEMBER_CNT]; /* NOWHERE: this kernel has no such member of that size */
};
#define NOWHERE UINT32_MAX

static u64 task_addr(u32 tid)
{
	return tid && tid < TID_MAX ? TASKS_ADDR + (u64)tid * TASK_STRIDE : 0;
}

/* ---- what is told of a thread --------------------------------------------------------------------- */

struct thread {
	u32 tgid, ppid;
	char comm[TASK_COMM_LEN];
};

/* The number behind "Name:" at the start of a line; 0: there is none. */
static u32 status_number(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	u32 num = 0;

	if (line) {
		for (line += strlen(name) + strspn(line + strlen(name), "\t "); *line >= '0' && *line <= '9'; line++)
			num = num * 10 + (u32)(*line - '0');
	}
	return num;
}

static void proc_path(char *path, size_t size, u32 tid)
{
	char digits[12], *at = digits + sizeof(digits);

	*--at = '\0';
	for (; tid; tid /= 10)
		*--at = (char)('0' + tid % 10);
	path[0] = '\0';
	strncat(path, "/proc/", size - 1);
	strncat(path, at, size - strlen(path) - 1);
	strncat(path, "/status", size - strlen(path) - 1);
}

/* False: there is no such thread (any more). */
static bool read_thread(u32 tid, struct thread *ret)
{
	char path[40], text[2048];
	ssize_t len;
	int fd;

	proc_path(path, sizeof(path), tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return false;
	text[len] = '\0';
	*ret = (struct thread){ .tgid = status_number(text, "\nTgid:"), .ppid = status_number(text, "\nPPid:") };
	if (!strncmp(text, "Name:\t", 6))
		memcpy(ret->comm, text + 6, min_of(strcspn(text + 6, "\n"), (size_t)TASK_COMM_LEN - 1));
	return ret->tgid;
}

static void put_member(u8 *to, enum member member, u32 tid, const struct thread *t)
{
	u64 addr = 0;

	switch (member) {
	case TASK_PID:
		memcpy(to, &tid, sizeof(tid));
		return;
	case TASK_TGID:
		memcpy(to, &t->tgid, sizeof(t->tgid));
		return;
	case TASK_COMM:
		memcpy(to, t->comm, sizeof(t->comm));
		return;
	case TASK_REAL_PARENT:
	case TASK_PARENT:
		addr = task_addr(t->ppid);
		break;
	default:
		addr = task_addr(t->tgid);
		break;
	}
	memcpy(to, &addr, sizeof(addr));
}

/* ---- memory ------------------------------------------------------------------------------------------ */

#define SCRATCH_CNT 16 /* runs that may be nested, so as many reads under way */

/* A handler that interrupts a copy uses other scratch than the copy reads from. */
static u8 *take_scratch(void)
{
	static __thread u8 scratch[SCRATCH_CNT][TASK_COMM_LEN];
	static __thread u32 next;

	return scratch[next++ % SCRATCH_CNT];
}

static const void *task_mem(struct skep *skep, u64 addr, size_t *ret_room)
{
	const struct tasks *tasks = skep_room_get(skep, SKEP_ROOM_TASK);
	u32 tid = (u32)((addr - TASKS_ADDR) / TASK_STRIDE), off = (u32)((addr - TASKS_ADDR) % TASK_STRIDE);
	struct thread t;
	u8 *scratch;

	if (addr < TASKS_ADDR || (addr - TASKS_ADDR) / TASK_STRIDE >= TID_MAX)
		return NULL;
	for (u32 i = 0; i < MEMBER_CNT; i++) {
		if (tasks->off[i] == NOWHERE || off < tasks->off[i] || off - tasks->off[i] >= members[i].size)
			continue;
		if (!read_thread(tid, &t))
			return NULL;
		scratch = take_scratch();
		put_member(scratch, i, tid, &t);
		*ret_room = members[i].size - (off - tasks->off[i]);
		return scratch + (off - tasks->off[i]);
	}
	return NULL;
}

/* ---- helpers ------------------------------------------------------------------------------------------ */

static u64 get_current_task(u64 r1 __unused_arg, u64 r2 __unused_arg, u64 r3 __unused_arg, u64 r4 __unused_arg,
			    u64 r5 __unused_arg)
{
	return task_addr((u32)gettid());
}

/* ---- making ------------------------------------------------------------------------------------------- */

/* Members stand in the structure itself or in unnamed ones of it. */
static u32 find_member(const struct skep_btf *btf, u32 id, const char *name, u32 size, u32 depth)
{
	struct btf_memb m;
	struct btf_t t;

	if (depth > 4 || !btf_type_get(btf, btf_skip_mods(btf, id), &t) ||
	    (t.kind != BTF_KIND_STRUCT && t.kind != BTF_KIND_UNION))
		return NOWHERE;
	for (u32 i = 0; btf_member(btf, &t, i, &m); i++) {
		u32 inner = !*m.name ? find_member(btf, m.type, name, size, depth + 1) : NOWHERE;

		if (inner != NOWHERE)
			return m.bit_off / 8 + inner;
		if (!strcmp(m.name, name) && !m.bit_size && btf_type_size(btf, m.type) == size)
			return m.bit_off / 8;
	}
	return NOWHERE;
}

static void tasks_free(struct skep *skep __unused_arg, void *state)
{
	free(state);
}

/* A kernel whose BTF has no tasks has none to be read: then the helper is not modelled. */
int task_register(struct skep *skep)
{
	const struct skep_btf *btf = skep_kernel_btf(skep);
	u32 id = btf ? btf_find(btf, "task_struct", BTF_KIND_STRUCT) : 0;
	struct tasks *tasks;

	if (!id || btf_type_size(btf, id) > TASK_STRIDE)
		return 0;
	tasks = malloc(sizeof(*tasks));
	if (!tasks)
		return -ENOMEM;
	for (u32 i = 0; i < MEMBER_CNT; i++)
		tasks->off[i] = find_member(btf, id, members[i].name, members[i].size, 0);
	skep_room_set(skep, SKEP_ROOM_TASK, tasks, tasks_free);
	skep_register_mem(skep, HELPER_MEM_KERNEL, task_mem);
	return skep_register_helper(skep, BPF_PROG_TYPE_UNSPEC, BPF_FUNC_get_current_task, get_current_task);
}
