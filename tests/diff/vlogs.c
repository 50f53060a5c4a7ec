/* SPDX-License-Identifier: BSD-2-Clause */
#include "vlogs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- steps -------------------------------------------------------------------------------------- */

/* "12: (07) r1 += 5   ; R1=7": the insn and what is behind it; false for other lines ("12: R1=7"). */
static bool read_step(const char *line, const char *end, struct log_step *ret)
{
	char *p;
	const char *semi;

	if (!isdigit((u8)*line))
		return false;
	ret->insn = (u32)strtoul(line, &p, 10);
	if (p + 3 >= end || p[0] != ':' || p[1] != ' ' || p[2] != '(')
		return false;
	ret->text = p + 2;
	semi = memmem(p, (size_t)(end - p), "; ", 2);
	ret->state = semi ? semi + 2 : NULL;
	return true;
}

/* "12: R1=7": what is known before an insn, and so behind the one before it, when other lines came between. NULL: none. */
static const char *read_state(const char *line)
{
	size_t digits = strspn(line, "0123456789");

	return digits && !strncmp(line + digits, ": R", 3) ? line + digits + 2 : NULL;
}

bool vlog_read(const char *log, struct vlog_steps *ret)
{
	u32 cap = 0;
	bool speculative = false;
	s64 from = -1;

	*ret = (struct vlog_steps){ 0 };
	for (const char *line = log, *end; *line; line = *end ? end + 1 : end) {
		struct log_step step = { 0 };

		end = strchrnul(line, '\n');
		if (!strncmp(line, "from ", 5)) {
			from = strtol(line + 5, NULL, 10);
			speculative = memmem(line, (size_t)(end - line), "(speculative", 12);
			continue;
		}
		if (!read_step(line, end, &step)) {
			if (ret->cnt && from < 0 && !ret->steps[ret->cnt - 1].state)
				ret->steps[ret->cnt - 1].state = read_state(line);
			continue;
		}
		if (ret->cnt == cap) {
			cap = cap ? cap * 2 : 256;
			ret->steps = realloc(ret->steps, cap * sizeof(*ret->steps));
			if (!ret->steps)
				return false;
		}
		step.from = from;
		step.speculative = speculative;
		from = -1;
		ret->steps[ret->cnt++] = step;
	}
	return true;
}

void vlog_free(struct vlog_steps *v)
{
	free(v->steps);
	*v = (struct vlog_steps){ 0 };
}

/* The step before @at on its path; -1: there is none. Paths are put aside and taken up last in, first out. */
static s64 step_before(const struct vlog_steps *v, s64 at)
{
	s64 from = v->steps[at].from;

	if (from < 0)
		return at - 1;
	for (s64 i = at - 1; i >= 0; i--) {
		if (v->steps[i].insn == from)
			return i;
	}
	return -1;
}

u32 *vlog_last_path(const struct vlog_steps *v, u32 *ret_cnt)
{
	u32 *path = malloc((v->cnt + 1) * sizeof(*path)), n = 0;

	for (s64 at = (s64)v->cnt - 1; path && at >= 0; at = step_before(v, at))
		path[n++] = (u32)at;
	for (u32 i = 0; i < n / 2; i++) {
		u32 tmp = path[i];

		path[i] = path[n - 1 - i];
		path[n - 1 - i] = tmp;
	}
	*ret_cnt = n;
	return path;
}

bool vlog_has_edge(const struct vlog_steps *v, u32 a, u32 b, bool speculative)
{
	for (u32 i = 0; i < v->cnt; i++) {
		if (v->steps[i].insn != b || (v->steps[i].speculative && !speculative))
			continue;
		if (v->steps[i].from == a || (v->steps[i].from < 0 && i && v->steps[i - 1].insn == a))
			return true;
	}
	return false;
}

bool vlog_has_insn(const struct vlog_steps *v, u32 insn)
{
	for (u32 i = 0; i < v->cnt; i++) {
		if (v->steps[i].insn == insn && !v->steps[i].speculative)
			return true;
	}
	return false;
}

/* ---- numbers -------------------------------------------------------------------------------------- */

/* What one bound says of the others; the logs leave out what follows. */
static void complete(struct number *n)
{
	n->umin = n->value > n->umin ? n->value : n->umin;
	n->umax = min_of(n->umax, n->value | n->mask);
	if (n->smin >= 0) {
		n->umin = n->umin > (u64)n->smin ? n->umin : (u64)n->smin;
		n->umax = min_of(n->umax, (u64)n->smax);
	}
	if (n->umax <= INT64_MAX) {
		n->smin = n->smin > (s64)n->umin ? n->smin : (s64)n->umin;
		n->smax = min_of(n->smax, (s64)n->umax);
	}
	if (n->umax <= UINT32_MAX) {
		n->umin32 = n->umin32 > n->umin ? n->umin32 : (u32)n->umin;
		n->umax32 = min_of(n->umax32, (u32)n->umax);
	}
	if (n->smin32 >= 0) {
		n->umin32 = n->umin32 > (u32)n->smin32 ? n->umin32 : (u32)n->smin32;
		n->umax32 = min_of(n->umax32, (u32)n->smax32);
	}
	if (n->umax32 <= INT32_MAX) {
		n->smin32 = n->smin32 > (s32)n->umin32 ? n->smin32 : (s32)n->umin32;
		n->smax32 = min_of(n->smax32, (s32)n->umax32);
	}
}

static void set_bound(struct number *n, const char *name, size_t len, u64 v)
{
	static const char *const names[] = { "smin", "smax", "umin", "umax", "smin32", "smax32", "umin32", "umax32" };
	u32 i = 0;

	while (i < ARRAY_SIZE(names) && (strlen(names[i]) != len || strncmp(names[i], name, len)))
		i++;
	switch (i) {
	case 0: n->smin = (s64)v; break;
	case 1: n->smax = (s64)v; break;
	case 2: n->umin = v; break;
	case 3: n->umax = v; break;
	case 4: n->smin32 = (s32)v; break;
	case 5: n->smax32 = (s32)v; break;
	case 6: n->umin32 = (u32)v; break;
	case 7: n->umax32 = (u32)v; break;
	}
}

/* "smin=umin=1,smax=9,var_off=(0x0; 0xff))" */
static void read_bounds(const char *p, struct number *n)
{
	while (*p && *p != ')' && *p != '\n') {
		const char *names = p;
		char *end;
		u64 v;

		if (!strncmp(p, "var_off=(", 9)) {
			n->value = strtoull(p + 9, &end, 16);
			n->mask = strtoull(end + 2, &end, 16);
			p = end + 1;
		} else {
			const char *last = p;

			for (; *p && *p != ',' && *p != ')' && *p != '\n'; p++)
				last = *p == '=' ? p + 1 : last;
			v = *last == '-' ? (u64)strtoll(last, NULL, 0) : strtoull(last, NULL, 0);
			for (const char *eq; names < last; names = eq + 1) {
				eq = strchr(names, '=');
				set_bound(n, names, (size_t)(eq - names), v);
			}
		}
		p += *p == ',';
	}
}

bool step_number(const struct log_step *step, u32 reg, struct number *ret)
{
	char name[8];
	const char *p = step->state, *end;

	*ret = (struct number){ INT64_MIN, INT64_MAX, 0, UINT64_MAX, INT32_MIN, INT32_MAX, 0, UINT32_MAX, 0, UINT64_MAX };
	if (!p)
		return false;
	end = strchrnul(p, '\n');
	snprintf(name, sizeof(name), "R%u=", reg);
	p = memmem(p, (size_t)(end - p), name, strlen(name));
	if (!p)
		return false;
	p += strlen(name);
	p += *p == 'P';
	if (!strncmp(p, "scalar(", 7)) {
		read_bounds(p + 7, ret);
	} else if (isdigit((u8)*p) || *p == '-') {
		u64 v = *p == '-' ? (u64)strtoll(p, NULL, 0) : strtoull(p, NULL, 0);

		*ret = (struct number){ (s64)v, (s64)v, v, v, (s32)v, (s32)v, (u32)v, (u32)v, v, 0 };
		return true;
	} else {
		return false;
	}
	complete(ret);
	return true;
}

static bool number_within(const struct number *in, const struct number *out)
{
	return in->smin >= out->smin && in->smax <= out->smax && in->umin >= out->umin && in->umax <= out->umax &&
	       in->smin32 >= out->smin32 && in->smax32 <= out->smax32 && in->umin32 >= out->umin32 &&
	       in->umax32 <= out->umax32 && !(in->mask & ~out->mask) && !((in->value ^ out->value) & ~out->mask);
}

bool number_is_narrower(const struct number *in, const struct number *out)
{
	return number_within(in, out) && !number_within(out, in);
}

bool number_has_two_pieces(const struct number *n)
{
	bool wide = n->smin < 0 && n->smax >= 0 && (n->umin > 0 || n->umax < UINT64_MAX) &&
		    (n->smin > INT64_MIN || n->smax < INT64_MAX);
	bool low = n->smin32 < 0 && n->smax32 >= 0 && (n->umin32 > 0 || n->umax32 < UINT32_MAX) &&
		   (n->smin32 > INT32_MIN || n->smax32 < INT32_MAX);

	return wide || low;
}
