/* SPDX-License-Identifier: BSD-2-Clause */
/* testmatch.c - a pattern is text, and between {{ and }} a POSIX extended regular expression. */
#include "cli/testmatch.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* ---- one pattern ---------------------------------------------------------------------------------------------- */

static void add_literal(struct strbuf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		strbuf_printf(out, "%s%c", strchr("\\.^$*+?()[]{}|", text[i]) ? "\\" : "", text[i]);
}

/* False: a {{ without its }}. */
static bool to_regex(const struct test_pattern *p, struct strbuf *out)
{
	const char *pattern = p->text;

	if (p->regex) {
		strbuf_puts(out, pattern);
		return true;
	}
	for (;;) {
		const char *open = strstr(pattern, "{{"), *close = open ? strstr(open, "}}") : NULL;

		add_literal(out, pattern, open ? (size_t)(open - pattern) : strlen(pattern));
		if (!open)
			return true;
		if (!close)
			return false;
		strbuf_printf(out, "(%.*s)", (int)(close - open - 2), open + 2);
		pattern = close + 2;
	}
}

struct span {
	const char *from, *to; /* NULL: not found */
};

/* The first place in @text. False: the pattern itself is wrong, told in @why. */
static bool find(const char *text, const struct test_pattern *p, struct span *ret, struct strbuf *why)
{
	const char *pattern = p->text;
	struct strbuf expr = { 0 };
	regmatch_t at;
	regex_t re;
	char msg[128];
	int err;

	*ret = (struct span){ 0 };
	if (!p->regex && !strstr(pattern, "{{")) {
		ret->from = strstr(text, pattern);
		ret->to = ret->from ? ret->from + strlen(pattern) : NULL;
		return true;
	}
	if (!to_regex(p, &expr)) {
		strbuf_printf(why, "\"%s\": {{ without }}\n", pattern);
		strbuf_free(&expr);
		return false;
	}
	err = regcomp(&re, strbuf_str(&expr), REG_EXTENDED | REG_NEWLINE);
	strbuf_free(&expr);
	if (err) {
		regerror(err, &re, msg, sizeof(msg));
		strbuf_printf(why, "\"%s\": %s\n", pattern, msg);
		return false;
	}
	if (!regexec(&re, text, 1, &at, 0))
		*ret = (struct span){ text + at.rm_so, text + at.rm_eo };
	regfree(&re);
	return true;
}

/* ---- in a log ------------------------------------------------------------------------------------------------- */

/* None of the patterns in [first, last), which must be absent, stands between @from and @to. */
static bool absent_between(const test_patterns *patterns, size_t first, size_t last, const char *from, const char *to,
			   u32 *found, struct strbuf *why)
{
	for (size_t i = first; i < last; i++) {
		struct span at;

		if (!find(from, &patterns->at[i], &at, why))
			return false;
		if (at.from && at.to <= to) {
			strbuf_printf(why, "\"%s\" is there, and must not be\n", patterns->at[i].text);
			return false;
		}
		++*found;
	}
	return true;
}

bool match_in_order(const char *text, const test_patterns *patterns, u32 *ret_found, struct strbuf *why)
{
	const char *from = text, *before = NULL;
	size_t absent = 0; /* the first pattern behind the last one that was found */
	struct span at;

	*ret_found = 0;
	for (size_t i = 0; i < patterns->cnt; i++) {
		const char *want = patterns->at[i].text;

		if (patterns->at[i].absent)
			continue;
		if (!find(from, &patterns->at[i], &at, why))
			return false;
		if (!at.from) {
			strbuf_printf(why, "\"%s\" is not there%s%s%s\n", want, before ? " behind \"" : "",
				      before ? before : "", before ? "\"" : "");
			return false;
		}
		if (!absent_between(patterns, absent, i, from, at.from, ret_found, why))
			return false;
		++*ret_found;
		from = at.to;
		before = want;
		absent = i + 1;
	}
	return absent_between(patterns, absent, patterns->cnt, from, text + strlen(text), ret_found, why);
}

/* ---- in a dump ------------------------------------------------------------------------------------------------ */

/* "   3: (61) r2 = 0" -> "3: r2 = 0"; comments and blank lines go. */
static void plain_line(const char *line, size_t len, struct strbuf *out)
{
	const char *end = line + len, *paren;

	while (line < end && *line == ' ')
		line++;
	if (line == end || *line == ';')
		return;
	paren = memchr(line, '(', end - line);
	if (paren && paren >= line + 3 && !strncmp(paren - 2, ": ", 2) && end - paren > 4 && paren[3] == ')') {
		strbuf_printf(out, "%.*s", (int)(paren - line), line);
		line = paren + 5;
	}
	strbuf_printf(out, "%.*s\n", (int)(end - line), line);
}

/* Line by line: is there @pattern in [line, its end)? */
static bool line_has(const char *line, const struct test_pattern *pattern, bool *ret_has, struct strbuf *why)
{
	size_t len = strcspn(line, "\n");
	char *one = strndup(line, len);
	struct span at = { 0 };
	bool ok = one && find(one, pattern, &at, why);

	*ret_has = at.from;
	free(one);
	return ok;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static bool match_plain(const char *line, const test_patterns *patterns, u32 *ret_found, struct strbuf *why)
{
	bool anywhere = true, has;

	for (size_t i = 0; i < patterns->cnt; i++) {
		const char *want = patterns->at[i].text;

		if (!strcmp(want, "...")) {
			anywhere = true;
			++*ret_found;
			continue;
		}
		for (;; line = next_line(line)) {
			has = false;
			if (*line && !line_has(line, &patterns->at[i], &has, why))
				return false;
			if (has || !*line || !anywhere)
				break;
		}
		if (!has) {
			if (anywhere)
				strbuf_printf(why, "no line \"%s\"\n", want);
			else
				strbuf_printf(why, "\"%s\" is not in the next line, \"%.*s\"\n", want,
					      (int)strcspn(line, "\n"), line);
			return false;
		}
		++*ret_found;
		line = next_line(line);
		anywhere = false;
	}
	return true;
}

bool match_lines(const char *text, const test_patterns *patterns, u32 *ret_found, struct strbuf *why)
{
	struct strbuf plain = { 0 };
	bool ok;

	*ret_found = 0;
	for (const char *line = text; *line; line = next_line(line))
		plain_line(line, strcspn(line, "\n"), &plain);
	ok = match_plain(strbuf_str(&plain), patterns, ret_found, why);
	strbuf_free(&plain);
	return ok;
}
