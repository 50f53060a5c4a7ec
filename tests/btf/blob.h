/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blob.h - BTF written as text, valid or not. A record a line (or behind ";"):
 *	NAME KIND[+][:VLEN] SIZE-OR-TYPE WORD...
 * NAME "-" is none, "#n" an offset, "@n" n times "a"; %hh in it is a byte. KIND is a kind's name, "+" sets
 * its flag, or 0x... is the whole info word. Words are numbers, self, self+n, self-n (ids) or 'name. "xN" in
 * front of a record repeats it, in front of words repeats the rest of the words.
 * A header line changes what was made: FIELD=n, FIELD+n, FIELD-n of struct btf_header; hdr=n (bytes there
 * are, 24 without), body+n (zeros at the end), cut=n (bytes of the blob), byte@n=v (@-1: the last).
 */
#ifndef SKEP_TESTS_BLOB_H
#define SKEP_TESTS_BLOB_H

#include "base/strbuf.h"

struct blob {
	struct strbuf types, strs, data;
	u32 id;
};

/* False, with a message on stderr, when the text is not understood. */
bool blob_make(struct blob *b, const char *records, const char *header);
void blob_free(struct blob *b);

#endif
