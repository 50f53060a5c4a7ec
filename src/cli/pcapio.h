/* SPDX-License-Identifier: BSD-2-Clause */
/* pcapio.h - captures in and out, through libpcap. Errors are told on stderr, a line each. */
#ifndef SKEP_CLI_PCAPIO_H
#define SKEP_CLI_PCAPIO_H

#include "cli/cli.h"

#include <sys/time.h>

struct pcap_reader;
struct pcap_writer;

struct pcapio_packet {
	struct timeval ts;
	const u8 *data; /* valid until the next packet is read */
	u32 len;
};

/* Ethernet captures only. NULL when it cannot be read. */
struct pcap_reader *pcapio_open(const struct in_file *file);
void pcapio_close(struct pcap_reader *in);
/* 1 a packet, 0 the end, -1 the file is damaged. */
int pcapio_next(struct pcap_reader *in, struct pcapio_packet *ret_pkt);

struct pcap_writer *pcapio_create(struct pcap_reader *like, const char *path);
/* @data in place of the packet's own bytes, with its time. */
bool pcapio_write(struct pcap_writer *out, const struct pcapio_packet *pkt, const u8 *data, u32 len);
/* Flushes and closes; false when not all could be written. */
bool pcapio_finish(struct pcap_writer *out);

#endif
