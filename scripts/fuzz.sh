#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs every harness of a fuzz build for a while. A finding stays as crash-... in the build folder, is shown in
# base64 with the name of its harness, and is the exit status.
# usage: fuzz.sh FUZZ_BUILD SECONDS OBJECT_DIR
build=$1
seconds=$2
objects=$3
seeds=$(dirname "$0")/../tests/fuzz/corpus
failed=
# Behaviour that C does not define ends the run as a bad access does.
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
for harness in "$build"/tests/fuzz/fuzz_*; do
	[ -f "$harness" ] && [ -x "$harness" ] || continue
	name=$(basename "$harness")
	corpus=$build/corpus/$name
	mkdir -p "$corpus"
	set -- "$corpus"
	[ -d "$seeds/$name" ] && set -- "$@" "$seeds/$name"
	# Objects are not kept in the repository; those of the tests are as good.
	case $name in fuzz_elf|fuzz_link) cp "$objects"/*.bpf.o "$corpus" 2>/dev/null ;; esac
	echo "$name: $seconds s"
	# Five minutes for one input: on a loaded machine under sanitizers, a million insns take one.
	if "$harness" -max_total_time="$seconds" -seed="${FUZZ_SEED:-0}" -timeout=300 -rss_limit_mb=2048 -verbosity=0 \
		-print_final_stats=1 -artifact_prefix="$build/crash-$name-" "$@" >"$build/$name.log" 2>&1; then
		grep -aE '^stat::number_of_executed_units' "$build/$name.log"
		continue
	fi
	failed="$failed $name"
done
# At the end, where whoever reads the end of a long log finds it. "# ..." are the parsers' own words on an input.
for name in $failed; do
	echo "$name found something:"
	grep -av '^#' "$build/$name.log" | tail -n 60
done
[ -z "$failed" ]
