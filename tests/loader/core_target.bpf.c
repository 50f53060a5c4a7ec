/* SPDX-License-Identifier: BSD-2-Clause */
/* core_target.bpf.c - the "kernel" that core.bpf.c is relocated onto: other layouts. */
struct inner {
	long moved[2];
	int wanted;
	int first;
};

struct subject {
	char pad[24];
	union {
		struct {
			int before;
			int list[8];
		};
		long other;
	};
	struct inner nested;
	long early;
	unsigned int lead : 2;
	unsigned int bits : 9;
	unsigned long grows;
};

struct sized {
	int any;
	char more[93];
};

enum colour { RED = 7, GREEN = 1234567 };

struct subject subject;
struct sized sized;
enum colour colour;
