#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The load balancer from source to result, with the files of build folder $1.
set -eu
build=$1
"$build/examples/xdp_lb/xdp_lb_demo" "$build/examples/xdp_lb/xdp_lb.bpf.o" "$build/examples/xdp_lb/in.pcap" out.pcap
