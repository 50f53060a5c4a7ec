/* SPDX-License-Identifier: BSD-2-Clause */
/* sha256.h - SHA-256 of a buffer, for program tags. Source: FIPS 180-4. */
#ifndef SKEP_BASE_SHA256_H
#define SKEP_BASE_SHA256_H

#include "base/types.h"

void sha256(const void *data, size_t len, u8 ret_digest[32]);

#endif
