#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: static_lib.sh CC OBJCOPY AR OUT.a ROOM.a...
#
# One archive of all rooms that gives out what libskep.so gives out: everything is linked into one object, in which
# hidden names, which is all that no header declares, become local. So an application may have a btf_find() of its own.
set -eu

cc=$1 objcopy=$2 ar=$3 out=$4
shift 4
$cc -r -nostdlib -o "$out.o" -Wl,--whole-archive "$@" -Wl,--no-whole-archive
$objcopy --localize-hidden "$out.o"
rm -f "$out"
$ar rcs "$out" "$out.o"
rm -f "$out.o"
