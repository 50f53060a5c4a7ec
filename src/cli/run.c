/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c - "skep run": loads one program of an object and runs it over given bytes, a context or a
 * capture, then tells the return value, the time, and which maps changed.
 */
#include "cli/cli.h"

#include "cli/mapview.h"
#include "cli/pcapio.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#define DATA_ROOM (256u << 10)

struct action {
	u32 retval;
	u64 cnt;
};

struct run {
	const struct cli_command *cmd;
	struct cli_opts opts;
	const char *file, *prog_name, *section;
	const char *pcap_in, *pcap_out, *data_in, *data_out, *ctx_in, *ctx_out;
	u64 repeat;
	struct skep *skep;
	struct bpf_object *obj;
	struct bpf_program *prog;
	int fd;
	u64 prepare_ns;
	char refusal[512]; /* the verifier's words */
	u8 *data, *ctx, *out, *out_ctx;
	size_t data_size, ctx_size;
	/* results */
	u32 retval;
	u64 packets, total_ns;
	struct action actions[64];
	u32 action_cnt;
};

static void on_verdict(void *ctx, const struct skep_verdict *v)
{
	struct run *r = ctx;

	r->prepare_ns = v->prepare_ns;
	if (v->err && !r->refusal[0])
		snprintf(r->refusal, sizeof(r->refusal), "%s", v->message);
}

static int parse(struct run *r, int argc, char **argv)
{
	static const struct option options[] = {
		{ "prog", required_argument, NULL, 'p' },     { "section", required_argument, NULL, 's' },
		{ "pcap", required_argument, NULL, 1 },	      { "pcap-out", required_argument, NULL, 2 },
		{ "data-in", required_argument, NULL, 3 },    { "data-out", required_argument, NULL, 4 },
		{ "ctx-in", required_argument, NULL, 5 },     { "ctx-out", required_argument, NULL, 6 },
		{ "repeat", required_argument, NULL, 'n' },   { "engine", required_argument, NULL, 'e' },
		{ "kernel-btf", required_argument, NULL, 'k' }, { "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'P' },	      { 0 },
	};
	int opt;

	opterr = 0;
	optind = 1;
	r->repeat = 1;
	while ((opt = getopt_long(argc, argv, ":p:s:n:e:k:jP", options, NULL)) != -1) {
		switch (opt) {
		case 'p':
			r->prog_name = optarg;
			break;
		case 's':
			r->section = optarg;
			break;
		case 1:
			r->pcap_in = optarg;
			break;
		case 2:
			r->pcap_out = optarg;
			break;
		case 3:
			r->data_in = optarg;
			break;
		case 4:
			r->data_out = optarg;
			break;
		case 5:
			r->ctx_in = optarg;
			break;
		case 6:
			r->ctx_out = optarg;
			break;
		case 'n':
			if (!cli_number(optarg, INT32_MAX, &r->repeat) || !r->repeat)
				return cli_usage_error(r->cmd, "--repeat takes a number from 1 on, not \"%s\"", optarg);
			break;
		case 'e':
			if (!strcmp(optarg, "jit"))
				r->opts.engine = SKEP_RUN_JIT;
			else if (!strcmp(optarg, "interp"))
				r->opts.engine = SKEP_RUN_INTERP;
			else
				return cli_usage_error(r->cmd, "unknown engine \"%s\"; jit or interp", optarg);
			break;
		case 'k':
			r->opts.kernel_btf = optarg;
			break;
		case 'P':
			r->opts.pretty = true; /* fall through */
		case 'j':
			r->opts.json = true;
			break;
		case ':':
			return cli_usage_error(r->cmd, "%s needs a value", argv[optind - 1]);
		default:
			return cli_usage_error(r->cmd, "unknown option %s", argv[optind - 1]);
		}
	}
	if (optind + 1 != argc)
		return cli_usage_error(r->cmd, optind == argc ? "which file?" : "one file at a time");
	r->file = argv[optind];
	if (r->prog_name && r->section)
		return cli_usage_error(r->cmd, "--prog or --section, not both");
	if (r->pcap_in && (r->data_in || r->data_out))
		return cli_usage_error(r->cmd, "--pcap or --data-in and --data-out, not both");
	if (r->pcap_out && !r->pcap_in)
		return cli_usage_error(r->cmd, "--pcap-out needs --pcap");
	return EXIT_OK;
}

static int load(struct run *r)
{
	int err;

	r->obj = cli_open(r->file);
	if (!r->obj)
		return EXIT_BAD;
	r->prog = cli_pick_prog(r->obj, r->file, r->prog_name, r->section);
	if (!r->prog)
		return EXIT_BAD;
	skep_on_verdict(r->skep, on_verdict, r);
	err = cli_load_only(r->obj, r->prog);
	if (err) {
		cli_fail("%s: %s is refused: %s (\"skep verify\" tells why)", r->file,
			 bpf_program__name(r->prog),
			 r->refusal[0]	      ? r->refusal :
			 *cli_first_warning() ? cli_first_warning() :
						strerror(-err));
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
	if (i == r->action_cnt) {
		if (i == ARRAY_SIZE(r->actions))
			i--; /* the last row gathers the rest; no program type has 64 named actions */
		else
			r->actions[r->action_cnt++].retval = retval;
	}
	r->actions[i].cnt++;
}

/* One test run; @ret_len is the length of the packet afterwards, in r->out. */
static int run_once(struct run *r, const void *data, u32 size, u32 *ret_len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .repeat = r->repeat);
	int err;

	if (data || size) {
		opts.data_in = data;
		opts.data_size_in = size;
		opts.data_out = r->out;
		opts.data_size_out = DATA_ROOM;
	}
	if (r->ctx) {
		opts.ctx_in = r->ctx;
		opts.ctx_size_in = r->ctx_size;
		if (r->ctx_out) {
			opts.ctx_out = r->out_ctx;
			opts.ctx_size_out = r->ctx_size;
		}
	}
	err = bpf_prog_test_run_opts(r->fd, &opts);
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
	case -524: /* ENOTSUPP of the kernel */
		return "programs of this type have no test run";
	case -EINVAL:
		return "the input does not suit the program: packets need --data-in or --pcap with at least "
		       "14 bytes, contexts --ctx-in with the right size";
	default:
		return strerror(-err);
	}
}

static bool is_drop(const struct run *r, u32 retval)
{
	const char *name = skep_retval_name(r->skep, bpf_program__type(r->prog), retval);

	return name && (strstr(name, "DROP") || strstr(name, "ABORTED") || strstr(name, "SHOT"));
}

static int run_capture(struct run *r)
{
	struct pcap_reader *in = pcapio_open(r->pcap_in);
	struct pcap_writer *out = NULL;
	struct pcapio_packet pkt;
	int got, status = EXIT_BAD;
	u32 len;

	if (!in)
		return EXIT_BAD;
	if (r->pcap_out) {
		out = pcapio_create(in, r->pcap_out);
		if (!out)
			goto close_in;
	}
	while ((got = pcapio_next(in, &pkt)) > 0) {
		int err = run_once(r, pkt.data, pkt.len, &len);

		if (err) {
			cli_fail("%s: packet %llu (%u bytes): %s", r->pcap_in,
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
	return type == BPF_PROG_TYPE_XDP || type == BPF_PROG_TYPE_SCHED_CLS ||
	       type == BPF_PROG_TYPE_SCHED_ACT || type == BPF_PROG_TYPE_SOCKET_FILTER;
}

static int run_bytes(struct run *r)
{
	static const u8 empty_packet[64];
	u32 len = 0;
	int err, status = EXIT_OK;

	if (r->data_in && !(r->data = cli_read_file(r->data_in, DATA_ROOM, &r->data_size)))
		return EXIT_BAD;
	if (r->data_in)
		err = run_once(r, r->data, r->data_size, &len);
	else if (takes_packets(bpf_program__type(r->prog)))
		err = run_once(r, empty_packet, sizeof(empty_packet), &len);
	else
		err = run_once(r, NULL, 0, &len);
	if (err)
		return cli_fail("%s: %s: %s", r->file, bpf_program__name(r->prog), test_run_hint(err));
	if (r->data_out)
		status = write_file(r->data_out, r->out, min_of(len, DATA_ROOM));
	if (!status && r->ctx_out)
		status = write_file(r->ctx_out, r->out_ctx, r->ctx_size);
	return status;
}

static void print_text(struct run *r, struct map_view *maps)
{
	u32 type = bpf_program__type(r->prog);
	const char *name = skep_retval_name(r->skep, type, r->retval);
	u64 per_run = r->packets ? r->total_ns / r->packets : 0;

	if (r->pcap_in) {
		printf("packets: %llu\n", (unsigned long long)r->packets);
		for (u32 i = 0; i < r->action_cnt; i++) {
			const char *action = skep_retval_name(r->skep, type, r->actions[i].retval);

			printf("  %-14s %llu\n", action ? action : "", (unsigned long long)r->actions[i].cnt);
		}
	} else if (name) {
		printf("return value: %u (%s)\n", r->retval, name);
	} else {
		printf("return value: %u\n", r->retval);
	}
	printf("time: %llu ns per run, %llu us to prepare\n", (unsigned long long)per_run,
	       (unsigned long long)r->prepare_ns / 1000);
	mapview_print_changes(maps, stdout);
	if (r->pcap_out)
		printf("packets that were not dropped are in %s\n", r->pcap_out);
}

static void print_json(struct run *r, struct map_view *maps)
{
	u32 type = bpf_program__type(r->prog);
	struct json_object *out = json_object_new_object();
	const char *name = skep_retval_name(r->skep, type, r->retval);

	json_object_object_add(out, "retval", json_object_new_int64(r->retval));
	if (name)
		json_object_object_add(out, "retval_name", json_object_new_string(name));
	json_object_object_add(out, "ns_per_run",
			       json_object_new_int64(r->packets ? r->total_ns / r->packets : 0));
	json_object_object_add(out, "prepare_us", json_object_new_int64(r->prepare_ns / 1000));
	if (r->pcap_in) {
		struct json_object *actions = json_object_new_object();

		json_object_object_add(out, "packets", json_object_new_int64(r->packets));
		for (u32 i = 0; i < r->action_cnt; i++) {
			const char *action = skep_retval_name(r->skep, type, r->actions[i].retval);
			char num[16];

			snprintf(num, sizeof(num), "%u", r->actions[i].retval);
			json_object_object_add(actions, action ? action : num,
					       json_object_new_int64(r->actions[i].cnt));
		}
		json_object_object_add(out, "actions", actions);
	}
	json_object_object_add(out, "maps", mapview_json_changes(maps));
	cli_print_json(out, &r->opts);
}

static int run_loaded(struct run *r)
{
	struct map_view *maps;
	int status;

	r->out = malloc(DATA_ROOM);
	if (!r->out)
		return cli_fail("out of memory");
	if (r->ctx_in) {
		r->ctx = cli_read_file(r->ctx_in, DATA_ROOM, &r->ctx_size);
		r->out_ctx = r->ctx ? calloc(1, r->ctx_size + 1) : NULL;
		if (!r->out_ctx)
			return EXIT_BAD;
	} else if (r->ctx_out) {
		return cli_usage_error(r->cmd, "--ctx-out needs --ctx-in");
	}
	maps = mapview_take(r->obj);
	if (!maps)
		return cli_fail("out of memory");
	status = r->pcap_in ? run_capture(r) : run_bytes(r);
	if (status == EXIT_OK) {
		if (r->opts.json)
			print_json(r, maps);
		else
			print_text(r, maps);
	}
	mapview_free(maps);
	return status;
}

static int run(const struct cli_command *cmd, int argc, char **argv)
{
	struct run r = { .cmd = cmd };
	int status;

	if (cli_wants_help(cmd, argc, argv))
		return EXIT_OK;
	status = parse(&r, argc, argv);
	if (status)
		return status;
	r.skep = cli_instance(&r.opts);
	if (!r.skep)
		return EXIT_BAD;
	status = load(&r);
	if (!status)
		status = run_loaded(&r);
	bpf_object__close(r.obj);
	skep_default_instance_set(NULL);
	skep_destroy(r.skep);
	cli_messages_end();
	free(r.data);
	free(r.ctx);
	free(r.out_ctx);
	free(r.out);
	return status;
}

const struct cli_command cmd_run = {
	.name = "run",
	.usage = "FILE.bpf.o [--prog NAME | --section SEC] [--pcap IN [--pcap-out OUT] | --data-in F "
		 "[--data-out F]] [--ctx-in F [--ctx-out F]] [--repeat N] [--engine jit|interp] [-j]",
	.help = "Runs a program over a packet, a capture or a context, and tells what came of it.",
	.details = "  --prog NAME         the program, when the file holds several\n"
		   "  --section SEC       the same by its section, \"xdp\"\n"
		   "  --pcap IN           run it over each packet of a capture (Ethernet)\n"
		   "  --pcap-out OUT      packets that were not dropped, as the program left them\n"
		   "  --data-in F         one packet from a file (default for packet programs: 64 zero bytes)\n"
		   "  --data-out F        the packet afterwards\n"
		   "  --ctx-in F          the context (struct xdp_md, __sk_buff, ...) from a file\n"
		   "  --ctx-out F         the context afterwards\n"
		   "  --repeat N          run N times over each; the time is the mean\n"
		   "  --engine E          jit (default where there is one) or interp\n"
		   "  --kernel-btf FILE   relocate against this kernel's BTF\n"
		   "  -j, --json          as JSON: retval, ns_per_run, prepare_us, maps; --pretty indents\n\n"
		   "exit status: 0 it ran, 1 it was refused, 2 something could not be read",
	.example = "  skep run lb.bpf.o --pcap in.pcap --pcap-out out.pcap",
	.run = run,
};
