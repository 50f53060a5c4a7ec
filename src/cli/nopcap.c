/* SPDX-License-Identifier: BSD-2-Clause */
/* nopcap.c - in place of pcapio.c where skep is built without libpcap: a capture is refused when it is opened. */
#include "cli/pcapio.h"

struct pcap_reader *pcapio_open(const struct in_file *file)
{
	cli_fail("%s: captures cannot be read: this skep was built without libpcap", file->path);
	return NULL;
}

/* Nobody gets here without a capture that is open. */
void pcapio_close(struct pcap_reader *in)
{
	(void)in;
}

int pcapio_next(struct pcap_reader *in, struct pcapio_packet *ret_pkt)
{
	(void)in, (void)ret_pkt;
	return -1;
}

struct pcap_writer *pcapio_create(struct pcap_reader *like, const char *path)
{
	(void)like;
	cli_fail("%s: captures cannot be written: this skep was built without libpcap", path);
	return NULL;
}

bool pcapio_write(struct pcap_writer *out, const struct pcapio_packet *pkt, const u8 *data, u32 len)
{
	(void)out, (void)pkt, (void)data, (void)len;
	return false;
}

bool pcapio_finish(struct pcap_writer *out)
{
	(void)out;
	return false;
}
