/* SPDX-License-Identifier: BSD-2-Clause */
/* plugin.h - what every plugin includes. */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../request.h"

/* The host fills it in: what it thinks of each client, 0 to 100. Plugins may only read it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_CLIENTS);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__type(key, __u32);
	__type(value, __u32);
} reputation SEC(".maps");

static __always_inline __u32 reputation_of(__u32 client)
{
	__u32 *value = bpf_map_lookup_elem(&reputation, &client);

	return value ? *value : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#endif
