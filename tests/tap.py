# SPDX-License-Identifier: BSD-2-Clause
"""tap.py - what a test script found, as TAP: a line a check as it is made, the plan at the end."""
_results = []


def check(name, ok, tell="", skip=""):
    """One check. @tell: what was there instead, shown when not @ok; @skip: why nothing was asked."""
    _results.append(bool(ok))
    if not ok:
        for line in str(tell)[:4000].splitlines():
            print(f"# {name}: {line}")
    print(f"{'ok' if ok else 'not ok'} {len(_results)} - {name.replace('#', ' ')}" + (f" # SKIP {skip}" if skip else ""), flush=True)


def end():
    """Prints the plan; the exit status. No check at all is a failure."""
    print(f"1..{len(_results)}")
    return not _results or not all(_results)
