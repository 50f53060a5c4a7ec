/* SPDX-License-Identifier: BSD-2-Clause */
#include <bpf/btf.h>

#include "lb_setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

/* pcap/bpf.h has a struct bpf_insn of its own, the classic one. */
#define PCAP_DONT_INCLUDE_PCAP_BPF_H
#include <pcap/dlt.h>
#include <pcap/pcap.h>

/* Where a variable stands in .rodata: its BTF tells. */
static void *find_var(struct bpf_object *obj, const char *name, uint32_t want_size)
{
	const struct bpf_map *map;
	size_t size;

	bpf_object__for_each_map(map, obj) {
		uint32_t off, var_size;
		void *data;

		if (!strstr(bpf_map__name(map), ".rodata"))
			continue;
		data = bpf_map__initial_value(map, &size);
		if (data && btf__find_var(bpf_object__btf(obj), ".rodata", name, &off, &var_size) &&
		    var_size == want_size && off + want_size <= size)
			return (char *)data + off;
	}
	return NULL;
}

bool lb_configure(struct bpf_object *obj, bool direct)
{
	static const uint8_t vip6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x10 };
	struct lb_config *config = find_var(obj, "config", sizeof(*config));
	struct lb_backend *backends = find_var(obj, "backends", LB_MAX_BACKENDS * sizeof(*backends));

	if (!config || !backends)
		return false;
	memset(config, 0, sizeof(*config));
	memset(backends, 0, LB_MAX_BACKENDS * sizeof(*backends));
	memcpy(config->own_mac, "\x02\x00\x00\x00\x00\xfe", 6);
	config->vip4 = inet_addr("192.0.2.10");
	memcpy(config->vip6, vip6, 16);
	config->port_cnt = 2;
	config->ports[0] = htons(80);
	config->ports[1] = htons(443);
	config->backend_cnt = LB_BACKENDS;
	for (int i = 0; i < LB_BACKENDS; i++) {
		uint8_t mac[6] = { 0x02, 0, 0, 0, 0x10, i + 1 };

		memcpy(backends[i].mac, mac, 6);
		backends[i].ip4 = direct ? config->vip4 : htonl(0x0a000001 + i);
	}
	return true;
}

bool lb_capture_read(const char *path, struct lb_capture *ret_capture)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *hdr;
	const u_char *data;
	struct lb_capture c = { 0 };
	pcap_t *pcap = pcap_open_offline(path, err);
	uint32_t cap = 0;
	int got;

	if (!pcap || pcap_datalink(pcap) != DLT_EN10MB) {
		fprintf(stderr, "%s: %s\n", path, pcap ? "not a capture of Ethernet" : err);
		if (pcap)
			pcap_close(pcap);
		return false;
	}
	while ((got = pcap_next_ex(pcap, &hdr, &data)) == 1) {
		struct lb_packet p = { .ts = hdr->ts, .len = hdr->caplen, .data = malloc(hdr->caplen) };

		if (c.cnt == cap) {
			struct lb_packet *more = realloc(c.packets, (cap = cap ? cap * 2 : 1024) * sizeof(*more));

			if (more)
				c.packets = more;
			else
				cap = c.cnt;
		}
		if (!p.data || c.cnt == cap) {
			free(p.data);
			got = PCAP_ERROR;
			break;
		}
		memcpy(p.data, data, p.len);
		c.packets[c.cnt++] = p;
	}
	if (got != PCAP_ERROR_BREAK)
		fprintf(stderr, "%s: damaged after packet %u\n", path, c.cnt);
	pcap_close(pcap);
	*ret_capture = c;
	if (got != PCAP_ERROR_BREAK)
		lb_capture_free(ret_capture);
	return got == PCAP_ERROR_BREAK;
}

void lb_capture_free(struct lb_capture *capture)
{
	for (uint32_t i = 0; i < capture->cnt; i++)
		free(capture->packets[i].data);
	free(capture->packets);
	*capture = (struct lb_capture){ 0 };
}

int64_t lb_time(int prog_fd, const struct lb_capture *capture, uint32_t packets, uint32_t repeat)
{
	uint8_t out[4096];
	int64_t total = 0;

	if (packets > capture->cnt)
		packets = capture->cnt;
	for (uint32_t i = 0; i < packets; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = capture->packets[i].data,
			    .data_size_in = capture->packets[i].len, .data_out = out,
			    .data_size_out = sizeof(out), .repeat = repeat);
		int err = bpf_prog_test_run_opts(prog_fd, &opts);

		if (err)
			return err;
		total += opts.duration;
	}
	return packets ? total / packets : 0;
}
