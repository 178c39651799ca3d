# SPDX-License-Identifier: Apache-2.0
# bench_linux.py - what Debian's kernel pays under Bulkhead and under Debian's Xen: boot of Dom0, cyclictest, hackbench, fork
# and exec, in instructions; and the memory that the hypervisor takes.
"""One CPU, a counter of 1 GHz and -icount shift=0, so a nanosecond of virtual time is an instruction, or an idle CPU.

boot        instructions carried out from reset until Dom0 has started its first program, and switched the machine off
cyclictest  the real-time kernel in a domain of one CPU, five boots, each of which starts the test a little later
hackbench, forkexec   in a domain of one CPU; time of programs that never sleep: one pair of 9000 rounds, 300 programs,
            10 pairs of 300 rounds; each the mean of five boots, of which each starts a little later
memory      what neither Dom0 with 512 MiB has nor is free"""
import dataclasses
import os
import re
import tempfile

import bench_cases
import mktree
import qemu
import ramdisk

LIMIT = 900  # Seconds of one boot.
DOM0_MIB = 512
PROMPT = r"linux# "
STARTS = 5
ROUNDS = 1000
SYSTEMS = ("bulkhead", "xen")
PLUGIN = os.path.join("build", "tools", "insncount.so")
HISTOGRAM = re.compile(r"^(?:\(XEN\) DOM1: |\(d1\) )(\d{6}) (\d{6})$", re.MULTILINE)


def image(system):
    return bench_cases.XEN if system == "xen" else os.path.join("build", "release", "bulkhead")


def boot(system, domains, extra=(), inputs=()):
    """One boot; its console must say that all steps went well."""
    board = qemu.Board.load(bench_cases.BOARD)
    machine = {"smp": 1, "frequency": bench_cases.HZ, "icount": True}
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        tree = os.path.join(directory, "tree.dtb")
        options = f"console=dtuart dom0_mem={DOM0_MIB}M" + (" bootscrub=0" if system == "xen" else "")
        loaders = mktree.make_tree(board, domains, options, tree, **machine)
        line = qemu.command(board, image(system), dtb=tree, loaders=loaders, extra=extra, **machine)
        # Xen does not switch the machine off when the last domain has gone: the console tells.
        done = qemu.boot(line, LIMIT, until=None if extra or inputs else r"INIT done failed=\d+", inputs=inputs)
    if "INIT done failed=0" not in done.text:
        last = done.text.strip().split("\n")[-1]
        raise qemu.Problem(f"{system}: no good end ({done.ended}); its last words: {last}")
    return done


def domain(kernel, words):
    return mktree.Domain("linux", ramdisk.kernel(kernel), f"console=ttyAMA0 quiet panic=-1 end=halt {words}", 192 << 10,
                         ramdisk=ramdisk.build(kernel, "load"))


def dom0(end="poweroff"):
    return mktree.Dom0(ramdisk.kernel("cloud"), f"console=hvc0 panic=-1 end={end}", ramdisk.build("cloud", "dom0"))


def boot_count(system):
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        out = os.path.join(directory, "count")
        boot(system, [dom0()], extra=["-plugin", f"{PLUGIN},out={out}"])
        with open(out, encoding="ascii") as file:
            return {"boot": int(file.read())}


def memory(system):
    """Of the machine's memory, what is neither free nor Dom0's when Dom0 has its prompt. Xen is asked by its key m."""
    inputs = [(PROMPT, b"poweroff\n")]
    if system == "xen":
        inputs = [(PROMPT, b"\1\1\1m"), (r"Dom heap: \d+kB free", b"\1\1\1"), (r"input to DOM0", b"poweroff\n")]
    text = boot(system, [dom0("prompt")], inputs=inputs).text
    free = re.search(r"Dom heap: (\d+)kB free" if system == "xen" else r"\(BH\) memory: .* (\d+) free:", text)
    if not free:
        raise qemu.Problem(f"{system}: it does not say how much memory is free")
    return {"memory, KiB": (int(qemu.Board.load(bench_cases.BOARD).memory[:-1]) << 20) - (DOM0_MIB << 10) - int(free.group(1))}


@dataclasses.dataclass
class Latency:
    average: float
    percentile: int  # 99.9
    maximum: int


def cyclictest(system, start):
    text = boot(system, [domain("rt", f"do=cyclictest ns=1 start={start} work={ROUNDS}")]).text
    bins = {int(value): int(count) for value, count in HISTOGRAM.findall(text)}
    total = sum(bins.values())
    if total != ROUNDS:
        raise qemu.Problem(f"{system}: cyclictest counted {total} of {ROUNDS} rounds")
    below = 0
    for value in sorted(bins):
        below += bins[value]
        if below * 1000 >= total * 999:
            break
    return Latency(sum(value * count for value, count in bins.items()) / total, value, max(bins))


def cyclictests(system):
    all_starts = [cyclictest(system, start) for start in range(STARTS)]
    return {"cyclictest average": round(sum(one.average for one in all_starts) / STARTS),
            "cyclictest 99.9 %": max(one.percentile for one in all_starts),
            "cyclictest maximum": max(one.maximum for one in all_starts)}


def load(system, what, words):
    text = boot(system, [domain("cloud", f"do={what} {words}")]).text
    match = re.search(rf"INIT {what} .*ns=(\d+)", text)
    if not match:
        raise qemu.Problem(f"{system}: no figure of {what}")
    return int(match.group(1))


def loads(system):
    wanted = {"hackbench": ("hackbench", "pairs=1 work=9000"), "forkexec": ("forkexec", "work=300"), CROWD: ("hackbench", "work=300")}
    return {figure: round(sum(load(system, what, f"{words} start={start}") for start in range(STARTS)) / STARTS)
            for figure, (what, words) in wanted.items()}


CROWD = "hackbench, 10 pairs"
NO_BAR = (CROWD,)  # Who wakes whom depends on when the kernel's ticks come: boots of one system differ by more than systems do.
GROUPS = {"boot": boot_count, "memory": memory, "cyclictest": cyclictests, "loads": loads}


def measure(only=""):
    """{figure: {system: number or None}}; what could not be measured is said as it is found."""
    figures, problems = {}, []
    for name, function in GROUPS.items():
        if only and only not in name:
            continue
        for system in SYSTEMS:
            try:
                for figure, number in function(system).items():
                    figures.setdefault(figure, {})[system] = number
                    print(f"{system:10} {figure:22} {number:>16,}", flush=True)
            except qemu.Problem as problem:
                problems.append(f"{name}: {problem}")
                print(f"{system:10} {name:22} {problem}", flush=True)
    return figures, problems


def run(only=""):
    """Measure and print the table. Returns the failures: what could not be measured, and figures above Xen's."""
    figures, failures = measure(only)
    print(f"\n{'':22} {'bulkhead':>16} {'xen':>16}  ours / Xen's")
    for figure, numbers in figures.items():
        ours, xen = (numbers.get(system) for system in SYSTEMS)
        part = f"{ours / xen:12.2f}" if ours and xen else ""
        print(f"{figure:22} {ours or '-':>16} {xen or '-':>16}  {part}")
        if ours and xen and ours > xen and figure not in NO_BAR:
            failures.append(f"{figure}: {ours:,}, Xen's {xen:,}")
    return failures
