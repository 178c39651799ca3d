#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_linux.py - Debian's stock kernel, unchanged, as a domain: all vCPUs come up, the devices of the platform are found, and it
# ends where it must without a root file system.
"""    test_linux.py --list     names, limits
    test_linux.py BOARD      one boot

The kernel is the one whose package tools/setup.sh downloads for the board's device tree."""
import glob
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))
import mktree  # noqa: E402
import qemu  # noqa: E402

BOARDS = ("virt", "virt-gicv3", "zcu102")
LIMIT = 120
VCPUS = 4
WANTED = (
    f"SMP: Total of {VCPUS} processors activated.",
    "22000000.sbsa-uart: ttyAMA0",
    "arch_timer: cp15 timer(s) running at",
    "psci: PSCIv1.1 detected in firmware.",
    "Unable to mount root fs",  # It has none.
    "(BH) d1 asked for a reboot",  # panic=-1
)
UNWANTED = ("BUG:", "WARNING:", "rcu: INFO", "soft lockup", "Internal error", "(BH) error", "Oops")


def kernel(directory):
    """Unpack it from the downloaded package."""
    packages = sorted(glob.glob("build/apt/debs/linux-image-*/*.deb"))
    if not packages:
        return None
    tar = subprocess.run(["dpkg", "--fsys-tarfile", packages[-1]], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", directory, "--wildcards", "./boot/vmlinuz-*"], input=tar, check=True)
    return glob.glob(os.path.join(directory, "boot", "vmlinuz-*"))[0]


def run(name):
    with tempfile.TemporaryDirectory(prefix="linux-") as directory:
        image = kernel(directory)
        if image is None:
            print("no linux-image package in build/apt: run tools/setup.sh")
            return 77
        board = qemu.Board.load(name)
        tree = os.path.join(directory, "tree.dtb")
        domain = mktree.Domain(name="linux", kernel=image, cpus=VCPUS, memory_kib=256 * 1024,
                               bootargs="console=ttyAMA0 earlycon=pl011,0x22000000 panic=-1")
        loaders = mktree.make_tree(board, [domain], "", tree)
        line = qemu.command(board, "build/debug/bulkhead", dtb=tree, loaders=loaders)
        result = subprocess.run(["timeout", "-s", "KILL", str(LIMIT - 10), *line], stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, errors="replace", check=False)
    missing = [text for text in WANTED if text not in result.stdout]
    bad = [text for text in UNWANTED if text in result.stdout]
    if missing or bad:
        print(result.stdout)
        print(f"missing: {missing}; not wanted: {bad}; QEMU ended with {result.returncode}")
        return 1
    return 0


def main():
    if sys.argv[1:] == ["--list"]:
        for name in BOARDS:
            print(name, LIMIT, "long", "cpu=many")
        return 0
    if len(sys.argv) != 2 or sys.argv[1] not in BOARDS:
        print(__doc__, file=sys.stderr)
        return 2
    os.chdir(TOP)
    return run(sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
