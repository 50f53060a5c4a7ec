/* SPDX-License-Identifier: BSD-2-Clause */
/* raw.c - an application with instructions of its own and no object: nothing but bpf.h. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

/* r0 = value of element 0 of an array, to which it adds 5 first. */
static int load(int map_fd)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = 10, .off = -4, .imm = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -4 },
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map_fd },
		{ 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 0, .off = 4, .imm = 0 },
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 1, .src_reg = 0 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 1, .imm = 5 },
		{ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = 0, .src_reg = 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 0, .src_reg = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "adds_five", "GPL", insns, sizeof(insns) / sizeof(insns[0]),
			     NULL);
}

int main(void)
{
	char packet[64] = "";
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet));
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "numbers", 4, 8, 2, NULL), prog;
	__u64 value = 30;
	__u32 key = 0, past = 2;

	if (map < 0 || bpf_map_update_elem(map, &key, &value, BPF_ANY)) {
		perror("map");
		return 2;
	}
	prog = load(map);
	if (prog < 0) {
		perror("load");
		return 2;
	}
	for (int i = 0; i < 3; i++) {
		int err = bpf_prog_test_run_opts(prog, &opts);

		printf("run %d: %d, %u\n", i, err, opts.retval);
	}
	printf("element: %d", bpf_map_lookup_elem(map, &key, &value));
	printf(" %llu\n", (unsigned long long)value);
	printf("past the end: %d", bpf_map_update_elem(map, &past, &value, BPF_ANY));
	printf(" %d\n", errno);
	close(prog);
	close(map);
	return 0;
}
