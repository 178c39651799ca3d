#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# mktree.py - makes the device tree of a boot: the board's tree, the hypervisor's command line, and domains in
# Xen's bindings.
"""Makes the boot tree for a machine and prints the QEMU arguments that load its modules.

    tools/mktree.py --board virt --bootargs "console=dtuart sched=null" --domains domains.toml --out boot.dtb

domains.toml has one table per domain:

    [[domain]]
    name = "meter"                       # of the node; must be a legal node name
    kernel = "build/guests/meter.img"
    bootargs = "rounds=100"              # the guest's; optional
    memory_kib = 32768                   # 32 MiB
    cpus = 1
    vpl011 = true
    ramdisk = "initrd.gz"                # optional
    partial_tree = "devices.dtb"         # optional: devices assigned to the domain
    affinity = { 0 = "0-1" }             # optional: vCPU 0 only on CPUs 0 and 1
    extra = 'nr_spis = <32>;'            # optional: lines of device-tree source for the node, as they stand

and at most one table [dom0] with kernel, bootargs and ramdisk.

As a module: make_tree(board, domains, bootargs, path) -> [(file, address)], for qemu.command(loaders=...).
The bindings are those of Xen's docs/misc/arm/device-tree/booting.txt."""
import argparse
import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib

import qemu

MODULE_ALIGN = 1 << 20
U32 = (1 << 32) - 1


@dataclasses.dataclass
class Module:
    file: str
    kind: str  # "kernel", "ramdisk", "device-tree"
    address: int = 0
    bytes: int = 0
    bootargs: str | None = None

    def source(self):
        arguments = f'bootargs = {quote(self.bootargs)};' if self.bootargs is not None else ""
        return (f'module@{self.address:x} {{ compatible = "multiboot,{self.kind}", "multiboot,module"; '
                f"reg = {cells(self.address, self.bytes)}; {arguments} }};")


@dataclasses.dataclass
class Domain:
    name: str = "domain"
    kernel: str = ""
    bootargs: str | None = None
    memory_kib: int = 32 * 1024
    cpus: int = 1
    vpl011: bool = True
    ramdisk: str = ""
    partial_tree: str = ""
    affinity: dict = dataclasses.field(default_factory=dict)  # vCPU's number -> CPUs, as "0-1,3"
    extra: str = ""
    kernel_at: int = 0  # 0: where there is room.

    def modules(self):
        if self.kernel:
            yield Module(self.kernel, "kernel", address=self.kernel_at, bootargs=self.bootargs)
        if self.ramdisk:
            yield Module(self.ramdisk, "ramdisk")
        if self.partial_tree:
            yield Module(self.partial_tree, "device-tree")

    def source(self, modules):
        lines = ['compatible = "xen,domain";', "#address-cells = <2>;", "#size-cells = <2>;",
                 f"cpus = <{self.cpus}>;", f"memory = {cells(self.memory_kib)};"]
        if self.vpl011:
            lines.append("vpl011;")
        if self.extra:
            lines.append(self.extra)
        for vcpu, cpus in self.affinity.items():
            lines.append(f'vcpu{vcpu} {{ compatible = "xen,vcpu"; id = <{vcpu}>; '
                         f"hard-affinity = {quote(cpus)}; }};")
        lines += [module.source() for module in modules]
        return f"{self.name} {{\n" + "\n".join(lines) + "\n};"


@dataclasses.dataclass
class Dom0:
    """The domain of the machine's real devices: its modules stand right under /chosen. Goes where a Domain goes."""
    kernel: str
    bootargs: str = ""
    ramdisk: str = ""
    name: str = "Dom0"

    def modules(self):
        yield Module(self.kernel, "kernel", bootargs=self.bootargs)
        if self.ramdisk:
            yield Module(self.ramdisk, "ramdisk")

    def source(self, modules):
        return "\n".join(module.source() for module in modules)


def cells(*numbers):
    """Numbers of two cells each."""
    return "<" + " ".join(f"{number >> 32:#x} {number & U32:#x}" for number in numbers) + ">"


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def place(domains, first):
    """Give every module an address, one after the other from `first` up. Returns a list of lists, one per
    domain."""
    placed = []
    for domain in domains:
        modules = list(domain.modules())
        for module in modules:
            if not os.path.exists(module.file):
                raise qemu.Problem(f"domain {domain.name}: its {module.kind} {module.file} does not exist")
            module.bytes = os.path.getsize(module.file)
            if not module.address:
                module.address = first
                first = (first + module.bytes + MODULE_ALIGN - 1) & ~(MODULE_ALIGN - 1)
        placed.append(modules)
    return placed


def chosen_source(board, domains, modules, bootargs, chosen_extra):
    nodes = "\n".join(domain.source(mine) for domain, mine in zip(domains, modules))
    return f"""
/ {{
    chosen {{
        #address-cells = <2>;
        #size-cells = <2>;
        stdout-path = {quote(board.uart)};
        xen,xen-bootargs = {quote(bootargs)};
        {chosen_extra}
        {nodes}
    }};
}};
"""


def dtc(arguments, text=None):
    if shutil.which("dtc") is None:
        raise qemu.Problem("dtc is not installed: run tools/setup.sh")
    line = ["dtc", "-q", *arguments]
    result = subprocess.run(line, input=text, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise qemu.Problem(f"dtc {' '.join(arguments)}: {result.stderr.strip()}")
    return result.stdout


def base_source(board, **machine):
    """The board's tree as source."""
    path = board.tree_file()
    if path and not os.path.exists(path):
        raise qemu.Problem(f"{board.tree} is not there: run tools/setup.sh")
    with tempfile.TemporaryDirectory() as directory:
        if not path:
            path = os.path.join(directory, "base.dtb")
            qemu.dump_tree(board, path, **machine)
        return dtc(["-I", "dtb", "-O", "dts", path])


# Make the tree and write it to `path`; returns [(file, address)] of its modules. `chosen_extra` is source for
# /chosen, `source` for the whole tree, both put in as they stand; `edit` changes the source of the board's tree; `machine`
# as for qemu.command(): the tree must be that of the machine booted.
def make_tree(board, domains, bootargs, path, chosen_extra="", source="", edit=None, **machine):
    modules = place(domains, board.modules)
    text = base_source(board, **machine)
    text = edit(text) if edit else text
    text += chosen_source(board, domains, modules, bootargs, chosen_extra) + source
    dtc(["-I", "dts", "-O", "dtb", "-o", path, "-"], text)
    return [(module.file, module.address) for mine in modules for module in mine]


def read_domains(path):
    with open(path, "rb") as file:
        tables = tomllib.load(file)
    return [Dom0(**table) for table in [tables.get("dom0")] if table] + \
        [Domain(**table) for table in tables.get("domain", [])]


def main():
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--board", default="virt", choices=qemu.Board.names())
    parser.add_argument("--bootargs", default="", help="the hypervisor's command line")
    parser.add_argument("--domains", required=True, metavar="FILE", help="domains, in TOML as above")
    parser.add_argument("--out", required=True, metavar="FILE", help="the tree to write")
    parser.add_argument("--cpus", type=int, help="CPUs of the machine")
    parser.add_argument("--memory", help="memory of the machine, as QEMU's -m")
    options = parser.parse_args()
    board = qemu.Board.load(options.board)
    loaders = make_tree(board, read_domains(options.domains), options.bootargs, options.out, smp=options.cpus,
                        memory=options.memory)
    for file, address in loaders:
        print(f"-device loader,file={file},addr={address:#x},force-raw=on")


if __name__ == "__main__":
    try:
        main()
    except (qemu.Problem, TypeError) as error:
        sys.exit(f"mktree: {error}")
