/* SPDX-License-Identifier: BSD-2-Clause */
/* pcap.c - the functions of libpcap that src/cli/pcapio.c calls. Debian's brings eight more libraries. */
#include "late/late.h"

#include <stdio.h>

#define PCAP_DONT_INCLUDE_PCAP_BPF_H
#include <pcap/pcap.h>

/* Debian kept the name of an old one. */
static const char *const symbols[] = {
	"pcap_open_offline", "pcap_fopen_offline", "pcap_datalink", "pcap_datalink_val_to_name", "pcap_close", "pcap_next_ex",
	"pcap_geterr", "pcap_dump_open", "pcap_dump", "pcap_dump_file", "pcap_dump_flush", "pcap_dump_close", NULL
};
static struct late lib = { .names = { "libpcap.so.0.8", "libpcap.so.1" }, .symbols = symbols };

/* All other functions want what these return. */
static bool is_there(char *err)
{
	if (late_load(&lib))
		return true;
	snprintf(err, PCAP_ERRBUF_SIZE, "libpcap is not installed (%s)", lib.names[0]);
	return false;
}

pcap_t *pcap_open_offline(const char *path, char *err)
{
	static void *at;

	return is_there(err) ? LATE_FUNC(&lib, pcap_open_offline, &at)(path, err) : NULL;
}

pcap_t *pcap_fopen_offline(FILE *f, char *err)
{
	static void *at;

	return is_there(err) ? LATE_FUNC(&lib, pcap_fopen_offline, &at)(f, err) : NULL;
}

LATE(&lib, int, pcap_datalink, (pcap_t *p), (p))
LATE(&lib, const char *, pcap_datalink_val_to_name, (int type), (type))
LATE(&lib, void, pcap_close, (pcap_t *p), (p))
LATE(&lib, int, pcap_next_ex, (pcap_t *p, struct pcap_pkthdr **hdr, const u_char **data), (p, hdr, data))
LATE(&lib, char *, pcap_geterr, (pcap_t *p), (p))
LATE(&lib, pcap_dumper_t *, pcap_dump_open, (pcap_t *p, const char *path), (p, path))
LATE(&lib, void, pcap_dump, (u_char *to, const struct pcap_pkthdr *hdr, const u_char *data), (to, hdr, data))
LATE(&lib, FILE *, pcap_dump_file, (pcap_dumper_t *to), (to))
LATE(&lib, int, pcap_dump_flush, (pcap_dumper_t *to), (to))
LATE(&lib, void, pcap_dump_close, (pcap_dumper_t *to), (to))
