#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_zcu102.py - Debian's generic kernel on the ZCU102 with the board's own tree: what it finds of the devices.
"""QEMU has no firmware for the power management unit, and the board's clocks, power domains and resets are that firmware's. So the
tree is a copy in which they are fixed (tools/without_firmware.py)."""
import sys

import linux
import without_firmware
from scenario import test

STEPS = "drivers,cpus,devices,interrupts,dmesg"
# QEMU puts all memory into one range from 0 into the tree; the machine has so much there.
MACHINE = {"smp": 4, "memory": "2G"}


@test(limit=120, cpu="many", needs="linux")
def bare():
    """What the machine itself gives: serial lines, network and SD card."""
    result = linux.bare("zcu102", "generic", "board", "ttyPS0", STEPS, edit=without_firmware.without_firmware, **MACHINE)
    result.did(*STEPS.split(","), cpus=4).no_trouble().off()
    devices = result.block("devices")
    for device in ("ff000000.serial xuartps", "ff010000.serial xuartps", "ff0e0000.ethernet macb", "ff170000.mmc sdhci-arasan"):
        result.equal(device in devices, True, f"a driver has its device: {device}")
    result.says(r"^INIT net eth0 lo", r"macb ff0e0000\.ethernet eth0: Cadence GEM", r"mmc0: SDHCI controller on ff170000\.mmc",
                r"^INIT tty .*ttyPS0 ttyPS1")


if __name__ == "__main__":
    sys.exit(linux.main())
