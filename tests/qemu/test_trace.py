#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_trace.py - QEMU tests of trace buffers: the toolstack's calls, records of each kind, a hostile reader.
import sys

import scenario
from scenario import boot, domain, test


def buffers(board, wfi="", **other):
    """A small guest as Dom0 makes, maps and reads them, beside a domain on the same CPU that may not."""
    reader = scenario.mktree.Dom0(scenario.image("sys_trace"), f"exit=psci {wfi}".strip())
    other_domain = domain("sys_trace", "role=other", name="other", affinity={0: "0"})
    options = f"dom0_mem=32M dom0_max_vcpus=1 dom0_vcpus_pin v{wfi or 'wfi=auto'}"
    result = boot([reader, other_domain], board=board, smp=2, bootargs=options, **other)
    result.says(r"^RESULT [1-9]\d* checks, 0 failed$", r"^\(d1\) RESULT [1-9]\d* checks, 0 failed$",
                r"^\(BH\) Dom0 has powered off")
    return result


@test(level="fast")
def gicv2():
    buffers("virt", "wfi=trap")


@test()
def gicv3():
    buffers("virt-gicv3", build="debug")


@test()
def full_path():
    buffers("virt", build="full_path")


if __name__ == "__main__":
    sys.exit(scenario.main())
