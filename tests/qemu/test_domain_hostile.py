#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_domain_hostile.py - QEMU tests of guests that do what they must not, and of the domain beside them.
import re
import sys

import scenario
from scenario import boot, domain, test

# What a storm may cost the timer of a domain on the same CPU, in virtual nanoseconds: who wakes runs at the latest when the
# other has had its least time (0.5 ms); with two vCPUs of the storm's domain, after a slice of one (10 ms).
LATE_NS = 1000000
LATE_BESIDE_TWO_NS = 12000000

STORMS = ["hypercall", "psci", "gic", "abort", "rsysreg", "sgi", "print", "yield", "wfi", "timer", "self-vector", "self-stack"]
CRASHES = ["self-tables", "self-fetch"]


@test(level="fast")
def accesses():
    for board in ("virt", "virt-gicv3"):
        boot([domain("sys_hostile"), domain("sys_steady", name="neighbour")], board=board).ended().passed(1).passed(2)


@test()
def accesses_debug():
    """Assertions see nothing wrong either, and what is logged of it has a limit."""
    result = boot([domain("sys_hostile")], build="debug", bootargs="loglvl=all guest_loglvl=all").ended().passed()
    result.says(r"d1v0: ")
    lines = sum("d1v0: " in line for line in result.lines)
    result.within(lines, 1, 2000, "lines logged of a guest's mistakes")


@test()
def accesses_zcu102():
    boot([domain("sys_hostile"), domain("sys_steady", name="neighbour")], board="zcu102").ended().passed(1).passed(2)


@test()
def full_path():
    """A build without the interrupt fast path."""
    for board in ("virt", "virt-gicv3"):
        boot([domain("sys_hostile"), domain("sys_steady", name="neighbour")], board=board, build="full_path").ended().passed(1).passed(2)
    boot([storm("timer"), neighbour(100)], smp=2, build="full_path", until=r"d2 powered off\n").passed(2)


def storm(what, number=1):
    return domain("sys_storm", f"do={what}", cpus=2 if what == "sgi" else 1, name=f"storm{number}")


def neighbour(rounds):
    return domain("sys_steady", f"rounds={rounds}", name="neighbour")


# The neighbour has a CPU of its own, ends, and finds its memory as it was. How late it is in real time says nothing here.
def add_storm(what):
    @test(name=f"storm_{what}", level="fast" if what in ("hypercall", "abort") else "normal")
    def beside():
        result = boot([storm(what), neighbour(100)], smp=2, until=r"d2 powered off\n").passed(2)
        result.says(rf"^\(d1\) STORM {what}")
        result.says_not("Panic", "EL2 exception", "d1 crashed")


for kind in STORMS:
    add_storm(kind)


# The same on one CPU, in virtual time, so that lateness is exact.
def add_late(what):
    @test(name=f"late_{what}", limit=180, level="normal" if what in ("hypercall", "sgi") else "long")
    def late():
        result = boot([storm(what), neighbour(30)], smp=1, icount=True, frequency=1000000000, until=r"d2 powered off\n", limit=150)
        worst = int(result.passed(2).says(r"^\(d2\) STEADY rounds 30 worst (\d+)").group(1))
        result.within(worst, 1, LATE_BESIDE_TWO_NS if what == "sgi" else LATE_NS, "worst lateness in ns")


for kind in ("hypercall", "gic", "abort", "sgi", "print", "yield", "timer"):
    add_late(kind)


@test()
def storms_together():
    """Four of them on four CPUs, and one who wants nothing but its time."""
    domains = [storm(what, number) for number, what in enumerate(("hypercall", "gic", "abort", "sgi"), 1)]
    boot([*domains, neighbour(50)], until=r"d5 powered off\n").passed(5).says_not("Panic", "EL2 exception", "crashed")


def check_report(result, number):
    """What is said of a crash: all of it, in order, nothing of another domain's end between."""
    value = "[0-9a-f]{16}"
    wanted = [rf"error: d{number}v0: \w+", rf"error: d{number}v0 pc 0x{value} pstate 0x[0-9a-f]+$",
              *[rf"error:   x{n:<2} {value}  x{n + 1:<2} {value}  x{n + 2:<2} {value}$" for n in range(0, 30, 3)],
              rf"error:   x30 {value}  sp  {value}  esr {value}$", rf"error:   elr {value}  far {value}  vbar {value}$",
              r"error:   sctlr [0-9a-f]+ ttbr0 [0-9a-f]+ ttbr1 [0-9a-f]+ tcr [0-9a-f]+$", rf"d{number} crashed$"]
    said = [line[len("(BH) "):] for line in result.lines if line.startswith("(BH) ")]
    first = next((i for i, line in enumerate(said) if re.match(wanted[0], line)), len(said))
    for pattern, line in zip(wanted, said[first:] + [""] * len(wanted)):
        if not re.match(pattern, line):
            result.fail(f"the report of d{number}'s crash has '{line}' in the place of {pattern}")


@test()
def crash_stops_one_domain():
    """A domain that cannot even take its exceptions is stopped, alone, and its registers are shown."""
    for what in CRASHES:
        result = boot([storm(what), neighbour(100)], smp=2).ended().passed(2)
        check_report(result, 1)


@test(level="fast")
def crash_of_all_domains():
    """Several at once, and the machine goes when all is said."""
    for board in ("virt", "virt-gicv3"):
        result = boot([storm(CRASHES[i % 2], i) for i in range(1, 5)], board=board).ended()
        for number in range(1, 5):
            check_report(result, number)
        result.equal(result.lines[-2], f"(BH) {scenario.END}", "the last line")


if __name__ == "__main__":
    sys.exit(scenario.main())
