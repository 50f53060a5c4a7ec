/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/pcapio.h"

#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* pcap/bpf.h has a struct bpf_insn of its own, the classic one. */
#define PCAP_DONT_INCLUDE_PCAP_BPF_H
#include <pcap/pcap.h>
#include <pcap/dlt.h>

struct pcap_reader {
	pcap_t *pcap;
	const char *path;
	u64 packets;
};

struct pcap_writer {
	pcap_dumper_t *dump;
	const char *path;
};

/* From the bytes when they are at hand, so that a report needs no file; else from the path. */
static pcap_t *open_capture(const struct in_file *file, char *err)
{
	pcap_t *pcap;
	FILE *f;

	if (!file->bytes)
		return pcap_open_offline(file->path, err);
	f = fmemopen(file->bytes, file->size, "rb");
	pcap = f ? pcap_fopen_offline(f, err) : NULL;
	if (!f)
		snprintf(err, PCAP_ERRBUF_SIZE, "%s", strerror(errno));
	else if (!pcap)
		fclose(f);
	return pcap;
}

struct pcap_reader *pcapio_open(const struct in_file *file)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_reader *in = calloc(1, sizeof(*in));
	const char *path = file->path;

	if (!in) {
		cli_fail("out of memory");
		return NULL;
	}
	in->path = path;
	in->pcap = open_capture(file, err);
	if (!in->pcap) {
		if (strstr(err, path))
			cli_fail("%s", err);
		else
			cli_fail("%s: not a capture: %s", path, err);
		free(in);
		return NULL;
	}
	if (pcap_datalink(in->pcap) != DLT_EN10MB) {
		cli_fail("%s: a capture of %s, not of Ethernet", path,
			 pcap_datalink_val_to_name(pcap_datalink(in->pcap)) ?: "something unknown");
		pcapio_close(in);
		return NULL;
	}
	return in;
}

void pcapio_close(struct pcap_reader *in)
{
	pcap_close(in->pcap);
	free(in);
}

int pcapio_next(struct pcap_reader *in, struct pcapio_packet *ret_pkt)
{
	struct pcap_pkthdr *hdr;
	const u_char *data;
	int got = pcap_next_ex(in->pcap, &hdr, &data);

	if (got == PCAP_ERROR_BREAK)
		return 0;
	if (got != 1) {
		cli_fail("%s: damaged after packet %llu: %s", in->path, (unsigned long long)in->packets,
			 pcap_geterr(in->pcap));
		return -1;
	}
	in->packets++;
	*ret_pkt = (struct pcapio_packet){ .ts = hdr->ts, .data = data, .len = hdr->caplen };
	return 1;
}

struct pcap_writer *pcapio_create(struct pcap_reader *like, const char *path)
{
	struct pcap_writer *out = calloc(1, sizeof(*out));

	if (!out) {
		cli_fail("out of memory");
		return NULL;
	}
	out->path = path;
	out->dump = pcap_dump_open(like->pcap, path);
	if (!out->dump) {
		cli_fail("%s", pcap_geterr(like->pcap));
		free(out);
		return NULL;
	}
	return out;
}

bool pcapio_write(struct pcap_writer *out, const struct pcapio_packet *pkt, const u8 *data, u32 len)
{
	struct pcap_pkthdr hdr = { .ts = pkt->ts, .caplen = len, .len = len };

	pcap_dump((u_char *)out->dump, &hdr, data);
	if (ferror(pcap_dump_file(out->dump))) {
		cli_fail("%s: %s", out->path, strerror(errno));
		return false;
	}
	return true;
}

bool pcapio_finish(struct pcap_writer *out)
{
	bool ok = !pcap_dump_flush(out->dump);

	if (!ok)
		cli_fail("%s: %s", out->path, strerror(errno));
	pcap_dump_close(out->dump);
	free(out);
	return ok;
}
