#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_el2bound.py - how long EL2 keeps a CPU, under each load of tools/el2bound.py: its bars, and the exact counts.
"""    test_el2bound.py --list     names, limits
    test_el2bound.py NAME       runs one

docs/el2-bound.md has the loads and the figures."""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Both interrupt controllers: they differ in what an access costs, and so in who meets whom.
LEVELS = {
    "virt": {"fast": "fast", "busy": "normal", "calls": "normal", "console": "normal", "wakes": "normal", "life": "normal",
             "events": "normal", "toolstack": "normal", "deadlines": "normal", "queue": "normal", "managed": "normal",
             "memory": "normal", "pinned": "normal"},
    "virt-gicv3": {"fast": "fast", "busy": "long", "calls": "long", "console": "long", "wakes": "normal", "life": "normal",
                   "events": "long", "toolstack": "long", "managed": "normal", "memory": "long"},
}
TESTS = {f"{board}-{load}": (board, load, level) for board, loads in LEVELS.items() for load, level in loads.items()}


def main():
    if sys.argv[1:] == ["--list"]:
        for name, (_, _, level) in TESTS.items():
            print(name, 150, level, "cpu=1")
        return 0
    if len(sys.argv) != 2 or sys.argv[1] not in TESTS:
        print(__doc__, file=sys.stderr)
        return 2
    board, load, _ = TESTS[sys.argv[1]]
    command = ["tools/el2bound.py", "--board", board, "--load", load, "--check-golden"]
    return subprocess.run(command, cwd=TOP, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
