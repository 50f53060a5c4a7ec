#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Takes away what the last installation from a build folder put down, and folders of skep's that are empty then.

usage: uninstall.py BUILD
"""
import os
import sys

LOGS = ("install-log.txt", "install-optional.txt")
OWN_FOLDERS = ("libskep", "skep")


def installed(build):
    for log in LOGS:
        try:
            with open(os.path.join(build, "meson-logs", log), encoding="utf-8") as f:
                yield from (line.rstrip("\n") for line in f if line.strip() and not line.startswith("#"))
        except FileNotFoundError:
            pass


def remove_empty(folder):
    """@folder and those around it up to one that has skep's name."""
    parts = folder.split(os.sep)
    own = [i for i, p in enumerate(parts) if p in OWN_FOLDERS]
    while own and len(folder.split(os.sep)) > own[-1]:
        try:
            os.rmdir(folder)
        except OSError:
            return
        folder = os.path.dirname(folder)


def main():
    paths = list(installed(sys.argv[1]))
    if not paths:
        sys.exit(f"skep: nothing was installed from {sys.argv[1]}")
    status = 0
    for path in paths:
        try:
            if os.path.islink(path) or not os.path.isdir(path):
                os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as e:
            print(f"skep: {path}: {e.strerror}", file=sys.stderr)
            status = 1
    for folder in sorted({os.path.dirname(p) for p in paths}, key=len, reverse=True):
        remove_empty(folder)
    if not status:
        for log in LOGS:
            if os.path.exists(os.path.join(sys.argv[1], "meson-logs", log)):
                os.unlink(os.path.join(sys.argv[1], "meson-logs", log))
    return status


sys.exit(main())
