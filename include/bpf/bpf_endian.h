/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf_endian.h - byte order for BPF programs. Constants fold at compile time. */
#ifndef __BPF_ENDIAN__
#define __BPF_ENDIAN__

#define bpf_swab16(x) __builtin_bswap16(x)
#define bpf_swab32(x) __builtin_bswap32(x)
#define bpf_swab64(x) __builtin_bswap64(x)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define bpf_htons(x)	   bpf_swab16(x)
#define bpf_htonl(x)	   bpf_swab32(x)
#define bpf_cpu_to_be64(x) bpf_swab64(x)
#else
#define bpf_htons(x)	   ((__u16)(x))
#define bpf_htonl(x)	   ((__u32)(x))
#define bpf_cpu_to_be64(x) ((__u64)(x))
#endif
#define bpf_ntohs(x)	   bpf_htons(x)
#define bpf_ntohl(x)	   bpf_htonl(x)
#define bpf_be64_to_cpu(x) bpf_cpu_to_be64(x)

#endif
