/* SPDX-License-Identifier: BSD-2-Clause */
/* kconfig.h - a kernel's configuration as text: lines "CONFIG_X=value". */
#ifndef SKEP_BASE_KCONFIG_H
#define SKEP_BASE_KCONFIG_H

#include <stddef.h>

/* The text after "NAME=" in @config, NULL when it is not there or there is no configuration; *ret_len without the newline. */
const char *kconfig_value(const char *config, const char *name, size_t *ret_len);

#endif
