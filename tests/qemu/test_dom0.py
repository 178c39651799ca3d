#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_dom0.py - Debian's stock kernels as Dom0: prompt, CPUs, what they find of Xen, hotplug, loads, neighbours, ends.
import sys

import linux
import without_firmware
from linux import boot, dom0, domain, mktree
from scenario import test

BOARDS = {"v2": "virt", "v3": "virt-gicv3"}
MEMORY = "dom0_mem=512M"
STEPS = "modules,xen,cpus,memory"


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
    both = r"(linux# (.|\n)*Power down)|(Power down(.|\n)*linux# )"
    result = boot(guests, board=board, options=options(2), smp=4, limit=170, inputs=[(both, b"poweroff\n")])
    result.did("cpus", "hotplug", cpus=2).no_trouble().off()
    result.did("cpus", "hotplug", "sleeps", who=linux.who(1), cpus=2)
    result.says(r"METER .* rounds=2000 AVG=\d+")


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

test(limit=300, name="rt_minute", needs="linux")(lambda: rt_under_load(60, 290))
test(limit=3600, name="rt_quarter_of_an_hour", level="long", needs="linux")(lambda: rt_under_load(900, 3500))
test(limit=120, name="zcu102", cpu="many", needs="linux")(zcu102)

if __name__ == "__main__":
    sys.exit(linux.main())
