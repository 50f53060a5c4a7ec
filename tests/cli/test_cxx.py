#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The headers are C++, too: a program in it is compiled without a warning, linked and run.

usage: test_cxx.py LIBSKEP INCLUDE UAPI_INCLUDE
"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

LIBSKEP, INCLUDE, UAPI = (os.path.abspath(a) for a in sys.argv[1:4])
PROGRAM = """
#include <linux/bpf.h>
#include <linux/btf.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <skep/skep.h>

#include <cstdio>

int main()
{
	struct btf *btf = btf__new_empty();
	int id = btf ? btf__add_int(btf, "int", 4, BTF_INT_SIGNED) : -1;

	std::printf("%s %s %d\\n", skep_version(), libbpf_bpf_prog_type_str(BPF_PROG_TYPE_XDP), id);
	btf__free(btf);
	return sizeof(struct bpf_insn) != 8;
}
"""
TOOLS = [t for t in ("g++", "clang++-19") if shutil.which(t)]

if not TOOLS:
    check("headers in C++", True, skip="no C++ compiler here")
with tempfile.TemporaryDirectory() as folder:
    src, app = os.path.join(folder, "app.cc"), os.path.join(folder, "app")
    with open(src, "w", encoding="utf-8") as f:
        f.write(PROGRAM)
    for tool, std in ((tool, std) for tool in TOOLS for std in ("c++11", "c++20")):
        made = subprocess.run([tool, f"-std={std}", "-Wall", "-Wextra", "-Werror", "-I", UAPI, "-I", INCLUDE, src, LIBSKEP, "-o", app],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        ran = subprocess.run([app], stdout=subprocess.PIPE, text=True, check=False,
                             env={"LD_LIBRARY_PATH": os.path.dirname(LIBSKEP)}) if not made.returncode else None
        check(f"headers in {std} with {tool}", ran and ran.returncode == 0 and ran.stdout.split()[1:] == ["xdp", "1"], (made.stdout, ran))
sys.exit(end())
