#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_dom0.py - Debian's stock kernels as Dom0: prompt, CPUs, what they find of Xen, hotplug, loads, neighbours, ends.
import sys

import linux
import scenario
import without_firmware
from linux import boot, dom0, domain, mktree
from scenario import test

BOARDS = {"v2": "virt", "v3": "virt-gicv3"}
MEMORY = "dom0_mem=512M"
STEPS = "modules,xen,cpus,memory"
BOTH_DONE = r"(linux# (.|\n)*Power down)|(Power down(.|\n)*linux# )"  # Dom0 at its prompt, a domain gone.


def options(vcpus, more=""):
    return f"{MEMORY} dom0_max_vcpus={vcpus} {more}".strip()


def all_steps(board, cpus):
    """Everything that Dom0 is asked to do, in one boot."""
    return boot([dom0(steps=f"{STEPS},hotplug,sleeps,interrupts,dmesg")], board=board, options=options(cpus), smp=cpus)


def prompt(board, vcpus):
    """Input and output on hvc0, and a power off that is typed."""
    inputs = [(linux.PROMPT, b"cat /sys/hypervisor/type; echo $((6 * 7)) prompt\n"),
              (r"xen\n42 prompt\n(.|\n)*linux# ", b"poweroff\n")]
    result = boot([dom0(steps=STEPS, end="prompt")], board=board, options=options(vcpus), inputs=inputs, smp=4)
    result.did(*STEPS.split(","), cpus=vcpus).no_trouble().off()
    online = f"0-{vcpus - 1}" if vcpus > 1 else "0"
    result.says(r"^INIT xen type=xen version=4\.17 capabilities=control_d", rf"^INIT cpus online={online} ",
                r"reboot: Power down")
    if linux.hypervisor == "bulkhead":
        memory_kept(result)


def memory_kept(result):
    """What is neither the domains' nor free is at most 8 MiB and 16 bytes a page of RAM."""
    every, kept = map(int, result.says(r"^\(BH\) memory: (\d+) KiB, .*the hypervisor keeps (\d+) KiB$").groups())
    result.within(every, (2 << 20) - 1024, 2 << 20, "KiB of the machine")
    result.within(kept, 1024, 8192 + every // 4 * 16 // 1024, "KiB that the hypervisor keeps")


def no_new_warnings(board):
    """Dom0 does all steps, and warns of nothing that it does not warn of under Xen. There two CPUs are enough to tell, and
    kinder to a computer that has no more."""
    result = all_steps(board, 4)
    result.did(*STEPS.split(","), "hotplug", "sleeps", "interrupts", "dmesg", cpus=4).no_trouble().off()
    chosen, linux.hypervisor = linux.hypervisor, "xen"
    allowed = all_steps(board, 2).did("dmesg").warnings()
    linux.hypervisor = chosen
    new = [line for line in result.warnings() if line not in allowed]
    result.equal(new, [], "warnings that Dom0 does not have under Xen")


def reboot(board):
    result = boot([dom0(end="reboot")], board=board, options=options(2), smp=2, extra=["-no-reboot"])
    result.did(cpus=2).no_trouble().off()
    result.says(r"reboot: Restarting system")


def beside(board):
    """Dom0, a domain with the same kernel and the meter: each does its work. Dom0's end, which is the machine's, is typed
    when the other has gone."""
    guests = [dom0(steps=f"{STEPS},hotplug", end="prompt"), domain(steps="cpus,hotplug,sleeps", cpus=2),
              mktree.Domain("meter", "build/guests/meter.img", "rounds=2000 histogram=0 exit=psci")]
    result = boot(guests, board=board, options=options(2), smp=4, limit=170, inputs=[(BOTH_DONE, b"poweroff\n")])
    result.did("cpus", "hotplug", cpus=2).no_trouble().off()
    result.did("cpus", "hotplug", "sleeps", who=linux.who(1), cpus=2)
    result.says(r"METER .* rounds=2000 AVG=\d+")


def beside_in_turns(board, seconds, limit):
    """Dom0 and a domain, both with the real-time kernel and two vCPUs, under all loads at once on two CPUs, in exact virtual time:
    nobody stalls, no interrupt is lost, also when more are pending than there are list registers."""
    steps = "stress,sleeps,interrupts,dmesg"
    guests = [dom0(kernel="rt", variant="load", steps=f"modules,{steps}", end="prompt", seconds=seconds),
              domain(kernel="rt", variant="load", steps=steps, cpus=2, seconds=seconds)]
    result = boot(guests, board=board, options=options(2), icount=3, limit=limit, inputs=[(BOTH_DONE, b"poweroff\n")],
                  **scenario.in_turns(2))
    result.loaded("", seconds, cpus=2)
    result.loaded(linux.who(1), seconds, cpus=2)


def grants_of_version_2():
    """Told to use version 2 of grant tables, the kernel is refused it here as by Xen on Arm, and does with version 1. It never asks
    by itself where RAM ends below 16 TiB."""
    result = boot([dom0(steps="modules,xen,dmesg", bootargs="grant_table.version=2")], options=options(1), smp=1)
    result.did("modules", "xen", "dmesg", cpus=1).no_trouble().off()
    result.says(r"Grant tables using version 1 layout")


def schedule_from_dom0():
    """a653sched gives the pool a schedule and shows it; wrong ones are refused with their line named, by itself or from the
    hypervisor's word, and change nothing."""
    other = mktree.Domain("steady", scenario.image("sys_steady"), "exit=none rounds=100000000")
    result = boot([dom0(variant="a653sched", steps="modules,a653sched"), other], options=options(1, "sched=arinc653"), smp=1)
    result.did("modules", "a653sched", cpus=1).no_trouble().off()
    lines = "slot 0 0ms 6ms 0 0;slot 0 7ms 2ms 1 0;"
    result.says(r"^INIT a653sched before: frame 20ms;# .*;slot - 0ms 10ms 0 0;slot - 10ms 10ms 1 0;",
                rf"^INIT a653sched set: frame 10ms;# CPU start length domain vCPU;{lines.replace('slot 0', 'slot -')}",
                r"^INIT a653sched status 1: /tmp/vcpu:3: refused: the hypervisor says: slot 2 names a vCPU that is not in the pool",
                r"^INIT a653sched status 1: /tmp/domain:4: there is no domain 77; xl list has those there are",
                r"^INIT a653sched status 1: /tmp/overlap:3: the slot starts before that of line 2, on the same CPU, ends",
                r"^INIT a653sched status 2: a653sched: the schedule in use: .*: is there such a pool\?",
                rf"^INIT a653sched after: frame 10ms;# CPU start length domain vCPU;{lines.replace('slot 0', 'slot -')}")


def disks(kernel, board):
    """Eight disks are read at once. Their interrupts are more than there are list registers, which the hypervisor finds more than
    once, and none is lost: each read ends."""
    count, reads = 8, 500
    extra = []
    for number in range(count):
        extra += ["-blockdev", f"driver=null-co,node-name=disk{number},size=16777216,read-zeroes=on",
                  "-device", f"virtio-blk-device,drive=disk{number}"]
    words = {"board": board, "options": options(2), "smp": 2, "extra": extra}
    guests = [dom0(kernel=kernel, variant="disks", steps="disks,sleeps,interrupts,dmesg", work=reads)]
    if linux.hypervisor == "xen":
        result, waited = boot(guests, **words), None
    else:
        result, waited = linux.boot_counting("announce_ends", guests, **words)
    result.did("disks", "sleeps", "interrupts", "dmesg", cpus=2).no_trouble().off()
    result.says(rf"^INIT disks {count} complete$")
    if waited is not None:
        result.within(waited, 10, 10**9, "times that interrupts had to wait for a list register")


def rt_under_load(seconds, limit):
    """The real-time kernel under all loads at once, in exact virtual time: nothing stalls, no interrupt is lost."""
    result = boot([dom0(kernel="rt", variant="load", steps="modules,stress,sleeps,interrupts,dmesg", seconds=seconds)],
                  options=options(1), smp=1, icount=3, limit=limit)
    result.loaded("", seconds)


def zcu102():
    """What the kernel finds of the board on the machine itself, it finds as Dom0, but for the serial line that the
    hypervisor keeps."""
    steps = "modules,drivers,xen,cpus,devices,interrupts,dmesg"
    result = boot([dom0(kernel="generic", variant="board", steps=steps)], board="zcu102", options=options(4),
                  edit=without_firmware.without_firmware, smp=4, memory="2G")
    result.did(*steps.split(","), cpus=4).no_trouble().off()
    devices = result.block("devices")
    for device in ("ff010000.serial xuartps", "ff0e0000.ethernet macb", "ff170000.mmc sdhci-arasan"):
        result.equal(device in devices, True, f"a driver has its device: {device}")
    result.says(r"^INIT xen type=xen", r"^INIT net eth0 lo", r"mmc0: SDHCI controller on ff170000\.mmc", r"^INIT tty .*ttyPS[01]")


for short, name in BOARDS.items():
    for count in (1, 2, 4):
        test(limit=120, cpu="many", name=f"{short}_prompt_{count}", needs="linux")(lambda b=name, c=count: prompt(b, c))
    test(limit=240, cpu="many", name=f"{short}_all", needs="linux")(lambda b=name: no_new_warnings(b))
    test(limit=120, cpu="many", name=f"{short}_reboot", needs="linux")(lambda b=name: reboot(b))
    test(limit=180, level="normal" if short == "v2" else "long", cpu="many", name=f"{short}_beside",
         needs="linux")(lambda b=name: beside(b))
    test(limit=120, cpu="many", name=f"{short}_disks", needs="linux")(lambda b=name: disks("rt" if b == "virt" else "cloud", b))

test(limit=600, name="rt_minute_beside", needs="linux")(lambda: beside_in_turns("virt", 60, 590))
test(limit=7200, name="rt_quarter_beside", level="long", needs="linux")(lambda: beside_in_turns("virt-gicv3", 900, 7100))
test(limit=300, name="rt_minute", level="long", needs="linux")(lambda: rt_under_load(60, 290))
test(limit=3600, name="rt_quarter_of_an_hour", level="long", needs="linux")(lambda: rt_under_load(900, 3500))
test(limit=120, name="grants_of_version_2", needs="linux")(grants_of_version_2)
test(limit=120, name="schedule_from_dom0", needs="linux")(schedule_from_dom0)
test(limit=120, name="zcu102", cpu="many", needs="linux")(zcu102)

if __name__ == "__main__":
    sys.exit(linux.main())
