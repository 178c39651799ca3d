#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_wrong_input.py - QEMU tests of what people get wrong at boot: each is named, with what to do, and disturbs nothing else.
import gzip
import os
import re
import struct
import subprocess
import sys

import scenario
from scenario import boot, domain, mktree, qemu, test

KERNEL_AT = 0x58000000  # For domains written as source here; mktree's modules begin at 0x50000000.
FREE_AT = 0x5c000000
IMAGE_AT = 0x40200000  # Where QEMU puts the hypervisor on virt.
TREE_AT = 0x48000000  # And the tree.
BASICS = "cpus = <1>; memory = <0 0x8000>; vpl011;"


def node(name, body):
    return (f'/ {{ chosen {{ {name} {{ compatible = "xen,domain"; #address-cells = <2>; #size-cells = <2>; {body} }}; }}; }};\n')


def module(kind, address, size, more=""):
    return (f'module-{kind}-{address:x}-{size:x} {{ compatible = "multiboot,{kind}", "multiboot,module"; '
            f"reg = {mktree.cells(address, size)}; {more} }};")


def kernel(bootargs="exit=psci"):
    size = os.path.getsize(scenario.image("sys_platform"))
    return module("kernel", KERNEL_AT, size, f"bootargs = {mktree.quote(bootargs)};")


KERNEL_MODULE = [(scenario.image("sys_platform"), KERNEL_AT)]


def good(name="good"):
    return domain("sys_platform", name=name)


# The bad domains, source each, stand among good ones, which are not disturbed. Returns the result.
def refused(sources, *patterns, modules=(), **other):
    result = boot([good()], source="".join(sources) + node("last", BASICS + kernel()), modules=[*KERNEL_MODULE, *modules], **other)
    result.ended().says(*patterns)
    started = re.findall(r"^\(BH\) d(\d+) is (\S+):", result.text, re.MULTILINE)
    result.equal([path for _, path in started], ["/chosen/good", "/chosen/last"], "domains that were started")
    for number, _ in started:
        result.passed(int(number))
    return result


def stopped(result, *patterns):
    """The machine was switched off, after a panic in words."""
    result.says(r"^\(BH\) error: Panic: ", *patterns)
    if result.boot.ended != "exit":
        result.fail("the machine was not switched off")


NO_DOMAIN = r"/chosen: nothing to start: no domain and no Dom0; write a node with compatible = .xen,domain., cpus = <1>, memory"


@test(level="fast")
def no_domain():
    stopped(boot(), NO_DOMAIN)
    stopped(boot(board="zcu102"), NO_DOMAIN)


def for_dom0(*nodes):
    return f"/ {{ chosen {{ {' '.join(nodes)} }}; }};"


NO_DOM0 = r"Panic: Dom0 cannot be started: correct what is said above"


@test(level="fast")
def dom0_kernels():
    """What is no kernel for Dom0 stops the boot, also when a domain could go on."""
    with scenario.scratch() as directory:
        wrong = {name: (path, size, says) for name, path, _, size, says in wrong_kernels(directory)}
        for name in ("zimage32", "xz", "gzip-corrupt"):
            path, size, says = wrong[name]
            result = boot([good()], source=for_dom0(module("kernel", FREE_AT, size)), modules=[(path, FREE_AT)], smp=1)
            stopped(result, rf"^\(BH\) error: Dom0: .*{says}", NO_DOM0)
            result.says_not(r"is /chosen/good")


@test()
def dom0_modules():
    words = {
        module("ramdisk", FREE_AT, 8192): r"/chosen: a ramdisk for Dom0, but no kernel; write a node with compatible = .multiboot,kernel",
        kernel() + module("ramdisk", KERNEL_AT + 4096, 8192): r"/chosen/module-ramdisk.*overlaps /chosen/module-kernel.*; load them apart",
        kernel() + kernel().replace("module-", "second-"): r"/chosen/second-kernel.*: a second kernel for Dom0; leave one",
        module("kernel", 0x10000000, 8192): r"/chosen/module-kernel-10000000.*is not in RAM; load it into one of",
    }
    for word, says in words.items():
        stopped(boot(source=for_dom0(word), modules=KERNEL_MODULE, smp=1), rf"^\(BH\) error: {says}", NO_DOM0)


@test()
def dom0_memory():
    words = {
        "dom0_mem=4G": r"dom0_mem: Dom0 is to have 4096 MiB, the machine has 2048 MiB of RAM; write less, as dom0_mem=1024M",
        "dom0_mem=2040M": r"dom0_mem: Dom0 is to have 2040 MiB, but only 20\d\d MiB of memory are free: write less, \d+M at least",
        "dom0_mem=2M": r"dom0_mem: 2 MiB do not hold Dom0's kernel .* write dom0_mem=\d+M or more",
    }
    for word, says in words.items():
        result = boot(source=for_dom0(kernel()), modules=KERNEL_MODULE, bootargs=word, smp=1)
        stopped(result, rf"^\(BH\) error: command line: {says}", NO_DOM0)


@test()
def options_of_no_dom0():
    result = boot([good()], bootargs="dom0_mem=64M").ended().passed(1)
    result.says(r"warning: command line: options of Dom0 have no effect: there is no kernel module right under /chosen")


@test()
def noreboot_stays_on_a_panic():
    result = boot(bootargs="noreboot", until=r"Panic: .*\n.*\*\*\*\*.*\n")
    result.equal(result.boot.ended, "pattern", "end")


@test(level="fast")
def properties():
    """Each property that asks for what is not there."""
    words = {
        "xen,static-mem = <0 0x60000000 0 0x8000000>;": r"xen,static-mem: memory at chosen addresses is not supported",
        "direct-map;": r"direct-map: memory at chosen addresses is not supported; leave it out",
        'llc-colors = "1-4";': r"llc-colors: cache colouring is not supported",
        "capabilities = <1>;": r"capabilities: a domain started at boot has no privileges",
        "sve = <128>;": r"sve: SVE is not given to domains",
        "domain-cpupool = <1>;": r"domain-cpupool: write a reference to an xen,cpupool node",
        'v8r_el1_msa = "mpu";': r"v8r_el1_msa",
        'shm { compatible = "xen,domain-shared-memory-v1"; };': r"memory shared between domains is not supported",
        'event { compatible = "xen,evtchn-v1"; };': r"static event channels are not supported",
    }
    sources = [node(f"bad{number}", BASICS + word + kernel()) if ";" in word and "{" not in word
               else node(f"bad{number}", BASICS + kernel() + word) for number, word in enumerate(words)]
    says = [rf"^\(BH\) error: /chosen/bad{number}: .*{word}" for number, word in enumerate(words.values())]
    says += [rf"^\(BH\) error: /chosen/bad{number}: domain not started" for number in range(len(words))]
    refused(sources, *says)


@test()
def properties_without_effect():
    """Warned about, and the domain starts."""
    more = 'max_grant_frames = <4>; passthrough = "enabled"; frobnicate = <1>; toys { };'
    body = BASICS + more.replace("toys { };", "") + kernel() + "toys { };"
    result = boot(source=node("warned", body), modules=KERNEL_MODULE).ended().passed()
    result.says(r"warning: /chosen/warned: max_grant_frames has no effect", r"warning: /chosen/warned: passthrough has no effect",
                r"warning: /chosen/warned: no property .frobnicate. is known; there are cpus, memory",
                r"warning: /chosen/warned: toys is no module and no xen,vcpu node")


@test(level="fast")
def domains_without():
    words = {
        "vpl011; cpus = <1>;" + kernel(): r"memory is missing; write it in KiB, two cells",
        "memory = <0x8000>;" + kernel(): r"memory has 4 bytes; write KiB in two cells",
        "memory = <0 0>;" + kernel(): r"memory: 0 KiB; from 4 to",
        "memory = <0xffffffff 0>;" + kernel(): r"memory: \d+ KiB; from 4 to",
        "memory = <0 16>;" + kernel(): r"memory of 16 KiB does not hold its kernel",
        "memory = <0 0x8000>; cpus = <0>;" + kernel(): r"cpus: write a number of vCPUs from 1 to 8",
        "memory = <0 0x8000>; cpus = <9>;" + kernel(): r"cpus: write a number of vCPUs from 1 to 8",
        "memory = <0 0x8000>; nr_spis = <5000>;" + kernel(): r"nr_spis: write a number",
        "memory = <0 0x8000>; cpus = <1>;": r"no kernel; write a node with compatible .multiboot,kernel., .multiboot,module.",
        BASICS + 'xen,enhanced = "yes";' + kernel(): r"xen,enhanced: write .enabled., .no-xenstore. or .disabled.",
        BASICS + kernel("x" * 3000): r"bootargs: write one string of at most \d+ characters",
        BASICS + 'v0 { compatible = "xen,vcpu"; id = <1>; };': r"id: write the vCPU's number, 0 to 0",
        BASICS + 'v0 { compatible = "xen,vcpu"; id = <0>; hard-affinity = "0-9"; };': r"hard-affinity .0-9.: write CPUs from 0 to 3",
        BASICS + kernel() + kernel().replace("module-", "second-"): r"two multiboot,kernel modules; leave one",
    }
    refused([node(f"bad{number}", word) for number, word in enumerate(words)],
            *(rf"^\(BH\) error: /chosen/bad{number}\b.*{word}" for number, word in enumerate(words.values())))


@test()
def affinity_to_a_cpu_that_is_left_out():
    body = BASICS + kernel() + 'v0 { compatible = "xen,vcpu"; id = <0>; hard-affinity = "3"; };'
    refused([node("bad0", body)], r"hard-affinity .3.: write CPUs from 0 to 1", bootargs="maxcpus=2")


def wrong_kernels(directory):
    """{name: (file, what is said)}"""
    with open(scenario.image("sys_platform"), "rb") as file:
        packed = gzip.compress(file.read() + os.urandom(1 << 20))
    contents = {
        "elf": (open(scenario.image("sys_platform").replace(".img", ".elf"), "rb").read(), r"an ELF file; write its raw image by objcopy"),
        "script": (b"#!/bin/sh\necho hello\n", r"no arm64 Image: a script"),
        "zeros": (bytes(8192), r"zeros: nothing was loaded there"),
        "noise": (b"\x13\x37" * 5000, r"of no format that is known here"),
        "tiny": (b"A", r"no arm64 Image"),
        "zimage32": (bytes(36) + b"\x18\x28\x6f\x01" + bytes(4096), r"a 32-bit Arm zImage; only 64-bit kernels are supported"),
        "uimage": (b"\x27\x05\x19\x56" + bytes(200), r"a U-Boot uImage"),
        "xz": (b"\xfd7zXZ\0" + bytes(200), r"xz-compressed; unpack it, or compress it with gzip"),
        "gzip-of-text": (gzip.compress(b"not a kernel" * 1000), r"unpacked, of no format that is known here"),
        "gzip-corrupt": (packed[:2] + bytes(100) + packed[102:], r"its gzip file is corrupt or cut off"),
        "gzip-cut-off": (packed[:len(packed) // 2], r"gzip.* is corrupt or cut off"),
        "gzip-spoilt": (packed[:-1000] + bytes(992) + packed[-8:], r"gzip.* is corrupt or cut off"),
    }
    for number, (name, (data, says)) in enumerate(contents.items()):
        path = os.path.join(directory, name)
        with open(path, "wb") as file:
            file.write(data)
        yield name, path, FREE_AT + (number << 22), len(data), says


@test(level="fast")
def kernels():
    """Files that are no kernels, or were."""
    with scenario.scratch() as directory:
        wrong = list(wrong_kernels(directory))
        sources = [node(name, BASICS + module("kernel", at, size)) for name, _, at, size, _ in wrong]
        refused(sources, *(rf"^\(BH\) error: /chosen/{name}: .*{says}" for name, _, _, _, says in wrong),
                modules=[(path, at) for _, path, at, _, _ in wrong])


@test()
def first_domain_fails_late():
    """The first domain's kernel turns out to be corrupt when the domain is half built: the others start all the same."""
    with scenario.scratch() as directory:
        spoilt = next(one for one in wrong_kernels(directory) if one[0] == "gzip-spoilt")
        _, path, at, size, says = spoilt
        result = boot(source=node("spoilt", BASICS + module("kernel", at, size)) + node("fine", BASICS + kernel()),
                      modules=[*KERNEL_MODULE, (path, at)])
        result.ended().says(rf"/chosen/spoilt: .*{says}", r"is /chosen/fine: ", r"^\(d\d\) RESULT \d+ checks, 0 failed$")


@test()
def modules():
    """Where no module can be."""
    size = os.path.getsize(scenario.image("sys_platform"))
    end = 0x40000000 + (2 << 30)
    words = {
        module("kernel", 0x10000000, size): r"module at 0x10000000, .* is not in RAM; load it into one of 0x40000000-0xbfffffff",
        module("kernel", end - 4096, size): r"is not in RAM",
        module("kernel", 0xffffffff00000000, size): r"is not in RAM",
        module("kernel", KERNEL_AT, 0xffffffffffff): r"is not in RAM",
        module("kernel", KERNEL_AT, 0): r"reg says 0 bytes; write the module's size",
        'm { compatible = "multiboot,kernel", "multiboot,module"; };': r"reg is missing or malformed",
        'm { compatible = "multiboot,kernel", "multiboot,module"; reg = <1>; };': r"reg is missing or malformed",
        kernel() + module("ramdisk", KERNEL_AT + 4096, 8192): r"overlaps /chosen/.* at 0x.*; load them apart",
        kernel() + module("ramdisk", IMAGE_AT, 8192): r"0x40200000",
        kernel() + module("ramdisk", TREE_AT, 64): r"0x48000000",
        module("kernel", IMAGE_AT + 4096, 8192): r"0x40201000",
        kernel() + module("device-tree", FREE_AT, 4096): r"(device tree|device-tree)",
    }
    # Each in a boot of its own: what overlaps would spoil the others.
    for number, (word, says) in enumerate(words.items()):
        bad = node("bad", BASICS + word)
        same = boot([good()], source=bad, modules=KERNEL_MODULE).ended().passed(1)
        same.says(rf"^\(BH\) error: (/chosen/bad|/chosen/sys).*{says}", r"d1 is /chosen/good")
        same.says_not(r"d2 is", r"EL2 exception")
        if number == 0:
            same.says(r"/chosen/bad: domain not started: correct what is said above; the others go on")


@test()
def reserved_memory():
    source = ("/ { reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; firmware@5c000000 { "
              "reg = <0 0x5c000000 0 0x100000>; no-map; }; }; };")
    bad = node("bad", BASICS + module("kernel", FREE_AT + 4096, 8192))
    refused([bad, source], r"module at 0x5c001000, .* lies over reserved memory at 0x5c000000")


@test(level="fast")
def too_much_memory():
    """More than there is at all; more than is left."""
    refused([node("bad", "memory = <0 0x400000>; vpl011;" + kernel())], r"/chosen/bad: memory: 4194304 KiB wanted, \d+ KiB of RAM are left")
    refused([node("bad", "memory = <0 0x1fc000>; vpl011;" + kernel())], r"/chosen/bad: .*(of RAM are left|memory are free|no memory for)",
            r"/chosen/bad: .*2032 MiB|/chosen/bad: memory: 2080768 KiB wanted")


@test(level="fast")
def entered_at_el1():
    for board in ("virt", "virt-gicv3", "zcu102"):
        result = boot([good()], board=board, bare=True, until=r"Started at EL1.*\n", limit=30)
        result.says(r"^\(BH\) error: Started at EL1: a hypervisor needs EL2|^error: Started at EL1: a hypervisor needs EL2|"
                    r"Started at EL1: a hypervisor needs EL2. Start it at EL2: QEMU with -machine virtualization=on")


def gic_node(reg, more=""):
    return f"/ {{ intc@8000000 {{ reg = {reg}; {more} }}; }};"


@test()
def gic_without_virtualization():
    """Only distributor and CPU interface: no hypervisor can give that to guests."""
    stopped(boot([good()], source=gic_node("<0 0x8000000 0 0x10000>, <0 0x8010000 0 0x10000>")), r"(?i)gic.*virtual")
    stopped(boot([good()], source="/ { intc@8000000 { /delete-property/ interrupts; }; };"), r"(?i)gic|maintenance")


@test()
def trees_without():
    words = {
        "/delete-node/ &{/intc@8000000};": r"no interrupt controller: a node with compatible",
        "/delete-node/ &{/timer};": r"no generic timer: a node with compatible .arm,armv8-timer. is wanted",
    }
    for source, says in words.items():
        result = boot([good()], source=source, until=r"Panic: .*\n", limit=30)
        result.says(rf"^\(BH\) error: device tree: {says}", r"Panic: the device tree does not describe a machine that can be used")


@test()
def dom0_without_psci():
    """Nothing could switch that machine off, so it stands still, its console readable. (QEMU puts the node into trees that it
    loads itself.)"""
    with scenario.scratch() as directory:
        path = os.path.join(directory, "tree.dtb")
        mktree.make_tree(qemu.Board.load("virt"), [], "console=dtuart", path,
                         source=for_dom0(kernel()) + "/delete-node/ &{/psci};")
        with open(path, "rb") as file:
            tree = file.read()
    result = scenario.boot_by_loader(tree, TREE_AT, modules=KERNEL_MODULE, until=NO_DOM0, limit=30)
    result.says(r"^\(BH\) error: device tree: no psci node that can be called: .*; write one with compatible = .arm,psci-1.0.")


def early_image():
    """A build that knows the UART of virt without a tree."""
    directory = os.path.join("build", "early_uart")
    config = os.path.join(directory, ".config")
    own = [f"OUT={directory}", f"CONFIG={config}"]
    subprocess.run(["make", *own, "release_defconfig"], check=True, stdout=subprocess.DEVNULL)
    with open(config, encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("CONFIG_EARLY_UART_BASE=")]
    with open(config, "w", encoding="utf-8") as file:
        file.writelines([*lines, "CONFIG_EARLY_UART_BASE=0x9000000\n"])
    if subprocess.run(["make", "-j2", *own, "image"], check=False, stdout=subprocess.DEVNULL).returncode != 0:
        raise scenario.Failure("the build with CONFIG_EARLY_UART_BASE failed: see above")
    return "early_uart"


def spoil(offset, data):
    return lambda tree: tree[:offset] + data + tree[offset + len(data):]


@test(limit=200, cpu="many")
def corrupt_trees():
    """Entered with a tree that is none: what is wrong with it is said, and nothing runs."""
    build = early_image()
    with scenario.scratch() as directory:
        path = os.path.join(directory, "tree.dtb")
        mktree.make_tree(qemu.Board.load("virt"), [], "console=dtuart", path)
        with open(path, "rb") as file:
            tree = file.read()
    structure, = struct.unpack(">I", tree[8:12])
    changes = {
        r"starts with 0x0, not with 0xd00dfeed: there is no tree; give its address in x0": spoil(0, bytes(4)),
        r"truncated: its header says 2147483647 bytes": spoil(4, b"\x7f\xff\xff\xff"),
        r"truncated: its header says 16 bytes": spoil(4, b"\0\0\0\x10"),
        r"corrupt|truncated": lambda whole: whole[:structure + 200],
        r"corrupt: its header names parts outside of it": spoil(8, b"\x7f\xff\xff\xf0"),
        r"names parts outside of it; load the tree again": spoil(12, b"\x7f\xff\xff\xf0"),
        r"corrupt: its structure does not hold together": spoil(structure + 8, b"\0\0\0\x77"),
        r"its format version is not 17: make it anew with dtc": spoil(24, b"\0\0\0\x63"),
    }
    for says, change in changes.items():
        result = scenario.boot_by_loader(change(tree), TREE_AT, build=build, until=r"Panic: .*\n", limit=20)
        result.says(rf"^\(BH\) error: device tree at 0x[0-9a-f]+: .*({says})", r"Panic: the device tree at 0x48000000 cannot be used")


@test()
def tree_at_an_odd_address():
    """Unaligned, or nowhere: it cannot be read, and nothing worse happens."""
    build = early_image()
    result = scenario.boot_by_loader(b"", 0x48000004, build=build, until=r"Panic: .*\n", limit=20)
    result.says(r"Panic: the device tree at 0x48000004 cannot be used")
    result = scenario.boot_by_loader(b"", 0, build=build, until=r"Panic: .*\n", limit=20)
    result.says(r"Panic: ")


if __name__ == "__main__":
    sys.exit(scenario.main())
