#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_sched_cost.py - QEMU test of what a scheduling decision costs, and how that grows with what waits.
import os
import re
import sys

import scenario
from scenario import test

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
import bench_cases  # noqa: E402

GUEST = os.path.join("build", "guests", "schedcost.img")
COST = re.compile(r"COST (\w+) (\d+) turn (\d+) (\d+) wake (\d+) (\d+)")
POLICIES = ("credit2", "null", "rtds", "arinc653")
COUNTS = (2, 8, 32, 128)
COLUMNS = ("mean of a turn", "longest turn", "mean of a wake", "longest wake")
# The most that each may take among 128; a turn with its interrupt and its switch is one stay in EL2, of at most 5,000.
LIMITS = {"credit2": (1300, 2000, 900, 2700), "null": (130, 130, 80, 80), "rtds": (1100, 3000, 550, 850),
          "arinc653": (450, 470, 160, 160)}
SLACK = 64


def measure():
    done = bench_cases.boot(GUEST, "", None, "")
    rows = {(name, int(count)): tuple(map(int, numbers)) for name, count, *numbers in COST.findall(done.text)}
    if done.status != 0 or set(rows) != {(name, count) for name in POLICIES for count in COUNTS}:
        raise scenario.Failure(f"schedcost did not end well: {bench_cases.how_it_ended(done)}\n{done.text}")
    return rows


@test(limit=120, level="fast")
def decisions_grow_with_the_logarithm():
    """The schedulers themselves, linked into a guest that runs bare: instructions of a turn (pick and saved), and of a wake with the
    pick that it asks for, among 2 to 128 vCPUs on one CPU."""
    rows = measure()
    print(f"{'instructions':12} {'vCPUs':>5} {'turn':>6} {'most':>6} {'wake':>6} {'most':>6}")
    for name in POLICIES:
        for count in COUNTS:
            print(f"{name:12} {count:5}" + "".join(f" {number:6}" for number in rows[name, count]))
    for name in POLICIES:
        for column, what in enumerate(COLUMNS):
            figures = [rows[name, count][column] for count in COUNTS]
            # Four times as many add no more than the four times before them did.
            added = [after - before for before, after in zip(figures, figures[1:])]
            for i, one in enumerate(added[1:], 1):
                if one > max(added[:i]) + SLACK:
                    raise scenario.Failure(f"{name}: {what} grows faster than the logarithm: {figures} among {COUNTS}")
            if figures[-1] > LIMITS[name][column]:
                raise scenario.Failure(f"{name}: {what} among 128: {figures[-1]} instructions, at most {LIMITS[name][column]} "
                                       "were expected")


if __name__ == "__main__":
    sys.exit(scenario.main())
