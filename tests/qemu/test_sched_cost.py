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
STAY = re.compile(r"STAY (\w+) (\d+) (.+)")
# The most of one stay in EL2 that a control domain's call may spend in hv/sched, among 128 vCPUs; the bar of a stay is 5,000. What is
# above it is named here, and in docs/known-limits.md.
STAY_LIMIT = 4800
LONGER = {("credit2", "levelling"): 8300, ("arinc653", "CPU leaves"): 22500, ("arinc653", "CPU comes"): 24000,
          ("arinc653", "set table"): 14900}
STAYS = {"add", "remove", "parameters", "affinity", "CPU leaves", "has it left", "CPU comes", "moves away"}


def measure():
    done = bench_cases.boot(GUEST, "", None, "")
    rows = {(name, int(count)): tuple(map(int, numbers)) for name, count, *numbers in COST.findall(done.text)}
    if done.status != 0 or set(rows) != {(name, count) for name in POLICIES for count in COUNTS}:
        raise scenario.Failure(f"schedcost did not end well: {bench_cases.how_it_ended(done)}\n{done.text}")
    stays = {(name, what.strip()): int(most) for name, most, what in STAY.findall(done.text)}
    if not set(stays) >= {(name, what) for name in POLICIES for what in STAYS} | set(LONGER):
        raise scenario.Failure(f"schedcost did not say all stays: {stays}")
    return rows, stays


@test(limit=120, level="fast")
def decisions_grow_with_the_logarithm():
    """The schedulers themselves, linked into a guest that runs bare: instructions of a turn (pick and saved), and of a wake with the
    pick that it asks for, among 2 to 128 vCPUs on one CPU."""
    rows, _ = measure()
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


@test(limit=120, level="fast")
def stays_of_a_control_domain():
    """The longest of what a control domain may ask of a pool of 128 vCPUs, on two CPUs and on eight, each a part of one stay in EL2."""
    _, stays = measure()
    for (name, what), most in stays.items():
        print(f"{name:12} {what:12} {most:6}")
        if most > LONGER.get((name, what), STAY_LIMIT):
            raise scenario.Failure(f"{name}: {what} takes {most} instructions among 128 vCPUs")


if __name__ == "__main__":
    sys.exit(scenario.main())
