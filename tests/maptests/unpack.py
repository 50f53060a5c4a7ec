#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""unpack.py TARBALL OUTDIR - Linux's own tests of maps from Debian's linux-source package.

Nothing of them is kept in the repository: they are unpacked into the build folder, in Linux's layout of folders,
and included by maps.c, lru.c and lpm.c from there. Each main() gets another name, and the function that runs a test
in many processes gives its own away to one of maps.c. OUTDIR/unpacked.h says that it is done.
"""
import os
import re
import sys
import tarfile

SELFTESTS = "tools/testing/selftests/bpf/"
WANTED = re.compile(SELFTESTS + r"(test_maps\.[ch]|test_lru_map\.c|test_lpm_map\.c|bpf_util\.h|test_btf\.h|"
                    r"testing_helpers\.h|progs/test_map_in_map(_invalid)?\.c|map_tests/\w+\.c)|tools/include/linux/[\w-]+\.h|"
                    r"tools/include/(asm|asm-generic|uapi/asm|uapi/asm-generic|linux/\w+)/[\w-]+\.h")


def changed(path, text):
    if not path.startswith(SELFTESTS) or not path.endswith(".c"):
        return text
    text, cnt = re.subn(rb"\bint main\(", b"static int main_of_linux(", text)
    if path.endswith("test_maps.c"):
        text, runs = re.subn(rb"static void __run_parallel\(", b"static void run_forked(", text)
        if cnt != 1 or runs != 1:
            sys.exit("unpack.py: test_maps.c is not what it was in Linux 6.1")
    return text


def main(tarball, out):
    found = 0
    folders = (SELFTESTS + "map_tests/", SELFTESTS + "progs/")
    with tarfile.open(tarball) as tar:
        for member in tar:
            path = member.name.split("/", 1)[-1]
            if not member.isfile() or not WANTED.fullmatch(path):
                continue
            # What is compiled by itself is an output of this command, and those have no folders.
            to = os.path.join(out, os.path.basename(path) if path.startswith(folders) else path)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            with open(to, "wb") as f:
                f.write(changed(path, tar.extractfile(member).read()))
            found += path.startswith(SELFTESTS)
    if found < 10:
        sys.exit(f"unpack.py: {tarball}: only {found} of Linux's tests are in there")
    os.makedirs(os.path.join(out, folders[0]), exist_ok=True)
    # Linux's makefile writes a list of map_tests here, for its main().
    for name in (folders[0] + "tests.h", "unpacked.h"):
        with open(os.path.join(out, name), "w") as f:
            f.write("/* made by unpack.py */\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
