/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sockopt.c - bpf_setsockopt() and bpf_getsockopt(): the options of the simulated sockets. Which options
 * programs may touch, with what lengths and values, is Linux's; tests/net/test_sockopt.c asks a socket of
 * the host. What nobody keeps here (a saved SYN) is answered as where there is none.
 */
#include "net/private.h"

#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/bpf.h>

/* Numbers of Linux that the C library's headers need not have. */
#define SO_BINDTOIFINDEX_	62
#define SO_TXREHASH_		74
#define IPV6_AUTOFLOWLABEL_	70
#define OPT_TCP_NODELAY		1
#define OPT_TCP_MAXSEG		2
#define OPT_TCP_KEEPIDLE	4
#define OPT_TCP_KEEPINTVL	5
#define OPT_TCP_KEEPCNT		6
#define OPT_TCP_SYNCNT		7
#define OPT_TCP_WINDOW_CLAMP	10
#define OPT_TCP_CONGESTION	13
#define OPT_TCP_THIN_LINEAR	16
#define OPT_TCP_USER_TIMEOUT	18
#define OPT_TCP_NOTSENT_LOWAT	25
#define OPT_TCP_SAVE_SYN	27
#define OPT_TCP_SAVED_SYN	28
#define OPT_TCP_RTO_MAX_MS	44

/* Sysctls of the simulated machine, as Linux 7.2 starts with. */
#define MEM_MAX		4194304	 /* net.core.wmem_max, rmem_max */
#define TCP_RMEM_MAX	33554432 /* the last of net.ipv4.tcp_rmem */
#define MIN_SNDBUF	4608
#define MIN_RCVBUF	2304
#define SCALING_RATIO	128 /* of 256: how much of a receive buffer is window, before anything arrived */
#define DELAY_MAX_US	200000
#define JIFFIES_2_US	8000 /* at 250 Hz */

typedef int (*set_fn)(struct tcp_sock *tp, s32 val);
typedef s32 (*get_fn)(const struct tcp_sock *tp);

/* The value that is kept, or what stands for 0 there. */
struct opt_row {
	s32 level, name;
	u16 off; /* in struct tcp_sock */
	u8 size;
	bool is_bool;
	s32 min, max; /* others: -EINVAL */
	s32 unset;    /* what 0 reads as */
	set_fn set;   /* instead of keeping what came */
	get_fn get;
};

static s32 sndbuf(const struct tcp_sock *tp)
{
	if (tp->sk.opts.sndbuf)
		return tp->sk.opts.sndbuf;
	return tp->sk.sk_protocol == IPPROTO_TCP ? 16384 : 212992;
}

static s32 rcvbuf(const struct tcp_sock *tp)
{
	if (tp->sk.opts.rcvbuf)
		return tp->sk.opts.rcvbuf;
	return tp->sk.sk_protocol == IPPROTO_TCP ? 131072 : 212992;
}

/* Twice what was asked for: Linux counts its own structures. */
static int set_sndbuf(struct tcp_sock *tp, s32 val)
{
	tp->sk.opts.sndbuf = max_of((s32)min_of((u32)val, (u32)MEM_MAX) * 2, MIN_SNDBUF);
	return 0;
}

static int set_rcvbuf(struct tcp_sock *tp, s32 val)
{
	tp->sk.opts.rcvbuf = max_of((s32)min_of((u32)val, (u32)MEM_MAX) * 2, MIN_RCVBUF);
	tp->sk.opts.rcvbuf_locked = true;
	return 0;
}

/* No more than the buffer can hold, which TCP makes larger when nobody has set its size. */
static int set_rcvlowat(struct tcp_sock *tp, s32 val)
{
	struct sk_opts *o = &tp->sk.opts;
	u64 space;

	if (val < 0)
		val = INT_MAX;
	if (tp->sk.sk_protocol == IPPROTO_TCP)
		val = min_of(val, (o->rcvbuf_locked ? rcvbuf(tp) : TCP_RMEM_MAX) >> 1);
	o->rcvlowat = val ? val : 1;
	space = ((u64)(u32)val << 8) / SCALING_RATIO;
	if (tp->sk.sk_protocol == IPPROTO_TCP && !o->rcvbuf_locked && space > (u64)rcvbuf(tp))
		o->rcvbuf = (s32)space;
	return 0;
}

static int set_txrehash(struct tcp_sock *tp, s32 val)
{
	tp->sk.opts.txrehash_off = !val; /* -1: as the sysctl says, which is on */
	return 0;
}

static s32 get_txrehash(const struct tcp_sock *tp)
{
	return !tp->sk.opts.txrehash_off;
}

static int set_pacing(struct tcp_sock *tp, s32 val)
{
	tp->sk.opts.pacing_limited = val != -1;
	tp->sk.opts.max_pacing_rate = (u32)val;
	return 0;
}

static s32 get_pacing(const struct tcp_sock *tp)
{
	return tp->sk.opts.pacing_limited ? (s32)tp->sk.opts.max_pacing_rate : -1;
}

/* A stream's ECN bits are TCP's own. */
static u8 keep_ecn(const struct tcp_sock *tp, s32 val, u8 old)
{
	return tp->sk.sk_type == SOCK_STREAM ? (u8)((val & ~3) | (old & 3)) : (u8)val;
}

static int set_tos(struct tcp_sock *tp, s32 val)
{
	static const u8 prio[4] = { 0, 2, 6, 4 }; /* by the two bits of RFC 1349 that count */
	u8 tos = keep_ecn(tp, val, tp->sk.opts.tos);

	if (tos != tp->sk.opts.tos)
		tp->sk.sk_priority = prio[tos >> 3 & 3];
	tp->sk.opts.tos = tos;
	return 0;
}

static int set_tclass(struct tcp_sock *tp, s32 val)
{
	tp->sk.opts.tclass = keep_ecn(tp, val < 0 ? 0 : val, tp->sk.opts.tclass);
	return 0;
}

static int set_flowlabel(struct tcp_sock *tp, s32 val)
{
	tp->sk.opts.no_flowlabel = !val;
	return 0;
}

static s32 get_flowlabel(const struct tcp_sock *tp)
{
	return !tp->sk.opts.no_flowlabel;
}

static bool is_new(const struct tcp_sock *tp)
{
	return tp->sk.__sk_common.skc_state == TCP_CLOSE;
}

static int set_maxseg(struct tcp_sock *tp, s32 val)
{
	if (val && (val < 88 || val > 32767))
		return -EINVAL;
	tp->user_mss = (u16)val;
	return 0;
}

static s32 get_maxseg(const struct tcp_sock *tp)
{
	if (tp->user_mss && (is_new(tp) || tp->sk.__sk_common.skc_state == BPF_TCP_LISTEN))
		return tp->user_mss;
	return (s32)tp->mss_cache;
}

static int set_clamp(struct tcp_sock *tp, s32 val)
{
	if (!val && !is_new(tp))
		return -EINVAL;
	tp->window_clamp = val ? max_of(val, MIN_RCVBUF / 2) : 0;
	return 0;
}

static int set_iw(struct tcp_sock *tp, s32 val)
{
	if (tp->data_segs_out) /* it has begun */
		return -EINVAL;
	tp->snd_cwnd = (u32)val;
	return 0;
}

static int set_cwnd_clamp(struct tcp_sock *tp, s32 val)
{
	tp->snd_cwnd_clamp = tp->snd_ssthresh = (u32)val;
	return 0;
}

#define ALL		    INT_MIN, INT_MAX
#define SK(f)		    offsetof(struct tcp_sock, sk.f), sizeof(((struct tcp_sock *)0)->sk.f)
#define TP(f)		    offsetof(struct tcp_sock, f), sizeof(((struct tcp_sock *)0)->f)
#define WRITE_ONLY	    0, 0 /* place and size */

static const struct opt_row rows[] = {
	{ SOL_SOCKET, SO_REUSEADDR, SK(opts.reuse), true, ALL, 0, NULL, NULL },
	{ SOL_SOCKET, SO_REUSEPORT, SK(opts.reuseport), true, ALL, 0, NULL, NULL },
	{ SOL_SOCKET, SO_KEEPALIVE, SK(opts.keepalive), true, ALL, 0, NULL, NULL },
	{ SOL_SOCKET, SO_SNDBUF, SK(opts.sndbuf), false, ALL, 0, set_sndbuf, sndbuf },
	{ SOL_SOCKET, SO_RCVBUF, SK(opts.rcvbuf), false, ALL, 0, set_rcvbuf, rcvbuf },
	{ SOL_SOCKET, SO_PRIORITY, SK(sk_priority), false, ALL, 0, NULL, NULL },
	{ SOL_SOCKET, SO_RCVLOWAT, SK(opts.rcvlowat), false, ALL, 1, set_rcvlowat, NULL },
	{ SOL_SOCKET, SO_MARK, SK(sk_mark), false, ALL, 0, NULL, NULL },
	{ SOL_SOCKET, SO_MAX_PACING_RATE, SK(opts.max_pacing_rate), false, ALL, 0, set_pacing, get_pacing },
	{ SOL_SOCKET, SO_BINDTOIFINDEX_, SK(__sk_common.skc_bound_dev_if), false, 0, INT_MAX, 0, NULL, NULL },
	{ SOL_SOCKET, SO_TXREHASH_, SK(opts.txrehash_off), false, -1, 1, 0, set_txrehash, get_txrehash },
	{ SOL_SOCKET, SK_BPF_CB_FLAGS, SK(opts.bpf_cb_flags), false, 0, SK_BPF_CB_TX_TIMESTAMPING, 0, NULL, NULL },
	{ IPPROTO_IP, IP_TOS, SK(opts.tos), false, ALL, 0, set_tos, NULL },
	{ IPPROTO_IPV6, IPV6_TCLASS, SK(opts.tclass), false, -1, 255, 0, set_tclass, NULL },
	{ IPPROTO_IPV6, IPV6_AUTOFLOWLABEL_, SK(opts.no_flowlabel), false, ALL, 0, set_flowlabel, get_flowlabel },
	{ IPPROTO_TCP, OPT_TCP_NODELAY, TP(nodelay), true, ALL, 0, NULL, NULL },
	{ IPPROTO_TCP, OPT_TCP_MAXSEG, TP(user_mss), false, ALL, 0, set_maxseg, get_maxseg },
	{ IPPROTO_TCP, OPT_TCP_KEEPIDLE, TP(keepidle), false, 1, 32767, 7200, NULL, NULL },
	{ IPPROTO_TCP, OPT_TCP_KEEPINTVL, TP(keepintvl), false, 1, 32767, 75, NULL, NULL },
	{ IPPROTO_TCP, OPT_TCP_KEEPCNT, TP(keepcnt), false, 1, 127, 9, NULL, NULL },
	{ IPPROTO_TCP, OPT_TCP_SYNCNT, TP(syncnt), false, 1, 127, 6, NULL, NULL },
	{ IPPROTO_TCP, OPT_TCP_WINDOW_CLAMP, TP(window_clamp), false, ALL, 0, set_clamp, NULL },
	{ IPPROTO_TCP, OPT_TCP_THIN_LINEAR, TP(thin_lto), false, 0, 1, 0, NULL, NULL },
	{ IPPROTO_TCP, OPT_TCP_USER_TIMEOUT, TP(user_timeout), false, 0, INT_MAX, 0, NULL, NULL },
	{ IPPROTO_TCP, OPT_TCP_NOTSENT_LOWAT, TP(notsent_lowat), false, ALL, 0, NULL, NULL },
	{ IPPROTO_TCP, OPT_TCP_SAVE_SYN, TP(save_syn), false, 0, 2, 0, NULL, NULL },
	{ IPPROTO_TCP, OPT_TCP_RTO_MAX_MS, TP(rto_max_ms), false, 1000, 120000, 120000, NULL, NULL },
	{ IPPROTO_TCP, TCP_BPF_IW, WRITE_ONLY, false, 1, INT_MAX, 0, set_iw, NULL },
	{ IPPROTO_TCP, TCP_BPF_SNDCWND_CLAMP, WRITE_ONLY, false, 1, INT_MAX, 0, set_cwnd_clamp, NULL },
	{ IPPROTO_TCP, TCP_BPF_DELACK_MAX, TP(delack_max), false, JIFFIES_2_US, DELAY_MAX_US, DELAY_MAX_US, NULL, NULL },
	{ IPPROTO_TCP, TCP_BPF_RTO_MIN, TP(rto_min), false, JIFFIES_2_US, DELAY_MAX_US, DELAY_MAX_US, NULL, NULL },
	{ IPPROTO_TCP, TCP_BPF_SOCK_OPS_CB_FLAGS, TP(bpf_sock_ops_cb_flags), false, 0, BPF_SOCK_OPS_ALL_CB_FLAGS, 0,
	  NULL, NULL },
};

static const struct opt_row *row_of(s32 level, s32 name)
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].level == level && rows[i].name == name)
			return &rows[i];
	}
	return NULL;
}

/* Levels are for sockets of their protocol only. */
static bool level_fits(const struct sock *sk, s32 level)
{
	switch (level) {
	case SOL_SOCKET:
		return true;
	case IPPROTO_IP:
		return sk->__sk_common.skc_family == AF_INET;
	case IPPROTO_IPV6:
		return sk->__sk_common.skc_family == AF_INET6;
	case IPPROTO_TCP:
		return sk->sk_protocol == IPPROTO_TCP;
	default:
		return false;
	}
}

static struct tcp_sock *tcp_of(struct sock *sk)
{
	return container_of(sk, struct tcp_sock, sk);
}

/* ---- names -------------------------------------------------------------------------------------------- */

static int set_congestion(struct tcp_sock *tp, const char *name, u32 len)
{
	static const char *const known[] = { "cubic", "reno" };

	if (len < 2)
		return -EINVAL;
	if (len >= 3 && !strncmp("cdg", name, len))
		return -ENOTSUPP;
	len = (u32)strnlen(name, min_of(len, (u32)sizeof(tp->ca_name) - 1));
	for (u32 i = 0; i < ARRAY_SIZE(known); i++) {
		if (strlen(known[i]) == len && !memcmp(known[i], name, len)) {
			strcpy(tp->ca_name, known[i]);
			return 0;
		}
	}
	return -ENOENT;
}

/* The last byte stays 0: programs take it for a string. */
static int get_congestion(const struct tcp_sock *tp, char *to, u32 len)
{
	if (len < 2)
		return -EINVAL;
	memset(to, 0, len);
	strncpy(to, tp->ca_name[0] ? tp->ca_name : "cubic", len - 1);
	return 0;
}

static int bind_to_device(struct sock *sk, const char *name, u32 len)
{
	char dev_name[16] = "";
	const struct net_device *dev;

	memcpy(dev_name, name, min_of(len, (u32)sizeof(dev_name) - 1));
	dev = dev_name[0] ? net_dev_by_name(helper_run()->skep, dev_name) : NULL;
	if (dev_name[0] && !dev)
		return -ENODEV;
	sk->__sk_common.skc_bound_dev_if = dev ? dev->ifindex : 0;
	return 0;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

static int set_number(struct sock *sk, const struct opt_row *row, s32 val)
{
	struct tcp_sock *tp = tcp_of(sk);
	u8 *at = (u8 *)tp + row->off;

	if (val < row->min || val > row->max)
		return -EINVAL;
	if (row->set)
		return row->set(tp, val);
	if (row->is_bool)
		val = val != 0;
	memcpy(at, &val, row->size); /* the low bytes: all that its range lets be set */
	return 0;
}

static s32 get_number(const struct tcp_sock *tp, const struct opt_row *row)
{
	s32 val = 0;

	if (row->get)
		return row->get(tp);
	memcpy(&val, (const u8 *)tp + row->off, row->size);
	return val ? val : row->unset;
}

int sock_setsockopt(struct sock *sk, s32 level, s32 name, const void *optval, u32 len)
{
	const struct opt_row *row = row_of(level, name);
	s32 val;

	if (!sk || !sock_is_full(sk) || !level_fits(sk, level))
		return -EINVAL;
	if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
		return bind_to_device(sk, optval, len);
	if (level == IPPROTO_TCP && name == OPT_TCP_CONGESTION)
		return set_congestion(tcp_of(sk), optval, len);
	if (!row || len != sizeof(val))
		return -EINVAL;
	memcpy(&val, optval, sizeof(val));
	return set_number(sk, row, val);
}

static int getsockopt_of(struct sock *sk, s32 level, s32 name, void *optval, u32 len)
{
	const struct opt_row *row = row_of(level, name);
	s32 val;

	if (!sk || !sock_is_full(sk) || !level_fits(sk, level))
		return -EINVAL;
	if (level == IPPROTO_TCP && name == OPT_TCP_CONGESTION)
		return get_congestion(tcp_of(sk), optval, len);
	if (level == IPPROTO_TCP && name == OPT_TCP_SAVED_SYN) {
		memset(optval, 0, len); /* none */
		return 0;
	}
	if (!row || !row->size || len != sizeof(val))
		return -EINVAL;
	val = get_number(tcp_of(sk), row);
	memcpy(optval, &val, sizeof(val));
	return 0;
}

int sock_getsockopt(struct sock *sk, s32 level, s32 name, void *optval, u32 len)
{
	int err = getsockopt_of(sk, level, name, optval, len);

	if (err)
		memset(optval, 0, len);
	return err;
}

/* ---- helpers -------------------------------------------------------------------------------------------- */

#define OPTVAL(reg) ((void *)(uintptr_t)(reg))

NET_HELPER(setsockopt_of_sock)
{
	return (u64)(s64)sock_setsockopt((struct sock *)(uintptr_t)r1, (s32)r2, (s32)r3, OPTVAL(r4), (u32)r5);
}

NET_HELPER(getsockopt_of_sock)
{
	return (u64)(s64)sock_getsockopt((struct sock *)(uintptr_t)r1, (s32)r2, (s32)r3, OPTVAL(r4), (u32)r5);
}

static bool writes_options(u32 op)
{
	return op == BPF_SOCK_OPS_HDR_OPT_LEN_CB || op == BPF_SOCK_OPS_WRITE_HDR_OPT_CB;
}

/* Sending what TCP_NODELAY lets go would call the program again while it writes its options. */
NET_HELPER(setsockopt_of_ops)
{
	const struct bpf_sock_ops_kern *ops = (struct bpf_sock_ops_kern *)(uintptr_t)r1;

	if (!sock_ops_locked(ops))
		return -EOPNOTSUPP;
	if (writes_options(ops->op) && (s32)r2 == IPPROTO_TCP && (s32)r3 == OPT_TCP_NODELAY)
		return -EOPNOTSUPP;
	return (u64)(s64)sock_setsockopt(ops->sk, (s32)r2, (s32)r3, OPTVAL(r4), (u32)r5);
}

NET_HELPER(getsockopt_of_ops)
{
	const struct bpf_sock_ops_kern *ops = (struct bpf_sock_ops_kern *)(uintptr_t)r1;
	s32 name = (s32)r3;

	if (!sock_ops_locked(ops))
		return -EOPNOTSUPP;
	if ((s32)r2 == IPPROTO_TCP && name >= TCP_BPF_SYN && name <= TCP_BPF_SYN_MAC) {
		memset(OPTVAL(r4), 0, (u32)r5);
		return -ENOENT; /* nobody saved the SYN */
	}
	return (u64)(s64)sock_getsockopt(ops->sk, (s32)r2, name, OPTVAL(r4), (u32)r5);
}

NET_HELPER(cb_flags_set)
{
	struct bpf_sock_ops_kern *ops = (struct bpf_sock_ops_kern *)(uintptr_t)r1;
	u32 flags = (u32)r2;

	if (!sock_ops_locked(ops))
		return -EOPNOTSUPP;
	if (!ops->sk || !sock_is_full(ops->sk))
		return -EINVAL;
	ops->tp->bpf_sock_ops_cb_flags = flags & BPF_SOCK_OPS_ALL_CB_FLAGS;
	return flags & ~(u32)BPF_SOCK_OPS_ALL_CB_FLAGS;
}

int sockopt_register(struct skep *skep)
{
	static const struct {
		u32 type;
		struct net_helper helper;
	} all[] = {
		{ BPF_PROG_TYPE_CGROUP_SOCKOPT, { BPF_FUNC_setsockopt, setsockopt_of_sock } },
		{ BPF_PROG_TYPE_CGROUP_SOCKOPT, { BPF_FUNC_getsockopt, getsockopt_of_sock } },
		{ BPF_PROG_TYPE_SOCK_OPS, { BPF_FUNC_setsockopt, setsockopt_of_ops } },
		{ BPF_PROG_TYPE_SOCK_OPS, { BPF_FUNC_getsockopt, getsockopt_of_ops } },
		{ BPF_PROG_TYPE_SOCK_OPS, { BPF_FUNC_sock_ops_cb_flags_set, cb_flags_set } },
	};
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(all) && !err; i++)
		err = skep_register_helper(skep, all[i].type, all[i].helper.id, all[i].helper.fn);
	return err;
}
