/* SPDX-License-Identifier: BSD-2-Clause */
/* app.c - an application that was built with nothing but what "make install" put down. usage: app OBJECT */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <skep/skep.h>

#include <linux/btf.h>

#include <stdio.h>
#include <string.h>

/* Names of functions inside of skep; an application may have them, too. */
int verifier_run(void);
int strbuf_printf(void);
int verifier_run(void)
{
	return 1;
}
int strbuf_printf(void)
{
	return 2;
}

int main(int argc, char **argv)
{
	static const struct skep_config config = { .sz = sizeof(config), .cpu_cnt = 1 };
	struct bpf_object *obj;
	struct bpf_program *prog;
	struct skep *skep;
	char packet[64] = { 0 };
	struct skep_test run = { .sz = sizeof(run), .data_in = packet, .data_size_in = sizeof(packet) };

	if (argc != 2 || skep_create(&config, &skep))
		return 10;
	skep_default_instance_set(skep);
	obj = bpf_object__open_file(argv[1], NULL);
	if (!obj || bpf_object__load(obj))
		return 11;
	prog = bpf_object__next_program(obj, NULL);
	if (skep_prog_test(skep, bpf_program__fd(prog), &run))
		return 12;
	printf("%s retval=%u own=%d\n", skep_version(), run.retval, verifier_run() + strbuf_printf());
	bpf_object__close(obj);
	skep_default_instance_set(NULL);
	skep_destroy(skep);
	return 0;
}
