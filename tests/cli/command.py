# SPDX-License-Identifier: BSD-2-Clause
"""command.py - how tests call a command and look at its refusals."""
import subprocess

from tap import check


def run(*args):
    return subprocess.run(args, capture_output=True, text=True, errors="replace")


def refuses(name, done, *words):
    """Nothing on stdout, one line on stderr that has all @words, exit status 2."""
    check(name, done.returncode == 2 and not done.stdout and done.stderr.count("\n") == 1 and
          all(w in done.stderr for w in words), done)
