/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.h - programs that probes, tracepoints and performance events run. */
#ifndef SKEP_TRACE_TRACE_H
#define SKEP_TRACE_TRACE_H

struct skep;

/* Registers the program types. 0, -ENOMEM, -EEXIST. */
int trace_register(struct skep *skep);

#endif
