/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c - "skep run": loads one program of an object and runs it over given bytes, a context or a
 * capture, then tells the return value, the time, and which maps changed.
 */
#include "cli/cli.h"

#include "cli/ctx.h"
#include "cli/mapview.h"
#include "cli/pcapio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define DATA_ROOM (256u << 10)

struct action {
	u32 retval;
	u64 cnt;
};

struct run {
	const struct cli_command *cmd;
	struct cli_opts *opts;
	struct cli_input in;
	struct skep *skep;
	struct bpf_object *obj;
	struct bpf_program *prog;
	int fd;
	u64 prepare_ns;
	char refusal[512]; /* the verifier's words */
	u8 *out;
	struct ctx_image named;	 /* when the context was given by names */
	u8 *ctx, *ctx_after;	 /* NULL: none given */
	u32 ctx_size;
	/* results */
	u32 retval;
	u64 packets, total_ns;
	struct action actions[64];
	u32 action_cnt;
	u64 others; /* runs whose value found no place in actions */
};

static void on_verdict(void *ctx, const struct skep_verdict *v)
{
	struct run *r = ctx;

	r->prepare_ns = v->prepare_ns;
	if (v->err && !r->refusal[0])
		snprintf(r->refusal, sizeof(r->refusal), "%s", v->message);
}

static int check_options(const struct run *r)
{
	const struct cli_opts *o = r->opts;

	if (o->prog && o->section)
		return cli_usage_error(r->cmd, "--prog or --section, not both");
	if (o->pcap.path && (o->data_in.path || o->data_out))
		return cli_usage_error(r->cmd, "--pcap or --data-in and --data-out, not both");
	if (o->pcap_out && !o->pcap.path)
		return cli_usage_error(r->cmd, "--pcap-out needs --pcap");
	if (o->ctx_out && !o->ctx_in.path && !o->ctx)
		return cli_usage_error(r->cmd, "--ctx-out needs --ctx or --ctx-in");
	if (o->ctx_out && o->pcap.path)
		return cli_usage_error(r->cmd, "--ctx-out goes with one run, not with --pcap");
	return EXIT_OK;
}

static int load(struct run *r)
{
	int err;

	r->obj = cli_input_open(&r->in);
	if (!r->obj)
		return EXIT_BAD;
	r->prog = cli_pick_prog(r->obj, r->in.file.path, r->opts->prog, r->opts->section);
	if (!r->prog)
		return EXIT_BAD;
	skep_on_verdict(r->skep, on_verdict, r);
	err = cli_load_only(r->obj, r->prog);
	if (err) {
		cli_fail("%s: %s is refused: %s (\"skep verify\" tells why)", r->in.file.path,
			 bpf_program__name(r->prog),
			 r->refusal[0]	      ? r->refusal :
			 *cli_first_warning() ? cli_first_warning() :
						cli_strerror(err));
		return EXIT_REFUSED;
	}
	r->fd = bpf_program__fd(r->prog);
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

static void add_context(struct run *r, struct bpf_test_run_opts *opts, u32 packet_size)
{
	u32 type = bpf_program__type(r->prog);

	if (!r->ctx)
		return;
	/* What every packet's own context says, unless it was given. */
	if (r->named.bytes && type == BPF_PROG_TYPE_XDP) {
		ctx_default(&r->named, "data_end", packet_size);
		memcpy(r->ctx, r->named.bytes, r->ctx_size);
	}
	memcpy(r->ctx_after, r->ctx, r->ctx_size);
	opts->ctx_in = r->ctx_after;
	opts->ctx_size_in = r->ctx_size;
	if (ctx_stays_in_place(type) || !(r->named.bytes || r->opts->ctx_out))
		return;
	opts->ctx_in = r->ctx;
	opts->ctx_out = r->ctx_after;
	opts->ctx_size_out = r->ctx_size;
}

/* Where Linux has no test run, skep has one of its own. */
static int run_own(struct run *r, struct bpf_test_run_opts *opts)
{
	struct skep_test test = { .sz = sizeof(test), .data_in = opts->data_in, .data_size_in = opts->data_size_in,
				  .data_out = r->out, .data_size_out = DATA_ROOM, .ctx_in = r->ctx,
				  .ctx_size_in = r->ctx ? r->ctx_size : 0, .ctx_out = r->ctx_after,
				  .ctx_size_out = r->ctx ? r->ctx_size : 0, .repeat = (u32)r->opts->repeat };
	int err = skep_prog_test(r->skep, r->fd, &test);

	opts->retval = test.retval;
	opts->duration = test.duration_ns;
	opts->data_size_out = test.data_size_out;
	return err;
}

/* One test run; @ret_len is the length of the packet afterwards, in r->out. */
static int run_once(struct run *r, const void *data, u32 size, u32 *ret_len)
{
	/* Once is 0: types that cannot repeat refuse any number. */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .repeat = r->opts->repeat > 1 ? (int)r->opts->repeat : 0);
	int err;

	if (data || size) {
		opts.data_in = data;
		opts.data_size_in = size;
		opts.data_out = r->out;
		opts.data_size_out = DATA_ROOM;
	}
	add_context(r, &opts, size);
	err = bpf_prog_test_run_opts(r->fd, &opts);
	if (err == -524) /* ENOTSUPP of the kernel */
		err = run_own(r, &opts);
	if (err)
		return err;
	r->retval = opts.retval;
	r->total_ns += opts.duration;
	r->packets++;
	*ret_len = opts.data_size_out;
	count_action(r, opts.retval);
	return 0;
}

static const char *test_run_hint(int err)
{
	switch (err) {
	case -ENOTSUP:
	case -524:
		return "programs of this type have no test run";
	case -EINVAL:
		return "the input does not suit the program: packets need --data-in or --pcap with at least "
		       "14 bytes, contexts --ctx with fields that a run may set, or --ctx-in with the right size";
	case -E2BIG:
		return "the context is longer than that of the program type";
	case -ERANGE:
		return "a number in the context does not fit its field";
	case -ENODEV:
		return "no such network device: interface 1 is lo";
	default:
		return cli_strerror(err);
	}
}

static bool is_drop(const struct run *r, u32 retval)
{
	const char *name = skep_retval_name(r->skep, bpf_program__type(r->prog), retval);

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

static int write_file(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");

	if (!f)
		return cli_fail("%s: %s", path, strerror(errno));
	if (fwrite(data, 1, size, f) != size || fflush(f)) {
		cli_fail("%s: %s", path, strerror(errno));
		fclose(f);
		return EXIT_BAD;
	}
	fclose(f);
	return EXIT_OK;
}

static bool takes_packets(u32 type)
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
	else if (takes_packets(bpf_program__type(r->prog)))
		err = run_once(r, empty_packet, sizeof(empty_packet), &len);
	else
		err = run_once(r, NULL, 0, &len);
	if (err)
		return cli_fail("%s: %s: %s", r->in.file.path, bpf_program__name(r->prog), test_run_hint(err));
	if (r->opts->data_out)
		status = write_file(r->opts->data_out, r->out, min_of(len, DATA_ROOM));
	if (!status && r->opts->ctx_out)
		status = write_file(r->opts->ctx_out, r->ctx_after, r->ctx_size);
	return status;
}

/* "XDP_DROP", or the number. */
static const char *action_name(const struct run *r, u32 retval, char *room, size_t size)
{
	const char *name = skep_retval_name(r->skep, bpf_program__type(r->prog), retval);

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

static void print_text(struct run *r, struct map_view *maps)
{
	const char *name = skep_retval_name(r->skep, bpf_program__type(r->prog), r->retval);
	u64 per_run = r->packets ? r->total_ns / r->packets : 0;

	if (r->opts->pcap.path)
		print_actions(r);
	else if (name)
		printf("return value: %u (%s)\n", r->retval, name);
	else
		printf("return value: %u\n", r->retval);
	printf("time: %llu ns per run, %llu us to prepare\n", (unsigned long long)per_run,
	       (unsigned long long)r->prepare_ns / 1000);
	if (r->named.bytes && !r->opts->pcap.path)
		ctx_print_changes(&r->named, r->ctx, r->ctx_after);
	mapview_print_changes(maps, stdout);
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

static void print_json(struct run *r, struct map_view *maps)
{
	struct json_object *out = json_object_new_object();
	const char *name = skep_retval_name(r->skep, bpf_program__type(r->prog), r->retval);

	if (!r->opts->pcap.path || r->packets) {
		json_add_num(out, "retval", r->retval);
		if (name)
			json_add_str(out, "retval_name", name);
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
	cli_print_json(out, r->opts);
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
		ok = ctx_start(&r->named, r->prog, r->obj, r->in.file.path) &&
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

static int run_loaded(struct run *r)
{
	struct map_view *maps;
	int status = take_context(r);

	if (status)
		return status;
	r->out = malloc(DATA_ROOM);
	maps = mapview_take(r->obj);
	if (!r->out || !maps) {
		mapview_free(maps);
		return cli_fail("out of memory");
	}
	status = r->opts->pcap.path ? run_capture(r) : run_bytes(r);
	if (status == EXIT_OK) {
		if (r->opts->json)
			print_json(r, maps);
		else
			print_text(r, maps);
	}
	mapview_free(maps);
	return status;
}

static int run(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct run r = { .cmd = cmd, .opts = opts };
	int status;

	if (argc != 1)
		return cli_usage_error(cmd, argc ? "one file at a time" : "which file?");
	status = check_options(&r);
	if (status)
		return status;
	if (!cli_input_read(&r.in, argv[0]))
		return EXIT_BAD;
	r.skep = cli_instance(opts);
	status = r.skep ? load(&r) : EXIT_BAD;
	if (!status)
		status = run_loaded(&r);
	bpf_object__close(r.obj);
	cli_instance_end(r.skep);
	cli_input_free(&r.in);
	ctx_free(&r.named);
	free(r.ctx);
	free(r.ctx_after);
	free(r.out);
	return status;
}

static const struct cli_option options[] = {
	OPTION_PROG,
	OPTION_SECTION,
	{ "pcap", 0, "IN", "run it over each packet of a capture (Ethernet)", OPTION_FILE, OPTION_AT(pcap), 0, 0, NULL },
	{ "pcap-out", 0, "OUT", "packets that were not dropped, as the program left them", OPTION_TEXT, OPTION_AT(pcap_out), 0, 0, NULL },
	{ "data-in", 0, "F", "one packet from a file (default for packet programs: 64 zero bytes)", OPTION_FILE, OPTION_AT(data_in), 0, 0, NULL },
	{ "data-out", 0, "F", "the packet afterwards", OPTION_TEXT, OPTION_AT(data_out), 0, 0, NULL },
	{ "ctx", 'c', "SETTINGS", "the context by fields: mark=7,cb[0]=1,remote_ip4=10.0.0.1", OPTION_TEXT, OPTION_AT(ctx), 0, 0, NULL },
	{ "ctx-in", 0, "F", "the same from a file: a JSON object of fields, or the structure's bytes", OPTION_FILE, OPTION_AT(ctx_in), 0, 0, NULL },
	{ "ctx-out", 0, "F", "the context afterwards", OPTION_TEXT, OPTION_AT(ctx_out), 0, 0, NULL },
	{ "repeat", 'n', "N", "run N times over each; the time is the mean", OPTION_NUMBER, OPTION_AT(repeat), 1, INT32_MAX, NULL },
	{ "engine", 'e', "E", "jit (default where there is one) or interp", OPTION_CHOICE, OPTION_AT(engine), 0, 0, cli_engines },
	OPTION_KERNEL_BTF,
	OPTION_KCONFIG,
	{ "json", 'j', NULL, "as JSON: retval, ns_per_run, prepare_us, maps", OPTION_FLAG, OPTION_AT(json), 0, 0, NULL },
	OPTION_PRETTY,
	OPTIONS_END
};
const struct cli_command cmd_run = {
	.name = "run",
	.usage = "FILE.bpf.o [--prog NAME | --section SEC] [--pcap IN [--pcap-out OUT] | --data-in F "
		 "[--data-out F]] [--ctx FIELD=VALUE[,...] | --ctx-in F] "
		 "[--ctx-out F] [--repeat N] [--engine jit|interp] [-j]",
	.help = "Runs a program over a packet, a capture or a context, and tells what came of it.",
	.options = options,
	.notes = "Fields are those of the structure that goes with the program type (struct xdp_md, __sk_buff, ...); those\n"
		 "not given are 0. A value is a number, an IP address, or net:NUMBER for one in network byte order (a port).\n\n"
		 "exit status: 0 it ran, 1 it was refused, 2 something could not be read",
	.example = "  skep run lb.bpf.o --pcap in.pcap --pcap-out out.pcap\n"
		   "  skep run tc.bpf.o --ctx mark=7,cb[1]=100 --data-in packet.bin -j",
	.run = run,
};
