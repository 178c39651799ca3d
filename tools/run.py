#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# run.py - the experiment: Debian's Dom0 with stock xl, a latency guest unpinned and pinned, then the table. Called by ./run.
"""Builds Bulkhead and boots it on an emulated four-core machine: Dom0 is Debian's stock kernel with two vCPUs and Debian's stock
xl, which creates a guest with two vCPUs that measures interrupt latency. It measures unpinned, then pinned by

    xl vcpu-pin 0 0 0;  xl vcpu-pin 0 1 1;  xl vcpu-pin 1 0 2;  xl vcpu-pin 1 1 3

then with other settings of vwfi and DEBUG, and on Debian's Xen. Ends by itself within six minutes, with the latencies in
instructions beside bare metal and Debian's Xen, on one CPU in exact virtual time (a quick part of what ./bench measures)."""
import argparse
import glob
import os
import subprocess
import sys
import threading
import time

import bench_cases
import qemu
import run_session
import toolstack
import without_firmware

NAMED_BUILDS = ("release", "debug", "full_path")


def configurations():
    paths = glob.glob(os.path.join(qemu.TOP, "configs", "*_defconfig"))
    return sorted(os.path.basename(path).removesuffix("_defconfig") for path in paths)


def parse():
    parser = argparse.ArgumentParser(prog="run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--board", default="virt",
                        help=f"one of: {', '.join(qemu.Board.names())} (default: virt)")
    parser.add_argument("--config", default="release", metavar="NAME",
                        help="what to build: configs/NAME_defconfig, one of: "
                        f"{', '.join(configurations())} (default: release)")
    parser.add_argument("--shell", action="store_true",
                        help="stay at Dom0's prompt, to drive it by hand; `poweroff -f` there ends it, and Ctrl-a x at any time")
    parser.add_argument("--no-table", action="store_true", help="end after the first session, measure nothing else")
    parser.add_argument("--xen", action="store_true", help="the session, or the prompt, on Debian's Xen instead")
    # Not for users: another hypervisor than ours, to try the rest; and only a look at the arguments.
    parser.add_argument("--hypervisor", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--check-words", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.config not in configurations():
        known = ", ".join(configurations())
        raise qemu.Problem(f"there is no configuration '{options.config}'; there are: {known}")
    if options.xen and options.board == "zcu102":
        raise qemu.Problem("Debian's Xen does not come up on zcu102: use --board virt or virt-gicv3")
    return options


def say(text):
    print(f"run: {text}", flush=True)


def make(*arguments):
    line = ["make", "-s", f"-j{os.cpu_count() or 1}", *arguments]
    if subprocess.run(line, check=False).returncode != 0:
        raise qemu.Problem(f"the build failed: see above ('{' '.join(line)}')")


def build(options):
    """Returns the hypervisor's image."""
    make(run_session.GUEST)
    if options.xen:
        return bench_cases.XEN
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


def machine_words(options):
    """What this board's machine needs beside its name."""
    board = qemu.Board.load(options.board)
    words = {"board": options.board, "smp": board.cpus}
    if options.board == "zcu102":
        # The cloud kernel has no drivers for it; and the firmware that the tree speaks of is not there in QEMU.
        words.update(kernel="generic", edit=without_firmware.without_firmware, memory="2G")
    return board, words


class Show:
    """Prints a session as it goes; and a line of life while nothing is said for long."""

    def __init__(self):
        self.last = time.monotonic()
        self.over = threading.Event()
        threading.Thread(target=self.live, daemon=True).start()

    def line(self, text):
        self.last = time.monotonic()
        print(f"  | {text.replace(toolstack.ASK_TERMINAL, '')}", flush=True)

    def live(self):
        while not self.over.wait(5):
            if time.monotonic() - self.last > 20:
                self.last = time.monotonic()
                say("still running")


def main_session(options, image):
    """The experiment itself, its console shown. Returns its figures."""
    board, words = machine_words(options)
    say(f"booting {board.title}, {board.cpus} CPUs: Dom0 has 2 vCPUs, and types what follows the prompt")
    show = Show()
    case = run_session.Case("xen" if options.xen else "bulkhead", "trap" if options.xen else "auto",
                            "on" if options.config == "debug" else "off")
    try:
        return run_session.run(case, image, on_line=show.line, whole=True, **words)
    finally:
        show.over.set()


def further_sessions(options):
    """The same with other settings, and on Debian's Xen: one line each."""
    _, words = machine_words(options)
    found = []
    cases = list(run_session.cases(with_xen=options.board != "zcu102"))
    for number, case in enumerate(cases, 1):
        say(f"[{number}/{len(cases)}] pinned, with {case.title()}")
        found += run_session.run(case, run_session.image(case), **words)
    return found


def main():
    os.chdir(qemu.TOP)
    qemu.end_on_signals()
    options = parse()
    if options.check_words:
        return 0
    image = build(options)
    if options.shell:
        _, words = machine_words(options)
        return run_session.shell(image, say, **words)
    rows = main_session(options, image)
    if options.no_table or options.xen:
        print(run_session.table(rows))
        return 0
    make("release", "debug")
    rows += further_sessions(options)
    print(f"\n{run_session.table(rows)}\n")
    say("now the latencies that count: in instructions, on one CPU in exact virtual time")
    line = ["/usr/bin/python3", "tools/bench.py", "--quick", "--no-build"]
    return subprocess.run(line, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except qemu.Problem as problem:
        sys.exit(f"run: {problem}")
    except KeyboardInterrupt:
        sys.exit("run: interrupted")
