/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perfbuf.c - perf_buffer__*: one perf event with a mapped buffer for each CPU, put into a perf event array, and
 * their records given to callbacks.
 */
#include "loader/internal.h"

#include "syscall/syscall.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/perf_event.h>

struct cpu_buf {
	int cpu, key; /* @key: its slot in the map */
	int fd, poll_fd; /* @poll_fd is the event's own */
	bool in_map;
	struct perf_event_mmap_page *page;
	void *copy; /* of the last record that went over the end of the buffer */
	size_t copy_size;
};

struct perf_buffer {
	struct skep *skep;
	int map_fd; /* as given, not ours */
	int epoll_fd;
	size_t page_size, data_size;
	struct cpu_buf *bufs;
	u32 cnt;
	perf_buffer_sample_fn sample_fn;
	perf_buffer_lost_fn lost_fn;
	perf_buffer_event_fn event_fn; /* instead of the two above */
	void *ctx;
};

/* ---- life ---------------------------------------------------------------------------------------- */

static void buf_close(struct perf_buffer *pb, struct cpu_buf *buf)
{
	if (buf->in_map)
		bpf_map_delete_elem(pb->map_fd, &buf->key);
	if (buf->page)
		skep_munmap(pb->skep, buf->fd, buf->page, pb->page_size + pb->data_size, PROT_READ | PROT_WRITE);
	if (buf->fd >= 0)
		close(buf->fd);
	free(buf->copy);
}

void perf_buffer__free(struct perf_buffer *pb)
{
	if (!pb)
		return;
	for (u32 i = 0; i < pb->cnt; i++)
		buf_close(pb, &pb->bufs[i]);
	if (pb->epoll_fd >= 0)
		close(pb->epoll_fd);
	free(pb->bufs);
	free(pb);
}

static int buf_open(struct perf_buffer *pb, struct cpu_buf *buf, const struct perf_event_attr *attr)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = buf };
	int err;

	buf->fd = skep_perf_event_open(pb->skep, attr, -1, buf->cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (buf->fd < 0) {
		const char *why = buf->fd == -EOPNOTSUPP ? skep_bpf_why(pb->skep) : NULL;

		pr_warn("failed to open perf buffer event on cpu #%d: %s\n", buf->cpu, why ? why : ERR_STR(buf->fd));
		return buf->fd;
	}
	buf->page = skep_mmap(pb->skep, buf->fd, pb->page_size + pb->data_size, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	if (!buf->page) {
		err = -errno;
		pr_warn("failed to mmap perf buffer on cpu #%d: %s\n", buf->cpu, ERR_STR(err));
		return err;
	}
	err = bpf_map_update_elem(pb->map_fd, &buf->key, &buf->fd, BPF_ANY);
	if (err) {
		pr_warn("failed to set cpu #%d, key %d -> perf FD %d: %s\n", buf->cpu, buf->key, buf->fd, ERR_STR(err));
		return err;
	}
	buf->in_map = true;
	buf->poll_fd = skep_perf_poll_fd(pb->skep, buf->fd);
	err = buf->poll_fd < 0 ? buf->poll_fd : epoll_ctl(pb->epoll_fd, EPOLL_CTL_ADD, buf->poll_fd, &ev) ? -errno : 0;
	if (err)
		pr_warn("failed to epoll_ctl cpu #%d perf FD %d: %s\n", buf->cpu, buf->fd, ERR_STR(err));
	return err;
}

/* How many slots the map has. */
static int check_map(int map_fd, u32 *ret_max)
{
	struct bpf_map_info info = { 0 };
	u32 len = sizeof(info);
	int err = bpf_map_get_info_by_fd(map_fd, &info, &len);

	if (err) {
		pr_warn("failed to get map info for map FD %d: %s\n", map_fd, ERR_STR(err));
		return err;
	}
	if (info.type != BPF_MAP_TYPE_PERF_EVENT_ARRAY) {
		pr_warn("map '%s' should be BPF_MAP_TYPE_PERF_EVENT_ARRAY\n", info.name);
		return -EINVAL;
	}
	*ret_max = info.max_entries;
	return 0;
}

/* The CPUs that @opts names, else those that have a slot, in order. */
static int open_all(struct perf_buffer *pb, const struct perf_event_attr *attr, u32 slots,
		    const struct perf_buffer_raw_opts *opts)
{
	int named = OPT(opts, cpu_cnt), cpus = libbpf_num_possible_cpus(), err = 0;
	const int *cpu = OPT(opts, cpus), *keys = OPT(opts, map_keys);
	u32 cnt = named > 0 ? (u32)named : min_of((u32)cpus, slots);

	if (cpus < 0)
		return cpus;
	pb->bufs = calloc(cnt, sizeof(*pb->bufs));
	pb->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!pb->bufs || pb->epoll_fd < 0)
		return pb->bufs ? -errno : -ENOMEM;
	for (u32 i = 0; i < cnt && !err; i++) {
		pb->bufs[i] = (struct cpu_buf){ .cpu = named > 0 ? cpu[i] : (int)i,
						.key = named > 0 ? keys[i] : (int)i, .fd = -1, .poll_fd = -1 };
		pb->cnt++;
		err = buf_open(pb, &pb->bufs[i], attr);
	}
	return err;
}

static struct perf_buffer *buffer_new(int map_fd, size_t page_cnt, const struct perf_event_attr *attr,
				      const struct perf_buffer *callbacks, const struct perf_buffer_raw_opts *opts)
{
	struct skep *skep = loader_instance();
	struct perf_buffer *pb;
	u32 slots;
	int err;

	if (!skep)
		return libbpf_err_ptr(-errno);
	if (loader_on_kernel()) {
		pr_warn("not modelled: perf buffers of the running kernel\n");
		return libbpf_err_ptr(-EOPNOTSUPP);
	}
	if (!page_cnt || page_cnt & (page_cnt - 1)) {
		pr_warn("page count should be power of two, but is %zu\n", page_cnt);
		return libbpf_err_ptr(-EINVAL);
	}
	err = check_map(map_fd, &slots);
	if (err)
		return libbpf_err_ptr(err);
	pb = malloc(sizeof(*pb));
	if (!pb)
		return libbpf_err_ptr(-ENOMEM);
	*pb = *callbacks;
	pb->skep = skep;
	pb->map_fd = map_fd;
	pb->epoll_fd = -1;
	pb->page_size = (size_t)sysconf(_SC_PAGESIZE);
	err = __builtin_mul_overflow(pb->page_size, page_cnt, &pb->data_size) ? -EINVAL :
	      open_all(pb, attr, slots, opts);
	if (err) {
		perf_buffer__free(pb);
		return libbpf_err_ptr(err);
	}
	return pb;
}

struct perf_buffer *perf_buffer__new(int map_fd, size_t page_cnt, perf_buffer_sample_fn sample_cb,
				     perf_buffer_lost_fn lost_cb, void *ctx, const struct perf_buffer_opts *opts)
{
	const struct perf_buffer callbacks = { .sample_fn = sample_cb, .lost_fn = lost_cb, .ctx = ctx };
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_BPF_OUTPUT,
					.size = sizeof(attr), .sample_type = PERF_SAMPLE_RAW };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err_ptr(-EINVAL);
	attr.sample_period = OPT(opts, sample_period) ?: 1;
	attr.wakeup_events = (u32)attr.sample_period;
	return buffer_new(map_fd, page_cnt, &attr, &callbacks, NULL);
}

struct perf_buffer *perf_buffer__new_raw(int map_fd, size_t page_cnt, struct perf_event_attr *attr,
					 perf_buffer_event_fn event_cb, void *ctx,
					 const struct perf_buffer_raw_opts *opts)
{
	const struct perf_buffer callbacks = { .event_fn = event_cb, .ctx = ctx };

	if (!attr || !event_cb || !opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err_ptr(-EINVAL);
	if (OPT(opts, cpu_cnt) > 0 && (!OPT(opts, cpus) || !OPT(opts, map_keys)))
		return libbpf_err_ptr(-EINVAL);
	return buffer_new(map_fd, page_cnt, attr, &callbacks, opts);
}

/* ---- reading ------------------------------------------------------------------------------------- */

static enum bpf_perf_event_ret give_sample(const struct perf_buffer *pb, int cpu, char *rec, u32 size)
{
	u32 len;

	if (size < sizeof(len))
		return LIBBPF_PERF_EVENT_ERROR;
	memcpy(&len, rec, sizeof(len));
	if (len > size - sizeof(len))
		return LIBBPF_PERF_EVENT_ERROR;
	if (pb->sample_fn)
		pb->sample_fn(pb->ctx, cpu, rec + sizeof(len), len);
	return LIBBPF_PERF_EVENT_CONT;
}

static enum bpf_perf_event_ret give(const struct perf_buffer *pb, int cpu, struct perf_event_header *head)
{
	char *rec = (char *)(head + 1);
	u64 lost[2]; /* whose, how many */

	if (pb->event_fn)
		return pb->event_fn(pb->ctx, cpu, head);
	if (head->type == PERF_RECORD_SAMPLE)
		return give_sample(pb, cpu, rec, head->size - sizeof(*head));
	if (head->type != PERF_RECORD_LOST || head->size < sizeof(*head) + sizeof(lost)) {
		pr_warn("unknown perf sample type %u\n", head->type);
		return LIBBPF_PERF_EVENT_ERROR;
	}
	memcpy(lost, rec, sizeof(lost));
	if (pb->lost_fn)
		pb->lost_fn(pb->ctx, cpu, lost[1]);
	return LIBBPF_PERF_EVENT_CONT;
}

/* The @left bytes from @pos on begin with a record. In one piece, for callbacks: NULL and -ENOMEM, -EBADMSG. */
static struct perf_event_header *record_at(const struct perf_buffer *pb, struct cpu_buf *buf, u64 pos, u64 left,
					   int *ret_err)
{
	char *data = (char *)buf->page + pb->page_size;
	u64 at = pos & (pb->data_size - 1), first;
	struct perf_event_header *head = (struct perf_event_header *)(data + at); /* 8 bytes do not go over the end */
	u16 size = head->size;
	void *copy;

	*ret_err = left < sizeof(*head) || size < sizeof(*head) || size > left || size % 8 ? -EBADMSG : 0;
	if (*ret_err || at + size <= pb->data_size)
		return *ret_err ? NULL : head;
	if (buf->copy_size < size) {
		copy = realloc(buf->copy, size);
		if (!copy) {
			*ret_err = -ENOMEM;
			return NULL;
		}
		buf->copy = copy;
		buf->copy_size = size;
	}
	first = pb->data_size - at;
	memcpy(buf->copy, head, first);
	memcpy((char *)buf->copy + first, data, size - first);
	return buf->copy;
}

/* 0 also when the callback has had enough; what it was given does not come again, also when it failed. */
static int consume_buf(struct perf_buffer *pb, struct cpu_buf *buf)
{
	enum bpf_perf_event_ret ret = LIBBPF_PERF_EVENT_CONT;
	u64 head, tail = buf->page->data_tail, wakes;
	struct perf_event_header *rec;
	int err = 0;

	/* First, so that what comes while this goes on wakes again. */
	if (read(buf->poll_fd, &wakes, sizeof(wakes)) < 0 && errno != EAGAIN)
		return -errno;
	head = __atomic_load_n(&buf->page->data_head, __ATOMIC_ACQUIRE);
	while (head != tail && ret == LIBBPF_PERF_EVENT_CONT) {
		rec = record_at(pb, buf, tail, head - tail, &err);
		if (!rec)
			break;
		tail += rec->size;
		ret = give(pb, buf->cpu, rec);
	}
	__atomic_store_n(&buf->page->data_tail, tail, __ATOMIC_RELEASE);
	return err ? err : ret == LIBBPF_PERF_EVENT_CONT ? 0 : (int)ret;
}

/* The buffer's result, with a line when it is a failure. */
static int consume_told(struct perf_buffer *pb, struct cpu_buf *buf)
{
	int err = consume_buf(pb, buf);

	if (err)
		pr_warn("error while processing records of cpu #%d: %s\n", buf->cpu, ERR_STR(err));
	return err;
}

int perf_buffer__poll(struct perf_buffer *pb, int timeout_ms)
{
	struct epoll_event events[64];
	int n;

	NEED(pb);
	n = epoll_wait(pb->epoll_fd, events, ARRAY_SIZE(events), timeout_ms);
	if (n < 0)
		return libbpf_err(-errno);
	for (int i = 0; i < n; i++) {
		int err = consume_told(pb, events[i].data.ptr);

		if (err)
			return libbpf_err(err);
	}
	return n;
}

int perf_buffer__consume(struct perf_buffer *pb)
{
	NEED(pb);
	for (u32 i = 0; i < pb->cnt; i++) {
		int err = consume_told(pb, &pb->bufs[i]);

		if (err)
			return libbpf_err(err);
	}
	return 0;
}

int perf_buffer__consume_buffer(struct perf_buffer *pb, size_t buf_idx)
{
	NEED(pb);
	return libbpf_err(buf_idx < pb->cnt ? consume_buf(pb, &pb->bufs[buf_idx]) : -EINVAL);
}

int perf_buffer__epoll_fd(const struct perf_buffer *pb)
{
	NEED(pb);
	return pb->epoll_fd;
}

size_t perf_buffer__buffer_cnt(const struct perf_buffer *pb)
{
	NEED_OR(pb, 0);
	return pb->cnt;
}

int perf_buffer__buffer_fd(const struct perf_buffer *pb, size_t buf_idx)
{
	NEED(pb);
	return buf_idx < pb->cnt ? pb->bufs[buf_idx].poll_fd : libbpf_err(-EINVAL);
}

int perf_buffer__buffer(struct perf_buffer *pb, int buf_idx, void **buf, size_t *buf_size)
{
	NEED(pb && buf && buf_size);
	if (buf_idx < 0 || (u32)buf_idx >= pb->cnt)
		return libbpf_err(-EINVAL);
	*buf = pb->bufs[buf_idx].page;
	*buf_size = pb->data_size;
	return 0;
}
