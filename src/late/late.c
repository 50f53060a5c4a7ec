/* SPDX-License-Identifier: BSD-2-Clause */
#include "late/late.h"

#include <dlfcn.h>
#include <stddef.h>

static bool has_all(void *handle, const char *const *symbols)
{
	while (*symbols && dlsym(handle, *symbols))
		symbols++;
	return !*symbols;
}

/* Two threads may both load it: they get the same handle. */
bool late_load(struct late *lib)
{
	void *handle = __atomic_load_n(&lib->handle, __ATOMIC_ACQUIRE);

	for (size_t i = 0; !handle && i < 2 && lib->names[i]; i++) {
		handle = dlopen(lib->names[i], RTLD_LAZY | RTLD_LOCAL);
		if (handle && !has_all(handle, lib->symbols)) {
			dlclose(handle);
			handle = NULL;
		}
		if (handle)
			__atomic_store_n(&lib->handle, handle, __ATOMIC_RELEASE);
	}
	return handle;
}

void *late_find(struct late *lib, const char *symbol, void **at)
{
	void *found = __atomic_load_n(at, __ATOMIC_ACQUIRE);

	if (!found) {
		found = dlsym(__atomic_load_n(&lib->handle, __ATOMIC_ACQUIRE), symbol);
		__atomic_store_n(at, found, __ATOMIC_RELEASE);
	}
	return found;
}
