#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_domain_calls.py - QEMU tests of what guests call: PSCI, SMCCC, hypercalls, debug traps, and how domains end.
import sys

import scenario
from scenario import boot, domain, test


def psci(board, build="release"):
    result = boot([domain("sys_psci", cpus=3)], board=board, build=build).ended().passed()
    result.says(r"^\(BH\) d1 powered off$")
    result.says_not("FAIL", "error", "warning")


@test(level="fast")
def psci_gicv2():
    psci("virt")
    psci("virt", "debug")


@test(level="fast")
def psci_gicv3():
    psci("virt-gicv3")


@test()
def psci_full_path():
    """Without the interrupt fast path everything is as it was."""
    psci("virt", "full_path")
    psci("virt-gicv3", "full_path")


@test()
def psci_zcu102():
    psci("zcu102")


@test()
def psci_ends():
    """The end, by any of its CPUs, with a name; the other domain stays."""
    one = domain("sys_psci", "end=reset", cpus=3, name="one")
    other = domain("sys_platform", name="other")
    result = boot([one, other]).ended().passed(1).passed(2)
    result.says(r"^\(BH\) d1 asked for a reboot, which takes a toolstack: it stays off$")
    one.bootargs = "end=off by=2"
    boot([one, other]).ended().passed(1).passed(2).says(r"^\(BH\) d1 powered off$")
    one.bootargs = "end=reset by=1"
    boot([one, other], board="virt-gicv3").ended().passed(1).passed(2).says_not("FAIL")


@test()
def psci_with_few_cpus():
    """More vCPUs than CPUs: on and off take turns."""
    boot([domain("sys_psci", cpus=3)], smp=1).ended().passed()
    boot([domain("sys_psci", cpus=3)], smp=2, bootargs="vwfi=trap").ended().passed()


def check_lines(result):
    result.says(r"^\(d1\) CONSOLE line by hypercall$")
    lines = [line for line in result.of(1) if line.startswith("LONG ")]
    wanted = ["LONG " + chr(ord("a") + i % 26) * 94 for i in range(40)]
    result.equal(lines, wanted, "lines by hypercall")


@test(level="fast")
def hypercalls():
    for board in ("virt", "virt-gicv3"):
        result = boot([domain("sys_hypercall", cpus=2)], board=board).ended().passed()
        check_lines(result)


@test(level="fast")
def hypercalls_debug():
    """A DEBUG build answers Xen's debug traps too."""
    options = "loglvl=all guest_loglvl=all"
    result = boot([domain("sys_hypercall", "debug=1", cpus=2)], build="debug", bootargs=options).ended().passed()
    check_lines(result)
    result.says(r"^\(BH\) .*d1v0: x7 = 0x77770000cafe7777$", r"^\(d1\) DEBUG printed by characters$",
                r"^\(BH\) .*d1v0: debug trap at 0x4000", r"^\(BH\) .*d1v0.* pc 0x0*4000")


@test(cpu="many")
def shutdown_reasons():
    """Ten vCPUs on four CPUs in real time: docs/known-limits.md, "QEMU 7.2's ways", says why nothing else may run beside it."""
    words = {0: "powered off", 1: "asked for a reboot", 2: "suspended for good", 3: "crashed", 4: "was stopped by its watchdog"}
    domains = [domain("sys_hypercall", f"end=shutdown reason={reason}", cpus=2, name=f"n{reason}") for reason in words]
    result = boot(domains).ended()
    for number, word in enumerate(words.values(), 1):
        result.passed(number).says(rf"^\(BH\) .*d{number} {word}")


if __name__ == "__main__":
    sys.exit(scenario.main())
