/* SPDX-License-Identifier: BSD-2-Clause */
/* reject.c - the one way to say no, and the names of the reasons. */
#include "verifier/checks.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *explain;
} reasons[REJECT_REASON_CNT] = {
	[R_NONE] = { "none", "" },
#define REASON(id, name_, explain_) [R_##id] = { name_, explain_ },
#include "verifier/reject.def"
#undef REASON
};

const char *reject_reason_name(enum reject_reason reason)
{
	return (u32)reason < REJECT_REASON_CNT ? reasons[reason].name : "unknown";
}

const char *reject_reason_explain(enum reject_reason reason)
{
	return (u32)reason < REJECT_REASON_CNT ? reasons[reason].explain : "";
}

void log_printf(struct verifier_env *env, u32 level, const char *fmt, ...)
{
	va_list args;

	/* Level 2 shows all that level 1 does. */
	if (level & VLOG_LEVEL1)
		level |= VLOG_LEVEL2;
	if (!vlog_wanted(env->log) || !(env->log->level & level))
		return;
	va_start(args, fmt);
	vlog_vprintf(env->log, fmt, args);
	va_end(args);
}

static int refuse(struct verifier_env *env, u32 insn_idx, enum reject_reason reason, int err,
		  const char *prefix, const char *fmt, va_list args)
{
	struct vresult *res = env->res;
	char text[sizeof(res->message)];
	int len = snprintf(text, sizeof(text), "%s", prefix);

	vsnprintf(text + len, sizeof(text) - len, fmt, args);
	if (vlog_wanted(env->log))
		vlog_printf(env->log, "%s\n", text);
	if (res->err)
		return err; /* the first reason is the cause */
	res->err = err;
	res->reason = reason;
	res->insn_idx = insn_idx;
	memcpy(res->message, text, sizeof(text));
	return err;
}

int reject_at(struct verifier_env *env, u32 insn_idx, enum reject_reason reason, int err,
	      const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	refuse(env, insn_idx, reason, err, "", fmt, args);
	va_end(args);
	return err;
}

void forget_refusal(struct verifier_env *env)
{
	env->res->err = 0;
	env->res->reason = R_NONE;
	env->res->insn_idx = 0;
	env->res->message[0] = 0;
}

void warn(struct verifier_env *env, const char *fmt, ...)
{
	struct insn_note *note = &env->notes[env->insn_idx];
	struct source_line line;
	va_list args;

	if (note->warned)
		return;
	note->warned = true;
	strbuf_printf(&env->warnings, "WARNING: insn %u: ", env->insn_idx);
	va_start(args, fmt);
	strbuf_vprintf(&env->warnings, fmt, args);
	va_end(args);
	if (env->line_infos && btf_line_text(env, env->insn_idx, &line))
		strbuf_printf(&env->warnings, "; %s @ %s:%u", line.text, line.file, line.line);
	strbuf_putc(&env->warnings, '\n');
}

int not_modelled(struct verifier_env *env, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	refuse(env, env->insn_idx, R_NOT_MODELLED, -EOPNOTSUPP, "not modelled: ", fmt, args);
	va_end(args);
	return -EOPNOTSUPP;
}

int verifier_bug(struct verifier_env *env, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	refuse(env, env->insn_idx, R_VERIFIER_BUG, -EFAULT, "verifier bug: ", fmt, args);
	va_end(args);
	return -EFAULT;
}
