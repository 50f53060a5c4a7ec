/* SPDX-License-Identifier: BSD-2-Clause */
/* kstructs.h - the simulated kernel's tasks: the kernel's names, our own layout, the members that are modelled. */
#ifndef SKEP_TASK_KSTRUCTS_H
#define SKEP_TASK_KSTRUCTS_H

#define TASK_COMM_LEN 16

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent, *parent, *group_leader;
	char comm[TASK_COMM_LEN];
};

#endif
