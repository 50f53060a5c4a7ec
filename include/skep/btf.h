/* SPDX-License-Identifier: BSD-2-Clause */
/* btf.h - what libbpf's API of BTF lacks and tools need: a type as a line of text. */
#ifndef SKEP_BTF_H
#define SKEP_BTF_H

#include <bpf/btf.h>
#include <skep/skep.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * skep_btf_type_text() - one type as bpftool's raw format shows it
 * @type_id: counted through the base where @btf is split from one; 0, void, has no text
 * @ret_text: a line, members and the like on lines of their own below it; malloc()ed
 * Return: 0, -EINVAL (no such type), -ENOMEM
 * Threads: any, as long as nobody changes @btf
 */
SKEP_API int skep_btf_type_text(const struct btf *btf, uint32_t type_id, char **ret_text);

#ifdef __cplusplus
}
#endif
#endif
