#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Everything that building, testing and the demo need, for Debian 12. One list; the Makefile and CI
# call it. Does nothing, and needs no rights, when all is there. "deps.sh --list" only prints.
# "deps.sh --conformance" adds what "make conformance" reads: 140 MB that nothing else needs; "deps.sh --load" the
# libbpf that "make bench-load" compares with.
set -eu

PACKAGES="gcc libc6-dev pkg-config meson ninja-build python3 clang-19 llvm-19 libclang-rt-19-dev
libelf-dev liburcu-dev libjson-c-dev libpcap-dev libcapstone-dev libcmocka-dev tcpdump python3-z3 bpftool libbpf-dev g++"

if [ "${1:-}" = --conformance ]; then
	PACKAGES="$PACKAGES linux-source-6.1"
	shift
fi
if [ "${1:-}" = --load ]; then
	PACKAGES="$PACKAGES libbpf-dev"
	shift
fi
if [ "${1:-}" = --list ]; then
	echo $PACKAGES
	exit 0
fi
missing=
for p in $PACKAGES; do
	dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^ii' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
echo "skep: installing from the distribution:$missing" >&2
sudo=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "skep: installing packages needs root; as root run: apt-get install$missing" >&2
		exit 1
	fi
	sudo=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q >&2
$sudo apt-get install -q -y --no-install-recommends $missing >&2
