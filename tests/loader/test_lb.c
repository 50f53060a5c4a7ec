/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_lb.c - the load balancer over its whole capture on skep's JIT, its interpreter and, where
 * bpf(2) is permitted, the running kernel: the same action and the same bytes for every packet.
 * argv: xdp_lb.bpf.o in.pcap
 */
#include "lb_setup.h"

#include <skep/skep.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OUT_SIZE 2048

struct outcome {
	uint32_t retval, len;
	uint8_t data[OUT_SIZE];
};

static const char *obj_path;
static struct lb_capture capture;

/* NULL: not permitted here. */
static struct outcome *run_all(uint32_t engine, bool kernel)
{
	struct skep_config config = { .sz = sizeof(config), .engine = engine, .seeded = true };
	struct outcome *out = calloc(capture.cnt, sizeof(*out));
	struct skep *skep = NULL;
	struct bpf_object *obj;
	int fd;

	assert_non_null(out);
	skep_use_kernel(kernel);
	if (!kernel) {
		assert_int_equal(skep_create(&config, &skep), 0);
		skep_default_instance_set(skep);
	}
	obj = bpf_object__open_file(obj_path, NULL);
	assert_non_null(obj);
	assert_true(lb_configure(obj, false));
	if (bpf_object__load(obj)) {
		assert_true(kernel);
		free(out);
		out = NULL;
	} else {
		fd = bpf_program__fd(bpf_object__find_program_by_name(obj, "xdp_lb"));
		for (uint32_t i = 0; i < capture.cnt; i++) {
			LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = capture.packets[i].data,
				    .data_size_in = capture.packets[i].len, .data_out = out[i].data,
				    .data_size_out = OUT_SIZE, .repeat = 1);

			assert_int_equal(bpf_prog_test_run_opts(fd, &opts), 0);
			out[i].retval = opts.retval;
			out[i].len = opts.data_size_out;
		}
	}
	bpf_object__close(obj);
	skep_use_kernel(false);
	skep_default_instance_set(NULL);
	skep_destroy(skep);
	return out;
}

static void compare(const struct outcome *a, const struct outcome *b)
{
	uint32_t sent = 0;

	for (uint32_t i = 0; i < capture.cnt; i++) {
		assert_int_equal(a[i].retval, b[i].retval);
		assert_int_equal(a[i].len, b[i].len);
		assert_memory_equal(a[i].data, b[i].data, a[i].len);
		sent += a[i].retval == 3; /* XDP_TX */
	}
	assert_true(sent > 3000);
}

static void jit_and_interpreter_agree(void **state)
{
	struct outcome *jit = run_all(SKEP_RUN_JIT, false), *interp = run_all(SKEP_RUN_INTERP, false);

	(void)state;
	compare(jit, interp);
	free(jit);
	free(interp);
}

static void kernel_agrees(void **state)
{
	struct outcome *kernel, *jit;

	(void)state;
	libbpf_set_print(NULL);
	kernel = run_all(0, true);
	if (!kernel) {
		print_message("bpf(2) is not permitted here\n");
		skip();
	}
	jit = run_all(SKEP_RUN_JIT, false);
	compare(kernel, jit);
	free(jit);
	free(kernel);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jit_and_interpreter_agree),
		cmocka_unit_test(kernel_agrees),
	};
	int failed;

	if (argc < 3 || !lb_capture_read(argv[2], &capture))
		return 2;
	obj_path = argv[1];
	failed = cmocka_run_group_tests_name("lb", tests, NULL, NULL);
	lb_capture_free(&capture);
	return failed;
}
