#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the programs of Linux's selftests that say themselves what is expected of them through "skep test".

usage: selftests.py SKEP OUT TARBALL

TARBALL is Debian's linux-source package; what is taken out of it, and the objects, stay in the folder OUT. Prints a
line a test and how many came out as they say; exit status 1 when others did not.
"""
import collections
import glob
import json
import os
import platform
import re
import subprocess
import sys

WANTED = ("*/tools/testing/selftests/bpf/progs/*", "*/tools/testing/selftests/bpf/*.h", "*/tools/lib/bpf/*.h",
          "*/include/uapi/linux/bpf*.h", "*/scripts/bpf_doc.py")
# What Linux itself changed since the programs were written: what "skep test" says of them now. The running kernel
# (6.18) says the same where no other version stands there.
CHANGED = {
    "global_func1": ("loads, and must be refused", "frames are rounded to 16 bytes, not 32"),
    "global_func10": ("invalid read from stack R1 off=-8 size=16", "other words"),
    "global_func12": ("At program exit the register R0 has unknown scalar value", "found at another place"),
    "global_func15": ("At program exit the register R0 has smin=0 smax=4294967295", "other words"),
    "global_func5": ("R2 expects pointer to ctx", "other words, those of 7.2"),
    "global_func7": ("loads, and must be refused", "global functions may return nothing, from 7.2 on"),
}
TAGGED = re.compile(r"\b__(success|failure|msg|retval)(_unpriv)?\b")


def unpack(skep, tarball, src):
    if os.path.exists(os.path.join(src, ".done")):
        return
    os.makedirs(os.path.join(src, "gen", "bpf"), exist_ok=True)
    subprocess.run(["tar", "-xf", tarball, "-C", src, "--strip-components=1", "--wildcards", *WANTED], check=True)
    with open(os.path.join(src, "gen/bpf/bpf_helper_defs.h"), "w", encoding="utf-8") as out:
        subprocess.run([sys.executable, os.path.join(src, "scripts/bpf_doc.py"), "--header", "--filename",
                        os.path.join(src, "include/uapi/linux/bpf.h")], stdout=out, check=True)
    if os.path.exists("/sys/kernel/btf/vmlinux"):
        with open(os.path.join(src, "gen/vmlinux.h"), "w", encoding="utf-8") as out:
            subprocess.run([skep, "btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "c"], stdout=out, check=True)
    for header in glob.glob(os.path.join(src, "tools/lib/bpf/*.h")):
        link = os.path.join(src, "gen/bpf", os.path.basename(header))
        if not os.path.exists(link):
            os.symlink(os.path.abspath(header), link)
    open(os.path.join(src, ".done"), "w", encoding="utf-8").close()


def compile_one(src, source, obj):
    tests = os.path.join(src, "tools/testing/selftests/bpf")
    return subprocess.run(["clang-19", "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-w", "-D__TARGET_ARCH_x86",
                           "-I" + os.path.join(src, "gen"), "-I" + tests, "-I" + os.path.join(src, "include/uapi"),
                           "-idirafter", f"/usr/include/{platform.machine()}-linux-gnu", "-c", source, "-o", obj],
                          capture_output=True, text=True, check=False)


def main():
    skep, out, tarball = sys.argv[1:4]
    src = os.path.join(out, "linux")
    if not os.path.exists(tarball):
        sys.exit(f"selftests: no {tarball}")
    unpack(skep, tarball, src)
    objs, counts = [], collections.Counter()
    for source in sorted(glob.glob(os.path.join(src, "tools/testing/selftests/bpf/progs/*.c"))):
        with open(source, encoding="utf-8") as f:
            if not TAGGED.search(f.read()):
                continue
        obj = os.path.join(out, os.path.basename(source)[:-2] + ".o")
        if compile_one(src, source, obj).returncode:
            print(f"does not compile  {os.path.basename(source)}")
            counts["do not compile"] += 1
        else:
            objs.append(obj)
    done = subprocess.run([skep, "test", *objs, "-j"], capture_output=True, text=True, check=False)
    sys.stderr.write(done.stderr)
    if not done.stdout:
        sys.exit(2)
    for row in json.loads(done.stdout):
        words, change = CHANGED.get(row["prog_name"], ("", ""))
        status = "changed" if words and row["status"] == "failed" and words in row["why"] else row["status"]
        counts[status] += 1
        print(f"{status:16}  {os.path.basename(row['file_name'])}: {row['prog_name']}{': ' if change else ''}{change}")
        for line in row["why"].splitlines() if status == row["status"] else []:
            print("                    " + line)
    print(f"\n{counts['passed']} as they say, {counts['changed']} as Linux has changed since, {counts['failed']} not, "
          f"{counts['skipped']} skipped, "
          f"{counts['do not compile']} files do not compile")
    sys.exit(1 if counts["failed"] or done.returncode > 1 else 0)


main()
