/* SPDX-License-Identifier: BSD-2-Clause */
/* btftext.c - a type of BTF as applications hold it, as text. */
#include "loader/internal.h"

#include <errno.h>
#include <string.h>

#include <skep/btf.h>

int skep_btf_type_text(const struct btf *btf, uint32_t type_id, char **ret_text)
{
	const struct skep_btf *b = btf_look(btf);
	struct strbuf text = { 0 };
	char *line;

	if (type_id >= btf_id_cnt(b))
		return -EINVAL;
	btf_print_raw(&text, b, type_id);
	line = text.oom ? NULL : text.str ? text.str : strdup("");
	if (!line) {
		strbuf_free(&text);
		return -ENOMEM;
	}
	*ret_text = line;
	return 0;
}
