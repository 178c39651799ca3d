#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_linux.py - Debian's stock kernels, unchanged, as domains started at boot: CPUs, loads, neighbours, the ways they end.
import sys

import linux
import scenario
from linux import boot, domain, mktree
from scenario import test

BOARDS = {"v2": "virt", "v3": "virt-gicv3", "zcu102": "zcu102"}
STEPS = "cpus,memory,hotplug,sleeps,interrupts,dmesg"
LOADS = "cpu,vm,fork,switch,hackbench,cyclictest,memtester,forkexec"
STARTS_WITHOUT_SEED = "KASLR disabled due to lack of seed"


def platform(board):
    """All CPUs come up, go and come back; the platform's devices are found, and nothing is complained about."""
    result = boot([domain(steps=STEPS, cpus=4)], board=board, smp=4)
    result.did(*STEPS.split(","), who="(d1) ", cpus=4).no_trouble().off()
    result.says(r"\(d1\) .*22000000\.sbsa-uart: ttyAMA0", r"\(d1\) .*arch_timer: cp15 timer\(s\) running at",
                r"\(d1\) .*psci: PSCIv1\.1 detected in firmware\.", r"\(BH\) d1 powered off")
    result.equal([line for line in result.warnings("(d1) ") if line != STARTS_WITHOUT_SEED], [], "warnings")


def ends(how, says):
    """A domain that wants a reboot, or crashes, is over; nothing is left of it to disturb others."""
    result = boot([domain(end=how)], smp=1)
    result.did(who="(d1) ", cpus=1).off()
    result.says(says)


def side_by_side(board, pins):
    """Two kernels and the meter on four CPUs. Without pins the scheduler has five vCPUs to place; that is in exact virtual time. With
    them two vCPUs share a CPU, and one that spins for a lock of the other's holds QEMU up: its wfe ends the turn."""
    guests = [domain("one", steps=STEPS, cpus=2, affinity=pins[0]),
              domain("two", kernel="rt", steps=STEPS, cpus=2, affinity=pins[1]),
              mktree.Domain("meter", "build/guests/meter.img", "rounds=6000 histogram=0 exit=psci", affinity=pins[2])]
    exact = {"icount": 3, "limit": 380, **scenario.in_turns(4)} if pins == FREE else {"smp": 4, "limit": 170}
    result = boot(guests, board=board, **exact)
    for who in ("(d1) ", "(d2) "):
        result.did(*STEPS.split(","), who=who, cpus=2)
    result.no_trouble().off()
    if pins == FREE:
        result.says_not(linux.THROTTLED)
    result.says(r"\(d3\) METER .* rounds=6000 AVG=\d+", r"\(BH\) d3 powered off")


def loads():
    """Each of the load programs alone, in exact virtual time."""
    result = boot([domain(variant="load", steps=f"{LOADS},dmesg", seconds=3, work=100)], smp=1, icount=3, limit=200)
    result.did(*LOADS.split(","), "dmesg", who="(d1) ", cpus=1).no_trouble().off()
    result.says(r"\(d1\) # Total: 000000100", r"\(d1\) # Histogram Overflows: 00000")


def crowded():
    """All loads at once, twice, on two CPUs: nobody is forgotten."""
    guests = [domain(name, kernel=kernel, variant="load", steps="stress,sleeps,interrupts,dmesg", cpus=2, seconds=10)
              for name, kernel in (("one", "cloud"), ("two", "generic"))]
    result = boot(guests, board="virt-gicv3", smp=2, limit=170)
    for who in ("(d1) ", "(d2) "):
        result.did("stress", "sleeps", "interrupts", "dmesg", who=who, cpus=2)
    result.no_trouble().off()


def rt_under_load(seconds, limit):
    """The real-time kernel under all loads at once, in exact virtual time: nothing stalls, no interrupt is lost."""
    result = boot([domain(kernel="rt", variant="load", steps="stress,sleeps,interrupts,dmesg", seconds=seconds)], smp=1, icount=3,
                  limit=limit)
    result.loaded("(d1) ", seconds)


for short, name in BOARDS.items():
    level = "long" if name == "zcu102" else "normal"
    test(limit=120, level=level, cpu="many", name=f"platform_{short}", needs="linux")(lambda b=name: platform(b))

FREE = [None, None, {}]
PINNED = [{0: "0", 1: "1"}, {0: "2", 1: "2"}, {0: "3"}]
for short, free, pinned in (("v2", "normal", "long"), ("v3", "long", "normal")):
    test(limit=400, level=free, name=f"side_by_side_{short}",
         needs="linux")(lambda b=BOARDS[short]: side_by_side(b, FREE))
    test(limit=180, level=pinned, cpu="many", name=f"pinned_{short}",
         needs="linux")(lambda b=BOARDS[short]: side_by_side(b, PINNED))

test(limit=120, name="reboot", needs="linux")(lambda: ends("reboot", r"\(BH\) d1 asked for a reboot"))
test(limit=240, name="loads", needs="linux")(loads)
test(limit=180, name="crowded", cpu="many", needs="linux")(crowded)
test(limit=300, name="rt_minute", level="long", needs="linux")(lambda: rt_under_load(60, 290))
test(limit=3600, name="rt_quarter_of_an_hour", level="long", needs="linux")(lambda: rt_under_load(900, 3500))

if __name__ == "__main__":
    sys.exit(linux.main())
