/* SPDX-License-Identifier: BSD-2-Clause */
/* btf.h - what libbpf's API of BTF lacks and tools need: a type as a line of text, the BTF that relocations need. */
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

/**
 * skep_min_core_btf() - the part of a kernel's BTF which objects' CO-RE relocations need
 * @kernel: not split from another
 * @obj_paths: ELF objects; programs in them find in the result what they find in @kernel, under other type ids
 * @ret_btf: drop it with btf__free(); btf__raw_data() is what btf_custom_path and --kernel-btf take
 * Return: 0; -EINVAL (split, or a relocation that is damaged), -ENODATA (an object without BTF), -ESRCH (candidates
 *	differ), -ENOENT, -ENOMEM, -LIBBPF_ERRNO__FORMAT; what is wrong goes to the print callback, with the object's path
 * A relocation that nothing in @kernel fits needs nothing: it is poisoned, or 0, with either BTF.
 */
SKEP_API int skep_min_core_btf(const struct btf *kernel, const char *const *obj_paths, uint32_t obj_cnt,
			       struct btf **ret_btf);

#ifdef __cplusplus
}
#endif
#endif
