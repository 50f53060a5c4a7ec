/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observe.h - private: telling profilers and debuggers of this machine about linked code. observe.c
 * decides who is told, observe_unwind.c and observe_debug.c describe the code in DWARF, the others pass
 * that on: one file a listener.
 */
#ifndef SKEP_JIT_OBSERVE_H
#define SKEP_JIT_OBSERVE_H

#include "base/strbuf.h"
#include "jit/jit.h"

/* A linked program, as those who describe it need it. */
struct observed_code {
	const u8 *base;
	const struct jit_image *image;
	const struct jit_desc *desc;
};

/* [*ret_start, *ret_end) of a function, bytes from base. */
void observed_func(const struct observed_code *o, u32 func, u32 *ret_start, u32 *ret_end);
/* "bpf_prog_TAG_NAME", as Linux calls it. */
void observed_name(const struct observed_code *o, u32 func, struct strbuf *out);

/*
 * The places where another line of source begins, of one function or, with @func JIT_ALL_FUNCS, of all. The
 * first is the function's entry: what stands before its first insn is that insn's line. @emit false: stop.
 */
#define JIT_ALL_FUNCS UINT32_MAX
void observed_lines(const struct observed_code *o, u32 func,
		    void (*emit)(void *ctx, u32 code_off, const struct jit_src *src), void *ctx);

/* ---- observe_unwind.c: .eh_frame ----------------------------------------------------------------- */

/*
 * Appends a CIE and an FDE for each function (of one, unless JIT_ALL_FUNCS), without the ending zero.
 * @pcrel: of one function, which is at 0, the section at @section: addresses are relative; else absolute.
 */
void unwind_section(const struct observed_code *o, u32 func, bool pcrel, u64 section, struct strbuf *out);
/* The .eh_frame_hdr of a section of @frame_size bytes with one FDE, directly behind it; the function is at 0. */
#define UNWIND_HDR_SIZE 20
void unwind_header(u32 frame_size, u32 fde_off, u64 section, struct strbuf *out);
u32 unwind_fde_off(const struct strbuf *frames); /* of the first FDE */

/* libgcc's list. 0 and what to give unwind_unregister(); -ENOMEM, -EOPNOTSUPP (there is no libgcc_s). */
int unwind_start(void);
int unwind_register(const struct observed_code *o, void **ret_frames);
void unwind_unregister(void *frames);

/* ---- observe_perf.c, observe_jitdump.c ----------------------------------------------------------- */

int perfmap_start(void);
void perfmap_add(const struct observed_code *o);
int jitdump_start(void);
void jitdump_add(const struct observed_code *o);
/* Creates @path for this user alone; what others put there is not followed. A descriptor or negative errno. */
int observe_create(const char *path, int flags);

/* ---- observe_debug.c, observe_gdb.c -------------------------------------------------------------- */

struct debug_sections {
	struct strbuf abbrev, info, line;
};
void debug_sections(const struct observed_code *o, struct debug_sections *ret);
void debug_sections_free(struct debug_sections *s);

int gdb_register(const struct observed_code *o, void **ret_entry); /* 0, -ENOMEM */
void gdb_unregister(void *entry);

/* ---- DWARF's numbers ----------------------------------------------------------------------------- */

static inline void put_uint(struct strbuf *out, u64 value, u32 size)
{
	strbuf_add(out, (const char *)&value, size); /* our machines are little-endian */
}

void put_uleb(struct strbuf *out, u64 value);
void put_sleb(struct strbuf *out, s64 value);

#endif
