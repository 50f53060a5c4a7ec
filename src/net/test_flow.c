/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_flow.c - BPF_PROG_TEST_RUN of flow dissectors: a frame goes in, struct bpf_flow_keys comes out as
 * the data. The context that may be given is such a struct, of which only flags mean something.
 */
#include "net/private.h"

#include <string.h>

#include <linux/bpf.h>

#define FRAME_MAX 4096

static u16 clamp16(u16 val, u16 low, u16 high)
{
	return val < low ? low : val > high ? high : val;
}

static bool flags_only(const struct bpf_flow_keys *keys)
{
	struct bpf_flow_keys none = { .flags = keys->flags };

	return !memcmp(&none, keys, sizeof(none));
}

/* Each run starts anew, behind the Ethernet header; offsets that the program leaves stay inside of
 * the frame, and the transport header does not lie before the network header. */
static int dissect(struct skep_prog *prog, struct test_run *run, struct bpf_flow_dissector *flow, u32 size,
		   u32 flags)
{
	struct bpf_flow_keys *keys = flow->flow_keys;
	u32 repeat = run->repeat ? run->repeat : 1;
	u64 total = 0;
	int err;

	run->repeat = 1;
	for (u32 i = 0; i < repeat; i++) {
		memset(keys, 0, sizeof(*keys));
		memcpy(&keys->n_proto, (const u8 *)flow->data + 12, 2);
		keys->nhoff = keys->thoff = ETH_HLEN;
		keys->flags = flags;
		err = test_repeat(prog, run, flow);
		if (err)
			return err;
		total += run->duration_ns;
		keys->nhoff = clamp16(keys->nhoff, ETH_HLEN, (u16)size);
		keys->thoff = clamp16(keys->thoff, keys->nhoff, (u16)size);
	}
	run->duration_ns = (u32)(total / repeat);
	return 0;
}

int flow_test_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	struct bpf_flow_keys keys, user;
	struct bpf_flow_dissector flow = { .flow_keys = &keys };
	bool given;
	int err;

	if (run->flags || run->cpu || run->batch_size)
		return -EINVAL;
	err = test_data_in(run, ETH_HLEN, FRAME_MAX);
	if (!err)
		err = test_ctx_in(run, &user, sizeof(user), &given);
	if (!err && !flags_only(&user))
		err = -EINVAL;
	if (!err) {
		flow.data = run->data_in;
		flow.data_end = (const u8 *)run->data_in + run->data_size_in;
		err = dissect(prog, run, &flow, run->data_size_in, user.flags);
	}
	if (!err)
		err = test_finish_data(run, &keys, sizeof(keys));
	return err || !given ? err : test_ctx_out(run, &user, sizeof(user));
}
