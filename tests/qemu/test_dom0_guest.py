#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_dom0_guest.py - QEMU tests of Dom0 with small guests in Linux's place: where it is, its CPUs, its end, others beside it.
import os
import re
import sys

import scenario
from scenario import boot, domain, mktree, test

BOARDS = {"v2": "virt", "v3": "virt-gicv3"}  # On the ZCU102 these guests print on its second UART.


def dom0(guest, bootargs=""):
    return mktree.Dom0(scenario.image(guest), f"exit=psci {bootargs}".strip())


def passed(result):
    """Its lines have no prefix."""
    result.says(r"^RESULT [1-9]\d* checks, 0 failed$")
    return result


def ended(result, says):
    if result.boot.ended != "exit" or result.boot.status != 0:
        result.fail("the machine did not end by itself")
    result.says(says)
    return result


OFF = r"^\(BH\) Dom0 has powered off: switching the machine off$"
RESET = r"^\(BH\) Dom0 asks for a reboot: resetting the machine$"
CRASH = r"^\(BH\) Dom0 crashed: resetting the machine in 5 seconds$"


def where_it_is(board):
    """Memory, tree and ramdisk at the machine's addresses; all of memory is clean; the CPUs start."""
    with scenario.scratch() as directory:
        disk = os.path.join(directory, "disk")
        with open(disk, "wb") as file:
            file.write(os.urandom(3 << 20))
        guest = dom0("sys_platform")
        guest.ramdisk = disk
        result = ended(passed(boot([guest], board=board, bootargs="dom0_mem=48M dom0_max_vcpus=4 dom0_vcpus_pin")), OFF)
    first = int(result.says(r"^\(BH\) Dom0: 48 MiB in 1 bank, the first at (0x[0-9a-f]+)$").group(1), 16)
    result.equal(int(result.says(r"^IMAGE (0x[0-9a-f]+)").group(1), 16), first, "start of the kernel")
    result.says(rf"^MEMORY {first:#x} 0x3000000$", r"^CPUS 4$", r"^\(BH\) Dom0: 4 vCPUs, \d+ interrupts, events by interrupt 16$")


def calls(board):
    """PSCI, with every vCPU started and stopped."""
    ended(passed(boot([dom0("sys_psci")], board=board, bootargs="dom0_mem=16M dom0_max_vcpus=3")), OFF)


for short, name in BOARDS.items():
    test(level="fast", name=f"where_it_is_{short}")(lambda b=name: where_it_is(b))
    test(level="fast" if short == "v3" else "normal", name=f"calls_{short}")(lambda b=name: calls(b))


def foreign(board):
    """Dom0 maps another domain's page and grant table, and what it grants there itself."""
    guests = [dom0("sys_foreign", "role=manager"), domain("sys_foreign", "role=other", memory_kib=32768)]
    result = ended(passed(boot(guests, board=board, bootargs="dom0_mem=64M", smp=2)), OFF)
    result.passed(1)


for short, name in BOARDS.items():
    test(level="fast" if short == "v2" else "normal", name=f"foreign_{short}")(lambda b=name: foreign(b))


def last_words(end, **other):
    return boot([dom0("sys_psci", f"end={end}")], bootargs=f"dom0_mem=16M dom0_max_vcpus=3 {other.pop('bootargs', '')}",
                extra=["-no-reboot"], **other)


@test(level="fast")
def reboot():
    ended(passed(last_words("reset")), RESET)


@test()
def crash():
    result = ended(passed(last_words("crash")), CRASH)
    result.within(result.boot.seconds, 5, 60, "seconds")


@test()
def noreboot():
    """It stays after a reboot and a crash; to power off is still to power off."""
    for end in ("reset", "crash"):
        result = last_words(end, bootargs="noreboot", until=r"Dom0 has stopped; noreboot: the machine stays on")
        result.equal(result.boot.ended, "pattern", "end")
    ended(passed(last_words("off", bootargs="noreboot")), OFF)


@test(level="fast")
def beside_domains():
    """A domain's end is its own; Dom0's is everybody's, and the input was its own first."""
    lines = domain("sys_platform", name="first")
    waits = domain("sys_steady", name="second", bootargs="exit=none")
    result = boot([dom0("sys_psci"), lines, waits], bootargs="dom0_mem=16M dom0_max_vcpus=3")
    ended(passed(result), OFF)
    result.says(r"^\(BH\) d1 is /chosen/first", r"^\(BH\) d2 is /chosen/second", r"^\(BH\) \*\*\* Serial input to d0")
    if re.search(r"Serial input to d[12]", result.text):
        result.fail("the input was not Dom0's first")


if __name__ == "__main__":
    sys.exit(scenario.main())
