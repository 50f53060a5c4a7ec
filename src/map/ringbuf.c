/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ringbuf.c - the BPF ring buffer. Its file has Linux's layout, so that a consumer that maps the
 * descriptor works unchanged:
 *
 *	page 0		u64 consumer position, written by the consumer
 *	page 1		u64 producer position
 *	then		data, twice max_entries long
 *
 * Linux maps the data pages twice, so that a record that goes over the end is in one piece. Here
 * the second half is just more file: a record starts at position & mask, in the first half, and
 * runs on into the second; nobody looks for its tail at the start of the first half. Producers and
 * consumers agree because both find records by position & mask and read on from there.
 *
 * In this process one page of our own precedes the file's; it leads from a record, which knows how
 * many pages it is away from the start, to the map.
 */
#include "map/private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#define HDR_SIZE	BPF_RINGBUF_HDR_SZ
#define BUSY		BPF_RINGBUF_BUSY_BIT
#define DISCARD		BPF_RINGBUF_DISCARD_BIT
#define RECORD_SIZE_MAX (UINT32_MAX / 4)
#define UNIT		4096u

/* Pages of the ABI are the host's. */
struct ring {
	struct skep_map map; /* first */
	struct rlock lock;   /* producers */
	u32 page_size;
	char *area;	     /* our page, then the file */
	u64 area_size, file_size;
	u64 *consumer_pos, *producer_pos; /* in the file; atomic */
	char *data;
	u64 mask;
	/* Under lock: what was reserved, and the oldest position that may still be busy. The
	 * consumer position comes from user space and may be anything; this one is ours. */
	u64 reserved_pos, pending_pos;
	int file_fd, wake_fd;
};

/* The first bytes of our page. */
struct area_head {
	struct ring *ring;
};

struct record {
	u32 len; /* payload bytes, BUSY, DISCARD; atomic */
	u32 pages; /* from the area's start, each of UNIT bytes whatever the host's pages are */
};
static_assert(sizeof(struct record) == HDR_SIZE, "a record's header is ABI");

static struct ring *ring_of(const struct skep_map *map)
{
	return (struct ring *)map;
}

static int ringbuf_check(const struct map_attr *attr)
{
	if (attr->flags & BPF_F_RB_OVERWRITE)
		return -EOPNOTSUPP; /* named by map_create() */
	if (attr->flags & ~(u32)BPF_F_NUMA_NODE)
		return -EINVAL;
	if (attr->key_size || attr->value_size || !attr->max_entries ||
	    (attr->max_entries & (attr->max_entries - 1)) ||
	    attr->max_entries % (u32)sysconf(_SC_PAGESIZE))
		return -EINVAL;
	return 0;
}

/* One range of addresses: our page, then the file over the rest of it. */
static int ring_map(struct ring *ring)
{
	void *file;

	ring->area = mmap(NULL, ring->area_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ring->area == MAP_FAILED) {
		ring->area = NULL;
		return -ENOMEM;
	}
	file = mmap(ring->area + ring->page_size, ring->file_size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, ring->file_fd, 0);
	if (file == MAP_FAILED)
		return -ENOMEM;
	((struct area_head *)ring->area)->ring = ring;
	ring->consumer_pos = (u64 *)(ring->area + ring->page_size);
	ring->producer_pos = (u64 *)(ring->area + 2 * ring->page_size);
	ring->data = ring->area + 3 * ring->page_size;
	return 0;
}

static void ring_destroy(struct ring *ring)
{
	if (ring->area)
		munmap(ring->area, ring->area_size);
	if (ring->file_fd >= 0)
		close(ring->file_fd);
	if (ring->wake_fd >= 0)
		close(ring->wake_fd);
	memacct_release(ring->map.acct, ring->area_size);
	free(ring);
}

static int ringbuf_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	ring->map.acct = attr->acct;
	ring->page_size = sysconf(_SC_PAGESIZE);
	ring->mask = attr->max_entries - 1;
	ring->file_size = 2 * (u64)ring->page_size + 2 * (u64)attr->max_entries;
	ring->area_size = ring->page_size + ring->file_size;
	ring->file_fd = ring->wake_fd = -1;
	if (memacct_charge(attr->acct, ring->area_size)) {
		free(ring);
		return -ENOMEM;
	}
	ring->file_fd = map_memfd("skep-ringbuf", ring->file_size);
	ring->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ring->file_fd < 0 || ring->wake_fd < 0)
		err = ring->file_fd < 0 ? ring->file_fd : -errno;
	else
		err = ring_map(ring);
	if (err) {
		ring_destroy(ring);
		return err;
	}
	*ret_map = &ring->map;
	return 0;
}

static void ringbuf_free(struct skep_map *map)
{
	ring_destroy(ring_of(map));
}

/* ---- producers ------------------------------------------------------------------------------ */

static struct record *record_at(const struct ring *ring, u64 pos)
{
	return (struct record *)(ring->data + (pos & ring->mask));
}

static u64 record_size(u32 len)
{
	return round_up_to((len & ~(BUSY | DISCARD)) + HDR_SIZE, 8);
}

/* Under the lock: moves pending_pos past records that are done. A header may be overwritten only
 * when it is behind both the consumer and this. */
static void pass_done(struct ring *ring)
{
	while (ring->pending_pos < ring->reserved_pos) {
		u32 len = __atomic_load_n(&record_at(ring, ring->pending_pos)->len, __ATOMIC_ACQUIRE);

		if (len & BUSY)
			return;
		ring->pending_pos += record_size(len);
	}
}

void *ringbuf_reserve(struct skep_map *map, u64 size, u64 flags)
{
	struct ring *ring = ring_of(map);
	struct record *rec = NULL;
	u64 total, consumed, end;

	if (unlikely(flags || size > RECORD_SIZE_MAX))
		return NULL;
	total = round_up_to(size + HDR_SIZE, 8);
	if (unlikely(total > ring->mask + 1))
		return NULL;
	/* Before the lock, as an old position is only the more careful one. */
	consumed = __atomic_load_n(ring->consumer_pos, __ATOMIC_ACQUIRE);
	if (unlikely(rlock_take(&ring->lock)))
		return NULL;
	pass_done(ring);
	end = ring->reserved_pos + total;
	if (likely(end - consumed <= ring->mask && end - ring->pending_pos <= ring->mask)) {
		rec = record_at(ring, ring->reserved_pos);
		__atomic_store_n(&rec->len, (u32)size | BUSY, __ATOMIC_RELAXED);
		rec->pages = ((char *)rec - ring->area) / UNIT;
		ring->reserved_pos = end;
		/* Who sees the position sees the busy bit. */
		__atomic_store_n(ring->producer_pos, end, __ATOMIC_RELEASE);
	}
	rlock_drop(&ring->lock);
	return rec ? rec + 1 : NULL;
}

static void wake(struct ring *ring)
{
	int saved_errno = errno;
	u64 one = 1;
	ssize_t n = write(ring->wake_fd, &one, sizeof(one));

	(void)n; /* EAGAIN: the counter is full, so it is readable */
	errno = saved_errno;
}

static void commit(void *payload, u64 flags, u32 discard)
{
	struct record *rec = (struct record *)payload - 1;
	char *unit = (char *)((uintptr_t)rec & ~(uintptr_t)(UNIT - 1));
	struct ring *ring = ((struct area_head *)(unit - (u64)rec->pages * UNIT))->ring;
	u64 rec_off = (char *)rec - ring->data, consumed;
	u32 len = __atomic_load_n(&rec->len, __ATOMIC_RELAXED);

	/*
	 * Sequentially consistent against the consumer, which stores its position and then looks at
	 * this length: if it found the record busy and stopped, the position read below is this
	 * record's, and it is woken.
	 */
	__atomic_exchange_n(&rec->len, (len & ~BUSY) | discard, __ATOMIC_SEQ_CST);
	if (flags & BPF_RB_FORCE_WAKEUP) {
		wake(ring);
		return;
	}
	consumed = __atomic_load_n(ring->consumer_pos, __ATOMIC_SEQ_CST);
	if ((consumed & ring->mask) == rec_off && !(flags & BPF_RB_NO_WAKEUP))
		wake(ring);
}

void ringbuf_submit(void *record, u64 flags)
{
	commit(record, flags, 0);
}

void ringbuf_discard(void *record, u64 flags)
{
	commit(record, flags, DISCARD);
}

long ringbuf_output(struct skep_map *map, const void *data, u64 size, u64 flags)
{
	void *record;

	if (unlikely(flags & ~(u64)(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP)))
		return -EINVAL;
	record = ringbuf_reserve(map, size, 0);
	if (!record)
		return -EAGAIN;
	memcpy(record, data, size);
	commit(record, flags, 0);
	return 0;
}

u64 ringbuf_query(struct skep_map *map, u64 flags)
{
	struct ring *ring = ring_of(map);
	u64 consumed = __atomic_load_n(ring->consumer_pos, __ATOMIC_ACQUIRE);
	u64 produced = __atomic_load_n(ring->producer_pos, __ATOMIC_ACQUIRE);

	switch (flags) {
	case BPF_RB_AVAIL_DATA:
		return produced - consumed;
	case BPF_RB_RING_SIZE:
		return ring->mask + 1;
	case BPF_RB_CONS_POS:
		return consumed;
	case BPF_RB_PROD_POS:
		return produced;
	default:
		return 0; /* BPF_RB_OVERWRITE_POS too: nothing is overwritten */
	}
}

/* ---- the host's side ------------------------------------------------------------------------ */

long ringbuf_consume(struct skep_map *map, int (*fn)(void *ctx, void *data, size_t size), void *ctx)
{
	struct ring *ring = ring_of(map);
	u64 pos = __atomic_load_n(ring->consumer_pos, __ATOMIC_ACQUIRE), none;
	long cnt = 0;
	ssize_t n = read(ring->wake_fd, &none, sizeof(none));
	int err;

	(void)n; /* EAGAIN: nobody has woken us */
	while (pos < __atomic_load_n(ring->producer_pos, __ATOMIC_ACQUIRE)) {
		struct record *rec = record_at(ring, pos);
		u32 len = __atomic_load_n(&rec->len, __ATOMIC_SEQ_CST);

		if (len & BUSY)
			break;
		err = 0;
		if (!(len & DISCARD)) {
			err = fn(ctx, rec + 1, len);
			cnt++;
		}
		pos += record_size(len);
		__atomic_store_n(ring->consumer_pos, pos, __ATOMIC_SEQ_CST);
		if (err < 0)
			return err;
	}
	return cnt;
}

/* Writable is the consumer's page only. */
static int ringbuf_mmap_file(struct skep_map *map, u64 off, u64 len, int prot, int *ret_fd, u64 *ret_off)
{
	struct ring *ring = ring_of(map);

	if ((prot & PROT_WRITE) && (off || len != ring->page_size))
		return -EPERM;
	if (off > ring->file_size || len > ring->file_size - off)
		return -EINVAL;
	*ret_fd = ring->file_fd;
	*ret_off = off;
	return 0;
}

static int ringbuf_poll_fd(struct skep_map *map)
{
	return ring_of(map)->wake_fd;
}

static u64 ringbuf_mem_usage(const struct skep_map *map)
{
	return sizeof(struct ring) + ring_of(map)->area_size;
}

/* Not even a look at the flags: bpf(2) has no use for elements here. */
const struct map_ops ringbuf_map_ops = {
	.name = "ringbuf",
	.check = ringbuf_check,
	.alloc = ringbuf_alloc,
	.free = ringbuf_free,
	.mmap_file = ringbuf_mmap_file,
	.poll_fd = ringbuf_poll_fd,
	.mem_usage = ringbuf_mem_usage,
};
