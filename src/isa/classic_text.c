/* SPDX-License-Identifier: BSD-2-Clause */
/* classic_text.c - what "tcpdump -ddd" prints, read. */
#include "isa/classic.h"

#include <errno.h>
#include <stdlib.h>

struct reader {
	const char *at, *end;
	u32 line;
};

static void skip_blanks(struct reader *rd)
{
	while (rd->at < rd->end && (*rd->at == ' ' || *rd->at == '\t' || *rd->at == '\r'))
		rd->at++;
}

/* False: no number there, or one above @max. */
static bool number(struct reader *rd, u64 max, u64 *ret_num)
{
	const char *start;
	u64 num = 0;

	skip_blanks(rd);
	start = rd->at;
	while (rd->at < rd->end && *rd->at >= '0' && *rd->at <= '9') {
		num = num * 10 + (*rd->at++ - '0');
		if (num > max)
			return false;
	}
	*ret_num = num;
	return rd->at > start;
}

static bool line_ends(struct reader *rd)
{
	skip_blanks(rd);
	if (rd->at == rd->end)
		return true;
	if (*rd->at != '\n')
		return false;
	rd->at++;
	rd->line++;
	return true;
}

static bool read_insn(struct reader *rd, struct sock_filter *ret_insn)
{
	u64 code, jt, jf, k;

	if (!number(rd, UINT16_MAX, &code) || !number(rd, UINT8_MAX, &jt) || !number(rd, UINT8_MAX, &jf) ||
	    !number(rd, UINT32_MAX, &k))
		return false;
	*ret_insn = (struct sock_filter){ .code = code, .jt = jt, .jf = jf, .k = k };
	return line_ends(rd);
}

static int refuse(const struct reader *rd, struct strbuf *err, const char *why)
{
	strbuf_printf(err, "line %u: %s", rd->line, why);
	return -EINVAL;
}

int classic_parse(const char *text, size_t size, struct sock_filter **ret_insns, u32 *ret_cnt, struct strbuf *err)
{
	struct reader rd = { .at = text, .end = text + size, .line = 1 };
	struct sock_filter *insns;
	int ret = 0;
	u64 cnt;

	if (!number(&rd, CLASSIC_MAX, &cnt) || !cnt || !line_ends(&rd))
		return refuse(&rd, err, "the number of insns is wanted, 1 to 4096, as \"tcpdump -ddd\" prints it");
	insns = calloc(cnt, sizeof(*insns));
	if (!insns)
		return -ENOMEM;
	for (u64 i = 0; i < cnt && !ret; i++) {
		if (!read_insn(&rd, &insns[i]))
			ret = refuse(&rd, err, rd.at == rd.end ? "fewer insns than the first line says" :
								 "not \"code jt jf k\", four decimal numbers in range");
	}
	while (!ret && rd.at < rd.end) {
		if (!line_ends(&rd))
			ret = refuse(&rd, err, "more insns than the first line says");
	}
	if (ret) {
		free(insns);
		return ret;
	}
	*ret_insns = insns;
	*ret_cnt = cnt;
	return 0;
}
