#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_boot.py - QEMU tests of booting: machines, numbers of CPUs, boot loaders, options of the command line.
import os
import re
import sys

import scenario
from scenario import boot, domain, test


def platform(cpus=1, bootargs="", **other):
    return domain("sys_platform", bootargs, cpus=cpus, **other)


def good(result, cpus, domain_cpus=1):
    """The machine booted with that many CPUs, d1 ran with its own, and all ended."""
    result.ended().passed()
    result.says(rf"^\(BH\) Bulkhead, the image at 0x[0-9a-f]+, on .*: \d+ CPU",
                rf"^\(BH\) GICv\d: {cpus} CPU{'s' if cpus > 1 else ''}, scheduler credit2$",
                rf"^\(d1\) CPUS {domain_cpus}$", r"^\(BH\) d1 powered off$")
    result.says_not("warning", "error")
    return result


@test(level="fast")
def virt():
    good(boot([platform(cpus=4)]), 4, 4)


@test(level="fast")
def virt_gicv3():
    good(boot([platform(cpus=4)], board="virt-gicv3"), 4, 4)


@test(level="fast")
def zcu102():
    good(boot([platform(cpus=4)], board="zcu102"), 4, 4).says("on ZynqMP ZCU102")


@test()
def debug_builds():
    good(boot([platform(cpus=2)], build="debug"), 4, 2)
    good(boot([platform(cpus=2)], board="virt-gicv3", build="debug"), 4, 2)


@test()
def cpus_1_and_2():
    good(boot([platform()], smp=1), 1)
    good(boot([platform(cpus=2)], smp=2), 2, 2)


@test()
def cpus_8():
    good(boot([platform(cpus=8)], smp=8), 8, 8)
    good(boot([platform(cpus=8)], smp=8, board="virt-gicv3"), 8, 8)


@test()
def more_vcpus_than_cpus():
    good(boot([platform(cpus=8)], smp=1), 1, 8)


@test()
def maxcpus():
    good(boot([platform()], bootargs="maxcpus=2"), 2).says(r"2 CPUs left out by maxcpus=2")
    good(boot([platform()], bootargs="maxcpus=1"), 1)
    result = boot([platform()], bootargs="maxcpus=0").ended().passed()
    result.says(r"maxcpus=0 is not understood; write a number from 1 up", r"GICv2: 4 CPUs")
    result = boot([platform()], bootargs="maxcpus=99").ended().passed()
    result.says(r"at most 8 CPUs are supported; write maxcpus=8 or less")


def cpu_node(reg, more='enable-method = "psci";'):
    return (f'/ {{ cpus {{ cpu@{reg:x} {{ device_type = "cpu"; compatible = "arm,cortex-a53"; reg = <{reg:#x}>; '
            f"{more} }}; }}; }};")


@test()
def a_cpu_that_does_not_start_is_left_out():
    result = boot([platform(cpus=2)], smp=2, source=cpu_node(0x700)).ended().passed()
    result.says(r"warning: CPU 2 \(MPIDR 0x700\) is left out: PSCI CPU_ON says -2$", r"GICv2: 2 CPUs")
    result = boot([platform(cpus=2)], smp=2, source=cpu_node(0x700, 'enable-method = "spin-table";')).ended().passed()
    result.says(r"cpu@700: enable-method is .spin-table., CPU left out", r"GICv2: 2 CPUs")
    result = boot([platform(cpus=2)], smp=2, source=cpu_node(0x700, 'enable-method = "psci"; status = "disabled";'))
    result.ended().passed().says(r"GICv2: 2 CPUs")
    result = boot([platform(cpus=2)], smp=2, source=cpu_node(1 << 8 | 1) + cpu_node(1 << 16)).ended().passed()
    result.says(r"CPU 2 \(MPIDR 0x\d+\) is left out", r"CPU 3 \(MPIDR 0x\d+\) is left out", r"GICv2: 2 CPUs")


def by_loader(domains, tree_at, until=None, more=""):
    """By a boot loader of ours, with a tree that QEMU does not touch."""
    board = scenario.qemu.Board.load("virt")
    machine = {"memory": "512M", "smp": 2}
    with scenario.scratch() as directory:
        tree = os.path.join(directory, "tree.dtb")
        source = "/ { memory@40000000 { reg = <0 0x40000000 0 0x20000000>; }; };" + more
        modules = scenario.mktree.make_tree(board, domains, "console=dtuart", tree, source=source, **machine)
        with open(tree, "rb") as file:
            return scenario.boot_by_loader(file.read(), tree_at, modules, until=until, **machine)


@test()
def boot_loader():
    """Tree and modules stand elsewhere than where QEMU puts them: below the image, and where RAM nearly ends."""
    result = by_loader([platform(name="one", kernel_at=0x40110000), platform(name="two", kernel_at=0x5e000000)], 0x5ff00008)
    result.ended().passed(1).passed(2).says(r"GICv2: 2 CPUs")


@test()
def no_psci_node():
    """One CPU runs, and nothing can switch the machine off."""
    result = by_loader([platform()], 0x48000000, until=r"d1 powered off\n", more="/delete-node/ &{/psci};")
    result.passed().says(r"no psci node: only the boot CPU runs", r"GICv2: 1 CPU,")


@test()
def uart_by_path_and_alias():
    good(boot([platform()], bootargs="dtuart=/pl011@9000000", chosen='stdout-path = "/no-uart";'), 4)
    alias = '/ { aliases { tty9 = "/pl011@9000000"; }; };'
    good(boot([platform()], bootargs="dtuart=tty9", chosen='stdout-path = "/no-uart";', source=alias), 4)
    good(boot([platform()], source='/ { chosen { stdout-path = "tty9:115200n8"; }; };' + alias), 4)
    good(boot([platform()], board="zcu102", bootargs="dtuart=serial0"), 4)


@test()
def the_other_uart():
    """The ZCU102's second UART: nothing on the first."""
    with scenario.scratch() as directory:
        path = os.path.join(directory, "second")
        second = ["-chardev", f"file,id=second,path={path}", "-serial", "chardev:second"]
        result = boot([platform()], board="zcu102", bootargs="dtuart=serial1", extra=second)
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("\r", "")
    result.equal(result.text, "", "the first UART's text")
    result.text, result.lines = text, text.split("\n")
    result.ended().passed()


@test()
def console_none():
    result = boot([platform()], bootargs="console=none")
    result.equal((result.text, result.boot.ended, result.boot.status), ("", "exit", 0), "text, end, status")


@test()
def noreboot():
    result = boot([platform()], bootargs="noreboot", until="the machine stays on")
    result.equal(result.boot.ended, "pattern", "end")
    result = boot([platform()], bootargs="no-noreboot")
    result.ended()


@test()
def log_levels():
    boot([platform()], bootargs="loglvl=warning").passed().says_not(r"\(BH\) [^*]")
    boot([platform()], bootargs="loglvl=all").ended().passed()
    result = boot([platform()], bootargs="loglvl=loud").ended()
    result.says(r"loglvl=loud is not understood; write none, error, warning, info, debug or all")


@test()
def options_by_bootargs():
    """Without xen,xen-bootargs the options are in bootargs, as there is no Dom0 to have that."""
    source = '/ { chosen { /delete-property/ xen,xen-bootargs; bootargs = "sched=null maxcpus=3"; }; };'
    boot([platform()], source=source).ended().passed().says(r"GICv2: 3 CPUs, scheduler null")


@test()
def wrong_options():
    """Each is named, with what to write instead, and nothing else is disturbed."""
    words = {
        "sched=credit": r"sched=credit is not there; write one of: .*credit2",
        "sched=nice": r"sched=nice is no scheduler; write one of: .*credit2.*Going on with sched=credit2",
        "vwfi=never": r"vwfi=never is not understood; write auto, trap or native",
        "shced=null": r'no option "shced"; did you mean sched\?',
        "frobnicate": r'no option "frobnicate"; there are .*noreboot',
        "dom0_mem=1G": r"options of Dom0 have no effect: there is no kernel module right under /chosen",
        "dom0_mem=1Q": r"dom0_mem=1Q is not understood; write a size as 512M",
        "dom0_nodes=1": r"dom0_nodes has no effect: of Dom0, memory and vCPUs can be chosen",
        "bootscrub=sometimes": r"bootscrub=sometimes is not understood",
        "root=/dev/vda": r"root is an option of Linux: write it in bootargs of the domain's kernel module node",
        "dtuart=serial7": r"serial7",
        "x" * 200: r"is longer than \d+ characters and not used",
    }
    result = boot([platform()], bootargs=" ".join(words)).ended().passed()
    for word, says in words.items():
        result.says(rf"^\(BH\) (warning|error): .*{says}")


@test()
def same_tree_twice():
    """A boot repeats to the instruction on one CPU under -icount: the same lines, in the same order."""
    texts = [boot([platform()], smp=1, icount=True, frequency=1000000000, bootargs="loglvl=all").ended().text for _ in range(2)]
    if re.sub(r"TREE .*\n", "", texts[0]) != re.sub(r"TREE .*\n", "", texts[1]):
        raise scenario.Failure(f"two boots differ:\n{texts[0]}\n---\n{texts[1]}")


if __name__ == "__main__":
    sys.exit(scenario.main())
