#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_control.py - QEMU tests of the toolstack's calls, made by a small guest in Dom0's place.
import sys

import scenario
from scenario import boot, domain, mktree, test

OFF = r"^\(BH\) Dom0 has powered off: switching the machine off$"
SCHEDULERS = {"credit2": 6, "arinc653": 7, "rtds": 8, "null": 9}


def control(guest, bootargs="", domains=(), board="virt", options="", **machine):
    """The control domain does its checks, and all are good."""
    manager = mktree.Dom0(scenario.image(guest), f"exit=psci {bootargs}".strip())
    result = boot([manager, *domains], board=board, bootargs=f"dom0_mem=16M {options}".strip(), **machine)
    if result.boot.ended != "exit" or result.boot.status != 0:
        result.fail("the machine did not end by itself")
    result.says(OFF, r"^RESULT [1-9]\d* checks, 0 failed$")
    return result


def others(count):
    return [domain("sys_steady", name=f"other{i}", bootargs="exit=none rounds=100000000", cpus=2) for i in range(count)]


@test(level="fast")
def machine():
    """What the machine is, and who is there."""
    for board, count, cpus in (("virt", 3, 2), ("virt-gicv3", 1, 4)):
        control("sys_machine", f"cpus={cpus} others={count}", others(count), board=board, options="dom0_max_vcpus=1", smp=cpus)


@test()
def machine_schedulers():
    """The same under every scheduler."""
    for name, number in SCHEDULERS.items():
        control("sys_machine", f"cpus=3 others=1 sched={number}", others(1), options=f"dom0_max_vcpus=1 sched={name}", smp=3)


@test(level="fast", cpu="many")
def pools():
    """Pools come and go, and CPUs go from one to another, while domains run."""
    for board, count in (("virt", 3), ("virt-gicv3", 1)):
        control("sys_pools", f"cpus=4 others={count}", others(count), board=board, options="dom0_max_vcpus=1", smp=4)


@test(cpu="many")
def pools_debug():
    control("sys_pools", "cpus=8 others=3", others(3), build="debug", options="dom0_max_vcpus=1", smp=8)


@test(level="fast", cpu="many")
def affinity():
    """vCPUs go where they are told to, at once."""
    for name, number in SCHEDULERS.items():
        control("sys_affinity", f"sched={number}", others(1), options=f"dom0_max_vcpus=1 sched={name}", smp=4)


@test(level="fast")
def schedule():
    """arinc653's schedule is set and told; one that is wrong is refused, and the log names the slot."""
    result = control("sys_schedule", "", others(1), options="dom0_max_vcpus=1 sched=arinc653", smp=2)
    result.says(*(f"sched arinc653: a schedule is refused: {words}" for words in
                  ("slot 1 ends after the frame", "slot 2 ends after the frame", "slot 1 names a vCPU that is not in the pool",
                   "slot 3 is on a CPU that is not in the pool", "slot 3 gives its vCPU a second CPU at the same time",
                   "slot 0 is shorter than 50 us")))


@test(level="fast", cpu="many")
def log():
    """The log as the toolstack reads it, and debug keys."""
    for build in ("release", "debug"):
        control("sys_log", "", others(1), build=build, options="dom0_max_vcpus=1", smp=2)


@test(level="fast")
def life():
    """Domains are made, run, paused and destroyed; no page is lost, whoever still uses some."""
    for board, smp in (("virt", 2), ("virt-gicv3", 1)):
        control("sys_life", "rounds=4", board=board, options="dom0_max_vcpus=1", smp=smp)
        control("sys_life", "do=waits", board=board, options="dom0_max_vcpus=1 vwfi=trap", smp=smp)
    control("sys_life", "sched=rtds", options="dom0_max_vcpus=1 sched=rtds", smp=1)


@test(level="fast")
def devices():
    """What the control domain has of the machine it can give, and nothing else."""
    control("sys_devices", options="dom0_max_vcpus=1", smp=2)


@test(level="fast", cpu="many")
def vuart():
    """The virtual UART of a domain that the control domain makes, and a server that does what it must not."""
    for build, board, smp in (("release", "virt", 2), ("debug", "virt", 2), ("debug", "virt-gicv3", 1)):
        control("sys_vuart", board=board, build=build, options="dom0_max_vcpus=1", smp=smp)


@test()
def life_long():
    """The same many times, in a build with checks."""
    control("sys_life", "rounds=60", options="dom0_max_vcpus=1", smp=3, build="debug")


@test(level="fast")
def hypfs():
    """What the hypervisor tells of itself, and options that may be changed; not by others."""
    boot([domain("sys_hypfs", "own=1")]).ended().passed()
    for build, cpus in (("release", 8), ("debug", 2)):
        control("sys_hypfs", build=build, smp=cpus)


if __name__ == "__main__":
    sys.exit(scenario.main())
