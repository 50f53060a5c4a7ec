/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_foreign.c - objects that other people compiled do what their manual says: xdp-filter's programs over
 * a capture, with the rules of man xdp-filter in their maps, on skep's JIT and interpreter and on the
 * running kernel; libxdp's dispatcher with two of them in its slots; its programs for AF_XDP sockets; and
 * which programs of the package do not load.
 *
 * argv: fetch_objects.sh DIR in.pcap. All is skipped when the packages cannot be fetched.
 */
#include "../loader/machines.h"
#include "fetch.h"

#include <arpa/inet.h>
#include <dirent.h>
/* pcap/bpf.h has a struct bpf_insn of its own, the classic one. */
#define PCAP_DONT_INCLUDE_PCAP_BPF_H
#include <pcap/pcap.h>

#define PACKETS 1500

static const char *pcap_path;
static char xdp_dir[4096];

/* As in the values of the filter maps; above them the program counts hits. */
enum { MATCH_SRC = 1, MATCH_DST = 2, MATCH_TCP = 4, MATCH_UDP = 8, HIT = 64 };

struct packet {
	u8 *data;
	u32 len;
	/* What is in it, when it is whole and of no odd shape. */
	bool plain, has_port;
	u8 proto;
	u16 sport, dport;
	u32 l3; /* 4, 6, 0: something else */
	u8 src[16], dst[16];
};

static struct packet packets[PACKETS];
static u32 packet_cnt;

/* ---- the capture ----------------------------------------------------------------------------------- */

static u16 be16_at(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static void look_into_ip(struct packet *p, u16 type, u32 at)
{
	const u8 *ip = p->data + at;
	u32 end = 0;

	if (type == 0x0800 && at + 20 <= p->len) {
		p->l3 = 4;
		p->proto = ip[9];
		memcpy(p->src, ip + 12, 4);
		memcpy(p->dst, ip + 16, 4);
		end = at + (ip[0] & 15) * 4;
		p->plain = !(be16_at(ip + 6) & 0x3fff) && at + be16_at(ip + 2) <= p->len;
	} else if (type == 0x86dd && at + 40 <= p->len) {
		p->l3 = 6;
		p->proto = ip[6];
		memcpy(p->src, ip + 8, 16);
		memcpy(p->dst, ip + 24, 16);
		end = at + 40;
		p->plain = end + be16_at(ip + 4) <= p->len;
	}
	p->has_port = p->plain && (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP) && end + 8 <= p->len;
	if (p->has_port) {
		p->sport = be16_at(p->data + end);
		p->dport = be16_at(p->data + end + 2);
	}
}

static void look_into(struct packet *p)
{
	u16 type = p->len >= 14 ? be16_at(p->data + 12) : 0;

	if (type == 0x0800 || type == 0x86dd)
		look_into_ip(p, type, 14);
	else
		p->plain = type == 0x0806;
}

static void read_capture(void)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(pcap_path, err);
	struct pcap_pkthdr *head;
	const u8 *data;

	assert_non_null(pcap);
	while (packet_cnt < PACKETS && pcap_next_ex(pcap, &head, &data) == 1) {
		struct packet *p = &packets[packet_cnt++];

		p->data = malloc(head->caplen);
		assert_non_null(p->data);
		memcpy(p->data, data, head->caplen);
		p->len = head->caplen;
		look_into(p);
	}
	pcap_close(pcap);
	assert_true(packet_cnt > 1000);
}

/* ---- rules ----------------------------------------------------------------------------------------- */

struct rule {
	const char *map;
	u32 flags;
	union {
		u16 port;
		u8 addr[16];
	};
	u32 key_size;
};

struct setup {
	const char *object;
	bool drop_others; /* policy deny: only what matches passes */
	const struct rule *rules;
	u32 rule_cnt;
};

static bool side_matches(const struct rule *r, const struct packet *p, bool dst)
{
	const u8 *mac = p->data + (dst ? 0 : 6);

	if (!strcmp(r->map, "filter_ports"))
		return p->has_port && (r->flags & (p->proto == IPPROTO_TCP ? MATCH_TCP : MATCH_UDP)) &&
		       (dst ? p->dport : p->sport) == r->port;
	if (!strcmp(r->map, "filter_ethernet"))
		return !memcmp(mac, r->addr, 6);
	return p->l3 == (r->key_size == 4 ? 4u : 6u) && !memcmp(dst ? p->dst : p->src, r->addr, r->key_size);
}

static bool matches(const struct setup *s, const struct packet *p)
{
	for (u32 i = 0; i < s->rule_cnt; i++) {
		const struct rule *r = &s->rules[i];

		if ((r->flags & MATCH_SRC && side_matches(r, p, false)) || (r->flags & MATCH_DST && side_matches(r, p, true)))
			return true;
	}
	return false;
}

/* Each CPU has its own copy, as xdp-filter writes it. */
static void add_rule(const struct bpf_object *obj, const struct rule *r)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, r->map);
	int cpus = libbpf_num_possible_cpus();
	u32 port = htons(r->port); /* as in the packet */
	u64 *values;

	assert_non_null(map);
	values = calloc(cpus, sizeof(*values));
	assert_non_null(values);
	for (int i = 0; i < cpus; i++)
		values[i] = r->flags;
	assert_int_equal(bpf_map__update_elem(map, r->key_size == 2 ? (void *)&port : (void *)r->addr,
					      bpf_map__key_size(map), values, cpus * sizeof(*values), 0), 0);
	free(values);
}

static u64 sum_of(const struct bpf_object *obj, const char *name, u32 key, u32 word)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);
	int cpus = libbpf_num_possible_cpus();
	u32 words = bpf_map__value_size(map) / 8;
	u64 *values = calloc(cpus, words * 8), sum = 0;

	assert_int_equal(bpf_map__lookup_elem(map, &key, sizeof(key), values, cpus * words * 8, 0), 0);
	for (int i = 0; i < cpus; i++)
		sum += values[i * words + word];
	free(values);
	return sum;
}

/* Hits and rest, counted by the program: packets and bytes by verdict. */
static void check_counts(const struct bpf_object *obj, const u32 cnt[5], const u64 bytes[5])
{
	for (u32 v = 0; v < 5; v++) {
		assert_int_equal(sum_of(obj, "xdp_stats_map", v, 0), cnt[v]);
		assert_int_equal(sum_of(obj, "xdp_stats_map", v, 1), bytes[v]);
	}
}

static struct bpf_object *open_foreign(const char *name)
{
	struct bpf_object *obj;
	struct bpf_map *map;
	char path[4200];

	snprintf(path, sizeof(path), "%s/%s.o", xdp_dir, name);
	obj = bpf_object__open_file(path, NULL);
	assert_non_null(obj);
	bpf_object__for_each_map(map, obj)
		assert_int_equal(bpf_map__set_pin_path(map, NULL), 0); /* nothing stays in the kernel */
	return obj;
}

static u8 verdicts[3][PACKETS]; /* by machine */

static void filter_on(enum machine m, const struct setup *s)
{
	u32 cnt[5] = { 0 }, judged = 0;
	struct bpf_object *obj = open_foreign(s->object);
	struct bpf_program *prog;
	u64 bytes[5] = { 0 };

	load_obj(obj);
	for (u32 i = 0; i < s->rule_cnt; i++)
		add_rule(obj, &s->rules[i]);
	prog = bpf_object__next_program(obj, NULL);
	for (u32 i = 0; i < packet_cnt; i++) {
		const struct packet *p = &packets[i];
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = p->data, .data_size_in = p->len);

		assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(prog), &run), 0);
		assert_in_range(run.retval, 0, 4);
		verdicts[m][i] = run.retval;
		cnt[run.retval]++;
		bytes[run.retval] += p->len;
		if (!p->plain)
			continue;
		judged++;
		if (run.retval != (matches(s, p) != s->drop_others ? XDP_DROP : XDP_PASS))
			fail_msg("%s: packet %u: verdict %u", s->object, i, run.retval);
	}
	assert_true(judged > packet_cnt / 2);
	assert_true(cnt[XDP_PASS] && cnt[XDP_DROP]);
	check_counts(obj, cnt, bytes);
	bpf_object__close(obj);
}

static void filter(const struct setup *s)
{
	for (enum machine m = ON_JIT; m <= ON_KERNEL; m++) {
		if (m == ON_KERNEL && !kernel_permits())
			continue;
		start(m);
		filter_on(m, s);
		stop();
		assert_memory_equal(verdicts[m], verdicts[ON_JIT], packet_cnt);
	}
}

#define PORT(number, how) { .map = "filter_ports", .port = number, .flags = how, .key_size = 2 }
#define IP4(a, b, c, d, how) { .map = "filter_ipv4", .addr = { a, b, c, d }, .flags = how, .key_size = 4 }
#define MAC(how, ...) { .map = "filter_ethernet", .addr = { __VA_ARGS__ }, .flags = how, .key_size = 6 }

static void packets_to_a_port_are_dropped(void **state __unused_arg)
{
	static const struct rule rules[] = { PORT(80, MATCH_SRC | MATCH_DST | MATCH_TCP | MATCH_UDP) };

	filter(&(struct setup){ "xdpfilt_alw_all", false, rules, 1 });
	filter(&(struct setup){ "xdpfilt_alw_tcp", false, (struct rule[]){ PORT(80, MATCH_DST | MATCH_TCP) }, 1 });
	filter(&(struct setup){ "xdpfilt_alw_udp", false, (struct rule[]){ PORT(443, MATCH_DST | MATCH_UDP) }, 1 });
}

static void packets_of_an_address_are_dropped(void **state __unused_arg)
{
	static const struct rule rules[] = { IP4(198, 51, 100, 94, MATCH_SRC), IP4(203, 0, 113, 5, MATCH_DST) };

	filter(&(struct setup){ "xdpfilt_alw_ip", false, rules, 2 });
	filter(&(struct setup){ "xdpfilt_alw_all", false, rules, 2 });
}

static void only_what_is_allowed_passes(void **state __unused_arg)
{
	static const struct rule rules[] = {
		PORT(443, MATCH_DST | MATCH_TCP),
		IP4(198, 51, 100, 147, MATCH_SRC | MATCH_DST),
		{ .map = "filter_ipv6", .flags = MATCH_DST, .key_size = 16,
		  .addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x10 } },
	};

	filter(&(struct setup){ "xdpfilt_dny_all", true, rules, 3 });
	filter(&(struct setup){ "xdpfilt_dny_tcp", true, rules, 1 });
	filter(&(struct setup){ "xdpfilt_dny_udp", true, (struct rule[]){ PORT(443, MATCH_DST | MATCH_UDP) }, 1 });
	filter(&(struct setup){ "xdpfilt_dny_ip", true, rules + 1, 2 });
}

/* All packets of the capture have the same addresses; the two that are changed are told apart. */
static void packets_of_a_mac_address(void **state __unused_arg)
{
	static const struct rule rules[] = { MAC(MATCH_SRC, 2, 0, 0, 0, 0, 9), MAC(MATCH_DST, 2, 0, 0, 0, 0, 8) };
	u8 src = packets[0].data[11], dst = packets[1].data[5];

	packets[0].data[11] = 9;
	packets[1].data[5] = 8;
	filter(&(struct setup){ "xdpfilt_alw_eth", false, rules, 2 });
	filter(&(struct setup){ "xdpfilt_dny_eth", true, rules, 2 });
	packets[0].data[11] = src;
	packets[1].data[5] = dst;
}

/* ---- the dispatcher ------------------------------------------------------------------------------- */

/* What libxdp writes into .rodata of its dispatcher before it loads it. */
struct xdp_dispatcher_config {
	u8 magic, dispatcher_version, num_progs_enabled, is_xdp_frags;
	u32 chain_call_actions[10], run_prios[10], program_flags[10];
};

static struct bpf_object *load_dispatcher(const u32 *actions, u32 cnt)
{
	struct bpf_object *obj = open_foreign("xdp-dispatcher");
	struct xdp_dispatcher_config *conf;
	size_t size;

	conf = bpf_map__initial_value(bpf_object__find_map_by_name(obj, "xdp_disp.rodata"), &size);
	assert_non_null(conf);
	assert_int_equal(size, sizeof(*conf));
	conf->magic = 236;
	conf->dispatcher_version = 2;
	conf->num_progs_enabled = (u8)cnt;
	memcpy(conf->chain_call_actions, actions, cnt * sizeof(*actions));
	load_obj(obj);
	return obj;
}

static int prog_fd_of(const struct bpf_object *obj, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(obj, name));
}

/* As libxdp does: the program becomes an extension of the slot's function. */
static struct bpf_object *put_in_slot(int dispatcher, const char *slot, const struct setup *s, struct bpf_link **ret_link)
{
	struct bpf_object *obj = open_foreign(s->object);
	struct bpf_program *prog = bpf_object__next_program(obj, NULL);

	assert_int_equal(bpf_program__set_type(prog, BPF_PROG_TYPE_EXT), 0);
	assert_int_equal(bpf_program__set_expected_attach_type(prog, 0), 0);
	assert_int_equal(bpf_program__set_attach_target(prog, dispatcher, slot), 0);
	load_obj(obj);
	for (u32 i = 0; i < s->rule_cnt; i++)
		add_rule(obj, &s->rules[i]);
	*ret_link = bpf_program__attach_freplace(prog, dispatcher, slot);
	if (!*ret_link)
		fail_msg("%s in %s: %s\n%s", s->object, slot, strerror(errno), messages);
	return obj;
}

/* What each packet meets: the first slot, and the second one when the first says pass. */
static void dispatch_all(int dispatcher, const struct setup *first, const struct setup *second, bool chained,
			 u32 *ret_seen)
{
	*ret_seen = 0;
	for (u32 i = 0; i < packet_cnt; i++) {
		const struct packet *p = &packets[i];
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = p->data, .data_size_in = p->len);
		bool drop = (first && matches(first, p)) || (second && chained && matches(second, p));

		assert_int_equal(bpf_prog_test_run_opts(dispatcher, &run), 0);
		if (!p->plain)
			continue;
		if (run.retval != (drop ? XDP_DROP : XDP_PASS))
			fail_msg("packet %u: %u", i, run.retval);
		*ret_seen += second && !(first && matches(first, p)) && matches(second, p);
	}
}

static void check_dispatching(void)
{
	static const struct rule tcp[] = { PORT(80, MATCH_DST | MATCH_TCP) }, udp[] = { PORT(443, MATCH_DST | MATCH_UDP) };
	static const struct setup first = { "xdpfilt_alw_tcp", false, tcp, 1 }, second = { "xdpfilt_alw_udp", false, udp, 1 };
	/* A slot's own function returns 31, which goes on to the next one. */
	static const u32 go_on = 1u << XDP_PASS | 1u << 31;

	for (int chained = 0; chained < 2; chained++) {
		u32 actions[2] = { chained ? go_on : 1u << 31, go_on }, seen;
		struct bpf_object *dispatcher = load_dispatcher(actions, 2), *objs[2];
		int fd = prog_fd_of(dispatcher, "xdp_dispatcher");
		struct bpf_link *links[2];

		dispatch_all(fd, NULL, NULL, false, &seen);
		objs[0] = put_in_slot(fd, "prog0", &first, &links[0]);
		objs[1] = put_in_slot(fd, "prog1", &second, &links[1]);
		dispatch_all(fd, &first, &second, chained, &seen);
		assert_true(seen > 0);
		/* An empty slot lets all go on to the next. */
		assert_int_equal(bpf_link__destroy(links[0]), 0);
		dispatch_all(fd, NULL, &second, true, &seen);
		assert_true(seen > 0);
		assert_int_equal(bpf_link__destroy(links[1]), 0);
		dispatch_all(fd, NULL, NULL, false, &seen);
		bpf_object__close(objs[0]);
		bpf_object__close(objs[1]);
		bpf_object__close(dispatcher);
	}
}

/* Attached is in skep only, nothing to the running kernel; and as in Linux only machine code can be replaced. */
static void the_dispatcher_runs_what_is_in_its_slots(void **state __unused_arg)
{
	start(ON_JIT);
	check_dispatching();
	stop();
}

/* ---- libxdp's program for AF_XDP sockets -------------------------------------------------------------- */

static void redirects_to_sockets(const char *object)
{
	struct bpf_object *obj = open_foreign(object);
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, "xsk_def_prog");
	struct bpf_map *map = bpf_object__find_map_by_name(obj, "xsks_map");
	struct xdp_md ctx = { .data_end = packets[0].len, .ingress_ifindex = 1 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packets[0].data, .data_size_in = packets[0].len, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx));
	u32 key = 0, size = packets[0].len;
	u8 *got = malloc(size);
	int sock;

	load_obj(obj);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(prog), &run), 0);
	assert_int_equal(run.retval, XDP_PASS);
	sock = skep_xsk_open(machine_skep, 1, 0, 4);
	assert_true(sock >= 0);
	assert_int_equal(bpf_map__update_elem(map, &key, sizeof(key), &sock, sizeof(sock), 0), 0);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(prog), &run), 0);
	assert_int_equal(run.retval, XDP_REDIRECT);
	assert_int_equal(skep_xsk_receive(machine_skep, sock, got, size), size);
	assert_memory_equal(got, packets[0].data, size);
	close(sock);
	free(got);
	bpf_object__close(obj);
}

static void frames_go_to_sockets(void **state __unused_arg)
{
	for (enum machine m = ON_JIT; m <= ON_INTERP; m++) {
		start(m);
		redirects_to_sockets("xsk_def_xdp_prog");
		redirects_to_sockets("xsk_def_xdp_prog_5.3");
		stop();
	}
}

/* ---- the whole package ----------------------------------------------------------------------------------- */

static u32 load_all_of(const char *name)
{
	struct bpf_object *obj = open_foreign(name);
	struct bpf_program *prog;
	u32 cnt = 0;

	load_obj(obj);
	bpf_object__for_each_program(prog, obj) {
		assert_true(bpf_program__fd(prog) >= 0);
		cnt++;
	}
	bpf_object__close(obj);
	return cnt;
}

/* xdpdump's other object, which watches programs by fentry and fexit. */
static bool watches(const char *name)
{
	return !strcmp(name, "xdpdump_bpf");
}

static void all_of_the_package_loads(void **state __unused_arg)
{
	DIR *dir = opendir(xdp_dir);
	struct dirent *e;
	char name[256];
	u32 cnt = 0;

	assert_non_null(dir);
	start(ON_JIT);
	while ((e = readdir(dir))) {
		const char *end = strstr(e->d_name, ".o");

		if (!end)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(end - e->d_name), e->d_name);
		cnt += watches(name) ? 0 : load_all_of(name);
	}
	stop();
	closedir(dir);
	assert_in_range(cnt, 15, 100); /* 17 in all of Debian 12's */
}

static void what_watches_programs_is_not_modelled(void **state __unused_arg)
{
	static const u32 go_on = 1u << 31;
	struct bpf_object *dispatcher, *obj;
	struct bpf_program *prog;
	u32 cnt = 0;
	int fd;

	start(ON_JIT);
	dispatcher = load_dispatcher(&go_on, 1);
	fd = prog_fd_of(dispatcher, "xdp_dispatcher");
	obj = open_foreign("xdpdump_bpf");
	bpf_object__for_each_program(prog, obj) {
		assert_int_equal(bpf_program__set_attach_target(prog, fd, "xdp_dispatcher"), 0);
		cnt++;
	}
	assert_int_equal(cnt, 2);
	clear_messages();
	assert_int_equal(bpf_object__load(obj), -EOPNOTSUPP);
	assert_said("not modelled: program type TRACING");
	bpf_object__close(obj);
	bpf_object__close(dispatcher);
	stop();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_to_a_port_are_dropped),
		cmocka_unit_test(packets_of_an_address_are_dropped),
		cmocka_unit_test(only_what_is_allowed_passes),
		cmocka_unit_test(packets_of_a_mac_address),
		cmocka_unit_test(frames_go_to_sockets),
		cmocka_unit_test(the_dispatcher_runs_what_is_in_its_slots),
		cmocka_unit_test(all_of_the_package_loads),
		cmocka_unit_test(what_watches_programs_is_not_modelled),
	};
	int status;

	if (argc != 4)
		return 2;
	pcap_path = argv[3];
	status = fetch(argv[1], argv[2]);
	if (status)
		return status; /* 77: skipped */
	snprintf(xdp_dir, sizeof(xdp_dir), "%s/libxdp1", argv[2]);
	libbpf_set_print(keep_message);
	read_capture();
	status = cmocka_run_group_tests(tests, NULL, NULL);
	for (u32 i = 0; i < packet_cnt; i++)
		free(packets[i].data);
	return status;
}
