/* SPDX-License-Identifier: BSD-2-Clause */
/* sent.c - what "skep run" says of packets that a program sent away. */
#include "cli/sent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void name_place(char *to, size_t size, const struct skep_sent *sent)
{
	if (sent->cpu >= 0)
		snprintf(to, size, "cpu %d", sent->cpu);
	else if (sent->xsk_queue >= 0)
		snprintf(to, size, "socket, queue %d", sent->xsk_queue);
	else
		snprintf(to, size, "%s%s", sent->dev, sent->ingress ? " (ingress)" : "");
}

void sent_note(void *ctx, const struct skep_sent *sent)
{
	struct sent_view *view = ctx;
	char to[sizeof(view->rows[0].to)];
	u32 i = 0;

	if (!sent->err) {
		name_place(to, sizeof(to), sent);
		while (i < view->cnt && strcmp(view->rows[i].to, to))
			i++;
	}
	if (sent->err || i == SENT_ROWS) {
		view->dropped++;
		return;
	}
	if (i == view->cnt) {
		view->rows[view->cnt++] = (struct sent_row){ .packets = 0 };
		memcpy(view->rows[i].to, to, sizeof(to));
	}
	view->rows[i].packets++;
	view->rows[i].bytes += sent->size;
}

bool sent_make_devs(struct skep *skep, const char *names)
{
	char name[64];
	uint32_t ifindex;
	size_t len;
	int err;

	for (; names && *names; names += len + (names[len] == ',')) {
		len = strcspn(names, ",");
		snprintf(name, sizeof(name), "%.*s", (int)min_of(len, sizeof(name) - 1), names);
		err = skep_dev_add(skep, name, 1, &ifindex);
		if (err) {
			cli_fail("--devs: \"%s\": %s", name,
				 err == -EEXIST ? "there is one already" :
				 err == -EINVAL ? "names have 1 to 15 bytes" : cli_strerror(err));
			return false;
		}
	}
	return true;
}

void sent_print(const struct sent_view *view)
{
	if (!view->cnt && !view->dropped)
		return;
	printf("sent:\n");
	for (u32 i = 0; i < view->cnt; i++)
		printf("  %-14s %llu packet%s, %llu bytes\n", view->rows[i].to,
		       (unsigned long long)view->rows[i].packets, view->rows[i].packets == 1 ? "" : "s",
		       (unsigned long long)view->rows[i].bytes);
	if (view->dropped)
		printf("  %-14s %llu\n", "dropped", (unsigned long long)view->dropped);
}

struct json_object *sent_json(const struct sent_view *view)
{
	struct json_object *out, *row;

	if (!view->cnt && !view->dropped)
		return NULL;
	out = json_object_new_object();
	for (u32 i = 0; i < view->cnt; i++) {
		row = json_object_new_object();
		json_add_num(row, "packets", view->rows[i].packets);
		json_add_num(row, "bytes", view->rows[i].bytes);
		json_object_object_add(out, view->rows[i].to, row);
	}
	if (view->dropped)
		json_add_num(out, "dropped", view->dropped);
	return out;
}
