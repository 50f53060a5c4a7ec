/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.h - what is known of registers and stack at one point of one path. First cut, so that the
 * checks have something to stand on: the owner of the exploration replaces it.
 */
#ifndef SKEP_VERIFIER_STATE_H
#define SKEP_VERIFIER_STATE_H

#include "verifier/env.h"
#include "verifier/scalar.h"

struct reg_state;

#endif
