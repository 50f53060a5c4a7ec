/* SPDX-License-Identifier: BSD-2-Clause */
/* case_read.c - the text form of cases. See docs/cases.md. */
#include "case.h"

#include <ctype.h>
#include <stdarg.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

struct reader {
	struct text_case *c;
	const char *file;
	int line;
	char raw_pre[1024];
	bool bad;
};

static bool bad(struct reader *r, const char *what, const char *detail)
{
	if (!r->bad)
		printf("# %s:%d: %s%s%s\n", r->file, r->line, what, detail ? ": " : "",
		       detail ? detail : "");
	r->bad = true;
	return false;
}

static const char *skip(const char *p)
{
	while (isspace((u8)*p) || *p == ',')
		p++;
	return p;
}

static const struct {
	const char *name;
	u32 type;
	u32 data_off, end_off, meta_off; /* packet pointers in the context, 0xffff none */
} prog_types[] = {
	{ "socket", BPF_PROG_TYPE_SOCKET_FILTER, 0xffff, 0xffff, 0xffff },
	{ "xdp", BPF_PROG_TYPE_XDP, 0, 4, 8 },
	{ "tc", BPF_PROG_TYPE_SCHED_CLS, 76, 80, 140 },
	{ "cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, 76, 80, 0xffff },
	{ "raw_tp", BPF_PROG_TYPE_RAW_TRACEPOINT, 0xffff, 0xffff, 0xffff },
	{ "syscall", BPF_PROG_TYPE_SYSCALL, 0xffff, 0xffff, 0xffff },
};

static const struct {
	const char *name;
	u32 type;
} map_types[] = {
	{ "array", BPF_MAP_TYPE_ARRAY },	 { "percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY },
	{ "hash", BPF_MAP_TYPE_HASH },		 { "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH },
	{ "ringbuf", BPF_MAP_TYPE_RINGBUF },	 { "prog_array", BPF_MAP_TYPE_PROG_ARRAY },
	{ "perf_event_array", BPF_MAP_TYPE_PERF_EVENT_ARRAY },
	{ "lru_hash", BPF_MAP_TYPE_LRU_HASH },	 { "queue", BPF_MAP_TYPE_QUEUE },
	{ "stack", BPF_MAP_TYPE_STACK },	 { "lpm_trie", BPF_MAP_TYPE_LPM_TRIE },
	{ "lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH },
	{ "bloom_filter", BPF_MAP_TYPE_BLOOM_FILTER },
	{ "rhash", BPF_MAP_TYPE_RHASH },
	{ "array_of_maps", BPF_MAP_TYPE_ARRAY_OF_MAPS },
	{ "hash_of_maps", BPF_MAP_TYPE_HASH_OF_MAPS },
	{ "cgroup_storage", BPF_MAP_TYPE_CGROUP_STORAGE },
	{ "percpu_cgroup_storage", BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE },
};

static const struct {
	const char *name;
	u32 flag;
} map_flags[] = {
	{ "rdonly_prog", BPF_F_RDONLY_PROG },
	{ "wronly_prog", BPF_F_WRONLY_PROG },
	{ "no_prealloc", BPF_F_NO_PREALLOC },
	{ "inner_map", BPF_F_INNER_MAP },
};

static u32 map_flag(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(map_flags); i++) {
		if (!strcmp(map_flags[i].name, name))
			return map_flags[i].flag;
	}
	return 0;
}

static struct case_map *add_map(struct reader *r, const char *name)
{
	struct text_case *c = r->c;

	for (u32 i = 0; i < c->map_cnt; i++) {
		if (!strcmp(c->maps[i].name, name))
			return &c->maps[i];
	}
	if (c->map_cnt == CASE_MAX_MAPS)
		return NULL;
	snprintf(c->maps[c->map_cnt].name, sizeof(c->maps[0].name), "%s", name);
	return &c->maps[c->map_cnt++];
}

/* "h=hash(4,8,16)", "a=array(4,8,1,rdonly_prog)", "rb=ringbuf(4096)" */
static bool read_maps(struct reader *r, const char *p)
{
	char name[16], type[32], args[64];

	while (*(p = skip(p))) {
		struct case_map *m;
		u32 n[3] = { 0 }, cnt = 0;
		int used = 0; /* set only when the closing parenthesis is there */
		char *a, *tok;
		bool found = false;

		if (sscanf(p, "%15[a-zA-Z0-9_]=%31[a-z_](%63[^)])%n", name, type, args, &used) != 3 || !used)
			return bad(r, "expected name=type(key,value,max)", p);
		p += used;
		m = add_map(r, name);
		if (!m)
			return bad(r, "too many maps", NULL);
		for (size_t i = 0; i < ARRAY_SIZE(map_types); i++) {
			if (!strcmp(map_types[i].name, type)) {
				m->type = map_types[i].type;
				found = true;
			}
		}
		if (!found)
			return bad(r, "no such map type", type);
		for (a = args; (tok = strsep(&a, ",")); ) {
			if (map_flag(tok))
				m->flags |= map_flag(tok);
			else if (!strncmp(tok, "inner=", 6))
				snprintf(m->inner, sizeof(m->inner), "%s", tok + 6);
			else if (cnt < 3 && isdigit((u8)*tok))
				n[cnt++] = strtoul(tok, NULL, 0);
			else
				return bad(r, "bad map argument", tok);
		}
		if (m->type == BPF_MAP_TYPE_RINGBUF) {
			m->max_entries = n[0];
		} else {
			m->key_size = n[0];
			m->value_size = n[1];
			m->max_entries = n[2];
		}
	}
	return true;
}

static void pre_line(struct text_case *c, const char *fmt, ...)
{
	size_t len = strlen(c->pre);
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->pre + len, sizeof(c->pre) - len, fmt, args);
	va_end(args);
}

static bool pre_scalar(struct reader *r, u32 reg, const char *type)
{
	struct text_case *c = r->c;

	if (c->scalar_cnt == CASE_MAX_SCALARS)
		return bad(r, "too many scalars", NULL);
	pre_line(c, "r%u = map_value[in] + %u\nr%u = *(%s *)(r%u + 0)\n", reg, c->scalar_cnt * 8, reg,
		 type, reg);
	c->scalar_cnt++;
	return true;
}

static bool pre_value(struct reader *r, u32 reg, u32 size, bool rdonly)
{
	struct case_map *m;
	char name[16];

	snprintf(name, sizeof(name), "%s%u", rdonly ? "ro" : "v", size);
	m = add_map(r, name);
	if (!m)
		return bad(r, "too many maps", NULL);
	*m = (struct case_map){ .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = size,
				.max_entries = 1, .flags = rdonly ? BPF_F_RDONLY_PROG : 0 };
	snprintf(m->name, sizeof(m->name), "%s", name);
	pre_line(r->c, "r%u = map_value[%s]\n", reg, name);
	return true;
}

static bool pre_packet(struct reader *r, u32 reg, const char *what)
{
	for (size_t i = 0; i < ARRAY_SIZE(prog_types); i++) {
		u32 off;

		if (prog_types[i].type != r->c->prog_type)
			continue;
		off = !strcmp(what, "pkt") ? prog_types[i].data_off :
		      !strcmp(what, "pkt_end") ? prog_types[i].end_off : prog_types[i].meta_off;
		if (off == 0xffff)
			return bad(r, "this program type has no packet pointers", NULL);
		pre_line(r->c, "r%u = *(u32 *)(r1 + %u)\n", reg, off);
	}
	return true;
}

/* "r2=scalar r3=map_value(8) r4=pkt r5=7": code that makes the registers so. */
static bool make_pre(struct reader *r)
{
	static const char *const types[] = { "u8", "u16", "u32", "u64", "s8", "s16", "s32" };
	const char *p = r->raw_pre;
	char what[64];
	int used, size;
	u32 reg;

	while (*(p = skip(p))) {
		bool done = false;

		if (sscanf(p, "r%u=%63[^ \t\n,(]%n", &reg, what, &used) != 2 || reg > 9)
			return bad(r, "expected rN=what", p);
		p += used;
		for (size_t i = 0; i < ARRAY_SIZE(types) && !done; i++) {
			if (!strcmp(what, types[i]) || (!strcmp(what, "scalar") && i == 3)) {
				if (!pre_scalar(r, reg, types[i]))
					return false;
				done = true;
			}
		}
		if (done)
			continue;
		if (!strcmp(what, "map_value") || !strcmp(what, "rdonly_value")) {
			used = 0; /* as in read_maps() */
			if (sscanf(p, "(size=%d)%n", &size, &used) != 1)
				sscanf(p, "(%d)%n", &size, &used);
			if (!used || size < 0)
				return bad(r, "expected map_value(SIZE)", p);
			p += used;
			if (!pre_value(r, reg, size, what[0] == 'r'))
				return false;
		} else if (!strncmp(what, "pkt", 3)) {
			if (!pre_packet(r, reg, what))
				return false;
		} else if (!strcmp(what, "ctx")) {
			pre_line(r->c, "r%u = r1\n", reg);
		} else if (!strcmp(what, "map")) {
			used = 0;
			if (sscanf(p, "(%63[^)])%n", what, &used) != 1 || !used)
				return bad(r, "expected map(NAME)", p);
			p += used;
			pre_line(r->c, "r%u = map[%s]\n", reg, what);
		} else if (isdigit((u8)*what) || *what == '-') {
			pre_line(r->c, "r%u = %s\n", reg, what);
		} else {
			return bad(r, "no such register content", what);
		}
	}
	return true;
}

/* A quoted string; backslash escapes a quote. */
static const char *read_quoted(const char *p, char *out, size_t size)
{
	size_t len = 0;

	p = skip(p);
	if (*p != '"')
		return NULL;
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		else if (*p == '\\' && p[1] == 'n') {
			p++;
			if (len + 1 < size)
				out[len++] = '\n';
			continue;
		}
		if (len + 1 < size)
			out[len++] = *p;
	}
	out[len] = '\0';
	return *p == '"' ? p + 1 : NULL;
}

/* 'accept; r0=1,2; log "text"' or 'reject "text"' (also accepts/rejects). */
static bool read_want(struct reader *r, const char *p, struct case_want *want)
{
	char *end;

	p = skip(p);
	if (!strncmp(p, "accept", 6)) {
		want->accept = true;
		p += 6;
	} else if (!strncmp(p, "reject", 6)) {
		p += 6;
	} else {
		return bad(r, "expected accept or reject", p);
	}
	if (*p == 's')
		p++;
	while (*(p = skip(p))) {
		if (*p == ';') {
			p++;
		} else if (*p == '"' && !want->accept) {
			p = read_quoted(p, want->msg, sizeof(want->msg));
			if (!p)
				return bad(r, "bad quotes", NULL);
		} else if (!strncmp(p, "log", 3) && want->log_cnt < CASE_MAX_LOGS) {
			p = read_quoted(p + 3, want->logs[want->log_cnt++], sizeof(want->logs[0]));
			if (!p)
				return bad(r, "bad quotes", NULL);
		} else if (!strncmp(p, "r0=", 3)) {
			p += 3;
			do {
				if (want->r0_cnt == CASE_MAX_SETS)
					return bad(r, "too many values", NULL);
				want->r0[want->r0_cnt++] =
					*p == '-' ? (u64)strtoll(p, &end, 0) : strtoull(p, &end, 0);
				if (end == p)
					return bad(r, "expected a number", p);
				p = end;
			} while (*p == ',' && p++);
		} else {
			return bad(r, "what must come of it?", p);
		}
	}
	return true;
}

/* "from" -> "to" [, "from" -> "to"] rejects "text" */
static bool read_twin(struct reader *r, const char *p)
{
	struct case_twin *t;

	if (r->c->twin_cnt == CASE_MAX_TWINS)
		return bad(r, "too many twins", NULL);
	t = &r->c->twins[r->c->twin_cnt++];
	for (;;) {
		if (t->edit_cnt == ARRAY_SIZE(t->edits))
			return bad(r, "too many edits", NULL);
		p = read_quoted(p, t->edits[t->edit_cnt].from, sizeof(t->edits[0].from));
		if (!p || strncmp(p = skip(p), "->", 2))
			return bad(r, "expected \"from\" -> \"to\"", p);
		p = read_quoted(p + 2, t->edits[t->edit_cnt].to, sizeof(t->edits[0].to));
		if (!p)
			return bad(r, "bad quotes", NULL);
		t->edit_cnt++;
		p = skip(p);
		if (*p != '"')
			break;
	}
	return read_want(r, p, &t->want);
}

static bool read_in(struct reader *r, const char *p)
{
	u32 n = 0;
	char *end;

	while (*(p = skip(p))) {
		if (r->c->set_cnt == CASE_MAX_SETS)
			return bad(r, "too many inputs", NULL);
		if (*p == '|') {
			n = 0;
			r->c->set_cnt++;
			p++;
			continue;
		}
		if (n == CASE_MAX_SCALARS)
			return bad(r, "too many inputs", NULL);
		r->c->in[r->c->set_cnt][n++] =
			*p == '-' ? (u64)strtoll(p, &end, 0) : strtoull(p, &end, 0);
		if (end == p)
			return bad(r, "expected a number", p);
		p = end;
	}
	if (r->c->set_cnt == CASE_MAX_SETS)
		return bad(r, "too many inputs", NULL);
	r->c->set_cnt++;
	return true;
}

static bool read_prog(struct reader *r, const char *p)
{
	char word[32];
	int used;

	while (*(p = skip(p))) {
		bool found = false;

		if (sscanf(p, "%31[a-z_]%n", word, &used) != 1)
			return bad(r, "expected a program type", p);
		p += used;
		for (size_t i = 0; i < ARRAY_SIZE(prog_types); i++) {
			if (!strcmp(prog_types[i].name, word)) {
				r->c->prog_type = prog_types[i].type;
				found = true;
			}
		}
		if (!strcmp(word, "sleepable"))
			r->c->prog_flags |= BPF_F_SLEEPABLE;
		else if (!strcmp(word, "strict"))
			r->c->prog_flags |= BPF_F_STRICT_ALIGNMENT;
		else if (!strcmp(word, "no_perfmon"))
			r->c->rights = RIGHTS_NO_PERFMON;
		else if (!strcmp(word, "no_bpf"))
			r->c->rights = RIGHTS_NONE;
		else if (!strcmp(word, "proprietary"))
			r->c->gpl = false;
		else if (!found)
			return bad(r, "no such program type or flag", word);
	}
	return true;
}

/* "64" zero bytes, or hex digits with spaces. */
static bool read_data(struct reader *r, const char *p)
{
	char *end;
	u32 len = strtoul(p, &end, 10);

	if (!*skip(end) && len <= sizeof(r->c->data) && strlen(skip(p)) <= 4) {
		r->c->data_len = len;
		return true;
	}
	for (p = skip(p); *p; p = skip(p)) {
		char two[3] = { p[0], p[1], 0 };

		if (!isxdigit((u8)p[0]) || !isxdigit((u8)p[1]) || r->c->data_len == sizeof(r->c->data))
			return bad(r, "bad packet bytes", p);
		r->c->data[r->c->data_len++] = strtoul(two, NULL, 16);
		p += 2;
	}
	return true;
}

static bool field(struct reader *r, const char *key, const char *val)
{
	struct text_case *c = r->c;

	if (!strcmp(key, "prog"))
		return read_prog(r, val);
	if (!strcmp(key, "maps"))
		return read_maps(r, val);
	if (!strcmp(key, "pre"))
		return snprintf(r->raw_pre, sizeof(r->raw_pre), "%s", val) > 0;
	if (!strcmp(key, "asm"))
		return snprintf(c->text, sizeof(c->text), "%s", val) < (int)sizeof(c->text) ||
		       bad(r, "asm is too long", NULL);
	if (!strcmp(key, "in"))
		return read_in(r, val);
	if (!strcmp(key, "data"))
		return read_data(r, val);
	if (!strcmp(key, "want"))
		return read_want(r, val, &c->want);
	if (!strcmp(key, "twin"))
		return read_twin(r, val);
	if (!strcmp(key, "run")) {
		c->no_run = !strncmp(skip(val), "no", 2);
		return true;
	}
	if (!strcmp(key, "bug")) {
		val = skip(val);
		snprintf(c->bug, sizeof(c->bug), "%.*s", (int)strcspn(val, "\n"), val);
		return true;
	}
	if (!strcmp(key, "kernel"))
		return snprintf(c->kernel_differs, sizeof(c->kernel_differs), "%s", skip(val)) > 0;
	return bad(r, "no such field", key);
}

/* Inputs that bring out most slips: 0, -1, small ones, sign bits, something random. */
static void default_inputs(struct text_case *c)
{
	static const u64 seeds[] = { 0, UINT64_MAX, 1, 7, 0x80000000, INT64_MIN, 0x123456789abcdef0 };

	c->set_cnt = ARRAY_SIZE(seeds);
	for (u32 s = 0; s < c->set_cnt; s++) {
		for (u32 i = 0; i < CASE_MAX_SCALARS; i++)
			c->in[s][i] = s == 3 ? i + 1 : seeds[s] + (s == 6 ? i * 0x9e3779b97f4a7c15ULL : 0);
	}
}

static int finish(struct reader *r)
{
	struct text_case *c = r->c;
	struct case_map *m;

	if (!c->text[0] || !make_pre(r))
		return bad(r, "a case needs name, asm and want", NULL) ? 0 : -1;
	if (c->scalar_cnt) {
		m = add_map(r, "in");
		if (!m)
			return -1;
		*m = (struct case_map){ .name = "in", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
					.value_size = CASE_MAX_SCALARS * 8, .max_entries = 1 };
		if (!c->set_cnt)
			default_inputs(c);
	}
	if (!c->set_cnt)
		c->set_cnt = 1;
	if (!c->data_len)
		c->data_len = 64;
	return r->bad ? -1 : 1;
}

int case_next(FILE *f, const char *file, int *line, struct text_case *ret_case)
{
	static char val[28672], buf[4096], key[16];
	struct reader r = { .c = ret_case, .file = file };
	long before;
	int got = 0;

	memset(ret_case, 0, sizeof(*ret_case));
	ret_case->prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	ret_case->gpl = true;
	snprintf(ret_case->file, sizeof(ret_case->file), "%s", file);
	key[0] = val[0] = '\0';
	for (;;) {
		char *nl;

		before = ftell(f);
		if (!fgets(buf, sizeof(buf), f))
			break;
		++*line;
		if (buf[0] == '#')
			continue;
		if (isspace((u8)buf[0])) { /* goes on with the field above */
			if (strlen(val) + strlen(buf) < sizeof(val))
				strcat(val, buf);
			continue;
		}
		nl = strchr(buf, ':');
		if (!nl) {
			r.line = *line;
			bad(&r, "expected 'field: value'", buf);
			continue;
		}
		if (key[0] && strcmp(key, "name") && !field(&r, key, val))
			break;
		*nl = '\0';
		snprintf(key, sizeof(key), "%.15s", buf);
		snprintf(val, sizeof(val), "%s", nl + 1);
		r.line = *line;
		if (!strcmp(key, "name")) {
			if (got) { /* the next case begins here */
				fseek(f, before, SEEK_SET);
				--*line;
				return finish(&r);
			}
			val[strcspn(val, "\n")] = '\0';
			snprintf(ret_case->name, sizeof(ret_case->name), "%s", skip(val));
			ret_case->line = *line;
			got = 1;
		}
	}
	if (r.bad)
		return -1;
	if (got && key[0] && strcmp(key, "name") && !field(&r, key, val))
		return -1;
	return got ? finish(&r) : 0;
}

static void print_map(FILE *f, const struct case_map *m)
{
	const char *type = "?";

	for (size_t i = 0; i < ARRAY_SIZE(map_types); i++) {
		if (map_types[i].type == m->type)
			type = map_types[i].name;
	}
	fprintf(f, " %s=%s(", m->name, type);
	if (m->type == BPF_MAP_TYPE_RINGBUF)
		fprintf(f, "%u", m->max_entries);
	else
		fprintf(f, "%u,%u,%u", m->key_size, m->value_size, m->max_entries);
	for (size_t i = 0; i < ARRAY_SIZE(map_flags); i++) {
		if (m->flags & map_flags[i].flag)
			fprintf(f, ",%s", map_flags[i].name);
	}
	if (m->inner[0])
		fprintf(f, ",inner=%s", m->inner);
	fputc(')', f);
}

void case_print_head(FILE *f, const struct text_case *c)
{
	const char *type = "?";

	for (size_t i = 0; i < ARRAY_SIZE(prog_types); i++) {
		if (prog_types[i].type == c->prog_type)
			type = prog_types[i].name;
	}
	fprintf(f, "prog: %s%s%s%s%s\n", type, c->prog_flags & BPF_F_SLEEPABLE ? " sleepable" : "",
		c->prog_flags & BPF_F_STRICT_ALIGNMENT ? " strict" : "", c->gpl ? "" : " proprietary",
		c->rights == RIGHTS_ALL ? "" : c->rights == RIGHTS_NONE ? " no_bpf" : " no_perfmon");
	if (!c->map_cnt)
		return;
	fprintf(f, "maps:");
	for (u32 i = 0; i < c->map_cnt; i++)
		print_map(f, &c->maps[i]);
	fputc('\n', f);
}

static char *replace_once(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	size_t head, size;
	char *out;

	if (!at || strstr(at + 1, from))
		return NULL;
	head = at - text;
	size = strlen(text) + strlen(to) + 1;
	out = malloc(size);
	if (out)
		snprintf(out, size, "%.*s%s%s", (int)head, text, to, at + strlen(from));
	return out;
}

char *case_text(const struct text_case *c, const struct case_twin *twin)
{
	size_t size = sizeof(c->pre) + sizeof(c->text) + 4096;
	char *text = strdup(c->text), *next, *all;

	for (u32 i = 0; twin && text && i < twin->edit_cnt; i++) {
		next = replace_once(text, twin->edits[i].from, twin->edits[i].to);
		free(text);
		text = next;
	}
	if (!text)
		return NULL;
	all = malloc(size);
	if (all)
		snprintf(all, size, "%s%s", c->pre, text);
	free(text);
	return all;
}
