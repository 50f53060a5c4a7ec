#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What an installation puts down, and that it is enough: an application is built with pkg-config and nothing else.

usage: test_install.py BUILD MESON CC CLANG SOURCE_ROOT
"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

BUILD, MESON, CC, CLANG, ROOT = sys.argv[1:6]
HERE = os.path.dirname(os.path.abspath(__file__))


def run(*cmd, env=None):
    return subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                          env=dict(os.environ, **(env or {})))


def install(dest):
    return run(MESON, "install", "-C", BUILD, "--no-rebuild", "--destdir", dest)


def files_below(top):
    return {os.path.relpath(os.path.join(d, f), top) for d, _, names in os.walk(top) for f in names}


def find(top, name):
    return next((os.path.join(top, f) for f in sorted(files_below(top)) if os.path.basename(f) == name), "")


def pkg_config(dest, *args):
    """The installation's own file beside those of the system."""
    env = {"PKG_CONFIG_PATH": os.path.dirname(find(dest, "libskep.pc")), "PKG_CONFIG_SYSROOT_DIR": dest}
    return run("pkg-config", *args, "libskep", env=env)


def test_files(dest):
    got = files_below(dest)
    ends = ("bin/skep", "libskep.so", "libskep.so.0", "libskep.so.0.1.0", "libskep.a", "pkgconfig/libskep.pc",
            "libskep/skep/skep.h", "libskep/bpf/libbpf.h", "libskep/bpf/bpf_helpers.h", "libskep/bpf/bpf_helper_defs.h",
            "libskep/linux/bpf.h", "libskep/linux/btf.h", "doc/skep/README.md", "doc/skep/LICENSE")
    missing = [e for e in ends if not any(f.endswith("/" + e) for f in got)]
    check("the library, the command, headers and documents are installed", not missing, f"missing {missing}")
    stray = [f for f in got if "/include/" in f and "/include/libskep/" not in f]
    check("no header lies where libbpf's or Linux's would be", not stray, str(stray))
    soname = run("readelf", "-d", find(dest, "libskep.so.0.1.0")).stdout
    check("the shared library has a soname", "Library soname: [libskep.so.0]" in soname, soname)
    with open(os.path.join(BUILD, "meson-logs", "install-missing.txt"), encoding="utf-8") as f:
        told = f.read()
    ends = ("share/man/man1/skep.1", "share/man/man1/skep-verify.1", "share/man/man7/skep-sections.7",
            "share/bash-completion/completions/skep", "share/zsh/site-functions/_skep")
    missing = [e for e in ends if not any(f.endswith("/" + e) for f in got)]
    check("T-04 man pages and completions are installed", not missing and not told, f"missing {missing} {told}")


def test_archive(dest):
    names = [line.split() for line in run("nm", "-g", "--defined-only", find(dest, "libskep.a")).stdout.splitlines()]
    names = {n[2] for n in names if len(n) == 3}
    so = {line.split()[2].split("@")[0] for line in
          run("nm", "-D", "--defined-only", find(dest, "libskep.so.0.1.0")).stdout.splitlines()
          if len(line.split()) == 3 and line.split()[1] != "A"}
    check("the archive gives out what the shared library does", names == so and "skep_create" in names,
          f"only one has {sorted(names ^ so)[:9]}")


def build_and_run(dest, tmp, static):
    """Compiles app.c and app.bpf.c; what the application printed, or what went wrong."""
    flags = pkg_config(dest, "--cflags", "--libs", *(["--static"] if static else []))
    cflags = pkg_config(dest, "--cflags").stdout.split()
    obj, app = os.path.join(tmp, "app.bpf.o"), os.path.join(tmp, "app")
    arch = "/usr/include/" + os.uname().machine + "-linux-gnu"
    for cmd in ((CLANG, "-O2", "-g", "-target", "bpf", *cflags, "-idirafter", arch, "-c",
                 os.path.join(HERE, "app.bpf.c"), "-o", obj),
                (CC, "-Wall", "-Wextra", "-Werror", *(["-static"] if static else []), os.path.join(HERE, "app.c"),
                 "-o", app, *flags.stdout.split())):
        made = run(*cmd)
        if made.returncode:
            return f"{' '.join(cmd)}: {made.stderr}{flags.stderr}"
    ran = run(app, obj, env={} if static else {"LD_LIBRARY_PATH": os.path.dirname(find(dest, "libskep.so.0"))})
    interp = "INTERP" in run("readelf", "-lW", app).stdout
    return f"{ran.returncode} {ran.stdout.strip()} {'dynamic' if interp else 'static'}{ran.stderr}"


def test_uninstall(dest):
    gone = run(sys.executable, os.path.join(ROOT, "scripts", "uninstall.py"), BUILD)
    left = files_below(dest)
    check("what was installed can be taken away again", gone.returncode == 0 and not left, f"{gone.stderr} {sorted(left)[:9]}")
    again = run(sys.executable, os.path.join(ROOT, "scripts", "uninstall.py"), BUILD)
    check("a second time there is nothing, in one line", again.returncode == 1 and
          again.stderr.startswith("skep: nothing was installed from"), again.stderr)


def test_tolerance(tmp):
    """A tree in which documents are missing, and one that cannot be read."""
    src, dest = os.path.join(tmp, "src"), os.path.join(tmp, "dest2")
    os.makedirs(os.path.join(src, "man", "skep.7"))  # a folder is no man page
    with open(os.path.join(src, "README.md"), "w", encoding="utf-8") as f:
        f.write("x\n")
    env = {"MESON_SOURCE_ROOT": src, "MESON_BUILD_ROOT": src, "MESON_INSTALL_DESTDIR_PREFIX": dest, "DESTDIR": dest}
    os.makedirs(os.path.join(src, "meson-logs"))
    done = run(sys.executable, os.path.join(ROOT, "scripts", "install_optional.py"), "man", "bash", "zsh", "doc", env=env)
    check("T-04 a missing or unreadable file is told, the others are installed",
          done.returncode == 0 and files_below(dest) == {"doc/README.md"} and
          "skep: not installed: man/skep.7: Is a directory" in done.stderr and
          "skep: not installed: man pages of section 1 (there is no man/*.1)" in done.stderr and
          "skep: not installed: documents (there is no LICENSE)" in done.stderr, f"{done.stderr} {files_below(dest)}")


def main():
    tmp = tempfile.mkdtemp(prefix="skep-install-")
    try:
        dest = os.path.join(tmp, "dest")
        done = install(dest)
        check("an installation succeeds", done.returncode == 0, done.stdout[-500:] + done.stderr[-500:])
        test_files(dest)
        test_archive(dest)
        for static in False, True:
            name = "static" if static else "dynamic"
            told = build_and_run(dest, tmp, static)
            check(f"T-01 an application is built with pkg-config alone and runs: {name}",
                  told == f"0 0.1.0 retval=1 own=3 {name}", told)
        test_uninstall(dest)
        test_tolerance(tmp)
    finally:
        shutil.rmtree(tmp)
    return end()


sys.exit(main())
