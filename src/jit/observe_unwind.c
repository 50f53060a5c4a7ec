/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observe_unwind.c - how to walk through generated code: the machine told the driver where its frame
 * changes (jit_image.cfi); here that becomes .eh_frame (Linux Standard Base, "Exception Frames"; DWARF 4,
 * 6.4), which libgcc, gdb and perf read.
 */
#include "jit/observe.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PE_ABSPTR      0x00
#define PE_UDATA4      0x03
#define PE_PCREL_S4    0x1b
#define PE_DATAREL_S4  0x3b

enum {
	CFA_NOP = 0x00, CFA_ADVANCE_LOC4 = 0x04, CFA_RESTORE_EXT = 0x06, CFA_REMEMBER = 0x0a, CFA_RESTORE_STATE = 0x0b,
	CFA_DEF_CFA = 0x0c, CFA_OFFSET_EXT_SF = 0x11, CFA_ADVANCE_LOC = 0x40, CFA_OFFSET = 0x80, CFA_RESTORE = 0xc0,
};

/* ---- the section ------------------------------------------------------------------------------------- */

/* Fills in the length of the entry at @start, whose end is made a multiple of 8 away. */
static void end_entry(struct strbuf *out, size_t start)
{
	u32 size;

	while (!out->oom && (out->len - start) % 8)
		put_uint(out, CFA_NOP, 1);
	size = out->len - start - 4;
	if (!out->oom)
		memcpy(out->str + start, &size, 4);
}

static void put_cie(const struct jit_dwarf *dwarf, bool pcrel, struct strbuf *out)
{
	size_t start = out->len;

	put_uint(out, 0, 4); /* length */
	put_uint(out, 0, 4); /* a CIE */
	put_uint(out, 1, 1);
	strbuf_add(out, "zR", 3);
	put_uleb(out, 1); /* factor of code offsets */
	put_sleb(out, -dwarf->word); /* factor of frame offsets */
	put_uleb(out, dwarf->ret_reg);
	put_uleb(out, 1); /* bytes of augmentation */
	put_uint(out, pcrel ? PE_PCREL_S4 : PE_ABSPTR, 1);
	put_uint(out, CFA_DEF_CFA, 1);
	put_uleb(out, dwarf->sp_reg);
	put_uleb(out, dwarf->entry_cfa);
	put_uint(out, CFA_OFFSET | dwarf->ret_reg, 1);
	put_uleb(out, 1);
	end_entry(out, start);
}

static void put_advance(struct strbuf *out, u32 bytes)
{
	if (bytes < 64) {
		put_uint(out, CFA_ADVANCE_LOC | bytes, 1);
	} else {
		put_uint(out, CFA_ADVANCE_LOC4, 1);
		put_uint(out, bytes, 4);
	}
}

static void put_cfi(const struct jit_dwarf *dwarf, const struct jit_cfi *cfi, struct strbuf *out)
{
	switch (cfi->op) {
	case JIT_CFI_CFA:
		put_uint(out, CFA_DEF_CFA, 1);
		put_uleb(out, cfi->reg);
		put_uleb(out, cfi->off);
		break;
	case JIT_CFI_SAVED:
		put_uint(out, CFA_OFFSET | cfi->reg, 1);
		put_uleb(out, -cfi->off / dwarf->word);
		break;
	case JIT_CFI_RESTORED:
		put_uint(out, CFA_RESTORE | cfi->reg, 1);
		break;
	case JIT_CFI_REMEMBER:
		put_uint(out, CFA_REMEMBER, 1);
		break;
	case JIT_CFI_RECALL:
		put_uint(out, CFA_RESTORE_STATE, 1);
		break;
	}
}

static void put_fde(const struct observed_code *o, u32 func, size_t cie, bool pcrel, u64 section, struct strbuf *out)
{
	const struct jit_image *image = o->image;
	size_t start = out->len;
	u32 from, to, at;

	observed_func(o, func, &from, &to);
	put_uint(out, 0, 4);
	put_uint(out, out->len - cie, 4); /* back to the CIE */
	if (pcrel) {
		put_uint(out, (u32)(0 - (section + out->len)), 4);
		put_uint(out, to - from, 4);
	} else {
		put_uint(out, (uintptr_t)o->base + from, 8);
		put_uint(out, to - from, 8);
	}
	put_uleb(out, 0);
	at = from;
	for (u32 i = 0; i < image->cfi_cnt; i++) {
		const struct jit_cfi *cfi = &image->cfi[i];

		if (cfi->code_off < from || cfi->code_off >= to)
			continue;
		/* Behind the last return of the function before: nothing of that one comes back here. */
		if (cfi->code_off == from && cfi->op == JIT_CFI_RECALL)
			continue;
		if (cfi->code_off > at)
			put_advance(out, cfi->code_off - at);
		at = cfi->code_off;
		put_cfi(image->dwarf, cfi, out);
	}
	end_entry(out, start);
}

void unwind_section(const struct observed_code *o, u32 func, bool pcrel, u64 section, struct strbuf *out)
{
	size_t cie = out->len;

	put_cie(o->image->dwarf, pcrel, out);
	for (u32 f = 0; f < o->image->func_cnt; f++)
		if (func == JIT_ALL_FUNCS || func == f)
			put_fde(o, f, cie, pcrel, section, out);
}

u32 unwind_fde_off(const struct strbuf *frames)
{
	u32 cie_size;

	memcpy(&cie_size, frames->str, 4);
	return cie_size + 4;
}

void unwind_header(u32 frame_size, u32 fde_off, u64 section, struct strbuf *out)
{
	u64 here = section + frame_size;

	put_uint(out, 1, 1);
	put_uint(out, PE_PCREL_S4, 1);
	put_uint(out, PE_UDATA4, 1);
	put_uint(out, PE_DATAREL_S4, 1);
	put_uint(out, (u32)(section - (here + 4)), 4);
	put_uint(out, 1, 4); /* rows */
	put_uint(out, (u32)(0 - here), 4); /* the function is at 0 */
	put_uint(out, (u32)(section + fde_off - here), 4);
}

/* ---- libgcc ------------------------------------------------------------------------------------------ */

/* Found when somebody asks: nobody else should have to load libgcc_s. Set once, to the same value by all. */
static void (*register_frame)(void *), (*deregister_frame)(void *);

int unwind_start(void)
{
	void *lib = dlopen("libgcc_s.so.1", RTLD_NOW);
	void (*add)(void *), (*del)(void *);

	if (!lib)
		return -EOPNOTSUPP;
	add = (void (*)(void *))dlsym(lib, "__register_frame");
	del = (void (*)(void *))dlsym(lib, "__deregister_frame");
	if (!add || !del)
		return -EOPNOTSUPP;
	__atomic_store_n(&deregister_frame, del, __ATOMIC_RELAXED);
	__atomic_store_n(&register_frame, add, __ATOMIC_RELEASE);
	return 0; /* the library stays: frames may be registered until the process ends */
}

int unwind_register(const struct observed_code *o, void **ret_frames)
{
	void (*add)(void *) = __atomic_load_n(&register_frame, __ATOMIC_ACQUIRE);
	struct strbuf out = { 0 };

	if (!add || !o->image->dwarf)
		return -EOPNOTSUPP;
	unwind_section(o, JIT_ALL_FUNCS, false, 0, &out);
	put_uint(&out, 0, 4); /* the end */
	if (out.oom) {
		strbuf_free(&out);
		return -ENOMEM;
	}
	add(out.str);
	*ret_frames = out.str;
	return 0;
}

void unwind_unregister(void *frames)
{
	if (!frames)
		return;
	deregister_frame(frames);
	free(frames);
}
