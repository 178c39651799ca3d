#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_domain_memory.py - QEMU tests of memory_op and grants: what domains get, give back, and share.
import sys

import scenario
from scenario import boot, domain, test


@test(level="fast")
def reservation():
    for board in ("virt", "virt-gicv3"):
        result = boot([domain("sys_memory", cpus=2), domain("sys_steady", name="neighbour")], board=board, memory="384M")
        result.ended().passed(1).passed(2).says_not("FAIL")
        result.says(r"^\(d1\) MULTICALL a line that is longer than what is written in one stay, and printed whole$")


@test()
def reservation_debug():
    """Assertions see nothing wrong, whatever is asked."""
    boot([domain("sys_memory", "rounds=2", cpus=2)], build="debug").ended().passed()


@test()
def balloon_long():
    """Many times the memory of the machine goes out and in."""
    boot([domain("sys_memory", "rounds=100")], memory="320M").ended().passed()


def pair(one, other, **machine):
    return [domain("sys_grant", f"{one} peer=2", name="one", **machine), domain("sys_grant", f"{other} peer=1", name="other", **machine)]


@test(level="fast")
def grants():
    """One domain offers pages, another uses them, and neither gets more than it should."""
    for board in ("virt", "virt-gicv3"):
        boot(pair("role=offer", "role=use"), board=board).ended().passed(1).passed(2).says_not("FAIL")


@test()
def grants_debug():
    boot(pair("role=offer", "role=use"), build="debug", smp=2).ended().passed(1).passed(2).says_not("FAIL")
    boot(pair("role=use", "role=offer"), smp=1).ended().passed(1).passed(2)


@test()
def grants_both_ways():
    """Two domains map each other's grants all the time, while their second CPUs scribble over the entries."""
    boot(pair("role=both", "role=both", cpus=2)).ended().passed(1).passed(2)
    boot(pair("role=both rounds=500", "role=both rounds=500", cpus=2), build="debug").ended().passed(1).passed(2)


if __name__ == "__main__":
    sys.exit(scenario.main())
