/* SPDX-License-Identifier: BSD-2-Clause */
/* blob.c - text to BTF; see blob.h. */
#include "blob.h"

#include "btf/btf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_word(struct strbuf *out, u32 word)
{
	strbuf_add(out, (const char *)&word, sizeof(word));
}

static u32 name_offset(struct blob *b, const char *name)
{
	struct strbuf text = { 0 };
	u32 off;

	if (!strcmp(name, "-"))
		return 0;
	if (name[0] == '#')
		return strtoul(name + 1, NULL, 0);
	if (name[0] == '@')
		for (u32 n = strtoul(name + 1, NULL, 0); n; n--)
			strbuf_putc(&text, 'a');
	for (; name[0] != '@' && *name; name++) {
		unsigned int byte;

		if (*name == '%' && sscanf(name + 1, "%2x", &byte) == 1) {
			strbuf_putc(&text, (char)byte);
			name += 2;
		} else {
			strbuf_putc(&text, *name);
		}
	}
	strbuf_putc(&text, '\0');
	for (off = 0; off < b->strs.len; off += strlen(b->strs.str + off) + 1)
		if (!strcmp(b->strs.str + off, text.str))
			break;
	if (off >= b->strs.len)
		strbuf_add(&b->strs, text.str, text.len);
	strbuf_free(&text);
	return off;
}

static u32 word_of(struct blob *b, const char *tok)
{
	if (tok[0] == '\'')
		return name_offset(b, tok + 1);
	if (!strncmp(tok, "self", 4))
		return b->id + (u32)strtol(tok + 4, NULL, 0);
	return (u32)strtoll(tok, NULL, 0);
}

static bool info_of(const char *tok, u32 *ret_info)
{
	const char *end = tok + strcspn(tok, "+:");

	if (!strncmp(tok, "0x", 2)) {
		*ret_info = strtoul(tok, NULL, 0);
		return true;
	}
	for (u32 kind = 1; kind <= BTF_KIND_MAX; kind++) {
		const char *name = btf_kind_name(kind);

		if (strlen(name) != (size_t)(end - tok) || strncmp(name, tok, end - tok))
			continue;
		*ret_info = kind << 24 | (u32)(*end == '+') << 31;
		end += *end == '+';
		if (*end == ':')
			*ret_info |= strtoul(end + 1, NULL, 0);
		return true;
	}
	fprintf(stderr, "blob: no kind \"%s\"\n", tok);
	return false;
}

static bool put_record(struct blob *b, char **tok, u32 cnt)
{
	u32 info, times = 1;

	if (cnt < 3) {
		fprintf(stderr, "blob: a record needs a name, a kind and a size\n");
		return false;
	}
	if (!info_of(tok[1], &info))
		return false;
	put_word(&b->types, name_offset(b, tok[0]));
	put_word(&b->types, info);
	put_word(&b->types, word_of(b, tok[2]));
	for (u32 i = 3; i < cnt; i++) {
		if (tok[i][0] != 'x') {
			put_word(&b->types, word_of(b, tok[i]));
			continue;
		}
		for (times = strtoul(tok[i] + 1, NULL, 0); times; times--)
			for (u32 k = i + 1; k < cnt; k++)
				put_word(&b->types, word_of(b, tok[k]));
		break;
	}
	b->id++;
	return true;
}

static bool put_line(struct blob *b, char *line)
{
	char *tok[64], *rest, *t;
	u32 cnt = 0, times = 1;

	for (t = strtok_r(line, " \t", &rest); t && cnt < ARRAY_SIZE(tok); t = strtok_r(NULL, " \t", &rest))
		tok[cnt++] = t;
	if (!cnt)
		return true;
	if (tok[0][0] == 'x' && tok[0][1] >= '0' && tok[0][1] <= '9' && cnt > 1) {
		for (times = strtoul(tok[0] + 1, NULL, 0); times; times--)
			if (!put_record(b, tok + 1, cnt - 1))
				return false;
		return true;
	}
	return put_record(b, tok, cnt);
}

static bool change_header(struct blob *b, struct btf_header *h, u32 *hdr, const char *tok)
{
	static const struct {
		const char *name;
		size_t off;
	} fields[] = {
#define FIELD(f) { #f, offsetof(struct btf_header, f) }
		FIELD(hdr_len), FIELD(type_off), FIELD(type_len), FIELD(str_off), FIELD(str_len), FIELD(layout_off),
		FIELD(layout_len),
#undef FIELD
	};
	size_t len = strcspn(tok, "=+-");
	u32 val = strtoul(tok + len + 1, NULL, 0);

	if (!strncmp(tok, "hdr=", 4))
		*hdr = val;
	else if (!strncmp(tok, "magic=", 6))
		h->magic = val;
	else if (!strncmp(tok, "version=", 8))
		h->version = val;
	else if (!strncmp(tok, "flags=", 6))
		h->flags = val;
	else if (!strncmp(tok, "body+", 5))
		for (; val; val--)
			strbuf_putc(&b->strs, 0);
	else if (strncmp(tok, "cut=", 4) && strncmp(tok, "byte@", 5)) {
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
			u32 *word = (u32 *)((char *)h + fields[i].off);

			if (strlen(fields[i].name) != len || strncmp(fields[i].name, tok, len))
				continue;
			*word = tok[len] == '=' ? val : tok[len] == '+' ? *word + val : *word - val;
			return true;
		}
		fprintf(stderr, "blob: no header field \"%s\"\n", tok);
		return false;
	}
	return true;
}

/* What is done to the finished bytes. */
static void change_bytes(struct blob *b, const char *tok)
{
	long at, val;

	if (!strncmp(tok, "cut=", 4))
		b->data.len = min_of((size_t)strtoul(tok + 4, NULL, 0), b->data.len);
	else if (sscanf(tok, "byte@%ld=%li", &at, &val) == 2)
		b->data.str[at < 0 ? (long)b->data.len + at : at] = (char)val;
}

static bool each_token(struct blob *b, const char *header, struct btf_header *h, u32 *hdr)
{
	char text[512], *rest, *t;

	snprintf(text, sizeof(text), "%s", header);
	for (t = strtok_r(text, " \t\n", &rest); t; t = strtok_r(NULL, " \t\n", &rest)) {
		if (!h)
			change_bytes(b, t);
		else if (!change_header(b, h, hdr, t))
			return false;
	}
	return true;
}

bool blob_make(struct blob *b, const char *records, const char *header)
{
	struct btf_header h = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = 24 };
	char *text = strdup(records), *rest, *line, zeros[64] = { 0 };
	u32 hdr = 24;
	bool ok = text != NULL;

	*b = (struct blob){ .id = 1 };
	strbuf_putc(&b->strs, '\0');
	for (line = ok ? strtok_r(text, ";\n", &rest) : NULL; ok && line; line = strtok_r(NULL, ";\n", &rest))
		ok = put_line(b, line);
	free(text);
	h.type_len = h.str_off = b->types.len;
	h.str_len = b->strs.len;
	h.layout_off = h.str_off + h.str_len;
	ok = ok && each_token(b, header, &h, &hdr);
	if (!strstr(header, "layout_"))
		h.layout_off = 0;
	strbuf_add(&b->data, (const char *)&h, min_of((size_t)hdr, sizeof(h)));
	if (hdr > sizeof(h))
		strbuf_add(&b->data, zeros, min_of(hdr - sizeof(h), sizeof(zeros)));
	strbuf_add(&b->data, strbuf_str(&b->types), b->types.len);
	strbuf_add(&b->data, strbuf_str(&b->strs), b->strs.len);
	return ok && each_token(b, header, NULL, NULL) && !b->data.oom;
}

void blob_free(struct blob *b)
{
	strbuf_free(&b->types);
	strbuf_free(&b->strs);
	strbuf_free(&b->data);
}
