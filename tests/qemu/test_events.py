#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_events.py - QEMU tests of event channels: one domain with itself, two with each other, both layouts.
import sys

import scenario
from scenario import boot, domain, test

BAD = ("FAIL", "error", "warning", "crashed")


def alone(layout, board, build="release"):
    result = boot([domain("sys_events", f"layout={layout}", cpus=2)], board=board, build=build)
    result.ended().passed().says_not(*BAD)


def pair(layouts, board, rounds=200, **machine):
    first = domain("sys_channel", f"role=first peer=2 layout={layouts[0]} rounds={rounds}", name="first")
    second = domain("sys_channel", f"role=second peer=1 layout={layouts[1]} rounds={rounds}", name="second")
    boot([first, second], board=board, **machine).ended().passed(1).passed(2).says_not(*BAD)


@test(level="fast")
def fifo_gicv2():
    alone("fifo", "virt")
    pair(("fifo", "fifo"), "virt")


@test(level="fast")
def fifo_gicv3():
    alone("fifo", "virt-gicv3", "debug")
    pair(("fifo", "fifo"), "virt-gicv3")


@test(level="fast")
def two_level_gicv2():
    alone("2level", "virt", "debug")
    pair(("2level", "2level"), "virt")


@test()
def two_level_gicv3():
    """And each side of a channel with a layout of its own."""
    alone("2level", "virt-gicv3")
    pair(("2level", "fifo"), "virt-gicv3")
    pair(("fifo", "2level"), "virt-gicv3", smp=1)


@test()
def fifo_one_cpu():
    """Both on one CPU: a trapped wfi, a switch for each event. And a wfi that is never trapped."""
    pair(("fifo", "fifo"), "virt", smp=1)
    pair(("fifo", "fifo"), "virt-gicv3", smp=1, bootargs="vwfi=trap")
    pair(("fifo", "fifo"), "virt", smp=2, bootargs="vwfi=native")
    pair(("fifo", "fifo"), "virt", smp=2, bootargs="sched=null")


def control(board, layout):
    """A small guest as Dom0: all that only the control domain may."""
    guest = scenario.mktree.Dom0(scenario.image("sys_control"), f"exit=psci layout={layout} word=hello")
    other = domain("sys_storm", "do=yield", name="other")
    result = boot([guest, other], board=board, bootargs="dom0_mem=32M dom0_max_vcpus=1", inputs=[("LISTENING", b"hello")])
    result.says(r"^RESULT [1-9]\d* checks, 0 failed$", r"^\(BH\) d1 powered off$")
    result.says_not(*BAD)


@test(level="fast")
def control_gicv2():
    control("virt", "2level")


@test()
def control_gicv3():
    control("virt-gicv3", "fifo")


@test(cpu="many")
def hammered_words():
    """A receiver whose words never hold still: who sends to it gets through all the same, and nobody else minds."""
    hammer = domain("sys_channel", "layout=fifo role=hammer peer=2", cpus=2, name="hammer")
    sender = domain("sys_channel", "layout=fifo role=sender peer=1", name="sender")
    boot([hammer, sender], build="debug", until=r"RESULT .* failed").passed(2).says_not(*BAD)


@test(level="fast")
def ends():
    """A watchdog that bites, and a reason that was given before."""
    dog, named = domain("sys_channel", "role=watchdog", name="dog"), domain("sys_channel", "role=named", name="named")
    result = boot([dog, named]).ended().passed(2)
    result.says(r"^\(BH\) d1 was stopped by its watchdog$", r"^\(BH\) d2 asked for a reboot")
    result.says_not(*BAD)


if __name__ == "__main__":
    sys.exit(scenario.main())
