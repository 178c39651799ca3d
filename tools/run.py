#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# run.py - builds, boots a machine with two domains, shows its console, then measures. Called by ./run.
"""Builds Bulkhead and boots it on an emulated four-core machine with two domains: the latency meter, and a
busy neighbour that keeps its own CPU and memory hot. Shows the console until the meter is done, then the
latency table beside bare metal and Debian's Xen (a quick part of what ./bench measures). Ends by itself,
within three minutes."""
import argparse
import glob
import os
import subprocess
import sys
import tempfile

import mktree
import qemu

LIMIT = 60  # Seconds for the two domains.
NAMED_BUILDS = ("release", "debug", "full_path")
GUESTS = os.path.join("build", "guests")


def configurations():
    paths = glob.glob(os.path.join(qemu.TOP, "configs", "*_defconfig"))
    return sorted(os.path.basename(path).removesuffix("_defconfig") for path in paths)


def parse():
    parser = argparse.ArgumentParser(prog="run", description=__doc__)
    parser.add_argument("--board", default="virt",
                        help=f"one of: {', '.join(qemu.Board.names())} (default: virt)")
    parser.add_argument("--config", default="release", metavar="NAME",
                        help="what to build: configs/NAME_defconfig, one of: "
                        f"{', '.join(configurations())} (default: release)")
    parser.add_argument("--no-table", action="store_true", help="end after the two domains, measure nothing")
    # Not for users: another hypervisor than ours, to try the rest; and only a look at the arguments.
    parser.add_argument("--hypervisor", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--check-words", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.config not in configurations():
        known = ", ".join(configurations())
        raise qemu.Problem(f"there is no configuration '{options.config}'; there are: {known}")
    return options


def say(text):
    print(f"run: {text}", flush=True)


def make(*arguments):
    line = ["make", "-s", f"-j{os.cpu_count() or 1}", *arguments]
    if subprocess.run(line, check=False).returncode != 0:
        raise qemu.Problem(f"the build failed: see above ('{' '.join(line)}')")


def build(options):
    """Returns the hypervisor's image."""
    make(f"{GUESTS}/meter.img", f"{GUESTS}/busy.img")
    if options.hypervisor:
        return options.hypervisor
    say(f"building Bulkhead, configuration {options.config}")
    directory = os.path.join("build", options.config)
    if options.config in NAMED_BUILDS:
        make(options.config)
    else:
        os.makedirs(directory, exist_ok=True)
        own = [f"OUT={directory}", f"CONFIG={directory}/.config"]
        make(*own, f"{options.config}_defconfig")
        make(*own, "image")
    return os.path.join(directory, "bulkhead")


def domains():
    return [mktree.Domain("meter", f"{GUESTS}/meter.img", "rounds=2000 histogram=0", memory_kib=32 << 10),
            mktree.Domain("busy", f"{GUESTS}/busy.img", "mib=16 every=1000", memory_kib=64 << 10)]


def boot(board, image):
    """Show the console of the machine until the meter ends it."""
    with tempfile.TemporaryDirectory(prefix="run-") as directory:
        tree = os.path.join(directory, "tree.dtb")
        loaders = mktree.make_tree(board, domains(), "console=dtuart", tree)
        line = qemu.command(board, image, dtb=tree, loaders=loaders)
        say(f"booting {board.title}, {board.cpus} CPUs, with two domains: the meter (domain 1) and its busy "
            "neighbour (domain 2)")
        result = qemu.boot(line, LIMIT, on_line=lambda text: print(f"  | {text}", flush=True))
    if result.ended == "limit":
        raise qemu.Problem(f"the meter was not done after {LIMIT} s, so QEMU was stopped; its command was:\n"
                           f"{result.shell()}")
    if result.status != 0 or "METER " not in result.text:
        raise qemu.Problem(f"the machine ended with status {result.status}, without figures of the meter\n"
                           f"{result.errors}")
    say(f"the meter ended the machine after {result.seconds:.0f} s. This was in real time, on an emulator "
        "that shares this computer with others: the latencies above are mostly the emulator's.")


def main():
    os.chdir(qemu.TOP)
    qemu.end_on_signals()
    options = parse()
    board = qemu.Board.load(options.board)
    if options.check_words:
        return 0
    boot(board, build(options))
    if options.no_table:
        return 0
    say("now the latencies that count, in instructions")
    make("release", "debug")
    line = ["/usr/bin/python3", "tools/bench.py", "--quick", "--no-build"]
    return subprocess.run(line, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except qemu.Problem as problem:
        sys.exit(f"run: {problem}")
    except KeyboardInterrupt:
        sys.exit("run: interrupted")
