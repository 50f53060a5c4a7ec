/* SPDX-License-Identifier: BSD-2-Clause */
/* task.h - the tasks that programs run in: threads of the host. */
#ifndef SKEP_TASK_TASK_H
#define SKEP_TASK_TASK_H

struct skep;

/* Registers helpers, and what they lead to. 0, -ENOMEM, -EEXIST. */
int task_register(struct skep *skep);

#endif
