/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capstone.c - the functions of libcapstone that src/syscall/dumpjit.c calls. Where the library is not there (packages
 * may leave it out) it is one that can read no instruction, so that code is shown as bytes.
 */
#include "late/late.h"

#include <stdlib.h>

#include <capstone/capstone.h>

#define WORD(x) #x
#define NAME(version) "libcapstone.so." WORD(version)
static const char *const symbols[] = { "cs_open", "cs_option", "cs_malloc", "cs_disasm_iter", "cs_free", "cs_close", NULL };
static struct late lib = { .names = { NAME(CS_API_MAJOR) }, .symbols = symbols };

cs_err cs_open(cs_arch arch, cs_mode mode, csh *handle)
{
	static void *at;

	*handle = 0;
	return late_load(&lib) ? LATE_FUNC(&lib, cs_open, &at)(arch, mode, handle) : CS_ERR_OK;
}

cs_err cs_option(csh handle, cs_opt_type type, size_t value)
{
	static void *at;

	return handle ? LATE_FUNC(&lib, cs_option, &at)(handle, type, value) : CS_ERR_OK;
}

cs_insn *cs_malloc(csh handle)
{
	static void *at;

	return handle ? LATE_FUNC(&lib, cs_malloc, &at)(handle) : calloc(1, sizeof(cs_insn));
}

bool cs_disasm_iter(csh handle, const uint8_t **code, size_t *size, uint64_t *address, cs_insn *insn)
{
	static void *at;

	return handle && LATE_FUNC(&lib, cs_disasm_iter, &at)(handle, code, size, address, insn);
}

void cs_free(cs_insn *insn, size_t count)
{
	static void *at;

	if (late_load(&lib))
		LATE_FUNC(&lib, cs_free, &at)(insn, count);
	else
		free(insn);
}

cs_err cs_close(csh *handle)
{
	static void *at;

	return *handle ? LATE_FUNC(&lib, cs_close, &at)(handle) : CS_ERR_OK;
}
