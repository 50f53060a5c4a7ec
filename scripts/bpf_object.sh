#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: bpf_object.sh COMPILER-ARGUMENTS   (in place of the compiler, with -Dbpf_strict=false)
#
# An object for BPF that cannot be compiled is told in a line and is an empty file then, so that the rest is built;
# scripts/tap_wrap.py skips the tests that want it. Everything else is as the compiler says.
set -u

errors=$(mktemp)
status=0
clang-19 "$@" 2>"$errors" || status=$?
cat "$errors" >&2
first=$(grep -m1 'error:' "$errors" || head -n1 "$errors")
rm -f "$errors"
case " $* " in
*" -target bpf "*) ;;
*) exit $status ;;
esac
[ $status != 0 ] || exit 0
out=
while [ $# -gt 1 ]; do
	[ "$1" != -o ] || out=$2
	shift
done
[ -n "$out" ] || exit $status
echo "skep: skipped: $out cannot be built: $first" >&2
: >"$out"
