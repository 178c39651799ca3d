#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ramdisk.py - packs ramdisks for Debian's kernels: busybox, modules, programs, and tools/linux_init, which does what the
# kernel's command line says.
"""    tools/ramdisk.py --kernel generic --variant load       prints the file, packed when it is not there yet
    tools/ramdisk.py --list                                kernels and variants

Files come from build/arm64 (tools/setup.sh linux). The same files give the same bytes: order, numbers and times in the
archive are fixed. A ramdisk is kept in build/ramdisk under a name that has a hash of all that is in it.

As a module: ramdisk.kernel("cloud") and ramdisk.build("cloud", "dom0") return paths."""
import argparse
import dataclasses
import fcntl
import glob
import gzip
import hashlib
import os
import shutil
import stat
import sys

import elf
import qemu

PARTS = os.path.join("build", "arm64")
PROGRAMS = os.path.join(PARTS, "linux-programs")
TOOLSTACK = os.path.join(PARTS, "xl-programs")
DOM0_FILES = os.path.join("tools", "dom0")  # Laid over the root of Dom0's ramdisk as they stand.
CACHE = os.path.join("build", "ramdisk")
INIT = os.path.join("tools", "linux_init")
KERNELS = ("generic", "cloud", "rt")
LIBRARIES = ("lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu")
DIRECTORIES = ("bin", "dev", "etc", "lib", "proc", "root", "run", "sys", "tmp", "usr", "usr/bin", "usr/lib", "var")
XEN_BIN = "usr/lib/xen-4.17/bin"
XL_PROGRAMS = tuple(f"{XEN_BIN}/{name}" for name in (
    "xl", "xenstored", "xenconsoled", "xenconsole", "xen-init-dom0", "xentop", "xentrace", "xenctx", "xenperf", "xenlockprof",
    "test-resource", "test-paging-mempool", "test-xenstore")) + \
    ("usr/sbin/xenhypfs", "usr/bin/xenalyze", "lib/aarch64-linux-gnu/libgcc_s.so.1") + \
    tuple(f"usr/bin/xenstore-{name}" for name in ("exists", "list", "ls", "read", "rm", "watch", "write"))

XEN_MODULES = ("xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-privcmd", "xenfs", "xen-blkfront", "xen-netfront",
               "xen-blkback", "xen-netback")
LOAD_PROGRAMS = ("usr/bin/hackbench", "usr/bin/cyclictest", "usr/bin/stress-ng", "usr/sbin/memtester")
DISK_MODULES = ("virtio_mmio", "virtio_blk")
XL_MODULES = (*XEN_MODULES, "loop", "bridge")
GUEST_MODULES = ("xen-blkfront", "xen-netfront")
BOARD_MODULES = ("macb", "sdhci-of-arasan", "mmc_block")  # The ZCU102's network and SD card.


@dataclasses.dataclass(frozen=True)
class Variant:
    modules: dict = dataclasses.field(default_factory=dict)
    programs: tuple = ()
    files: str = ""  # A directory whose files come too.
    own: dict = dataclasses.field(default_factory=dict)  # Programs of this project: path in the ramdisk -> file.
    packed: bool = False  # By gzip: smaller to load, slower to boot.


VARIANTS = {
    "plain": Variant(),
    "dom0": Variant({"xen": XEN_MODULES}),
    "a653sched": Variant({"xen": XEN_MODULES}, own={"usr/bin/a653sched": os.path.join("build", "tools", "a653sched")}),
    "dom0-gz": Variant({"xen": XEN_MODULES}, packed=True),
    "load": Variant({"xen": XEN_MODULES}, LOAD_PROGRAMS),
    "disks": Variant({"xen": XEN_MODULES, "disks": DISK_MODULES}, LOAD_PROGRAMS),
    "xl": Variant({"xen": XL_MODULES}, XL_PROGRAMS, DOM0_FILES),
    "guest": Variant({"xen": GUEST_MODULES}, ("sbin/mke2fs",)),
    "guest-fio": Variant({"xen": GUEST_MODULES}, ("usr/bin/fio", "sbin/mke2fs")),
    "board": Variant({"xen": XEN_MODULES, "board": BOARD_MODULES}),
}


def kernel(name):
    """The kernel's file: an uncompressed Image."""
    return only(os.path.join(PARTS, f"linux-{name}", "boot", "vmlinuz-*"))


def only(pattern):
    found = glob.glob(pattern)
    if len(found) != 1:
        raise qemu.Problem(f"{pattern}: {len(found)} files, one was expected: run tools/setup.sh linux")
    return found[0]


def program_files(path):
    """A program of linux-programs or xl-programs and the libraries it needs: {path in the ramdisk: file}."""
    for root, word in ((PROGRAMS, "linux"), (TOOLSTACK, "xl")):
        if os.path.exists(os.path.join(root, path)):
            break
    else:
        raise qemu.Problem(f"{path} is not in {root}: run tools/setup.sh {word}")
    files = {}
    waiting = [path]
    while waiting:
        wanted = waiting.pop()
        if wanted in files:
            continue
        files[wanted] = os.path.realpath(os.path.join(root, wanted))
        waiting += [find_library(root, name) for name in elf.Elf(files[wanted]).needed()]
    return files


def find_library(root, name):
    """Where a library, or an interpreter with its path, lies below `root`."""
    if name.startswith("/"):
        return name[1:]
    for directory in (*LIBRARIES, *(f"{known}/{more}" for known in LIBRARIES for more in ("ceph", "glusterfs"))):
        if os.path.exists(os.path.join(root, directory, name)):
            return os.path.join(directory, name)
    raise qemu.Problem(f"library {name} is not in {root}: run tools/setup.sh")


def own_files(directory):
    """All files below `directory`: {path in the ramdisk: file}."""
    found = {}
    for where, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(where, name)
            found[os.path.relpath(path, directory)] = path
    return found


def module_files(name, wanted):
    """Kernel modules, what they need, modules.dep for modprobe, and etc/modules.GROUP for init: {path in the ramdisk: file or
    bytes}. A module that is built into this kernel is left out. wanted: {group: names}."""
    directory = only(os.path.join(PARTS, f"linux-{name}", "lib", "modules", "*"))
    known = {}
    for path in glob.glob(os.path.join(directory, "kernel", "**", "*.ko"), recursive=True):
        known[os.path.basename(path)[:-3].replace("-", "_")] = path
    with open(os.path.join(directory, "modules.builtin"), encoding="utf-8") as file:
        builtin = {os.path.basename(line.strip())[:-3].replace("-", "_") for line in file}
    needs = {}
    waiting = [module.replace("-", "_") for group in wanted.values() for module in group]
    while waiting:
        module = waiting.pop()
        if module not in known and module not in builtin:
            raise qemu.Problem(f"the {name} kernel has no module {module}")
        if module in known and module not in needs:
            needs[module] = elf.Elf(known[module]).module_needs()
            waiting += needs[module]
    base = os.path.join("lib", "modules", os.path.basename(directory))
    files = {os.path.join(base, os.path.relpath(known[module], directory)): known[module] for module in needs}
    relative = {module: os.path.relpath(known[module], directory) for module in needs}
    lines = [f"{relative[module]}: {' '.join(relative[need] for need in closure(module, needs))}".strip() + "\n"
             for module in sorted(needs)]
    files[os.path.join(base, "modules.dep")] = "".join(lines).encode()
    for group, modules in wanted.items():
        loadable = [module for module in modules if module.replace("-", "_") in needs]
        files[f"etc/modules.{group}"] = "".join(f"{module}\n" for module in loadable).encode()
    return files


def closure(module, needs):
    """All that a module needs, each before what it needs itself, as modules.dep has it."""
    ready = []

    def visit(name):
        for need in needs.get(name, []):
            visit(need)
        if name in needs and name not in ready:
            ready.append(name)

    visit(module)
    return ready[-2::-1]


def all_files(name, variant):
    """{path in the ramdisk: file's name or bytes}"""
    files = {"init": INIT, "bin/busybox": os.path.join(PROGRAMS, "bin", "busybox"), **module_files(name, variant.modules)}
    files.update(variant.own)
    for program in variant.programs:
        files.update(program_files(program))
    if variant.files:
        files.update(own_files(variant.files))
    return files


def with_directories(files):
    """Files, and the directories they lie in: {path: (mode, bytes)}, of {path: file's name or bytes}."""
    result = {}
    for path, source in files.items():
        data = source
        mode = 0o755 if data[:2] == b"#!" else 0o644
        if isinstance(source, str):
            with open(source, "rb") as file:
                data = file.read()
            mode = 0o755 if os.access(source, os.X_OK) else 0o644
        result[path] = (stat.S_IFREG | mode, data)
        while path := os.path.dirname(path):
            result[path] = (stat.S_IFDIR | 0o755, b"")
    return result


def contents(name, variant):
    """All there is: {path in the ramdisk: (mode, bytes)}."""
    result = with_directories(all_files(name, variant))
    result["bin/sh"] = (stat.S_IFLNK | 0o777, b"busybox")
    result.update({path: (stat.S_IFDIR | 0o755, b"") for path in DIRECTORIES})
    return result


def entry(number, path, mode, data):
    """One entry of a cpio archive, format newc (Linux: Documentation/driver-api/early-userspace/buffer-format.rst)."""
    links = 2 if stat.S_ISDIR(mode) else 1
    name = path.encode() + b"\0"
    fields = (number, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return padded(head) + padded(data)


def padded(data):
    return data + bytes(-len(data) % 4)


def archive(files):
    parts = [entry(number, path, *files[path]) for number, path in enumerate(sorted(files), 1)]
    return b"".join(parts) + entry(0, "TRAILER!!!", 0, b"")


def build(name, variant):
    """The ramdisk's file, packed when it is not in the cache."""
    what = VARIANTS[variant]
    data = archive(contents(name, what))
    path = os.path.join(CACHE, f"{name}-{variant}-{hashlib.sha256(data).hexdigest()[:16]}.cpio" + (".gz" if what.packed else ""))
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "lock"), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Two tests that want the same ramdisk at once: one packs it, the other finds it.
        if os.path.exists(path):
            return path
        for old in glob.glob(os.path.join(CACHE, f"{name}-{variant}-[0-9a-f]*.cpio*")):
            os.remove(old)
        with open(f"{path}.new", "wb") as file:
            file.write(gzip.compress(data, 6, mtime=0) if what.packed else data)
        os.rename(file.name, path)
    return path


def add(path, files, out):
    """Write the ramdisk `path` with more files behind it to `out`: the kernel unpacks one archive after the other. files:
    {path in the ramdisk: file's name or bytes}."""
    with open(path, "rb") as base, open(out, "wb") as file:
        shutil.copyfileobj(base, file)
        file.write(bytes(-file.tell() % 4) + archive(with_directories(files)))
    return out


def main():
    parser = argparse.ArgumentParser(prog="ramdisk.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", default="cloud", choices=KERNELS)
    parser.add_argument("--variant", default="dom0", choices=VARIANTS)
    parser.add_argument("--list", action="store_true", help="name kernels and variants")
    options = parser.parse_args()
    os.chdir(qemu.TOP)
    if options.list:
        print("kernels:", *KERNELS)
        print("variants:", *VARIANTS)
    else:
        print(build(options.kernel, options.variant))


if __name__ == "__main__":
    try:
        main()
    except qemu.Problem as error:
        sys.exit(f"ramdisk: {error}")
