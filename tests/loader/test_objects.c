/* SPDX-License-Identifier: BSD-2-Clause */
/* test_objects.c - objects opened, loaded and run. argv: the folder with compiled *.bpf.c */
#include "machines.h"

#include <sys/mman.h>

/* ---- maps ------------------------------------------------------------------------------------------- */

static int take(void *ctx, void *data, size_t size)
{
	u32 *sum = ctx;

	assert_int_equal(size, 4);
	*sum += *(u32 *)data;
	return 0;
}

static void maps_on(enum machine m)
{
	struct { u32 a, b; } key = { 1, 2 }, pair = { 7, 8 }, next;
	struct bpf_object *obj = open_obj("maps", NULL);
	struct bpf_map *map = bpf_object__find_map_by_name(obj, "an_array");
	struct ring_buffer *rb;
	u32 idx = 2, sum = 0;
	u64 *percpu, n;
	int cpus = libbpf_num_possible_cpus();

	assert_string_equal(bpf_object__name(obj), "maps");
	assert_int_equal(bpf_map__type(map), BPF_MAP_TYPE_ARRAY);
	assert_int_equal(bpf_map__value_size(map), 8);
	assert_int_equal(bpf_map__max_entries(map), 3);
	assert_int_equal(bpf_map__fd(map), -1);
	assert_int_equal(bpf_map__map_flags(bpf_object__find_map_by_name(obj, "a_hash")), BPF_F_NO_PREALLOC);
	assert_int_equal(bpf_map__max_entries(bpf_object__find_map_by_name(obj, "a_ringbuf")), 8192);
	assert_int_equal(bpf_map__lookup_elem(map, &idx, 4, &pair, 8, 0), -ENOENT);
	load_obj(obj);
	assert_int_equal(bpf_map__set_max_entries(map, 4), -EBUSY);
	assert_int_equal(bpf_map__update_elem(map, &idx, 4, &pair, 8, 0), 0);
	assert_int_equal(bpf_map__update_elem(map, &idx, 4, &pair, 4, 0), -EINVAL);
	assert_int_equal(run_prog(obj, "touch"), XDP_PASS);
	assert_int_equal(run_prog(obj, "touch"), XDP_PASS);

	assert_int_equal(bpf_map__lookup_elem(map, &idx, 4, &pair, 8, 0), 0);
	assert_int_equal(pair.a, 7);
	assert_int_equal(pair.b, 8 + 128);
	idx = 3;
	assert_int_equal(bpf_map__lookup_elem(map, &idx, 4, &pair, 8, 0), -ENOENT);
	idx = 1;
	percpu = calloc(cpus, 8);
	map = bpf_object__find_map_by_name(obj, "a_percpu_array");
	assert_int_equal(bpf_map__lookup_elem(map, &idx, 4, percpu, 8, 0), cpus > 1 ? -EINVAL : 0);
	assert_int_equal(bpf_map__lookup_elem(map, &idx, 4, percpu, 8 * cpus, 0), 0);
	for (int i = 0; i < cpus; i++)
		sum += percpu[i];
	assert_int_equal(sum, 128);
	map = bpf_object__find_map_by_name(obj, "a_hash");
	assert_int_equal(bpf_map__lookup_elem(map, &key, 8, &n, 8, 0), 0);
	assert_int_equal(n, 2);
	assert_int_equal(bpf_map__get_next_key(map, NULL, &next, 8), 0);
	assert_memory_equal(&next, &key, 8);
	assert_int_equal(bpf_map__get_next_key(map, &next, &next, 8), -ENOENT);
	assert_int_equal(bpf_map__delete_elem(map, &key, 8, 0), 0);
	assert_int_equal(bpf_map__delete_elem(map, &key, 8, 0), -ENOENT);
	map = bpf_object__find_map_by_name(obj, "a_percpu_hash");
	idx = 2;
	assert_int_equal(bpf_map__lookup_elem(map, &idx, 4, percpu, 8 * cpus, 0), 0);
	free(percpu);
	if (m != ON_KERNEL) {
		sum = 0;
		rb = ring_buffer__new(bpf_object__find_map_fd_by_name(obj, "a_ringbuf"), take, &sum, NULL);
		assert_non_null(rb);
		assert_int_equal(ring__size(ring_buffer__ring(rb, 0)), 8192);
		assert_int_equal(ring_buffer__consume_n(rb, 1), 1);
		assert_int_equal(sum, 64);
		assert_true(ring__avail_data_size(ring_buffer__ring(rb, 0)) > 0);
		/* What consume_n() left must still wake who waits. */
		assert_int_equal(ring_buffer__poll(rb, 0), 1);
		assert_int_equal(sum, 128);
		assert_int_equal(ring_buffer__poll(rb, 0), 0);
		assert_null(ring_buffer__ring(rb, 1));
		assert_int_equal(errno, ERANGE);
		ring_buffer__free(rb);
	}
	bpf_object__close(obj);
}

static void maps_of_each_kind(void **state __unused_arg)
{
	on_each(maps_on);
}

static void settings_on(enum machine m __unused_arg)
{
	struct bpf_object *obj = open_obj("maps", NULL);
	struct bpf_map *map = bpf_object__find_map_by_name(obj, "an_array"), *other;
	struct bpf_map_info info = { 0 };
	u32 len = sizeof(info);
	int fd;

	assert_int_equal(bpf_map__set_max_entries(map, 100), 0);
	other = bpf_object__find_map_by_name(obj, "a_percpu_hash");
	assert_int_equal(bpf_map__set_type(other, BPF_MAP_TYPE_HASH), 0);
	/* A map that somebody else made. */
	fd = bpf_map_create(BPF_MAP_TYPE_HASH, "mine", 8, 8, 5, NULL);
	assert_true(fd >= 0);
	other = bpf_object__find_map_by_name(obj, "a_hash");
	assert_int_equal(bpf_map__reuse_fd(other, fd), 0);
	close(fd);
	load_obj(obj);
	assert_int_equal(bpf_map_get_info_by_fd(bpf_map__fd(map), &info, &len), 0);
	assert_int_equal(info.max_entries, 100);
	assert_string_equal(info.name, "an_array");
	assert_int_equal(info.btf_value_type_id, bpf_map__btf_value_type_id(map));
	assert_true(info.btf_value_type_id > 0);
	assert_int_equal(bpf_map_get_info_by_fd(bpf_map__fd(other), &info, &len), 0);
	assert_string_equal(info.name, "mine");
	assert_int_equal(run_prog(obj, "touch"), XDP_PASS);
	bpf_object__close(obj);
}

static void maps_as_the_application_sets_them(void **state __unused_arg)
{
	on_each(settings_on);
}

/* ---- variables --------------------------------------------------------------------------------------- */

static void globals_on(enum machine m)
{
	struct bpf_object *obj = open_obj("globals", NULL);
	struct bpf_map *rodata, *data, *map;
	int *in_rodata = var_at(obj, ".rodata", "in_rodata", 4), *in_data = var_at(obj, ".data", "in_data", 4);
	u32 zero = 0, names = 0;
	void *data_at;
	size_t size;

	assert_non_null(rodata = bpf_object__find_map_by_name(obj, "globals.rodata"));
	assert_non_null(data = bpf_object__find_map_by_name(obj, "globals.data"));
	assert_true(bpf_map__is_internal(rodata));
	assert_int_equal(bpf_map__map_flags(rodata), BPF_F_RDONLY_PROG | BPF_F_MMAPABLE);
	bpf_object__for_each_map(map, obj)
		names += !strcmp(bpf_map__name(map), ".data.mine") || !strcmp(bpf_map__name(map), ".rodata.mine");
	assert_int_equal(names, 2);
	data_at = bpf_map__initial_value(data, NULL);
	*in_rodata = 31;
	*in_data = 100;
	load_obj(obj);
	/* Memory of the map now, where it was. */
	assert_ptr_equal(bpf_map__initial_value(data, &size), data_at);
	assert_int_equal(size, bpf_map__value_size(data));
	assert_int_equal(run_prog(obj, "sum"), XDP_DROP);
	assert_int_equal(*in_data, 101);
	assert_int_equal(*(u64 *)var_at(obj, ".bss", "in_bss", 8), 101 + 20 + 5 + 31 + 40 + 50 + 60 + 70 + 80);
	*in_data = 200;
	assert_int_equal(run_prog(obj, "sum"), XDP_DROP);
	assert_int_equal(*(u64 *)var_at(obj, ".bss", "in_bss", 8), 201 + 20 + 10 + 31 + 40 + 50 + 60 + 70 + 80);
	assert_int_equal(int_var(obj, ".bss", "text_len"), 0);
	assert_int_equal(bpf_map__update_elem(rodata, &zero, 4, bpf_map__initial_value(rodata, NULL),
					      bpf_map__value_size(rodata), 0), -EPERM);
	assert_int_equal(bpf_map__set_initial_value(data, in_data, 4), -EBUSY);
	if (m != ON_KERNEL) /* frozen: nobody may map it writable */
		assert_int_equal(bpf_map_freeze(bpf_map__fd(rodata)), -EPERM);
	bpf_object__close(obj);
}

static void variables_of_every_section(void **state __unused_arg)
{
	on_each(globals_on);
}

/* ---- functions --------------------------------------------------------------------------------------- */

static void subprogs_on(enum machine m __unused_arg)
{
	struct bpf_object *obj = open_obj("subprogs", NULL);
	struct bpf_program *p;
	int *calls, cnt = 0;

	bpf_object__for_each_program(p, obj)
		cnt++;
	assert_int_equal(cnt, 4); /* those of .text are no programs */
	assert_null(bpf_object__find_program_by_name(obj, "leaf"));
	p = bpf_object__find_program_by_name(obj, "third");
	assert_false(bpf_program__autoload(p));
	assert_string_equal(bpf_program__section_name(p), "xdp");
	assert_int_equal(bpf_program__type(p), BPF_PROG_TYPE_XDP);
	assert_int_equal(bpf_program__expected_attach_type(p), BPF_XDP);
	assert_int_equal(bpf_program__set_autoload(p, true), 0);
	load_obj(obj);
	calls = var_at(obj, ".bss", "calls", 32);
	assert_int_equal(run_prog(obj, "first"), 6 + 104 + 1000 + 11);
	assert_int_equal(calls[0], 4);
	assert_int_equal(calls[1], 1);
	assert_int_equal(calls[2], 1);
	assert_int_equal(calls[3], 1);
	assert_int_equal(calls[4], 1);
	assert_int_equal(run_prog(obj, "second"), 65);
	assert_int_equal(run_prog(obj, "third"), 4 + 6 + 104 + 1000 + 11);
	assert_true(bpf_program__func_info_cnt(p) >= 2);
	assert_true(bpf_program__line_info_cnt(p) > bpf_program__func_info_cnt(p));
	bpf_object__close(obj);
}

static void functions_of_every_linkage(void **state __unused_arg)
{
	on_each(subprogs_on);
}

/* libbpf goes into a callee before it looks at the next call. */
static void functions_in_order_of_first_call(void **state __unused_arg)
{
	const struct bpf_insn *insns;
	struct bpf_object *obj;
	struct bpf_program *p;
	s32 order[8];
	u32 cnt = 0;

	start(ON_JIT);
	obj = open_obj("subprogs", NULL);
	load_obj(obj);
	p = bpf_object__find_program_by_name(obj, "first");
	insns = bpf_program__insns(p);
	for (size_t i = 0; i < bpf_program__insn_cnt(p) && cnt < 8; i++) {
		if (insns[i].src_reg == BPF_PSEUDO_CALL && insns[i].code == (BPF_JMP | BPF_CALL))
			order[cnt++] = i + insns[i].imm + 1;
		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW) && insns[i].src_reg == BPF_PSEUDO_FUNC)
			order[cnt++] = i + insns[i].imm + 1;
	}
	/* first: each, global_one, weak_one, hidden_one; each: leaf; global_one: middle; middle: leaf */
	assert_int_equal(cnt, 7);
	assert_true(order[0] < order[4]);	  /* each, then its leaf, */
	assert_true(order[4] < order[1]);	  /* before global_one, */
	assert_true(order[1] < order[5]);	  /* whose middle comes */
	assert_true(order[5] < order[2] && order[2] < order[3]); /* before weak_one and hidden_one */
	assert_int_equal(order[6], order[4]);	  /* leaf once */
	bpf_object__close(obj);
	stop();
}

/* ---- what the kernel defines ---------------------------------------------------------------------------- */

static void externs_on(enum machine m)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts,
		    .kconfig = "# a comment\nCONFIG_A_BOOL=y\nCONFIG_A_MODULE=m\nCONFIG_A_LETTER=n\n"
			       "CONFIG_A_NUMBER=-123\nCONFIG_A_TEXT=\"too long a text\"\n");
	struct bpf_object *obj = open_obj("externs", &opts);
	struct bpf_map *map = bpf_object__find_map_by_name(obj, ".kconfig");

	assert_non_null(map);
	assert_string_equal(bpf_map__name(map), "externs.kconfig");
	load_obj(obj);
	assert_int_equal(run_prog(obj, "externs"), XDP_PASS);
	if (m != ON_KERNEL)
		assert_int_equal(int_var(obj, ".bss", "version"), 7 << 16 | 2 << 8);
	assert_int_equal(int_var(obj, ".bss", "a_bool"), 1);
	assert_int_equal(int_var(obj, ".bss", "a_module"), 2);
	assert_int_equal(int_var(obj, ".bss", "a_letter"), 'n');
	assert_int_equal(int_var(obj, ".bss", "a_number"), -123);
	assert_int_equal(int_var(obj, ".bss", "a_text_end"), 'o');
	assert_int_equal(int_var(obj, ".bss", "not_there"), 0);
	assert_int_equal(int_var(obj, ".bss", "variable_there"), 0);
	assert_int_equal(int_var(obj, ".data", "function_said"), -1);
	bpf_object__close(obj);
}

static void externs_of_configuration_and_absent_symbols(void **state __unused_arg)
{
	on_each(externs_on);
}

static void refuse_externs(const char *name, const char *kconfig, int want, const char *text)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kconfig = kconfig);
	struct bpf_object *obj = open_obj(name, &opts);

	clear_messages();
	assert_int_equal(bpf_object__load(obj), want);
	assert_said(text);
	bpf_object__close(obj);
}

static void externs_that_must_be_there(void **state __unused_arg)
{
	start(ON_JIT);
	refuse_externs("strong", NULL, -ESRCH, "extern 'CONFIG_MUST_BE' (strong): not resolved");
	refuse_externs("strong", "CONFIG_MUST_BE=\"text\"", -EINVAL, "does not fit its type");
	refuse_externs("strong", "CONFIG_MUST_BE=4294967296", -ERANGE, "does not fit its 4 bytes");
	refuse_externs("strong_ksym", NULL, -EOPNOTSUPP,
		       "extern (func ksym) 'a_kernel_function': not modelled: symbols and functions of the kernel");
	stop();
}

/* ---- refusals ---------------------------------------------------------------------------------------------- */

/* Loads one program of missing.bpf.o. */
static struct bpf_object *load_missing(const char *prog, int want)
{
	struct bpf_object *obj = open_obj("missing", NULL);
	struct bpf_program *p = bpf_object__find_program_by_name(obj, prog);

	bpf_program__set_autoload(p, true);
	if (!strcmp(prog, "reaches_map"))
		bpf_map__set_autocreate(bpf_object__find_map_by_name(obj, "a_map"), false);
	clear_messages();
	assert_int_equal(bpf_object__load(obj), want);
	/* Nothing stays behind of a failed load. */
	assert_int_equal(bpf_program__fd(p), -ENOENT);
	assert_int_equal(bpf_map__fd(bpf_object__find_map_by_name(obj, "a_map")), -1);
	assert_said("failed to load object");
	return obj;
}

static void refusals_on(enum machine m __unused_arg)
{
	bpf_object__close(load_missing("reaches_map", -EINVAL));
	assert_said("<invalid BPF map reference>\nBPF map 'a_map' is referenced but wasn't created\n");
	bpf_object__close(load_missing("reaches_field", -EINVAL));
	assert_said("<invalid CO-RE relocation>\nfailed to resolve CO-RE relocation: no matching target for "
		    "'subject___other', never\n");
	bpf_object__close(load_missing("reaches_function", -EINVAL));
	assert_said("<missing kfunc>\nkfunc 'a_kernel_function' is referenced but wasn't resolved\n");
	bpf_object__close(load_missing("reads_too_far", -EACCES));
	assert_said("prog 'reads_too_far': BPF program load failed: -EACCES\n");
	assert_said("prog 'reads_too_far': -- BEGIN PROG LOAD LOG --\n0: R1=ctx() R10=fp0\n");
	assert_said("invalid access to packet");
	assert_said("-- END PROG LOAD LOG --\n");
	bpf_object__close(load_missing("no_such_section", -EINVAL));
	assert_said("prog 'no_such_section': missing BPF prog type, check ELF section name 'nonsense'\n");
}

static void programs_that_reach_what_is_missing(void **state __unused_arg)
{
	on_each(refusals_on);
}

static void what_is_not_modelled_says_so(void **state __unused_arg)
{
	LIBBPF_OPTS(bpf_object_open_opts, relaxed, .relaxed_maps = true);
	struct bpf_object *obj;

	start(ON_JIT);
	bpf_object__close(load_missing("not_modelled", -EOPNOTSUPP));
	assert_said("not modelled: context field at offset 0 of bpf_nf_ctx\n");
	bpf_object__close(load_missing("no_such_function", -ESRCH));
	assert_said("prog 'no_such_function': failed to find kernel BTF type ID of 'something': -ESRCH\n");
	bpf_object__close(load_missing("of_nothing", -EINVAL));
	assert_said("prog 'of_nothing': no BTF-based attach target is specified, use bpf_program__set_attach_target()\n");
	for (int i = 1; i <= 5; i++) {
		static const struct {
			int err;
			const char *text;
		} want[] = {
			{ EINVAL, "map 'bad' (.maps+0x0): map type isn't specified.\n" },
			{ EINVAL, "map 'bad' (.maps+0x0): conflicting value size 8 != 4.\n" },
			{ EOPNOTSUPP, "map 'bad' (.maps+0x0): unknown field 'colour'.\n" },
			{ EINVAL, "map 'bad' (.maps+0x0): should be map-in-map or prog-array.\n" },
			{ EINVAL, "map 'bad' (.maps+0x0): invalid pinning value 2.\n" },
		};
		char name[16];

		snprintf(name, sizeof(name), "bad_map%d", i);
		clear_messages();
		assert_null(bpf_object__open_file(obj_path(name), NULL));
		assert_int_equal(errno, want[i - 1].err);
		assert_said(want[i - 1].text);
	}
	obj = open_obj("bad_map3", &relaxed);
	bpf_object__close(obj);
	obj = open_obj("bad_map6", NULL);
	assert_int_equal(bpf_object__load(obj), -EINVAL);
	assert_said("map 'bad' (.maps+0x0): failed to create: array with key_size 3, value_size 8, max_entries 1, map_flags 0x0: -EINVAL\n");
	assert_int_equal(bpf_object__load(obj), -EINVAL);
	assert_said("load can't be attempted twice");
	bpf_object__close(obj);
	clear_messages();
	obj = open_obj("bad_map7", NULL);
	assert_int_equal(bpf_object__load(obj), -EOPNOTSUPP);
	assert_said("map 'bad' (.maps+0x0): failed to create: not modelled: ");
	bpf_object__close(obj);
	stop();
}

static void no_license_on(enum machine m __unused_arg)
{
	struct bpf_object *obj = open_obj("no_license", NULL);

	assert_int_equal(bpf_object__load(obj), -EINVAL);
	assert_said("cannot call GPL-restricted function from non-GPL compatible program");
	bpf_object__close(obj);
}

static void a_license_is_needed_for_gpl_helpers(void **state __unused_arg)
{
	on_each(no_license_on);
}

/* ---- logs, options ------------------------------------------------------------------------------------------ */

static void logs_on(enum machine m __unused_arg)
{
	static char buf[1 << 20];
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = buf, .kernel_log_size = sizeof(buf),
		    .kernel_log_level = 1);
	struct bpf_object *obj = open_obj("maps", &opts);
	struct bpf_program *p = bpf_object__find_program_by_name(obj, "touch");
	static char own[1 << 16];
	size_t size;

	assert_int_equal(bpf_program__log_level(p), 0);
	load_obj(obj);
	assert_non_null(strstr(buf, "processed "));
	bpf_object__close(obj);
	obj = open_obj("missing", NULL);
	p = bpf_object__find_program_by_name(obj, "reads_too_far");
	bpf_program__set_autoload(p, true);
	assert_int_equal(bpf_program__set_log_buf(p, NULL, 10), -EINVAL);
	assert_int_equal(bpf_program__set_log_buf(p, own, sizeof(own)), 0);
	assert_ptr_equal(bpf_program__log_buf(p, &size), own);
	assert_int_equal(size, sizeof(own));
	assert_int_equal(bpf_object__load(obj), -EACCES);
	/* Level 0 with a buffer: the log of failures; and it is not printed then. */
	assert_non_null(strstr(own, "invalid access to packet"));
	assert_null(strstr(messages, "BEGIN PROG LOAD LOG"));
	bpf_object__close(obj);
}

static void logs_go_where_they_should(void **state __unused_arg)
{
	on_each(logs_on);
}

static void options_of_other_versions(void **state __unused_arg)
{
	struct {
		struct bpf_object_open_opts opts;
		u64 later;
	} longer = { .opts = { .sz = sizeof(longer), .object_name = "renamed" } };
	struct bpf_object_open_opts shorter = { .sz = offsetof(struct bpf_object_open_opts, relaxed_maps),
						.object_name = "short", .kernel_log_size = 5 };
	struct bpf_object *obj;

	start(ON_JIT);
	obj = open_obj("globals", &longer.opts);
	assert_string_equal(bpf_object__name(obj), "renamed");
	assert_non_null(bpf_object__find_map_by_name(obj, "renamed.rodata"));
	bpf_object__close(obj);
	longer.later = 1;
	assert_null(bpf_object__open_file(obj_path("globals"), &longer.opts));
	assert_int_equal(errno, EINVAL);
	longer.opts.sz = 4;
	assert_null(bpf_object__open_file(obj_path("globals"), &longer.opts));
	assert_int_equal(errno, EINVAL);
	/* What lies beyond sz is not looked at. */
	obj = open_obj("globals", &shorter);
	assert_string_equal(bpf_object__name(obj), "short");
	bpf_object__close(obj);
	shorter.sz = sizeof(shorter);
	assert_null(bpf_object__open_file(obj_path("globals"), &shorter));
	assert_int_equal(errno, EINVAL);
	shorter.kernel_log_size = 0;
	shorter.bpf_token_path = "/somewhere";
	assert_null(bpf_object__open_file(obj_path("globals"), &shorter));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_said("not modelled: open option bpf_token_path");
	assert_null(bpf_object__open_file("/no/such/file", NULL));
	assert_int_equal(errno, ENOENT);
	stop();
}

/* Objects stay with the instance that they were opened on. */
static void two_instances(void **state __unused_arg)
{
	struct skep *first;
	struct bpf_object *obj;

	start(ON_JIT);
	first = machine_skep;
	obj = open_obj("globals", NULL);
	start(ON_INTERP);
	load_obj(obj);
	assert_int_equal(bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, ".bss"), 2), -EBUSY);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(bpf_object__next_program(obj, NULL)), NULL), -EINVAL);
	skep_default_instance_set(first);
	assert_int_equal(run_prog(obj, "sum"), XDP_DROP);
	bpf_object__close(obj);
	stop();
	skep_destroy(first);
}

/* ---- names, headers, skeletons ---------------------------------------------------------------------------------- */

static void names(void **state __unused_arg)
{
	enum bpf_attach_type attach;
	enum bpf_prog_type type;
	char buf[64];

	assert_int_equal(libbpf_prog_type_by_name("xdp.frags/devmap", &type, &attach), 0);
	assert_int_equal(type, BPF_PROG_TYPE_XDP);
	assert_int_equal(attach, BPF_XDP_DEVMAP);
	assert_int_equal(libbpf_prog_type_by_name("kprobe/do_unlinkat", &type, &attach), 0);
	assert_int_equal(type, BPF_PROG_TYPE_KPROBE);
	assert_int_equal(libbpf_prog_type_by_name("kprobe", &type, &attach), 0);
	assert_int_equal(libbpf_prog_type_by_name("kprobes", &type, &attach), -ESRCH);
	assert_int_equal(libbpf_prog_type_by_name("xdp/anything", &type, &attach), -ESRCH);
	assert_int_equal(libbpf_attach_type_by_name("cgroup/bind4", &attach), 0);
	assert_int_equal(attach, BPF_CGROUP_INET4_BIND);
	assert_string_equal(libbpf_bpf_attach_type_str(BPF_CGROUP_INET4_BIND), "cgroup_inet4_bind");
	assert_string_equal(libbpf_bpf_prog_type_str(BPF_PROG_TYPE_SCHED_CLS), "sched_cls");
	assert_string_equal(libbpf_bpf_link_type_str(BPF_LINK_TYPE_TCX), "tcx");
	assert_string_equal(libbpf_bpf_map_type_str(BPF_MAP_TYPE_LRU_HASH), "lru_hash");
	assert_null(libbpf_bpf_map_type_str(1000));
	assert_int_equal(libbpf_strerror(-LIBBPF_ERRNO__RELOC, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "Relocation failed");
	assert_int_equal(libbpf_strerror(EINVAL, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "Invalid argument");
	assert_int_equal(libbpf_strerror(EINVAL, buf, 4), -ERANGE);
}

static void headers_on(enum machine m)
{
	char self[4096], *trace;
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = self);
	u64 words[4] = { 3, 0, 4, 5 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = words, .ctx_size_in = sizeof(words));
	struct bpf_object *obj;

	snprintf(self, sizeof(self), "%s", obj_path("headers"));
	obj = open_obj("headers", &opts);
	load_obj(obj);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(bpf_object__find_program_by_name(obj, "words")), &run), 0);
	assert_int_equal(run.retval, 0x3412 + 1);
	assert_int_equal(int_var(obj, ".bss", "sum"), 7);
	assert_int_equal(int_var(obj, ".bss", "there"), 2);
	assert_int_equal(int_var(obj, ".bss", "direct_ubits"), 21);
	assert_int_equal(int_var(obj, ".bss", "direct_sbits"), -3);
	/* bits 9 and sbits 5 in one unit: 9 | 5 << 5 */
	assert_int_equal(((u32 *)var_at(obj, ".data", "in_memory", 24))[5] & 0x1ff, 9 | 5 << 5);
	assert_int_equal(int_var(obj, ".bss", "printed"), 4);
	assert_string_equal(var_at(obj, ".bss", "text", 16), "3-7");
	if (m != ON_KERNEL) {
		trace = skep_trace_text(machine_skep);
		assert_non_null(strstr(trace, ": bpf_trace_printk: none\n"));
		assert_non_null(strstr(trace, ": bpf_trace_printk: one 3\n"));
		assert_non_null(strstr(trace, ": bpf_trace_printk: four 1 2 3 5\n"));
		free(trace);
	}
	bpf_object__close(obj);
}

/* Reads of the kernel's memory: a NULL at the start, so all reads along it fault and give zeros. */
static void reads_on(enum machine m)
{
	char self[4096];
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = self);
	u64 words[1] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = words, .ctx_size_in = sizeof(words));
	struct bpf_object *obj;

	snprintf(self, sizeof(self), "%s", obj_path("headers"));
	obj = open_obj("headers", &opts);
	bpf_program__set_autoload(bpf_object__find_program_by_name(obj, "reads"), true);
	if (m != ON_KERNEL && bpf_object__load(obj)) {
		/* Until probe reads are there they are refused by name. */
		assert_said("not modelled: helper bpf_probe_read_kernel#113");
		bpf_object__close(obj);
		return;
	}
	if (m == ON_KERNEL)
		load_obj(obj);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(bpf_object__find_program_by_name(obj, "reads")), &run), 0);
	assert_int_equal(int_var(obj, ".bss", "walked"), 0);
	assert_int_equal(int_var(obj, ".bss", "text_len"), -ERANGE);
	assert_int_equal(int_var(obj, ".bss", "ubits"), 0);
	assert_int_equal(int_var(obj, ".bss", "sbits_read"), -3);
	bpf_object__close(obj);
}

static void macros_of_the_headers(void **state __unused_arg)
{
	on_each(headers_on);
	on_each(reads_on);
}

/* As "bpftool gen skeleton" would write it for globals.bpf.o. */
static void skeletons(void **state __unused_arg)
{
	struct bpf_object_skeleton *s = calloc(1, sizeof(*s));
	struct bpf_object *obj;
	struct bpf_map *bss_map;
	struct bpf_program *prog;
	void *bss, *before, *file;
	long size;
	FILE *f;

	start(ON_JIT);
	f = fopen(obj_path("globals"), "rb");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	file = malloc(size);
	assert_int_equal(fread(file, 1, size, f), size);
	fclose(f);
	*s = (struct bpf_object_skeleton){ .sz = sizeof(*s), .name = "globals_bpf", .data = file, .data_sz = size,
		.obj = &obj, .map_cnt = 1, .map_skel_sz = sizeof(struct bpf_map_skeleton), .prog_cnt = 1,
		.prog_skel_sz = sizeof(struct bpf_prog_skeleton) };
	s->maps = calloc(1, s->map_skel_sz);
	s->progs = calloc(1, s->prog_skel_sz);
	s->maps[0] = (struct bpf_map_skeleton){ .name = "globals_.bss", .map = &bss_map, .mmaped = &bss };
	s->progs[0] = (struct bpf_prog_skeleton){ .name = "sum", .prog = &prog };
	assert_int_equal(bpf_object__open_skeleton(s, NULL), 0);
	free(file);
	before = bss;
	assert_non_null(before);
	assert_int_equal(bpf_object__load_skeleton(s), 0);
	assert_ptr_equal(bss, before);
	run_prog(obj, "sum");
	assert_true(*(u64 *)var_at(obj, ".bss", "in_bss", 8) > 0);
	assert_int_equal(bpf_object__attach_skeleton(s), 0); /* "xdp" does not tell where to */
	bpf_object__detach_skeleton(s);
	bpf_object__destroy_skeleton(s);
	stop();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_of_each_kind),
		cmocka_unit_test(maps_as_the_application_sets_them),
		cmocka_unit_test(variables_of_every_section),
		cmocka_unit_test(functions_of_every_linkage),
		cmocka_unit_test(functions_in_order_of_first_call),
		cmocka_unit_test(externs_of_configuration_and_absent_symbols),
		cmocka_unit_test(externs_that_must_be_there),
		cmocka_unit_test(programs_that_reach_what_is_missing),
		cmocka_unit_test(what_is_not_modelled_says_so),
		cmocka_unit_test(a_license_is_needed_for_gpl_helpers),
		cmocka_unit_test(logs_go_where_they_should),
		cmocka_unit_test(options_of_other_versions),
		cmocka_unit_test(two_instances),
		cmocka_unit_test(names),
		cmocka_unit_test(macros_of_the_headers),
		cmocka_unit_test(skeletons),
	};

	if (argc != 2)
		return 2;
	obj_dir = argv[1];
	libbpf_set_print(keep_message);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
