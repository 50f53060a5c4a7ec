/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perf_event.c - a perf event and its buffer. Positions count all bytes ever written; data_head is
 * ours, data_tail the consumer's, both in the first page. A record may go over the end of the data
 * and on at its start. When there is no room a record is lost; the next one that fits is preceded
 * by one that says how many were.
 *
 * Writers share a resilient lock. A program that interrupted its own thread's output to the same
 * event loses its record. The consumer may write what it likes into the buffer: all that is read
 * back is data_tail, and what it says can only make us overwrite records.
 */
#include "map/perf.h"

#include "core/clock.h"
#include "map/private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/perf_event.h>

#define SAMPLE_KNOWN                                                                               \
	(PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_RAW)
#define RECORD_MAX 65528 /* its size has 16 bits and is a multiple of 8 */

struct ring {
	struct perf_event_mmap_page *page;
	char *data;
	u64 data_size, file_size;
	int fd;
	/* Under the event's lock. */
	u64 head, woken_at;
	u32 events;
};

struct perf_event {
	u32 refs; /* atomic */
	int cpu, wake_fd;
	u64 id, sample_type;
	u32 wakeup_events, watermark;
	bool by_watermark;
	struct skep_clock *clock;
	struct memacct *acct;
	struct rlock lock;
	u64 lost;	   /* atomic */
	struct ring *ring; /* set once; atomic */
	struct rcu_item rcu;
};

struct lost_record {
	struct perf_event_header head;
	u64 id, lost;
};

/* ---- life ---------------------------------------------------------------------------------------- */

static int check_attr(const struct perf_event_attr *attr, const char **ret_why)
{
	*ret_why = NULL;
	if (attr->type != PERF_TYPE_SOFTWARE || attr->config != PERF_COUNT_SW_BPF_OUTPUT)
		*ret_why = "not modelled: perf events other than PERF_COUNT_SW_BPF_OUTPUT";
	else if (attr->sample_type & ~(u64)SAMPLE_KNOWN)
		*ret_why = "not modelled: sample_type of a perf event beyond TID, TIME, CPU, PERIOD and RAW";
	else if (attr->write_backward || attr->sample_id_all || attr->read_format)
		*ret_why = "not modelled: write_backward, sample_id_all and read_format of perf events";
	return *ret_why ? -EOPNOTSUPP : 0;
}

int perf_event_new(const struct perf_event_attr *attr, int cpu, u64 id, struct skep_clock *clock,
		   struct memacct *acct, struct perf_event **ret_event, const char **ret_why)
{
	struct perf_event *event;
	int err = check_attr(attr, ret_why);

	if (!err)
		err = rcu_thread_ready();
	if (err)
		return err;
	event = calloc(1, sizeof(*event));
	if (!event)
		return -ENOMEM;
	*event = (struct perf_event){ .refs = 1, .cpu = cpu, .id = id, .sample_type = attr->sample_type,
				      .clock = clock, .acct = acct, .by_watermark = attr->watermark };
	if (attr->watermark)
		event->watermark = attr->wakeup_watermark;
	else
		event->wakeup_events = attr->wakeup_events;
	event->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event->wake_fd < 0) {
		err = -errno;
		free(event);
		return err;
	}
	*ret_event = event;
	return 0;
}

static void ring_free(struct ring *ring, struct memacct *acct)
{
	if (ring->page)
		munmap(ring->page, ring->file_size);
	if (ring->fd >= 0)
		close(ring->fd);
	memacct_release(acct, ring->file_size);
	free(ring);
}

static void event_free(struct rcu_item *item)
{
	struct perf_event *event = container_of(item, struct perf_event, rcu);

	if (event->ring)
		ring_free(event->ring, event->acct);
	close(event->wake_fd);
	free(event);
}

void perf_event_get(struct perf_event *event)
{
	__atomic_fetch_add(&event->refs, 1, __ATOMIC_RELAXED);
}

void perf_event_put(struct perf_event *event)
{
	if (!__atomic_sub_fetch(&event->refs, 1, __ATOMIC_ACQ_REL))
		rcu_defer(&event->rcu, event_free);
}

static struct ring *ring_new(u64 file_size, u64 page_size, struct memacct *acct)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return NULL;
	ring->file_size = file_size;
	ring->fd = -1;
	if (memacct_charge(acct, file_size)) {
		free(ring);
		return NULL;
	}
	ring->fd = map_memfd("skep-perf", file_size);
	if (ring->fd >= 0)
		ring->page = mmap(NULL, file_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (ring->fd < 0 || ring->page == MAP_FAILED) {
		ring->page = NULL;
		ring_free(ring, acct);
		return NULL;
	}
	ring->data = (char *)ring->page + page_size;
	ring->data_size = file_size - page_size;
	ring->page->data_offset = page_size;
	ring->page->data_size = ring->data_size;
	return ring;
}

int perf_event_mmap_file(struct perf_event *event, u64 off, u64 len, int prot, int *ret_fd)
{
	u64 page_size = (u64)sysconf(_SC_PAGESIZE), pages = len / page_size;
	struct ring *ring = __atomic_load_n(&event->ring, __ATOMIC_ACQUIRE), *none = NULL;

	if (off || len % page_size || !pages || ((pages - 1) & (pages - 2) && pages > 1))
		return -EINVAL;
	if (!(prot & PROT_WRITE))
		return -EOPNOTSUPP;
	if (!ring) {
		ring = ring_new(len, page_size, event->acct);
		if (!ring)
			return -ENOMEM;
		if (!__atomic_compare_exchange_n(&event->ring, &none, ring, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE)) {
			ring_free(ring, event->acct);
			ring = none; /* another thread's */
		}
	}
	if (ring->file_size != len)
		return -EINVAL;
	*ret_fd = ring->fd;
	return 0;
}

int perf_event_poll_fd(const struct perf_event *event)
{
	return event->wake_fd;
}

/* ---- records, locked ------------------------------------------------------------------------------- */

static void put_bytes(struct ring *ring, const void *from, u64 size)
{
	u64 at = ring->head & (ring->data_size - 1), first = min_of(size, ring->data_size - at);

	value_copy(ring->data + at, from, (u32)first);
	value_copy(ring->data, (const char *)from + first, (u32)(size - first));
	ring->head += size;
}

/* The fixed fields that the event's records begin with, in Linux's order. */
static u32 sample_fields(const struct perf_event *event, u64 fields[4])
{
	u32 cnt = 0;

	if (event->sample_type & PERF_SAMPLE_TID)
		fields[cnt++] = (u64)(u32)gettid() << 32 | (u32)getpid();
	if (event->sample_type & PERF_SAMPLE_TIME)
		fields[cnt++] = clock_read(event->clock, CLOCK_KTIME);
	if (event->sample_type & PERF_SAMPLE_CPU)
		fields[cnt++] = this_cpu();
	if (event->sample_type & PERF_SAMPLE_PERIOD)
		fields[cnt++] = 1;
	return cnt;
}

static void put_sample(struct perf_event *event, struct ring *ring, const u64 *fields, u32 field_cnt,
		       const struct perf_frag *frags, u32 cnt, u64 raw_size, u64 size)
{
	struct perf_event_header head = { .type = PERF_RECORD_SAMPLE, .size = (u16)size };
	static const u8 zeros[8];
	u32 len = (u32)(raw_size - sizeof(u32));
	u64 used = sizeof(u32);

	put_bytes(ring, &head, sizeof(head));
	put_bytes(ring, fields, field_cnt * sizeof(u64));
	if (!(event->sample_type & PERF_SAMPLE_RAW))
		return;
	put_bytes(ring, &len, sizeof(len));
	for (u32 i = 0; i < cnt; i++) {
		put_bytes(ring, frags[i].data, frags[i].size);
		used += frags[i].size;
	}
	put_bytes(ring, zeros, raw_size - used);
}

static bool wants_wake(const struct perf_event *event, struct ring *ring)
{
	u64 watermark = event->watermark ? event->watermark : ring->data_size / 2;

	if (!event->by_watermark && event->wakeup_events && ++ring->events >= event->wakeup_events) {
		ring->events = 0;
		return true;
	}
	if (ring->head - ring->woken_at <= watermark)
		return false;
	ring->woken_at = ring->head;
	return true;
}

static void wake(const struct perf_event *event)
{
	int saved_errno = errno;
	u64 one = 1;
	ssize_t n = write(event->wake_fd, &one, sizeof(one));

	(void)n; /* EAGAIN: the counter is full, so it is readable */
	errno = saved_errno;
}

/* Room for records of @size bytes in all; one byte always stays free, so that full is not empty. */
static bool has_room(const struct ring *ring, u64 size)
{
	u64 tail = __atomic_load_n(&ring->page->data_tail, __ATOMIC_ACQUIRE);

	return ((tail - ring->head - 1) & (ring->data_size - 1)) >= size;
}

long perf_event_output(struct perf_event *event, const struct perf_frag *frags, u32 cnt)
{
	struct ring *ring = __atomic_load_n(&event->ring, __ATOMIC_ACQUIRE);
	u64 fields[4], raw_size = sizeof(u32), size, lost;
	u32 field_cnt;
	bool wakes;

	if (event->cpu >= 0 && (u32)event->cpu != this_cpu())
		return -EOPNOTSUPP;
	if (!ring || !ring->data_size)
		return -ENOSPC;
	for (u32 i = 0; i < cnt; i++)
		raw_size += frags[i].size;
	raw_size = round_up_to(raw_size, 8);
	field_cnt = sample_fields(event, fields);
	size = sizeof(struct perf_event_header) + field_cnt * sizeof(u64) +
	       (event->sample_type & PERF_SAMPLE_RAW ? raw_size : 0);
	if (size > RECORD_MAX)
		return -E2BIG;
	if (rlock_take(&event->lock)) {
		__atomic_add_fetch(&event->lost, 1, __ATOMIC_RELAXED);
		return -EBUSY;
	}
	lost = __atomic_load_n(&event->lost, __ATOMIC_RELAXED);
	if (!has_room(ring, size + (lost ? sizeof(struct lost_record) : 0))) {
		__atomic_add_fetch(&event->lost, 1, __ATOMIC_RELAXED);
		rlock_drop(&event->lock);
		return -ENOSPC;
	}
	if (lost) {
		struct lost_record rec = { { PERF_RECORD_LOST, 0, sizeof(rec) }, event->id, lost };

		__atomic_sub_fetch(&event->lost, lost, __ATOMIC_RELAXED);
		put_bytes(ring, &rec, sizeof(rec));
	}
	put_sample(event, ring, fields, field_cnt, frags, cnt, raw_size, size);
	/* Who sees the position sees the records. */
	__atomic_store_n(&ring->page->data_head, ring->head, __ATOMIC_RELEASE);
	wakes = wants_wake(event, ring);
	rlock_drop(&event->lock);
	if (wakes)
		wake(event);
	return 0;
}
