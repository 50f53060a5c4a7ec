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
LOGS = os.path.join(os.environ["MESON_BUILD_ROOT"], "meson-logs")


def kinds(man, bash, zsh, doc):
    """What, where it is in the tree, the folder that it goes to."""
    for section in "1", "3", "7", "8":
        yield f"man pages of section {section}", f"docs/man/*.{section}", os.path.join(man, "man" + section)
    yield "completion for bash", "completions/skep", bash
    yield "completion for zsh", "completions/_skep", zsh
    yield "documents", "docs/*.md", doc
    yield "documents", "README.md", doc
    yield "documents", "LICENSE", doc
    yield "pages on refusals", "docs/reasons/*.md", os.path.join(doc, "reasons")


def destination(folder):
    prefix = os.environ["MESON_INSTALL_DESTDIR_PREFIX"]
    if not os.path.isabs(folder):
        return os.path.join(prefix, folder)
    return os.environ.get("DESTDIR", "") + folder


def copy(path, folder):
    """None, or why not."""
    to = os.path.join(folder, os.path.basename(path))
    try:
        os.makedirs(folder, exist_ok=True)
        shutil.copyfile(path, to)
        os.chmod(to, 0o644)
    except OSError as e:
        return f"{os.path.relpath(path, SRC)}: {e.strerror}"
    return None


def write_lines(name, lines):
    with open(os.path.join(LOGS, name), "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in lines)


def main():
    done, missing = [], []
    for what, pattern, folder in kinds(*sys.argv[1:]):
        files = sorted(glob.glob(os.path.join(SRC, pattern)))
        if not files:
            missing.append(f"skep: not installed: {what} (there is no {pattern})")
        for path in files:
            folder_here = destination(folder)
            err = copy(path, folder_here)
            if err:
                missing.append(f"skep: not installed: {err}")
            else:
                done.append(os.path.join(folder_here, os.path.basename(path)))
    print("\n".join(missing), file=sys.stderr)
    write_lines("install-missing.txt", missing)
    write_lines("install-optional.txt", done)


main()
