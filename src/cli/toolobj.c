/* SPDX-License-Identifier: BSD-2-Clause */
/* toolobj.c - programs, maps and links of the instance by id, pin, name or tag. */
#include "cli/tool.h"

#include "base/vec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

static const struct kind_row {
	const char *name;
	int (*next_id)(u32 start, u32 *ret_next);
	int (*fd_by_id)(u32 id);
	u32 info_size;
} kinds[] = {
	[TOOL_PROG] = { "prog", bpf_prog_get_next_id, bpf_prog_get_fd_by_id, sizeof(struct bpf_prog_info) },
	[TOOL_MAP] = { "map", bpf_map_get_next_id, bpf_map_get_fd_by_id, sizeof(struct bpf_map_info) },
	[TOOL_LINK] = { "link", bpf_link_get_next_id, bpf_link_get_fd_by_id, sizeof(struct bpf_link_info) },
};

/* What "name" and "tag" ask for; with neither, everything. */
struct wanted {
	const char *name;
	u8 tag[BPF_TAG_SIZE];
	bool has_tag;
};

typedef VEC(int) fd_list;

static void close_all(fd_list *fds)
{
	for (size_t i = 0; i < fds->cnt; i++)
		close(fds->at[i]);
	vec_free(fds);
}

/* ---- programs by name and tag ----------------------------------------------------------------- */

void tool_prog_name(const struct bpf_prog_info *info, int fd, char *name, size_t size)
{
	struct bpf_func_info func = { 0 };
	struct bpf_prog_info more = { .nr_func_info = 1, .func_info_rec_size = sizeof(func),
				      .func_info = (uintptr_t)&func };
	struct btf *btf = info->btf_id && info->nr_func_info ? btf__load_from_kernel_by_id(info->btf_id) : NULL;
	const struct btf_type *t = NULL;
	u32 len = sizeof(more);

	if (btf && !bpf_prog_get_info_by_fd(fd, &more, &len))
		t = btf__type_by_id(btf, func.type_id);
	snprintf(name, size, "%s", t ? btf__name_by_offset(btf, t->name_off) : info->name);
	btf__free(btf);
}

static bool prog_matches(int fd, const struct wanted *wanted)
{
	struct bpf_prog_info info = { 0 };
	u32 len = sizeof(info);
	char name[256];

	if (bpf_prog_get_info_by_fd(fd, &info, &len))
		return false;
	if (wanted->has_tag)
		return !memcmp(info.tag, wanted->tag, sizeof(info.tag));
	tool_prog_name(&info, fd, name, sizeof(name));
	return !strcmp(name, wanted->name) || !strcmp(info.name, wanted->name);
}

static bool map_matches(int fd, const struct wanted *wanted)
{
	struct bpf_map_info info = { 0 };
	u32 len = sizeof(info);

	return !bpf_map_get_info_by_fd(fd, &info, &len) && !strcmp(info.name, wanted->name);
}

static bool matches(enum tool_kind kind, int fd, const struct wanted *wanted)
{
	if (!wanted->name && !wanted->has_tag)
		return true;
	return kind == TOOL_PROG ? prog_matches(fd, wanted) : map_matches(fd, wanted);
}

static bool all_matching(enum tool_kind kind, const struct wanted *wanted, fd_list *fds)
{
	u32 id = 0;

	while (!kinds[kind].next_id(id, &id)) {
		int fd = kinds[kind].fd_by_id(id);

		if (fd < 0)
			continue;
		if (!matches(kind, fd, wanted))
			close(fd);
		else if (!vec_push(fds, fd))
			return close(fd), !cli_fail("out of memory");
	}
	return true;
}

/* ---- handles ----------------------------------------------------------------------------------- */

/* bpf(2) says how long its answer is, which tells what was asked. */
static bool is_kind(int fd, enum tool_kind kind)
{
	u8 info[1024] = { 0 };
	u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, info, &len) && len == kinds[kind].info_size;
}

static int by_id(enum tool_kind kind, const char *word)
{
	u64 id;
	int fd;

	if (!cli_number(word, UINT32_MAX, &id)) {
		cli_fail("can't parse \"%s\" as an id", word);
		return -1;
	}
	fd = kinds[kind].fd_by_id(id);
	if (fd < 0)
		cli_fail("get %s by id (%llu): %s", kinds[kind].name, (unsigned long long)id, cli_strerror(errno));
	return fd;
}

static int by_pin(enum tool_kind kind, const char *path)
{
	int fd = bpf_obj_get(path);

	if (fd < 0) {
		cli_fail("bpf obj get (%s): %s", path, cli_strerror(errno));
		return -1;
	}
	if (is_kind(fd, kind))
		return fd;
	close(fd);
	cli_fail("%s: not a %s", path, kinds[kind].name);
	return -1;
}

static bool parse_tag(const char *word, u8 tag[BPF_TAG_SIZE])
{
	for (u32 i = 0; i < BPF_TAG_SIZE; i++) {
		unsigned int byte;

		if (strspn(word + 2 * i, "0123456789abcdefABCDEF") < 2 || sscanf(word + 2 * i, "%2x", &byte) != 1)
			return false;
		tag[i] = byte;
	}
	return strlen(word) == 2 * BPF_TAG_SIZE;
}

static bool by_search(enum tool_kind kind, const char *how, const char *word, fd_list *fds)
{
	struct wanted wanted = { .name = word };

	if (!strcmp(how, "tag")) {
		wanted.name = NULL;
		wanted.has_tag = true;
		if (!parse_tag(word, wanted.tag))
			return !cli_fail("can't parse tag \"%s\": 16 hex digits", word);
	}
	if (!all_matching(kind, &wanted, fds))
		return false;
	return fds->cnt || !cli_fail("no %s with %s \"%s\" in this instance", kinds[kind].name, how, word);
}

/* False: told. Otherwise at least one. */
static bool named_objects(struct words *w, enum tool_kind kind, fd_list *fds)
{
	const char *what = kind == TOOL_PROG ? "id, tag, name or pinned" : kind == TOOL_MAP ? "id, name or pinned" :
			   "id or pinned";
	const char *how = words_next(w), *word = words_next(w);
	int fd = -1;

	if (!how)
		return !cli_fail("which %s? %s", kinds[kind].name, what);
	if (!word)
		return !cli_fail("%s needs something after it", how);
	if ((!strcmp(how, "name") && kind != TOOL_LINK) || (!strcmp(how, "tag") && kind == TOOL_PROG))
		return by_search(kind, how, word, fds);
	if (!strcmp(how, "id"))
		fd = by_id(kind, word);
	else if (!strcmp(how, "pinned"))
		fd = by_pin(kind, word);
	else
		cli_fail("what is \"%s\"? A %s is named by %s", how, kinds[kind].name, what);
	if (fd < 0)
		return false;
	if (vec_push(fds, fd))
		return true;
	close(fd);
	return !cli_fail("out of memory");
}

int tool_object(struct words *w, enum tool_kind kind)
{
	fd_list fds = { 0 };
	int fd = -1;

	if (named_objects(w, kind, &fds)) {
		if (fds.cnt == 1)
			fd = vec_pop(&fds);
		else
			cli_fail("%zu of them match \"%s\"; use an id or a pin", fds.cnt, w->argv[-1]);
	}
	close_all(&fds);
	return fd;
}

/* One that is named by id or pin is a value, else it is a list. */
int tool_each_object(struct tool *t, struct words *w, enum tool_kind kind, int (*fn)(struct tool *t, int fd))
{
	bool one = w->argc && (!strcmp(w->argv[0], "id") || !strcmp(w->argv[0], "pinned"));
	bool ok, list = t->out && !one;
	fd_list fds = { 0 };
	int status;

	ok = w->argc ? named_objects(w, kind, &fds) : all_matching(kind, &(struct wanted){ 0 }, &fds);
	status = ok ? words_end(w) : EXIT_BAD;
	list &= !status;
	if (list)
		jout_open(t->out, '[');
	for (size_t i = 0; i < fds.cnt && !status; i++)
		status = fn(t, fds.at[i]);
	if (list)
		jout_close(t->out, ']');
	close_all(&fds);
	return status;
}

int tool_pin(int fd, const char *path)
{
	if (bpf_obj_pin(fd, path))
		return cli_fail("can't pin the object (%s): %s", path, cli_strerror(errno));
	return EXIT_OK;
}

int tool_pin_command(struct tool *t, struct words *w, enum tool_kind kind)
{
	int fd = tool_object(w, kind), status;
	const char *path = words_next(w);

	(void)t;
	if (fd < 0)
		return EXIT_BAD;
	status = !path ? cli_fail("where to pin it?") : words_end(w);
	if (!status)
		status = tool_pin(fd, path);
	close(fd);
	return status;
}

int tool_apply(struct words *w, enum tool_kind kind, int (*fn)(int fd), const char *what)
{
	int fd = tool_object(w, kind), status;

	if (fd < 0)
		return EXIT_BAD;
	status = words_end(w);
	if (!status && fn(fd))
		status = cli_fail("failed to %s: %s", what, cli_strerror(errno));
	close(fd);
	return status;
}
