#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# bench_objects.sh SKEP OUT TARBALL OWN... - objects for "make bench-verify", in the folder OUT: the
# programs of Linux's selftests out of Debian's linux-source package, against types made from the
# running kernel's BTF, as far as they compile; and those of ours (C files OWN). What is there already
# stays. None of Linux's files is kept in the repository.
set -eu
skep=$1 out=$2 tarball=$3
shift 3
src=$out/linux
tests=$src/tools/testing/selftests/bpf

mkdir -p "$out/own" "$out/selftests"
for c in "$@"; do
	o=$out/own/$(basename "$c" .bpf.c).o
	[ "$o" -nt "$c" ] || clang-19 -O2 -g -target bpf -mcpu=v3 -I"$OWN_INCLUDE" -I"$UAPI_INCLUDE" \
		-idirafter "/usr/include/$(uname -m)-linux-gnu" -c "$c" -o "$o"
done
if [ ! -r /sys/kernel/btf/vmlinux ] || [ ! -r "$tarball" ]; then
	echo "bench_objects: no types of the running kernel or no $tarball: only our own programs" >&2
	exit 0
fi
[ -e "$out/selftests/.done" ] && exit 0
mkdir -p "$src"
tar -xf "$tarball" -C "$src" --strip-components=1 --wildcards '*/tools/testing/selftests/bpf/progs/*' \
	'*/tools/testing/selftests/bpf/*.h' '*/tools/lib/bpf/*.h' '*/tools/include/*' \
	'*/include/uapi/linux/bpf*.h' '*/scripts/bpf_doc.py'
mkdir -p "$src/gen/bpf"
"$skep" btf dump file /sys/kernel/btf/vmlinux format c >"$src/gen/vmlinux.h"
python3 "$src/scripts/bpf_doc.py" --header --filename "$src/include/uapi/linux/bpf.h" >"$src/gen/bpf/bpf_helper_defs.h"
cp "$src"/tools/lib/bpf/*.h "$src/gen/bpf"
# Neither the verdict nor the way there depends on what is left of stack traces, and skep has no such maps:
# an array stands for one, a number for its id.
sed -i 's/__uint(type, BPF_MAP_TYPE_STACK_TRACE)/__uint(type, BPF_MAP_TYPE_ARRAY)/' "$tests"/progs/pyperf.h \
	"$tests"/progs/strobemeta.h

compile() {
	clang-19 -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 '-Dbpf_get_stackid(c, m, f)=(long)bpf_get_prandom_u32()' -w -I"$src/gen" -I"$tests" -I"$tests/progs" \
		-I"$src/tools/include/uapi" -idirafter "/usr/include/$(uname -m)-linux-gnu" \
		-c "$1" -o "$out/selftests/$(basename "$1" .c).o" 2>/dev/null || true
}
n=0
for c in "$tests"/progs/*.c; do
	compile "$c" &
	n=$((n + 1))
	[ $((n % 2)) = 0 ] && wait
done
wait
touch "$out/selftests/.done"
