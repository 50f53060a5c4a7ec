#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: config_matrix.sh FOLDER [PACKAGE|all]...
#
# Builds skep with optional libraries hidden from pkg-config, one configuration a PACKAGE ("all": all of them at once;
# without any: each alone, then all), and shows that the command works and says in one line what it lacks. The build of a
# configuration is FOLDER/PACKAGE. A line a configuration; status 1 when one fails.
set -eu

top=$1
shift
optional="capstone json-c libpcap cmocka"
[ $# -gt 0 ] || set -- $optional all
src=$(cd "$(dirname "$0")/.." && pwd)
found=$(pkg-config --variable pc_path pkg-config | tr : ' ')

fail() {
	echo "not ok - $config: $1" >&2
	exit 1
}

# All packages of the system but those, as links.
hide() {
	rm -rf "$1"
	mkdir -p "$1"
	for dir in $found; do
		[ -d "$dir" ] && find "$dir" -name '*.pc' -exec ln -sf -t "$1" {} +
	done
	shift
	for package; do
		rm -f "$pc/$package.pc"
	done
}

# One line, status 2, and it names the library.
refuses() {
	lacks=$1
	shift
	status=0
	told=$("$@" 2>&1 >/dev/null) || status=$?
	[ $status = 2 ] || fail "status $status instead of 2: $*"
	[ "$(echo "$told" | wc -l)" = 1 ] || fail "more than a line: $told"
	case $told in
	*"built without $lacks"*) ;;
	*) fail "does not say that $lacks is lacking: $told" ;;
	esac
}

check() {
	skep=$top/$config/skep obj=$top/$config/app.bpf.o
	"$clang" -O2 -g -target bpf -I"$top/$config/include" -I"$src/include" -idirafter "/usr/include/$(uname -m)-linux-gnu" \
		-c "$src/tests/install/app.bpf.c" -o "$obj"
	"$skep" verify "$obj" >/dev/null || fail "verify"
	"$skep" run "$obj" | grep -q '1 (XDP_DROP)' || fail "run"
	for package in $hidden; do
		case $package in
		json-c)
			refuses json-c "$skep" verify -j "$obj"
			refuses json-c "$skep" report "$obj" -o "$top/$config/report.json"
			;;
		libpcap) refuses libpcap "$skep" run "$obj" --pcap "$obj" ;;
		capstone) "$skep" prog dump jited "$obj" | grep -q '\.byte' || fail "machine code as bytes" ;;
		esac
	done
	[ "$hidden" = "$optional" ] || return 0
	others=$(readelf -d "$top/$config/libskep.so" | sed -n 's/.*NEEDED.*\[\(.*\)\.so.*/\1/p' | grep -vE '^(libc|libelf|liburcu-[a-z]+|ld-linux.*)$') || return 0
	fail "libskep.so needs more than libc, liburcu and libelf: $others"
}

clang=$(command -v clang-19)
for config; do
	case " $optional all " in
	*" $config "*) ;;
	*) fail "no such optional package; there are: $optional all" ;;
	esac
	hidden=$config
	[ "$config" != all ] || hidden=$optional
	pc=$top/pkgconfig-$config
	hide "$pc" $hidden
	rm -rf "${top:?}/$config"
	PKG_CONFIG_LIBDIR=$pc meson setup "$top/$config" "$src" >"$top/$config.log" || fail "setup, see $top/$config.log"
	for package in $hidden; do
		grep -q "Message: .*$package" "$top/$config.log" || fail "meson does not tell of $package"
	done
	ninja -C "$top/$config" skep libskep.so.0.1.0 libskep.a bpf.h bpf_helper_defs.h >>"$top/$config.log" || fail "build, see $top/$config.log"
	check
	echo "ok - T-01 builds and works without $hidden"
done
