/* SPDX-License-Identifier: BSD-2-Clause */
/* skeleton.c - an application around a skeleton header: sets a constant, loads, runs, reads variables. */
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "app.skel.h"

static int send_packet(int prog_fd, unsigned int len)
{
	static char packet[1024];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = len, .repeat = 1);
	int err = bpf_prog_test_run_opts(prog_fd, &opts);

	return err ? err : (int)opts.retval;
}

int main(void)
{
	struct app *skel = app__open();
	int err, fd;

	if (!skel) {
		perror("open");
		return 1;
	}
	skel->rodata->shift = 7;
	err = app__load(skel);
	if (err) {
		fprintf(stderr, "load: %s\n", strerror(-err));
		app__destroy(skel);
		return 2;
	}
	fd = bpf_program__fd(skel->progs.classify);
	for (unsigned int len = 64; len <= 512; len *= 2)
		printf("%u bytes: %d\n", len, send_packet(fd, len));
	printf("%llu packets, shift %u\n", (unsigned long long)skel->bss->packets, skel->rodata->shift);
	app__destroy(skel);
	return 0;
}
