/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timer.h - struct bpf_timer in values. The word that programs cannot touch points to the timer
 * proper, which the map's slab holds. Errors are Linux's.
 */
#ifndef SKEP_MAP_TIMER_H
#define SKEP_MAP_TIMER_H

#include "core/alloc.h"
#include "core/timerq.h"
#include "map/map.h"

/* What timers need of an instance. */
struct timer_host {
	struct timerq queue;
	struct vcpu_set *vcpus;
	/* A program: another reference; one less, from any context. */
	void (*get)(void *prog);
	void (*put)(void *prog);
	/* Runs @fn inside a vCPU and an RCU read side; on vCPU @cpu if it can be had. NULL: on any. False:
	 * there is none to be had. */
	bool (*inside)(struct timer_host *host, const u32 *cpu, void (*fn)(void *arg), void *arg);
	/* There: calls a function of @prog. */
	void (*call)(struct timer_host *host, void *prog, u64 func, const u64 args[5]);
};

/* Of a map whose values have a timer. */
struct map_timers {
	struct timer_host *host;
	struct slab slab;
	u32 off; /* in values */
};

/* 0, -ENOMEM, -EAGAIN (no thread to be had). */
int map_timers_new(const struct map_attr *attr, u32 off, struct map_timers **ret_timers);
void map_timers_free(struct map_timers *timers);
/* No descriptor and no pin is left: all timers end, and none begins. */
void map_timers_end(struct skep_map *map);
/* The value goes, or becomes another one's: so does its timer. Any context. */
void value_timer_end(const struct skep_map *map, void *value);

/* From programs. @at: the struct bpf_timer. */
long timer_init(struct skep_map *map, void *at, u64 flags);
long timer_set_callback(void *at, u64 func, void *prog);
long timer_start(void *at, u64 ns, u64 flags);
long timer_cancel(void *at);

#endif
