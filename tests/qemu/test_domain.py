#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_domain.py - QEMU tests of building domains: what a tree asks for, and what the domain is given.
import gzip
import os
import random
import re
import subprocess
import sys

import scenario
from scenario import boot, domain, test

KIB_OF_GIB = 1 << 20
MODULES = 0x50000000  # virt's board.toml.


def fnv(data):
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 & (1 << 64) - 1
    return value


class Tree:
    """The device tree that a domain printed."""

    def __init__(self, result, directory, number=1):
        self.result = result
        self.path = os.path.join(directory, f"d{number}.dtb")
        lines = [line.split()[1] for line in result.of(number) if line.startswith("TREE ")]
        with open(self.path, "wb") as file:
            file.write(bytes.fromhex("".join(lines)))

    def get(self, node, name, kind="s"):
        answer = subprocess.run(["fdtget", "-t", kind, self.path, node, name], capture_output=True, text=True, check=False)
        return answer.stdout.strip() if answer.returncode == 0 else None

    def nodes(self):
        answer = subprocess.run(["fdtget", "-l", self.path, "/"], capture_output=True, text=True, check=False)
        return set(answer.stdout.split())

    def expect(self, node, name, wanted, kind="s"):
        self.result.equal(self.get(node, name, kind), wanted, f"{node} {name}")

    def lint(self):
        """dtc's own checks find nothing in it, but that /hypervisor, as Linux wants it called, has no unit address."""
        answer = subprocess.run(["dtc", "-I", "dtb", "-O", "dts", "-o", os.devnull, self.path], capture_output=True, text=True,
                                check=False)
        warnings = [line for line in answer.stderr.splitlines() if "Warning" in line and "/hypervisor:" not in line]
        self.result.equal((answer.returncode, warnings), (0, []), "dtc")


GIC = {"virt": "interrupt-controller@3001000", "virt-gicv3": "interrupt-controller@3001000"}


def tree_as_linux_needs_it(board, gic_compatible, gic_reg):
    with scenario.scratch() as directory:
        ramdisk = os.path.join(directory, "ramdisk")
        with open(ramdisk, "wb") as file:
            file.write(b"\x00ramdisk" * 1000)
        result = boot([domain("sys_platform", "tree=1 quiet", cpus=2, ramdisk=ramdisk, extra="xen,enhanced = \"no-xenstore\";")],
                      board=board).ended().passed()
        tree = Tree(result, directory)
        tree.expect("/", "compatible", "xen,xenvm-4.17 xen,xenvm")
        tree.expect("/", "#address-cells", "2", "u")
        tree.expect("/memory@40000000", "device_type", "memory")
        tree.expect("/memory@40000000", "reg", "0 40000000 0 2000000", "x")
        for cpu in (0, 1):
            tree.expect(f"/cpus/cpu@{cpu}", "device_type", "cpu")
            tree.expect(f"/cpus/cpu@{cpu}", "compatible", "arm,armv8")
            tree.expect(f"/cpus/cpu@{cpu}", "enable-method", "psci")
            tree.expect(f"/cpus/cpu@{cpu}", "reg", str(cpu), "u")
        tree.expect("/cpus/cpu@2", "reg", None)
        tree.expect("/psci", "compatible", "arm,psci-1.0 arm,psci-0.2")
        tree.expect("/psci", "method", "hvc")
        tree.expect("/timer", "compatible", "arm,armv8-timer")
        tree.expect("/timer", "interrupts", "1 d f08 1 e f08 1 b f08", "x")
        gic = f"/{GIC[board]}"
        tree.expect(gic, "compatible", gic_compatible)
        tree.expect(gic, "reg", gic_reg, "x")
        tree.expect(gic, "#interrupt-cells", "3", "u")
        tree.expect(gic, "interrupt-controller", "")
        tree.expect("/", "interrupt-parent", tree.get(gic, "phandle", "u"), "u")
        tree.expect("/hypervisor", "compatible", "xen,xen-4.17 xen,xen")
        tree.expect("/hypervisor", "interrupts", "1 f f08", "x")
        tree.expect("/sbsa-uart@22000000", "compatible", "arm,sbsa-uart")
        tree.expect("/sbsa-uart@22000000", "interrupts", "0 0 f04", "x")
        tree.expect("/chosen", "bootargs", "exit=psci tree=1 quiet")
        tree.expect("/chosen", "stdout-path", "/sbsa-uart@22000000")
        start, end = (int(tree.get("/chosen", f"linux,initrd-{end}", "x").replace(" ", ""), 16) for end in ("start", "end"))
        result.equal(end - start, os.path.getsize(ramdisk), "bytes of the ramdisk")
        result.equal(tree.nodes(), {"chosen", "psci", "cpus", "memory@40000000", GIC[board], "timer", "sbsa-uart@22000000",
                                    "hypervisor"}, "nodes")
        tree.lint()


@test(level="fast")
def tree_gicv2():
    tree_as_linux_needs_it("virt", "arm,gic-400", "0 3001000 0 1000 0 3002000 0 2000")


@test()
def tree_gicv3():
    tree_as_linux_needs_it("virt-gicv3", "arm,gic-v3", "0 3001000 0 10000 0 3020000 0 1000000")


@test()
def tree_without_extras():
    """No vpl011, no xen,enhanced, no ramdisk: no such nodes, and nothing else is missed."""
    with scenario.scratch() as directory:
        result = boot([domain("sys_platform", "tree=1", name="plain"),
                       domain("sys_platform", "tree=1", name="silent", vpl011=False, extra="xen,enhanced;")]).ended()
        result.passed(1).passed(2).says("xen,enhanced: there is no xenstore without a Dom0")
        plain, silent = Tree(result, directory, 1), Tree(result, directory, 2)
        result.equal(plain.nodes(), {"chosen", "psci", "cpus", "memory@40000000", GIC["virt"], "timer", "sbsa-uart@22000000"},
                     "nodes of d1")
        result.equal(silent.nodes(), {"chosen", "psci", "cpus", "memory@40000000", GIC["virt"], "timer", "hypervisor"},
                     "nodes of d2")
        plain.expect("/chosen", "linux,initrd-start", None, "x")
        silent.expect("/chosen", "stdout-path", None)


def ramdisk_of(directory, size):
    path = os.path.join(directory, f"ramdisk-{size}")
    data = random.Random(size).randbytes(size)
    with open(path, "wb") as file:
        file.write(data)
    return path, f"{size} bytes, hash {fnv(data):016x}"


@test()
def ramdisks():
    """Whole and unchanged, of odd sizes, one each."""
    with scenario.scratch() as directory:
        sizes = (1, 4097, 1234567)
        disks = [ramdisk_of(directory, size) for size in sizes]
        result = boot([domain("sys_platform", name=f"with-{size}", ramdisk=path) for size, (path, _) in zip(sizes, disks)]).ended()
        for number, (_, words) in enumerate(disks, 1):
            result.passed(number).says(rf"^\(d{number}\) INITRD 0x[0-9a-f]+ {words}$")


@test(level="fast")
def kernel_as_gzip():
    with scenario.scratch() as directory:
        path = os.path.join(directory, "Image.gz")
        with open(scenario.image("sys_platform"), "rb") as file, open(path, "wb") as packed:
            packed.write(gzip.compress(file.read()))
        packed = domain("sys_platform", name="packed")
        packed.kernel = path
        boot([packed, domain("sys_platform", name="plain")]).ended().passed(1).passed(2)


# As in Xen's docs/misc/arm/device-tree/booting.txt and its wiki: a domain in the words of a user, in one cell or two.
USERS_TREE = """
/ {{
    chosen {{
        #address-cells = <0x2>;
        #size-cells = <0x2>;
        domU1 {{
            compatible = "xen,domain";
            #address-cells = <0x2>;
            #size-cells = <0x2>;
            memory = <0x0 0x20000>;
            cpus = <2>;
            vpl011;
            module@50000000 {{
                compatible = "multiboot,kernel", "multiboot,module";
                reg = <0x0 0x50000000 0x0 {kernel:#x}>;
                bootargs = "exit=psci console=ttyAMA0";
            }};
            module@50800000 {{
                compatible = "multiboot,ramdisk", "multiboot,module";
                reg = <0x0 0x50800000 0x0 {ramdisk:#x}>;
            }};
        }};
        domU2 {{
            compatible = "xen,domain";
            #address-cells = <0x1>;
            #size-cells = <0x1>;
            memory = <0x0 0x10000>;
            cpus = <0x1>;
            vpl011 = "";
            module@0x51000000 {{
                compatible = "xen,linux-zimage", "xen,multiboot-module";
                reg = <0x51000000 {kernel:#x}>;
                bootargs = "exit=psci";
            }};
            module@0x51800000 {{
                compatible = "xen,linux-initrd", "xen,multiboot-module";
                reg = <0x51800000 {ramdisk:#x}>;
            }};
        }};
        domU3 {{
            compatible = "xen,domain";
            #address-cells = <0x2>;
            #size-cells = <0x1>;
            memory = <0x0 0x10000>;
            bootargs = "exit=psci";
            vpl011;
            module@0 {{
                compatible = "multiboot,module";
                reg = <0x0 0x52000000 {kernel:#x}>;
            }};
            module@1 {{
                compatible = "multiboot,module";
                reg = <0x0 0x52800000 {ramdisk:#x}>;
            }};
        }};
    }};
}};
"""


@test(level="fast")
def tree_as_users_write_it():
    """Kinds of modules given, in older words, or by their order; cells of one or two; cpus left out."""
    kernel = scenario.image("sys_platform")
    with scenario.scratch() as directory:
        path, words = ramdisk_of(directory, 5000)
        modules = [(kernel, MODULES), (path, MODULES + (8 << 20)), (kernel, MODULES + (16 << 20)), (path, MODULES + (24 << 20)),
                   (kernel, MODULES + (32 << 20)), (path, MODULES + (40 << 20))]
        source = USERS_TREE.format(kernel=os.path.getsize(kernel), ramdisk=os.path.getsize(path))
        result = boot(source=source, modules=modules).ended()
        for number, cpus in ((1, 2), (2, 1), (3, 1)):
            result.passed(number).says(rf"^\(d{number}\) INITRD 0x[0-9a-f]+ {words}$", rf"^\(d{number}\) CPUS {cpus}$")
        result.says(r"^\(d1\) MEMORY 0x40000000 0x8000000$", r"^\(d2\) MEMORY 0x40000000 0x4000000$")
        result.says_not("warning", "error")


@test()
def memory_1_gib():
    result = boot([domain("sys_platform", memory_kib=KIB_OF_GIB)]).ended().passed()
    result.says(r"^\(d1\) MEMORY 0x40000000 0x40000000$")


@test(limit=240, level="long")
def memory_in_two_banks():
    """More than 3 GiB: the rest begins at 8 GiB."""
    result = boot([domain("sys_platform", "scan=0", memory_kib=3 * KIB_OF_GIB + 512 * 1024)], memory="6G", limit=200).ended()
    result.passed().says(r"^\(d1\) MEMORY 0x40000000 0xc0000000$", r"^\(d1\) MEMORY 0x200000000 0x20000000$")


@test()
def memory_of_odd_sizes():
    sizes = (512, 2052, 33333, 131072)
    result = boot([domain("sys_platform", name=f"of-{size}", memory_kib=size) for size in sizes]).ended()
    for number, size in enumerate(sizes, 1):
        result.passed(number).says(rf"^\(d{number}\) MEMORY 0x40000000 {size // 4 * 4096:#x}$")
    result.says("33333 KiB is no whole number of 4 KiB pages: rounded down")


@test(level="fast")
def memory_is_clean():
    """RAM was full of a pattern; domains that take nearly all of it find none of that."""
    with scenario.scratch() as directory:
        dirt = os.path.join(directory, "dirt")
        with open(dirt, "wb") as file:
            file.write(b"\xa5\x5a\xc3\x3c" * (4 << 18))
        spans = [at for at in range(0x41000000, 0x58000000, 4 << 20) if at not in (0x48000000, 0x50000000)]
        domains = [domain("sys_platform", name="one", memory_kib=100 << 10), domain("sys_platform", name="two", memory_kib=200 << 10)]
        result = boot(domains, memory="384M", modules=[(dirt, at) for at in spans]).ended()
        result.passed(1).passed(2).says_not("DIRTY")


@test()
def four_domains():
    result = boot([domain("sys_platform", name=f"n{i}", cpus=1 + i % 2) for i in range(4)]).ended()
    for number in range(1, 5):
        result.passed(number).says(rf"^\(BH\) d{number} is /chosen/n{number - 1}: ", rf"^\(BH\) d{number} powered off$")


@test()
def many_domains():
    """As many as there may be; one more is refused."""
    count = int(re.search(r"define DOMAIN_CONFIG_MAX (\d+)", open("hv/boot/domain_config.h", encoding="utf-8").read()).group(1))
    result = boot([domain("sys_platform", name=f"n{i}", memory_kib=1024) for i in range(count + 1)]).ended()
    for number in range(1, count + 1):
        result.passed(number)
    result.says(rf"/chosen/n{count}: more than {count} domains: not started")


if __name__ == "__main__":
    sys.exit(scenario.main())
