/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c - "skep run": loads one program of an object and runs it over given bytes, a context or a
 * capture, then tells the return value, the time, and which maps changed.
 */
#include "cli/cli.h"

#include "cli/ctx.h"
#include "cli/mapfill.h"
#include "cli/mapview.h"
#include "cli/pcapio.h"
#include "cli/report.h"
#include "cli/run.h"
#include "cli/sent.h"
#include "cli/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define TRACE_LINES 32 /* printed */
#define DATA_ROOM (256u << 10)
#define ENOTSUPP  524 /* Linux's own, of test runs that a program type has not */

struct action {
	u32 retval;
	u64 cnt;
};

struct run {
	const struct cli_command *cmd;
	struct cli_opts *opts;
	const struct cli_input *in;
	struct skep *skep;
	struct bpf_object *obj;
	struct bpf_program *prog;
	int fd;
	u64 prepare_ns;
	u8 *out;
	struct ctx_image named;	 /* when the context was given by names */
	u8 *ctx, *ctx_after;	 /* NULL: none given */
	u32 ctx_size;
	struct stack_arg kernel_stack, user_stack;
	/* results */
	u32 retval;
	s32 hook_ret; /* what the operation would answer */
	u64 packets, total_ns;
	struct action actions[64];
	u32 action_cnt;
	struct sent_view sent;
	u64 others; /* runs whose value found no place in actions */
};

int run_check_options(const struct cli_command *cmd, const struct cli_opts *o)
{
	if (o->prog && o->section)
		return cli_usage_error(cmd, "--prog or --section, not both");
	if (o->pcap.path && (o->data_in.path || o->data_out))
		return cli_usage_error(cmd, "--pcap or --data-in and --data-out, not both");
	if (o->pcap_out && !o->pcap.path)
		return cli_usage_error(cmd, "--pcap-out needs --pcap");
	if (o->ctx_out && !o->ctx_in.path && !o->ctx)
		return cli_usage_error(cmd, "--ctx-out needs --ctx or --ctx-in");
	if (o->classic && o->seccomp)
		return cli_usage_error(cmd, "--classic or --seccomp, not both");
	if (o->seccomp && (o->pcap.path || o->data_in.path))
		return cli_usage_error(cmd, "a filter of system calls takes --ctx or --ctx-in, no packets");
	if (o->ctx_out && o->pcap.path)
		return cli_usage_error(cmd, "--ctx-out goes with one run, not with --pcap");
	return EXIT_OK;
}

static int load(struct run *r)
{
	int status;

	r->obj = cli_input_open(r->in);
	if (!r->obj)
		return EXIT_BAD;
	r->prog = cli_pick_prog(r->obj, r->in->file.path, r->opts->prog, r->opts->section);
	if (!r->prog)
		return EXIT_BAD;
	status = cli_load_to_use(r->skep, r->in, r->obj, r->prog, &r->prepare_ns);
	if (status != EXIT_OK)
		return status;
	r->fd = bpf_program__fd(r->prog);
	skep_on_sent(r->skep, sent_note, &r->sent);
	return EXIT_OK;
}

static void count_action(struct run *r, u32 retval)
{
	u32 i = 0;

	while (i < r->action_cnt && r->actions[i].retval != retval)
		i++;
	if (i == ARRAY_SIZE(r->actions)) {
		r->others++; /* no program type has 64 named actions */
		return;
	}
	if (i == r->action_cnt)
		r->actions[r->action_cnt++].retval = retval;
	r->actions[i].cnt++;
}

/* Linux gives the context of these back in place, or not at all, and refuses a buffer for it. */
static bool ctx_stays_in_place(u32 type)
{
	return type == BPF_PROG_TYPE_SYSCALL || type == BPF_PROG_TYPE_RAW_TRACEPOINT ||
	       type == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE;
}

/* Readies r->ctx for a packet of @packet_size bytes, and r->ctx_after for what comes of it. False: the run
 * gets no room for the context afterwards. */
static bool ready_context(struct run *r, u32 packet_size)
{
	u32 type = bpf_program__type(r->prog);

	/* What every packet's own context says, unless it was given. */
	if (r->named.bytes && type == BPF_PROG_TYPE_XDP) {
		ctx_default(&r->named, "data_end", packet_size);
		memcpy(r->ctx, r->named.bytes, r->ctx_size);
	}
	memcpy(r->ctx_after, r->ctx, r->ctx_size);
	return !ctx_stays_in_place(type) && (r->named.bytes || r->opts->ctx_out);
}

/* BPF_PROG_TEST_RUN, which Linux has for some program types. */
static int run_as_linux(struct run *r, struct skep_test *t)
{
	/* Once is 0: types that cannot repeat refuse any number. */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .repeat = t->repeat, .ctx_in = t->ctx_in, .ctx_size_in = t->ctx_size_in,
		    .ctx_out = t->ctx_out, .ctx_size_out = t->ctx_size_out, .data_in = t->data_in,
		    .data_size_in = t->data_size_in, .data_out = t->data_out, .data_size_out = t->data_size_out);
	int err = bpf_prog_test_run_opts(r->fd, &opts);

	t->retval = opts.retval;
	t->duration_ns = opts.duration;
	t->data_size_out = opts.data_size_out;
	return err;
}

/* One test run; @ret_len is the length of the packet afterwards, in r->out. Fields by name may be any that the
 * program reads; bytes are what Linux takes, where it takes any. */
static int run_once(struct run *r, const void *data, u32 size, u32 *ret_len)
{
	struct skep_test t = { .sz = sizeof(t), .repeat = r->opts->repeat > 1 ? r->opts->repeat : 0 };
	int err = -ENOTSUPP;

	if (data || size) {
		t.data_in = data;
		t.data_size_in = size;
		t.data_out = r->out;
		t.data_size_out = DATA_ROOM;
	}
	if (r->ctx) {
		bool room = ready_context(r, size);

		t.ctx_in = room ? r->ctx : r->ctx_after;
		t.ctx_size_in = r->ctx_size;
		t.ctx_out = room ? r->ctx_after : NULL;
		t.ctx_size_out = room ? r->ctx_size : 0;
	}
	t.kernel_stack = r->kernel_stack.ips;
	t.kernel_stack_cnt = r->kernel_stack.cnt;
	t.user_stack = r->user_stack.ips;
	t.user_stack_cnt = r->user_stack.cnt;
	/* Linux's own test run has no stacks to be given. */
	if (!t.kernel_stack && !t.user_stack && (!r->named.bytes || ctx_stays_in_place(bpf_program__type(r->prog))))
		err = run_as_linux(r, &t);
	if (err == -ENOTSUPP)
		err = skep_prog_test(r->skep, r->fd, &t);
	if (err)
		return err;
	r->retval = t.retval;
	r->hook_ret = t.hook_ret;
	r->total_ns += t.duration_ns;
	r->packets++;
	*ret_len = t.data_size_out;
	count_action(r, t.retval);
	return 0;
}

static const char *test_run_hint(int err)
{
	switch (err) {
	case -ENOTSUPP:
		return "programs of this type have no test run";
	case -EINVAL:
		return "the input does not suit the program: packets need --data-in or --pcap with at least "
		       "14 bytes, contexts --ctx with fields that the program may read, or --ctx-in with the right size";
	case -E2BIG:
		return "the context is longer than that of the program type";
	case -ERANGE:
		return "a number in the context does not fit its field";
	case -ENODEV:
		return "no such network device: interface 1 is lo, --devs makes others";
	default:
		return cli_strerror(err);
	}
}

/* NULL: a number, as the length that a classic filter accepts. */
static const char *retval_name(const struct run *r, u32 retval)
{
	return r->in->classic ? NULL : skep_retval_name(r->skep, bpf_program__type(r->prog), retval);
}

static bool is_drop(const struct run *r, u32 retval)
{
	const char *name = retval_name(r, retval);

	if (r->in->classic)
		return !retval;
	return name && (strstr(name, "DROP") || strstr(name, "ABORTED") || strstr(name, "SHOT"));
}

static int run_capture(struct run *r)
{
	struct pcap_reader *in = pcapio_open(&r->opts->pcap);
	struct pcap_writer *out = NULL;
	struct pcapio_packet pkt;
	int got, status = EXIT_BAD;
	u32 len;

	if (!in)
		return EXIT_BAD;
	if (r->opts->pcap_out) {
		out = pcapio_create(in, r->opts->pcap_out);
		if (!out)
			goto close_in;
	}
	while ((got = pcapio_next(in, &pkt)) > 0) {
		int err = run_once(r, pkt.data, pkt.len, &len);

		if (err) {
			cli_fail("%s: packet %llu (%u bytes): %s", r->opts->pcap.path,
				 (unsigned long long)r->packets + 1, pkt.len, test_run_hint(err));
			goto close_out;
		}
		if (r->in->classic)
			len = min_of(len, r->retval);
		if (out && !is_drop(r, r->retval) && !pcapio_write(out, &pkt, r->out, len))
			goto close_out;
	}
	status = got < 0 ? EXIT_BAD : EXIT_OK;
close_out:
	if (out && !pcapio_finish(out))
		status = EXIT_BAD;
close_in:
	pcapio_close(in);
	return status;
}

bool run_takes_packets(u32 type)
{
	switch (type) {
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_LWT_IN:
	case BPF_PROG_TYPE_LWT_OUT:
	case BPF_PROG_TYPE_LWT_XMIT:
	case BPF_PROG_TYPE_LWT_SEG6LOCAL:
	case BPF_PROG_TYPE_SK_SKB:
	case BPF_PROG_TYPE_FLOW_DISSECTOR:
	case BPF_PROG_TYPE_NETFILTER:
		return true;
	default:
		return false;
	}
}

static int run_bytes(struct run *r)
{
	static const u8 empty_packet[64];
	struct in_file *in = &r->opts->data_in;
	u32 len = 0;
	int err, status = EXIT_OK;

	if (in->path && !in_file_read(in, DATA_ROOM))
		return EXIT_BAD;
	if (in->path)
		err = run_once(r, in->bytes, in->size, &len);
	else if (run_takes_packets(bpf_program__type(r->prog)))
		err = run_once(r, empty_packet, sizeof(empty_packet), &len);
	else
		err = run_once(r, NULL, 0, &len);
	if (err)
		return cli_fail("%s: %s: %s", r->in->file.path, bpf_program__name(r->prog), test_run_hint(err));
	if (r->opts->data_out)
		status = cli_write_file(r->opts->data_out, r->out, min_of(len, DATA_ROOM));
	if (!status && r->opts->ctx_out)
		status = cli_write_file(r->opts->ctx_out, r->ctx_after, r->ctx_size);
	return status;
}

/* "XDP_DROP", or the number. */
static const char *action_name(const struct run *r, u32 retval, char *room, size_t size)
{
	const char *name = retval_name(r, retval);

	if (!name)
		snprintf(room, size, "%u", retval);
	return name ? name : room;
}

static void print_actions(const struct run *r)
{
	char num[16];

	printf("packets: %llu\n", (unsigned long long)r->packets);
	for (u32 i = 0; i < r->action_cnt; i++)
		printf("  %-14s %llu\n", action_name(r, r->actions[i].retval, num, sizeof(num)),
		       (unsigned long long)r->actions[i].cnt);
	if (r->others)
		printf("  %-14s %llu\n", "others", (unsigned long long)r->others);
}

/* What bpf_trace_printk() wrote, as /sys/kernel/tracing/trace_pipe would show it: the end of it. */
static void print_trace(struct skep *skep)
{
	char *text = skep_trace_text(skep);
	const char *end = text ? cli_tail(text, TRACE_LINES) : "";

	if (*end)
		printf("trace:\n%s%s", end == text ? "" : "  ... (-j shows more)\n", end);
	free(text);
}

static struct json_object *json_trace(struct skep *skep)
{
	struct json_object *list = json_object_new_array();
	char *text = skep_trace_text(skep), *rest = NULL;

	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest))
		json_object_array_add(list, json_object_new_string(line));
	free(text);
	return list;
}

static void print_text(struct run *r, struct map_view *maps)
{
	const char *name = retval_name(r, r->retval);
	u64 per_run = r->packets ? r->total_ns / r->packets : 0;

	if (r->opts->pcap.path)
		print_actions(r);
	else if (name)
		printf("return value: %u (%s)\n", r->retval, name);
	else
		printf("return value: %u\n", r->retval);
	if (r->hook_ret)
		printf("the operation answers: %d (%s)\n", r->hook_ret, r->hook_ret < 0 ? cli_strerror(r->hook_ret) : "no error");
	printf("time: %llu ns per run, %llu us to prepare\n", (unsigned long long)per_run,
	       (unsigned long long)r->prepare_ns / 1000);
	if (r->named.bytes && !r->opts->pcap.path)
		ctx_print_changes(&r->named, r->ctx, r->ctx_after);
	mapview_print_changes(maps, stdout);
	sent_print(&r->sent);
	print_trace(r->skep);
	if (r->opts->pcap_out)
		printf("packets that were not dropped are in %s\n", r->opts->pcap_out);
}

static struct json_object *json_actions(const struct run *r)
{
	struct json_object *actions = json_object_new_object();
	char num[16];

	for (u32 i = 0; i < r->action_cnt; i++)
		json_add_num(actions, action_name(r, r->actions[i].retval, num, sizeof(num)), r->actions[i].cnt);
	if (r->others)
		json_add_num(actions, "others", r->others);
	return actions;
}

static struct json_object *json_of(struct run *r, struct map_view *maps)
{
	struct json_object *out = json_object_new_object(), *sent;
	const char *name = retval_name(r, r->retval);

	if (!r->opts->pcap.path || r->packets) {
		json_add_num(out, "retval", r->retval);
		if (name)
			json_add_str(out, "retval_name", name);
		if (r->hook_ret)
			json_object_object_add(out, "hook_ret", json_object_new_int(r->hook_ret));
	}
	json_add_num(out, "ns_per_run", r->packets ? r->total_ns / r->packets : 0);
	json_add_num(out, "prepare_us", r->prepare_ns / 1000);
	if (r->opts->pcap.path) {
		json_add_num(out, "packets", r->packets);
		json_object_object_add(out, "actions", json_actions(r));
	}
	if (r->named.bytes && !r->opts->pcap.path)
		json_object_object_add(out, "ctx", ctx_json(&r->named, r->ctx_after));
	json_object_object_add(out, "maps", mapview_json_changes(maps));
	sent = sent_json(&r->sent);
	if (sent)
		json_object_object_add(out, "sent", sent);
	json_object_object_add(out, "trace", json_trace(r->skep));
	return out;
}

/* From --ctx-in, bytes or JSON, and --ctx, which wins where both set a field. */
static int take_context(struct run *r)
{
	struct in_file *file = &r->opts->ctx_in;
	bool json, ok;

	if (file->path && !in_file_read(file, DATA_ROOM))
		return EXIT_BAD;
	json = file->path && ctx_looks_like_json(file->bytes, file->size);
	if (file->path && !json) {
		if (r->opts->ctx)
			return cli_usage_error(r->cmd, "--ctx or --ctx-in with bytes, not both");
		r->ctx_size = file->size;
	} else if (file->path || r->opts->ctx) {
		ok = ctx_start(&r->named, r->prog, r->obj, r->in) &&
		     (!json || ctx_set_json(&r->named, file->path, file->bytes, file->size)) &&
		     (!r->opts->ctx || ctx_set_text(&r->named, r->opts->ctx));
		if (!ok)
			return EXIT_BAD;
		r->ctx_size = r->named.layout.size;
	} else {
		return EXIT_OK;
	}
	r->ctx = malloc(r->ctx_size + 1);
	r->ctx_after = malloc(r->ctx_size + 1);
	if (!r->ctx || !r->ctx_after)
		return cli_fail("out of memory");
	memcpy(r->ctx, r->named.bytes ? r->named.bytes : file->bytes, r->ctx_size);
	return EXIT_OK;
}

static int run_loaded(struct run *r, struct json_object **ret_json)
{
	struct map_view *maps;
	int status = take_context(r);

	if (status)
		return status;
	if (r->opts->map && !mapfill(r->obj, r->in->file.path, r->opts->map))
		return EXIT_BAD;
	r->out = malloc(DATA_ROOM);
	maps = mapview_take(r->obj);
	if (!r->out || !maps) {
		mapview_free(maps);
		return cli_fail("out of memory");
	}
	if (r->opts->hooks)
		r->opts->hooks->before(r->opts->hooks);
	status = r->opts->pcap.path ? run_capture(r) : run_bytes(r);
	if (status == EXIT_OK && !r->opts->json)
		print_text(r, maps);
	if (status == EXIT_OK && ret_json)
		*ret_json = json_of(r, maps);
	if (status == EXIT_OK && r->opts->hooks)
		status = r->opts->hooks->after(r->opts->hooks, r->skep, r->fd, r->opts, ret_json ? *ret_json : NULL);
	mapview_free(maps);
	return status;
}

int run_input(const struct cli_command *cmd, struct cli_opts *opts, const struct cli_input *in,
	      struct json_object **ret_json)
{
	struct run r = { .cmd = cmd, .opts = opts, .in = in };
	int status = run_check_options(cmd, opts);

	if (status)
		return status;
	if (!stack_read("--kernel-stack", opts->kernel_stack, &r.kernel_stack) ||
	    !stack_read("--user-stack", opts->user_stack, &r.user_stack)) {
		free(r.kernel_stack.ips);
		return EXIT_BAD;
	}
	r.skep = cli_instance(opts);
	status = r.skep && sent_make_devs(r.skep, opts->devs) ? load(&r) : EXIT_BAD;
	if (!status)
		status = run_loaded(&r, ret_json);
	bpf_object__close(r.obj);
	cli_instance_end(r.skep);
	ctx_free(&r.named);
	free(r.kernel_stack.ips);
	free(r.user_stack.ips);
	free(r.ctx);
	free(r.ctx_after);
	free(r.out);
	return status;
}

static int run(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct json_object *result = NULL;
	struct cli_input in;
	int status = EXIT_BAD;

	if (argc != 1)
		return cli_usage_error(cmd, argc ? "one file at a time" : "which file?");
	if (cli_input_read(&in, argv[0], opts))
		status = run_input(cmd, opts, &in, opts->json || opts->report ? &result : NULL);
	cli_input_free(&in);
	if (status)
		return status;
	report_compare(opts, argv[0], "run", json_object_get(result));
	if (opts->json)
		cli_print_json(result, opts);
	else
		json_object_put(result);
	return status;
}

static const struct cli_option options[] = {
	OPTION_PROG,
	OPTION_SECTION,
	OPTION_PCAP,
	OPT("pcap-out", 0, "OUT", TEXT, pcap_out,
	    "packets that were not dropped, as the program left them"),
	OPTION_DATA_IN,
	OPT("data-out", 0, "F", TEXT, data_out,
	    "the packet afterwards"),
	OPTION_CTX,
	OPTION_CTX_IN,
	OPT("ctx-out", 0, "F", TEXT, ctx_out,
	    "the context afterwards"),
	OPTION_MAP,
	OPTION_DEVS,
	OPTION_KERNEL_STACK,
	OPTION_USER_STACK,
	OPTION_REPEAT,
	OPTION_CLASSIC,
	OPTION_SECCOMP,
	OPTION_ENGINE,
	OPTION_OBSERVE,
	OPTION_KERNEL_BTF,
	OPTION_KCONFIG,
	OPT("json", 'j', NULL, FLAG, json,
	    "as JSON: retval, ns_per_run, prepare_us, maps, sent, trace"),
	OPTION_PRETTY,
	OPTIONS_END
};
const struct cli_command cmd_run = {
	.name = "run",
	.usage = "FILE.bpf.o [--prog NAME | --section SEC] [--pcap IN [--pcap-out OUT] | --data-in F "
		 "[--data-out F]] [--ctx FIELD=VALUE[,...] | --ctx-in F] "
		 "[--ctx-out F] [--kernel-stack ADDR,...] [--user-stack ADDR,...] [--map NAME:KEY=VALUE[,...]] [--devs NAME,...] [--repeat N] [--classic | --seccomp] "
		 "[--engine jit|interp] [--observe WHO,...] [-j]",
	.help = "Runs a program over a packet, a capture or a context, and tells what came of it.",
	.options = options,
	.notes = "Fields are those of the structure that goes with the program type (struct xdp_md, __sk_buff, ...); those\n"
		 "not given are 0. A value is a number, an IP address, or net:NUMBER for one in network byte order (a port).\n\n"
		 "Keys and values of --map are the same; port:NUMBER for the two bytes of a port in network byte order,\n"
		 "hex:BYTES for any bytes, IPV4/LENGTH for a key of a trie. Per-CPU maps get the value on every CPU.\n\n"
		 "FILE may also be what \"skep report\" made.\n\n"
		 "A classic filter's value is how many bytes of the packet it accepts, 0 for none; --pcap-out has that many\n"
		 "of each.\n\n"
		 "exit status: 0 it ran, 1 it was refused, 2 something could not be read",
	.example = "  skep run lb.bpf.o --pcap in.pcap --pcap-out out.pcap\n"
		   "  tcpdump -y EN10MB -ddd udp port 53 | skep run --classic - --pcap in.pcap --pcap-out dns.pcap\n"
		   "  skep run tc.bpf.o --ctx mark=7,cb[1]=100 --data-in packet.bin -j\n"
		   "  perf record -k mono -e cpu-clock skep run lb.bpf.o --repeat 10000000 --observe jitdump\n"
		   "  skep run filter.bpf.o --pcap in.pcap --map blocked:10.0.0.1=1 --map blocked:10.0.0.2=1",
	.run = run,
};
