/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_api_input.c - calls every function of include/bpf with each argument wrong in turn and prints what came of it, a
 * line a call, for test_api_input.py. With a libbpf.so named, the same calls go to that library, whose bpf(2) is then
 * skep's too: nothing reaches the running kernel.
 *
 * usage: test_api_input OBJECT_DIR [LIBBPF.SO]
 *
 * The calls are generated (gen_api_input.py). Those of one function are made in a child of its own, which says in shared
 * memory how far it has come; when it dies, that call is "crash" and another child goes on behind it.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <skep/skep.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api_input.inc"

struct api_func {
	const char *name;
	void *at;
	int first; /* case */
	bool two_states;
};

struct api_case {
	int func;
	const char *arg, *value;
	void (*run)(void);
};

#define WORD 48
#define SECONDS 20 /* a call that takes longer hangs */

static struct api_func funcs[];
#define CALL(name) ((__typeof__(&name))funcs[FN_##name].at)

static const char *obj_dir;
static bool loaded; /* the state that objects are in: opened only, or loaded */
static bool lacks;  /* a right argument could not be made */
static char *said;  /* the answer of the call that is being made */

/* ---- bpf(2) of another library --------------------------------------------------------------------------- */

static long (*libc_syscall)(long nr, ...);
static bool for_libbpf;

/* Takes the place of libc's for a libbpf that is loaded here. */
__attribute__((visibility("default"))) long syscall(long nr, ...)
{
	va_list args;
	long a[6], ret;

	if (!libc_syscall) /* libraries call it before main() */
		libc_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	if (!libc_syscall)
		abort();
	va_start(args, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (for_libbpf && nr == SYS_perf_event_open)
		ret = -EPERM;
	else if (for_libbpf && nr == SYS_bpf)
		ret = skep_bpf_call(skep_default_instance(), (int)a[0], (union bpf_attr *)a[1], (uint32_t)a[2]);
	else
		return libc_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (ret >= 0)
		return ret;
	errno = (int)-ret;
	return -1;
}

/* ---- right arguments --------------------------------------------------------------------------------------- */

static const struct bpf_insn two_insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
static char long_text[8192], *file_bytes;
static size_t file_size;

static void *made(void *p)
{
	lacks |= !p;
	return p;
}

static const char *path_of(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.bpf.o", obj_dir, name);
	return path;
}

static const char *a_file(void)
{
	return path_of("maps");
}

/* Room for whatever a function fills in. */
static void *out(void)
{
	static uint64_t room[8192];

	memset(room, 0, sizeof(room));
	return room;
}

static __u32 *a_number(void)
{
	static __u32 num;

	num = 64;
	return &num;
}

static void *options(size_t sz, char last, size_t known)
{
	static uint64_t opts[128];
	size_t size = known + 8;

	memset(opts, 0, sizeof(opts));
	memcpy(opts, &sz, sizeof(sz));
	((char *)opts)[size - 1] = last;
	return opts;
}
#define options(sz, last, type) options(sz, last, sizeof(type))

static void *zero(size_t size)
{
	size_t *s = calloc(1, size);

	if (s)
		*s = size;
	return made(s);
}
#define zeroed(type) zero(sizeof(type))

static int a_callback(void)
{
	return 0;
}
#define good_callback a_callback

static struct bpf_object *object_of(const char *name)
{
	struct bpf_object *obj = made(CALL(bpf_object__open_file)(path_of(name), NULL));

	if (obj && loaded && CALL(bpf_object__load)(obj))
		lacks = true;
	return obj;
}

#define KEPT(type, expr)                                                                           \
	static type *kept;                                                                         \
                                                                                                   \
	if (!kept)                                                                                 \
		kept = made(expr);                                                                 \
	return kept

static struct bpf_object *good_bpf_object(void)
{
	KEPT(struct bpf_object, object_of("maps"));
}

static struct bpf_program *good_bpf_program(void)
{
	return made(CALL(bpf_object__next_program)(good_bpf_object(), NULL));
}

static struct bpf_map *good_bpf_map(void)
{
	return made(CALL(bpf_object__next_map)(good_bpf_object(), NULL));
}

static struct bpf_object *other_object(void)
{
	KEPT(struct bpf_object, object_of("globals"));
}

static struct bpf_program *foreign_bpf_program(void)
{
	return made(CALL(bpf_object__next_program)(other_object(), NULL));
}

static struct bpf_map *foreign_bpf_map(void)
{
	return made(CALL(bpf_object__next_map)(other_object(), NULL));
}

static struct btf *new_btf(void)
{
	struct btf *btf = loaded ? CALL(btf__parse)(a_file(), NULL) : CALL(btf__new_empty)();

	if (btf && !loaded)
		CALL(btf__add_int)(btf, "int", 4, 0);
	return btf;
}

static struct btf *good_btf(void)
{
	KEPT(struct btf, new_btf());
}

static const struct btf_type *good_btf_type(void)
{
	return made((void *)CALL(btf__type_by_id)(good_btf(), 1));
}

static struct btf_ext *read_ext(void)
{
	struct btf_ext *ext = NULL;

	CALL(btf__free)(CALL(btf__parse)(a_file(), &ext));
	return ext;
}

static struct btf_ext *good_btf_ext(void)
{
	KEPT(struct btf_ext, read_ext());
}

static struct btf_dump *good_btf_dump(void)
{
	KEPT(struct btf_dump, CALL(btf_dump__new)(good_btf(), (void *)a_callback, NULL, NULL));
}

enum fd_kind { MAP_FD, RINGBUF_FD, PERF_FD, PROG_FD, LINK_FD, FILE_FD, FD_KIND_CNT };

static struct bpf_link *good_bpf_link(void);

/* A hash with a value for key 0. */
static int new_map(void)
{
	__u64 zero = 0;
	int fd = CALL(bpf_map_create)(BPF_MAP_TYPE_HASH, "a_map", 4, 8, 4, NULL);

	if (fd >= 0)
		CALL(bpf_map_update_elem)(fd, &zero, &zero, 0);
	return fd;
}

static int new_fd(enum fd_kind kind)
{
	switch (kind) {
	case MAP_FD:
		return new_map();
	case RINGBUF_FD:
		return CALL(bpf_map_create)(BPF_MAP_TYPE_RINGBUF, "a_ring", 0, 0, 4096, NULL);
	case PERF_FD:
		return CALL(bpf_map_create)(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "a_perf", 4, 4, 2, NULL);
	case PROG_FD:
		return CALL(bpf_prog_load)(BPF_PROG_TYPE_XDP, "a_prog", "GPL", two_insns, 2, NULL);
	case LINK_FD:
		return CALL(bpf_link__fd)(good_bpf_link());
	default:
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	}
}

static int good_fd(enum fd_kind kind)
{
	static int fds[FD_KIND_CNT];

	if (fds[kind] <= 0)
		fds[kind] = new_fd(kind);
	lacks |= fds[kind] < 0;
	return fds[kind];
}

static int closed_fd(void)
{
	int fd = new_fd(MAP_FD);

	close(fd);
	return fd;
}

static struct ring_buffer *good_ring_buffer(void)
{
	KEPT(struct ring_buffer, CALL(ring_buffer__new)(good_fd(RINGBUF_FD), (void *)a_callback, NULL, NULL));
}

static struct ring *good_ring(void)
{
	return made(CALL(ring_buffer__ring)(good_ring_buffer(), 0));
}

static struct perf_buffer *good_perf_buffer(void)
{
	KEPT(struct perf_buffer, CALL(perf_buffer__new)(good_fd(PERF_FD), 1, (void *)a_callback, NULL, NULL, NULL));
}

/* A function of one object in the place of another's. */
static struct bpf_link *replace(void)
{
	struct bpf_object *of = CALL(bpf_object__open_file)(path_of("subprogs"), NULL);
	struct bpf_object *with = CALL(bpf_object__open_file)(path_of("links"), NULL);
	struct bpf_program *prog = CALL(bpf_object__find_program_by_name)(with, "weak_one_other"), *to;

	if (!of || !prog || CALL(bpf_object__load)(of))
		return NULL;
	to = CALL(bpf_object__find_program_by_name)(of, "fourth");
	if (!to || CALL(bpf_program__set_attach_target)(prog, CALL(bpf_program__fd)(to), "weak_one") ||
	    CALL(bpf_object__load)(with))
		return NULL;
	return CALL(bpf_program__attach)(prog);
}

static struct bpf_link *good_bpf_link(void)
{
	KEPT(struct bpf_link, replace());
}

static struct bpf_linker *good_bpf_linker(void)
{
	KEPT(struct bpf_linker, CALL(bpf_linker__new)("/dev/null", NULL));
}

static struct bpf_prog_linfo *new_linfo(void)
{
	static struct bpf_line_info lines[64];
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	struct bpf_object *obj = CALL(bpf_object__open_file)(a_file(), NULL);
	int fd;

	if (!obj || CALL(bpf_object__load)(obj))
		return NULL;
	fd = CALL(bpf_program__fd)(CALL(bpf_object__next_program)(obj, NULL));
	info.nr_line_info = 64;
	info.line_info_rec_size = sizeof(lines[0]);
	info.line_info = (uintptr_t)lines;
	if (CALL(bpf_prog_get_info_by_fd)(fd, &info, &len))
		return NULL;
	return CALL(bpf_prog_linfo__new)(&info);
}

static struct bpf_prog_linfo *good_bpf_prog_linfo(void)
{
	KEPT(struct bpf_prog_linfo, new_linfo());
}

static struct bpf_object_skeleton *good_bpf_object_skeleton(void)
{
	static struct bpf_object *obj;
	static struct bpf_object_skeleton s = { .sz = sizeof(s), .name = "maps", .obj = &obj };

	s.data = file_bytes;
	s.data_sz = file_size;
	return &s;
}

/* ---- answers ---------------------------------------------------------------------------------------------- */

static const char *errno_word(int err)
{
	static char buf[16];
	const char *name = strerrorname_np(err);

	snprintf(buf, sizeof(buf), "%d", err);
	return name ? name : buf;
}

static void say_int(long ret, int err)
{
	if (ret >= 0)
		strcpy(said, ret ? "+" : "0");
	else if (err == -ret)
		snprintf(said, WORD, "%s", errno_word(err));
	else
		snprintf(said, WORD, "%ld,errno=%s", ret, err ? errno_word(err) : "0");
}

static void say_ptr(const void *ptr, int err)
{
	snprintf(said, WORD, ptr ? "ptr" : err ? "NULL,%s" : "NULL", errno_word(err));
}

/* The arguments are made before, for that may call the library too and set errno. */
#define ANSWER_INT(func, args)                                                                     \
	do {                                                                                       \
		long ret;                                                                          \
                                                                                                   \
		errno = 0;                                                                         \
		ret = CALL(func) args;                                                             \
		say_int(ret, errno);                                                               \
	} while (0)
/* An enum that is negative when it fails, though its type may have no sign. */
#define ANSWER_ENUM(func, args)                                                                    \
	do {                                                                                       \
		int ret;                                                                           \
                                                                                                   \
		errno = 0;                                                                         \
		ret = (int)CALL(func) args;                                                        \
		say_int(ret, errno);                                                               \
	} while (0)
#define ANSWER_NUM(func, args)                                                                     \
	do {                                                                                       \
		unsigned long ret = (unsigned long)CALL(func) args;                                \
                                                                                                   \
		strcpy(said, ret ? "+" : "0");                                                     \
	} while (0)
#define ANSWER_PTR(func, args)                                                                     \
	do {                                                                                       \
		const void *ret;                                                                   \
                                                                                                   \
		errno = 0;                                                                         \
		ret = (const void *)CALL(func) args;                                               \
		say_ptr(ret, errno);                                                               \
	} while (0)
#define ANSWER_VOID(func, args)                                                                    \
	do {                                                                                       \
		CALL(func) args;                                                                   \
		strcpy(said, "done");                                                              \
	} while (0)

#define API_INPUT_CASES
#include "api_input.inc"

#define CASE_CNT ((int)(sizeof(cases) / sizeof(cases[0])))

/* ---- children ---------------------------------------------------------------------------------------------- */

static char (*answers)[2][WORD]; /* of each case, in each state; shared with children */

static int end_of(int func)
{
	return func + 1 < FN_CNT ? funcs[func + 1].first : CASE_CNT;
}

/* The cases from @first on, of the function @func. */
static void child(int func, int first, bool is_loaded)
{
	int null = open("/dev/null", O_RDWR);

	loaded = is_loaded;
	dup2(null, STDERR_FILENO);
	CALL(libbpf_set_print)(NULL);
	for (int i = first; i < end_of(func); i++) {
		said = answers[i][is_loaded];
		strcpy(said, "crash");
		lacks = false;
		alarm(SECONDS);
		cases[i].run();
		alarm(0);
		if (lacks)
			strcpy(said, "no-argument");
	}
	_exit(0);
}

static void in_children(int func, bool is_loaded)
{
	for (int i = funcs[func].first; i < end_of(func);) {
		int status = 0;
		pid_t pid = fork();

		if (!pid)
			child(func, i, is_loaded);
		if (pid < 0 || waitpid(pid, &status, 0) < 0) {
			perror("fork");
			exit(2);
		}
		while (i < end_of(func) && answers[i][is_loaded][0] && strcmp(answers[i][is_loaded], "crash"))
			i++;
		if (i < end_of(func) && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
			strcpy(answers[i][is_loaded], "hang");
		if (i < end_of(func) && !answers[i][is_loaded][0])
			strcpy(answers[i][is_loaded], "crash"); /* before its first call */
		i++;
	}
}

/* ---- all of them ------------------------------------------------------------------------------------------ */

static bool take_library(const char *path)
{
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!lib)
		return false;
	for (int i = 0; i < FN_CNT; i++)
		funcs[i].at = dlsym(lib, funcs[i].name);
	for_libbpf = true;
	return true;
}

/* What talks to the running kernel in other ways than bpf(2), or has no sense there. */
static bool leave_out(const char *name)
{
	static const char *const talk[] = { "bpf_xdp_", "bpf_tc_", "bpf_program__attach", "bpf_map__attach", "perf_buffer__",
					    "libbpf_set_memlock", "bpf_object__attach", "btf__load_", "libbpf_find_" };

	for (size_t i = 0; for_libbpf && i < sizeof(talk) / sizeof(talk[0]); i++) {
		if (!strncmp(name, talk[i], strlen(talk[i])))
			return true;
	}
	return false;
}

static void read_object(void)
{
	FILE *f = fopen(a_file(), "re");

	file_bytes = calloc(1, 1 << 20);
	file_size = f && file_bytes ? fread(file_bytes, 1, 1 << 20, f) : 0;
	if (!file_size) {
		fprintf(stderr, "%s: cannot be read\n", a_file());
		exit(2);
	}
	fclose(f);
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: test_api_input OBJECT_DIR [LIBBPF.SO]\n");
		return 2;
	}
	obj_dir = argv[1];
	memset(long_text, 'x', sizeof(long_text) - 1);
	read_object();
	if (argc == 3 && !take_library(argv[2]))
		return 77;
	answers = mmap(NULL, sizeof(*answers) * CASE_CNT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (answers == MAP_FAILED)
		return 2;
	for (int f = 0; f < FN_CNT; f++) {
		const char *why = !funcs[f].at ? "absent" : leave_out(funcs[f].name) ? "left-out" : NULL;

		for (int two = 0; two <= funcs[f].two_states && !why; two++)
			in_children(f, two);
		for (int i = funcs[f].first; i < end_of(f); i++) {
			const char *a = why ? why : answers[i][0], *b = why || !funcs[f].two_states ? a : answers[i][1];

			printf("%s\t%s\t%s\t%s\t%s\n", funcs[f].name, cases[i].arg, cases[i].value, a, b);
		}
	}
	return 0;
}
