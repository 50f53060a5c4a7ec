#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Installs what an installation can do without: man pages, completions of shells, documents.

usage: install_optional.py MANDIR BASHDIR ZSHDIR DOCDIR   (of the installation; run by meson install)

Paths are below the prefix, or absolute. A kind of which there is no file is told in one line, and so is a file that
cannot be copied; neither stops the installation. meson swallows what a script prints, so the lines are kept in
meson-logs/install-missing.txt, too, and "make install" shows them. What was copied is kept in
meson-logs/install-optional.txt, for uninstall.py.
"""
import glob
import os
import shutil
import sys

SRC = os.environ["MESON_SOURCE_ROOT"]
BUILD = os.environ["MESON_BUILD_ROOT"]
LOGS = os.path.join(BUILD, "meson-logs")


def kinds(man, bash, zsh, doc):
    """What, below which folder, where it is there, the folder that it goes to."""
    for section in "1", "7":
        yield f"man pages of section {section}", BUILD, f"man/*.{section}", os.path.join(man, "man" + section)
    yield "completion for bash", BUILD, "completions/skep", bash
    yield "completion for zsh", BUILD, "completions/_skep", zsh
    yield "documents", SRC, "docs/*.md", doc
    yield "documents", SRC, "README.md", doc
    yield "documents", SRC, "LICENSE", doc
    yield "pages on refusals", SRC, "docs/reasons/*.md", os.path.join(doc, "reasons")


def destination(folder):
    prefix = os.environ["MESON_INSTALL_DESTDIR_PREFIX"]
    if not os.path.isabs(folder):
        return os.path.join(prefix, folder)
    return os.environ.get("DESTDIR", "") + folder


def copy(path, top, folder):
    """None, or why not; @path is below @top."""
    to = os.path.join(folder, os.path.basename(path))
    try:
        os.makedirs(folder, exist_ok=True)
        shutil.copyfile(path, to)
        os.chmod(to, 0o644)
    except OSError as e:
        return f"{os.path.relpath(path, top)}: {e.strerror}"
    return None


def write_lines(name, lines):
    with open(os.path.join(LOGS, name), "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in lines)


def main():
    done, missing = [], []
    for what, top, pattern, folder in kinds(*sys.argv[1:]):
        files = sorted(glob.glob(os.path.join(top, pattern)))
        if not files:
            missing.append(f"skep: not installed: {what} (there is no {pattern})")
        for path in files:
            folder_here = destination(folder)
            err = copy(path, top, folder_here)
            if err:
                missing.append(f"skep: not installed: {err}")
            else:
                done.append(os.path.join(folder_here, os.path.basename(path)))
    print("\n".join(missing), file=sys.stderr)
    write_lines("install-missing.txt", missing)
    write_lines("install-optional.txt", done)


main()
