/* SPDX-License-Identifier: BSD-2-Clause */
/* sent.h - packets that a program sent away while it ran, by where they arrived. */
#ifndef SKEP_CLI_SENT_H
#define SKEP_CLI_SENT_H

#include "cli/cli.h"

#define SENT_ROWS 128

struct sent_row {
	char to[32]; /* "eth1", "eth1 (ingress)", "cpu 3" */
	u64 packets, bytes;
};

struct sent_view {
	struct sent_row rows[SENT_ROWS];
	u32 cnt;
	u64 dropped; /* no such device, no target, too long; or one place more than there are rows */
};

/* For skep_on_sent(). */
void sent_note(void *view, const struct skep_sent *sent);
/* Makes the devices that --devs names; false after one line by cli_fail(). */
bool sent_make_devs(struct skep *skep, const char *names);
void sent_print(const struct sent_view *view);
struct json_object *sent_json(const struct sent_view *view); /* NULL: nothing was sent */

#endif
