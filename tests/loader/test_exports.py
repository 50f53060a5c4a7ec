#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""libskep.so gives out what its headers declare and nothing else, and a libbpf application runs on it.

usage: test_exports.py LIBSKEP CC DATA_DIR INCLUDE_DIR UAPI_DIR OBJECT
"""
import csv
import os
import re
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

LIB, CC, DATA, INC, UAPI, OBJECT = sys.argv[1:7]
OWN = {"btf__find_var"}  # of include/bpf, but not libbpf's


def exported():
    out = subprocess.run(["nm", "-D", "--defined-only", LIB], stdout=subprocess.PIPE, text=True, check=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return {r[2].split("@")[0] for r in rows if len(r) == 3 and r[1] in "TDBR"}


def declared():
    names = set()
    for folder in ("bpf", "skep"):
        for name in sorted(os.listdir(os.path.join(INC, folder))):
            with open(os.path.join(INC, folder, name), encoding="utf-8") as f:
                text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
            for decl in re.findall(r"^(?:LIBBPF_API|SKEP_API)\b(.*?);", text, re.M | re.S):
                names.add(re.search(r"(\w+)\s*\(", decl).group(1))
    return names


APP = r"""
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct bpf_object *obj = argc == 2 ? bpf_object__open_file(argv[1], NULL) : NULL;
	char packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof(packet));
	struct bpf_program *prog;

	if (!obj || bpf_object__load(obj))
		return 1;
	prog = bpf_object__next_program(obj, NULL);
	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &run))
		return 2;
	printf("%s returned %u\n", bpf_program__name(prog), run.retval);
	bpf_object__close(obj);
	return 0;
}
"""


def run_application():
    with tempfile.TemporaryDirectory() as tmp:
        src, exe = os.path.join(tmp, "app.c"), os.path.join(tmp, "app")
        with open(src, "w", encoding="utf-8") as f:
            f.write(APP)
        built = subprocess.run([CC, "-Wall", "-Werror", "-I" + UAPI, "-I" + INC, src, "-o", exe, os.path.abspath(LIB),
                                "-Wl,-rpath," + os.path.dirname(os.path.abspath(LIB))],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        check("a libbpf application compiles and links", built.returncode == 0, built.stdout)
        if built.returncode:
            return
        ran = subprocess.run([exe, OBJECT], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        check("and runs its program", ran.returncode == 0 and " returned " in ran.stdout, f"{ran.returncode} {ran.stdout}")


def main():
    with open(os.path.join(DATA, "libbpf-api.tsv"), encoding="utf-8") as f:
        libbpf = {r["symbol"] for r in csv.DictReader((l for l in f if not l.startswith("# ")), delimiter="\t")}
    ours, said = exported(), declared()
    # V-03: a part of it that needs a name of another part which is not given out would not load.
    out = subprocess.run(["ldd", "-r", LIB], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout
    lacks = [line for line in out.splitlines() if ("undefined" in line or "not found" in line)
             and not re.search(r"__(asan|ubsan|tsan|sanitizer)_", line)]  # those come with the program
    check("V-03 every symbol that the library needs is found", "=>" in out and not lacks, lacks or out)
    check("what headers declare is given out", said <= ours, sorted(said - ours))
    check("nothing else is", ours <= said, sorted(ours - said))
    theirs = {n for n in ours if not n.startswith("skep_")} - OWN
    check("names are libbpf's or skep_*", theirs <= libbpf, sorted(theirs - libbpf))
    print(f"# {len(theirs)} of libbpf's {len(libbpf)} functions")
    run_application()
    sys.exit(end())


main()
