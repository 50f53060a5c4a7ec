/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.c - line information has the path that the compiler was given, which may be relative to a folder that it does
 * not name. A build's folder is the current one, or one above the object: the first from where the file can be seen
 * is taken. Build servers want paths from the root of the repository.
 */
#include "cli/place.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

/* The rest of @path below @folder; NULL: it is elsewhere. */
static const char *below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return len && !strncmp(path, folder, len) && path[len] == '/' ? path + len + 1 : NULL;
}

/* Takes the last part off; false: there is none. */
static bool to_parent(char *folder)
{
	char *slash = strrchr(folder, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

static bool has_git(const char *folder)
{
	char git[PATH_MAX];

	return snprintf(git, sizeof(git), "%s/.git", folder) < (int)sizeof(git) && !access(git, F_OK);
}

char *place_relative(const char *path)
{
	char whole[PATH_MAX], folder[PATH_MAX];
	const char *rest = NULL;

	if (!realpath(path, whole))
		return strdup(path);
	strcpy(folder, whole);
	while (!rest && to_parent(folder)) {
		if (has_git(folder))
			rest = below(whole, folder);
	}
	if (!rest && getcwd(folder, sizeof(folder)))
		rest = below(whole, folder);
	return strdup(rest ? rest : whole);
}

/* @file, which is relative, from some folder above @object. False: from none of them. */
static bool seen_from_above(const char *file, const char *object, char *ret_path)
{
	char folder[PATH_MAX];

	if (!realpath(object, folder))
		return false;
	while (to_parent(folder)) {
		if (snprintf(ret_path, PATH_MAX, "%s/%s", folder, file) < PATH_MAX && !access(ret_path, F_OK))
			return true;
	}
	return false;
}

static char *path_of(const char *file, const char *object)
{
	char found[PATH_MAX];

	if (*file != '/' && access(file, F_OK) && seen_from_above(file, object, found))
		return place_relative(found);
	return place_relative(file);
}

void place_of_insn(const struct bpf_object *obj, const struct bpf_program *prog, u32 insn_idx, const char *object,
		   struct place *ret)
{
	const struct bpf_line_info *lines = bpf_program__line_info(prog), *line = NULL;
	u32 cnt = bpf_program__line_info_cnt(prog);
	const char *file;

	*ret = (struct place){ 0 };
	/* They ascend, unless they are what the program is refused for. */
	for (u32 i = 0; i < cnt && lines[i].insn_off <= insn_idx; i++)
		line = &lines[i];
	file = line ? btf__name_by_offset(bpf_object__btf(obj), line->file_name_off) : NULL;
	if (!file || !*file)
		return;
	ret->path = path_of(file, object);
	ret->line = line->line_col >> 10; /* as the UAPI packs them */
	ret->col = line->line_col & 0x3ff;
}

void place_free(struct place *place)
{
	free(place->path);
	place->path = NULL;
}
