/* SPDX-License-Identifier: BSD-2-Clause */
/* instance.c - making and freeing a struct skep. */
#include "runtime/instance.h"

#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_MEM_LIMIT (1ULL << 30)

static void trace_from_helper(struct helper_host *host, const char *text, size_t len)
{
	struct skep *skep = container_of(host, struct skep, host);

	skep_trace_write(skep, text, len);
	skep_trace_write(skep, "\n", 1);
}

/* A hash seed that nobody outside can guess, or what the user asked for. */
static u64 pick_seed(const struct skep_opts *opts)
{
	u64 seed = 0;

	if (opts->seeded)
		return opts->seed;
	while (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		;
	return seed;
}

static void host_init(struct skep *skep, const struct skep_opts *opts)
{
	struct helper_host *host = &skep->host;
	struct stat ns;

	clock_init(&host->clock);
	if (opts->virtual_time)
		clock_set_virtual(&host->clock, opts->start_ns, opts->tick_ns);
	if (opts->seeded)
		clock_set_seed(&host->clock, opts->seed);
	host->tgid = (u32)getpid();
	host->uid = getuid();
	host->gid = getgid();
	host->ptr_key = skep->seed;
	host->trace = trace_from_helper;
	host->mem_at = skep_mem_at;
	if (!stat("/proc/self/ns/pid", &ns)) {
		host->pidns_dev = ns.st_dev;
		host->pidns_ino = ns.st_ino;
	}
}

static u32 pick_cpu_cnt(u32 wanted)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	if (wanted)
		return wanted;
	return online < 1 ? 1 : min_of((u32)online, (u32)VCPU_MAX);
}

static int register_helpers(struct skep *skep)
{
	int err = 0;

	for (u32 i = 0; i < helper_def_cnt && !err; i++)
		err = skep_register_helper(skep, BPF_PROG_TYPE_UNSPEC, helper_defs[i].id,
					   helper_defs[i].fn);
	return err;
}

static bool take_modules(struct skep *skep, const struct skep_opts *opts)
{
	skep->modules = calloc(opts->module_cnt + 1, sizeof(*skep->modules));
	if (!skep->modules)
		return false;
	for (; skep->module_cnt < opts->module_cnt; skep->module_cnt++) {
		skep->modules[skep->module_cnt] = opts->modules[skep->module_cnt];
		btf_get(skep->modules[skep->module_cnt]);
	}
	return true;
}

int skep_new(const struct skep_opts *opts, struct skep **ret_skep)
{
	static const struct skep_opts defaults;
	struct skep *skep;
	int err = -ENOMEM;

	opts = opts ? opts : &defaults;
	if (opts->cpu_cnt > VCPU_MAX || opts->engine > SKEP_ENGINE_INTERP || opts->jit_harden > 2)
		return -EINVAL;
	if ((opts->count_insns && opts->engine == SKEP_ENGINE_INTERP) ||
	    opts->codegen & ~(JIT_NO_LANDING | JIT_CALL_DEPTH))
		return -EINVAL;
	if ((opts->engine == SKEP_ENGINE_JIT || opts->count_insns) && !jit_target_host())
		return -EOPNOTSUPP;
	err = jit_observe_start(opts->observe);
	if (err)
		return err;
	err = -ENOMEM;
	skep = calloc(1, sizeof(*skep));
	if (!skep)
		return -ENOMEM;
	objects_init(skep);
	pthread_mutex_init(&skep->mem.lock, NULL);
	skep->engine = opts->engine;
	skep->unprivileged_bpf = opts->unprivileged_bpf;
	skep->jit_harden = opts->jit_harden;
	skep->observe = opts->observe;
	skep->count_insns = opts->count_insns;
	skep->codegen = opts->codegen;
	skep->seed = pick_seed(opts);
	skep->acct.limit = opts->mem_limit ? opts->mem_limit : DEFAULT_MEM_LIMIT;
	skep->kernel_btf = opts->kernel_btf;
	if (skep->kernel_btf)
		btf_get(skep->kernel_btf);
	if (!take_modules(skep, opts))
		goto fail;
	skep->progs = malloc(tab_prog_cnt * sizeof(*skep->progs));
	skep->vcpus = vcpu_set_new(pick_cpu_cnt(opts->cpu_cnt));
	if (!skep->progs || !skep->vcpus || trace_init(&skep->trace))
		goto fail;
	for (u32 i = 0; i < tab_prog_cnt; i++) {
		skep->progs[i] = tab_progs[i];
		skep->progs[i].row.modelled = false; /* until somebody registers it */
	}
	host_init(skep, opts);
	skep_timers_init(skep);
	err = register_helpers(skep);
	if (!err)
		err = raw_register(skep);
	if (err)
		goto fail;
	*ret_skep = skep;
	return 0;
fail:
	skep_free(skep);
	return err;
}

void skep_free(struct skep *skep)
{
	if (!skep)
		return;
	/* Subsystems first: they hold programs and maps, and descriptors hold them too. */
	for (u32 i = SKEP_ROOM_CNT; i-- > 0;)
		if (skep->rooms[i].free_state)
			skep->rooms[i].free_state(skep, skep->rooms[i].state);
	if (skep->timers.vcpus)
		timerq_stop(&skep->timers.queue);
	/* Programs and maps give memory back to skep->acct after a grace period, and a program's
	 * end drops maps, whose end takes another one, and may drop programs. Timers hold both. */
	for (u32 i = 0; i < 5 || (skep->acct.used && i < 50); i++) {
		if (skep->timers.vcpus)
			timerq_settle(&skep->timers.queue);
		rcu_drain();
	}
	objects_destroy(skep);
	trace_destroy(&skep->trace);
	mem_destroy(skep);
	if (skep->vcpus)
		vcpu_set_free(skep->vcpus);
	btf_put(skep->kernel_btf);
	for (u32 i = 0; i < skep->module_cnt; i++)
		btf_put(skep->modules[i]);
	free(skep->modules);
	for (u32 i = 0; i < PROG_TYPE_MAX; i++)
		free(skep->helpers[i]);
	free(skep->progs);
	free(skep);
}

bool skep_unprivileged_bpf(const struct skep *skep)
{
	return skep->unprivileged_bpf;
}

u32 skep_cpu_cnt(const struct skep *skep)
{
	return vcpu_set_cnt(skep->vcpus);
}

struct vcpu_set *skep_vcpus(struct skep *skep)
{
	return skep->vcpus;
}

struct skep_clock *skep_clock_of(struct skep *skep)
{
	return &skep->host.clock;
}

struct memacct *skep_memacct(struct skep *skep)
{
	return &skep->acct;
}

const struct skep_btf *skep_kernel_btf(struct skep *skep)
{
	return skep->kernel_btf;
}

struct skep_btf *const *skep_module_btfs(struct skep *skep, u32 *ret_cnt)
{
	*ret_cnt = skep->module_cnt;
	return skep->modules;
}

void skep_set_map_objs(struct skep *skep, const struct map_objs *objs)
{
	skep->objs = *objs;
}

void skep_stats_enable(struct skep *skep, bool on)
{
	__atomic_store_n(&skep->stats_on, on, __ATOMIC_RELAXED);
}

void skep_room_set(struct skep *skep, enum skep_room room, void *state,
		   void (*free_state)(struct skep *skep, void *state))
{
	skep->rooms[room] = (struct room_state){ state, free_state };
}

void *skep_room_get(struct skep *skep, enum skep_room room)
{
	return skep->rooms[room].state;
}
