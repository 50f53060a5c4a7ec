#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# BPF objects that other people compiled, for "make objects" and tests/objects: those of Debian's libxdp1
# go to DIR/libxdp1, those inside the binaries of libbpf-tools to DIR/libbpf-tools. Nothing is installed;
# what is there already is kept.
# usage: fetch_objects.sh DIR     exit 77: no mirror can be reached
set -eu

dir=${1:?usage: fetch_objects.sh DIR}
here=$(cd "$(dirname "$0")" && pwd)

skip()
{
	echo "fetch_objects.sh: $*" >&2
	exit 77
}

# Into a folder of its own first, so that a broken download leaves nothing that looks whole.
fetch()
{
	rm -rf "$dir/$1.part"
	mkdir -p "$dir/$1.part"
	(cd "$dir/$1.part" && apt-get -q -o Acquire::Retries=1 -o Acquire::http::Timeout=15 \
		-o APT::Sandbox::User=root download "$1" >apt.log 2>&1) ||
		skip "apt-get download $1 failed (no mirror, or no package lists): $(tail -n 1 "$dir/$1.part/apt.log")"
	dpkg -x "$dir/$1.part/"*.deb "$dir/$1.part/root"
}

command -v apt-get >/dev/null && command -v dpkg >/dev/null || skip "needs apt-get and dpkg"
mkdir -p "$dir"
exec 9>"$dir/lock" # tests run beside each other
flock 9
if [ ! -d "$dir/libxdp1" ]; then
	fetch libxdp1
	mkdir "$dir/libxdp1.part/objects"
	find "$dir/libxdp1.part/root" -name '*.o' -exec cp {} "$dir/libxdp1.part/objects" \;
	mv "$dir/libxdp1.part/objects" "$dir/libxdp1"
	rm -rf "$dir/libxdp1.part"
fi
if [ ! -d "$dir/libbpf-tools" ]; then
	fetch libbpf-tools
	python3 "$here/cut_objects.py" "$dir/libbpf-tools.part/objects" "$dir/libbpf-tools.part/root/usr/sbin/"*
	mv "$dir/libbpf-tools.part/objects" "$dir/libbpf-tools"
	rm -rf "$dir/libbpf-tools.part"
fi
