/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/kconfig.h"

#include <string.h>

const char *kconfig_value(const char *config, const char *name, size_t *ret_len)
{
	size_t len = strlen(name);

	for (const char *line = config; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) || line[len] != '=')
			continue;
		*ret_len = strcspn(line + len + 1, "\n");
		return line + len + 1;
	}
	return NULL;
}
