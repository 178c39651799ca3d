#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_moves.py - QEMU test of a moved vCPU's physical interrupts: they follow it at once.
"""A domain with a device and a timer takes their interrupts while the control domain pins it to one CPU after another
(guests/tests/sys_moves.c). QEMU's trace says in one order which CPU acknowledged which interrupt, where the device's was routed,
and when each call to move the domain began and had returned: what the control domain writes to a GPIO controller."""
import os
import re
import sys

import scenario
import test_irq
from scenario import boot, domain, mktree, test

RTC, TIMER = 34, 27
MOVING = 0x80
EVENTS = {
    "virt": ("gic_dist_write", "gic_acknowledge_irq", "pl061_write"),
    "virt-gicv3": ("gicv3_dist_write", "gicv3_icc_iar1_read", "pl061_write"),
}
MARK = re.compile(r"pl061_write .* 0x3fc.* 0x([0-9a-f]+)$")
# GICD_ITARGETSR, a byte an interrupt, and GICD_IROUTER, a register each.
ROUTE = {
    "virt": re.compile(r"gic_dist_write .* at 0x0*822 size 1: 0x([0-9a-f]+)"),
    "virt-gicv3": re.compile(r"gicv3_dist_write .* offset 0x6110 data 0x([0-9a-f]+)"),
}
ACKNOWLEDGED = {
    "virt": re.compile(r"gic_acknowledge_irq cpu (\d+) acknowledged irq (\d+)"),
    "virt-gicv3": re.compile(r"gicv3_icc_iar1_read .*cpu 0x([0-9a-f]+) value 0x([0-9a-f]+)"),
}


def happened(board, path):
    """("mark", byte), ("route", CPU) and ("taken", CPU, interrupt) in the order in which they were."""
    base = 10 if board == "virt" else 16
    with open(path, encoding="utf-8") as trace:
        for line in trace:
            if match := MARK.search(line):
                yield "mark", int(match.group(1), 16)
            elif match := ROUTE[board].search(line):
                value = int(match.group(1), 16)
                yield "route", value.bit_length() - 1 if board == "virt" else value
            elif match := ACKNOWLEDGED[board].search(line):
                yield "taken", int(match.group(1), base), int(match.group(2), base)


def follow(board, options, rounds):
    with scenario.scratch() as directory:
        log = os.path.join(directory, "trace")
        words = [word for event in EVENTS[board] for word in ("-trace", event)]
        device = domain("sys_moves", f"role=device rounds={rounds}", partial_tree=test_irq.rtc_tree(directory), extra=test_irq.SPIS)
        manager = mktree.Dom0(scenario.image("sys_moves"), "exit=psci role=control")
        result = boot([manager, device], board=board, smp=4, limit=80, bootargs=f"dom0_mem=16M dom0_max_vcpus=1 {options}".strip(),
                      extra=[*words, "-D", log, "-rtc", "clock=vm"])
        result.passed(1).says(r"^\(BH\) Dom0 has powered off", r"^RESULT [1-9]\d* checks, 0 failed$")
        events = list(happened(board, log))
    at = route = None  # Where the domain is, from when its move was over until the next begins.
    moves, taken = 0, {(cpu, intid): 0 for cpu in range(4) for intid in (RTC, TIMER)}
    for kind, *what in events:
        if kind == "route":
            route = what[0]
            if at is not None:
                result.equal(route, at, "the device's interrupt is routed elsewhere while the domain stays")
        elif kind == "mark":
            at = None if what[0] == MOVING else what[0]
            if at is not None:
                moves += 1
                result.equal(route, at, f"CPU that the device's interrupt is for when move {moves} is over")
        elif at is not None and what[1] in (RTC, TIMER):
            result.equal(what[0], at, f"CPU that took interrupt {what[1]} after move {moves}")
            taken[tuple(what)] += 1
    print(f"{board} {options}: {moves} moves, interrupts taken on CPUs 0 to 3: " +
          ", ".join(f"{name} {[taken[cpu, intid] for cpu in range(4)]}" for name, intid in (("device", RTC), ("timer", TIMER))))
    result.within(moves, 100, 10**6, "moves")
    result.within(min(taken.values()), 10, 10**9, "interrupts of each kind on each CPU")


@test(limit=100, level="fast", cpu="many")
def interrupts_follow():
    follow("virt", "", 3)


@test(limit=100, cpu="many")
def interrupts_follow_who_sleeps():
    """With wfi trapped: a vCPU that sleeps is nowhere, and its interrupts go ahead of it."""
    follow("virt", "vwfi=trap", 6)


@test(limit=100, cpu="many")
def interrupts_follow_gicv3():
    follow("virt-gicv3", "", 6)


@test(limit=100, cpu="many")
def interrupts_follow_under_rtds():
    follow("virt-gicv3", "sched=rtds", 3)


if __name__ == "__main__":
    sys.exit(scenario.main())
