# SPDX-License-Identifier: Apache-2.0
# bench_sched.py - the latency guest beside a CPU hog on the same CPU, under each scheduler and under Debian's Xen: table, histograms,
# and the bounds of schedcheck (./bench --sched).
"""One CPU, a counter of 1 GHz and -icount shift=0: a nanosecond is an instruction, or a CPU that idles. The meter sleeps in wfi until its
timer fires; the hog (guests/busy) never sleeps. Both have the same priority, weight or share of the CPU. Each row is one boot of both."""
import dataclasses
import math
import os
import re
import subprocess
import tempfile

import bench_cases
import bench_plan
import mktree
import qemu

HOG = os.path.join("build", "guests", "busy.img")
SCHEDCHECK = os.path.join("build", "tools", "schedcheck")
PICTURE = os.path.join("build", "bench", "beside.svg")
LIMIT = 300
WARMUP = 10
BOUND = re.compile(r"/chosen/meter vCPU 0:.*\n(?:.*\n)*?.*interrupt latency: at most ([0-9.]+) us")
# Seldom: at all phases of a frame of 1 ms. Often: again before the hog has run for the ratelimit. Period, spread, rounds.
PERIODS = {"seldom": (1100003, 1000003, 400), "often": (100003, 0, 200)}


def share(period_us, budget_us):
    return f"bulkhead,period-us = <{period_us}>; bulkhead,budget-us = <{budget_us}>; bulkhead,extratime = <0>;"


@dataclasses.dataclass(frozen=True)
class Case:
    system: str
    sched: str
    often: str
    meter: str = ""  # Of the domains' nodes,
    hog: str = ""
    chosen: str = ""  # and of /chosen.
    remark: str = ""

    @property
    def name(self):
        return f"beside/{self.system}/{self.sched}/{self.often}"

    @property
    def bounded(self):
        return self.sched in ("rtds", "arinc653")


SCHEDULE = ('schedule { compatible = "bulkhead,arinc653"; major-frame-us = <1000>; '
            "slots = <&{/chosen/meter} 0 0 0 400>, <&{/chosen/hog} 0 0 400 600>; };")


def all_cases():
    for often in PERIODS:
        yield Case("xen", "credit2", often)
        yield Case("bulkhead", "credit2", often)
        yield Case("bulkhead", "rtds", often, share(1000, 500), share(1000, 400), "", "500 of 1000 us, hog 400")
        yield Case("bulkhead", "arinc653", often, "", "", SCHEDULE, "slot of 400 us, hog 600")


@dataclasses.dataclass
class Row:
    case: Case
    mean: int = 0
    min: int = 0
    max: int = 0
    bound: float | None = None
    histogram: dict = dataclasses.field(default_factory=dict)
    problem: str = ""


def bound_of(tree):
    """What schedcheck promises the meter, in instructions; None: it does not say that all holds."""
    done = subprocess.run([SCHEDCHECK, tree], capture_output=True, text=True, check=False)
    match = BOUND.search(done.stdout)
    return float(match.group(1)) * 1000 if match and done.returncode == 0 else None


def measure(case):
    board = qemu.Board.load(bench_cases.BOARD)
    machine = {"smp": 1, "frequency": bench_cases.HZ, "icount": True}
    period, spread, rounds = PERIODS[case.often]
    xen = case.system == "xen"
    row = Row(case)
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        tree = os.path.join(directory, "tree.dtb")
        words = f"wait=wfi period={period} spread={spread} rounds={rounds} warmup={WARMUP} coarse=1"
        domains = [mktree.Domain("meter", bench_cases.METER, words, bench_cases.MEMORY_KIB, extra=case.meter),
                   mktree.Domain("hog", HOG, "every=100000000", bench_cases.MEMORY_KIB, extra=case.hog)]
        options = f"console=dtuart sched={case.sched}" + (" bootscrub=0" if xen else "")
        loaders = mktree.make_tree(board, domains, options, tree, chosen_extra=case.chosen, **machine)
        if case.bounded:
            row.bound = bound_of(tree)
            row.problem = "" if row.bound else "schedcheck does not say that the guarantees hold"
        image = bench_cases.XEN if xen else os.path.join("build", "release", "bulkhead")
        done = qemu.boot(qemu.command(board, image, dtb=tree, loaders=loaders, **machine), LIMIT)
    match = bench_cases.FIGURES.search(done.text)
    if not match or done.status != 0:
        row.problem = bench_cases.how_it_ended(done)
        return row
    _, row.min, row.max, _, row.mean = map(int, match.groups()[3:])
    row.histogram = {int(latency): int(count) for latency, count in bench_cases.HISTOGRAM.findall(done.text)}
    return row


def table(rows):
    lines = [f"{'system':9} {'sched':9} {'timer':7} {'mean':>9} {'min':>9} {'max':>9} {'bound':>9}",
             "-" * 64]
    for row in rows:
        case = row.case
        bound = f"{row.bound:9.0f}" if row.bound else f"{'-':>9}"
        lines.append(f"{case.system:9} {case.sched:9} {case.often:7} {row.mean:9} {row.min:9} {row.max:9} {bound}  {case.remark}".rstrip())
    lines.append(f"""
Instructions from the timer's deadline until the guest's vector has saved its registers, beside a CPU hog on the same CPU; the mean
without the first {WARMUP} rounds, the rest with them. Seldom: a timer every 1.1 to 2.1 ms; often: every 0.1 ms, shorter than
credit2's ratelimit of 1 ms in both systems. Bound: what tools/schedcheck says of the same tree.""")
    return "\n".join(lines)


def failures(rows):
    """Bars: credit2's mean below Xen's and its maximum no higher; rtds and arinc653 never above schedcheck's bound."""
    found = [f"{row.case.name}: {row.problem}" for row in rows if row.problem]
    good = {(row.case.system, row.case.sched, row.case.often): row for row in rows if not row.problem}
    for often in PERIODS:
        ours, xen = good.get(("bulkhead", "credit2", often)), good.get(("xen", "credit2", often))
        if ours and xen and not (ours.mean < xen.mean and ours.max <= xen.max):
            found.append(f"{ours.case.name}: mean {ours.mean} and max {ours.max}, Xen's are {xen.mean} and {xen.max}")
    for row in good.values():
        if row.case.bounded and row.max > row.bound:
            found.append(f"{row.case.name}: max {row.max} is above schedcheck's bound of {row.bound:.0f}")
    return found


WIDTH, HEIGHT, LEFT, RIGHT = 900.0, 90.0, 190.0, 50.0
COLOURS = {"xen": "#ee6677", "bulkhead": "#4477aa"}
OCTAVES = (4, 25)  # From 16 to 32 million instructions.


def place_of(latency):
    low, high = OCTAVES
    return LEFT + WIDTH * (math.log2(max(latency, 2 ** low)) - low) / (high - low)


def histogram(row, top):
    """One row's, as SVG: bars by the logarithm of the latency, as high as their part of all."""
    total = sum(row.histogram.values()) or 1
    label = f"{row.case.system} {row.case.sched}, {row.case.often}"
    parts = [f'<text x="4" y="{top + 40}">{label}</text>', f'<text x="4" y="{top + 54}">mean {row.mean:,}, max {row.max:,}</text>',
             f'<line x1="{LEFT}" y1="{top + HEIGHT - 10}" x2="{LEFT + WIDTH}" y2="{top + HEIGHT - 10}" stroke="#888"/>']
    for latency, count in sorted(row.histogram.items()):
        x, end = place_of(latency), place_of(min(latency * 1.189, max(row.max, latency)))  # A bucket, as far as anything is in it.
        high = (HEIGHT - 18) * count / total
        parts.append(f'<rect x="{x:.1f}" y="{top + HEIGHT - 10 - high:.1f}" width="{max(end - x, 2):.1f}" height="{max(high, 1):.1f}" '
                     f'fill="{COLOURS[row.case.system]}"><title>{latency}: {count}</title></rect>')
    if row.bound:
        x = place_of(row.bound)
        parts.append(f'<line x1="{x:.1f}" y1="{top + 4}" x2="{x:.1f}" y2="{top + HEIGHT - 10}" stroke="#228833" stroke-dasharray="4,2"/>'
                     f'<text x="{x + 4:.1f}" y="{top + 14}" fill="#228833">bound</text>')
    return "\n".join(parts)


def draw(rows):
    rows = [row for row in rows if not row.problem]
    bottom = HEIGHT * len(rows)
    body = [histogram(row, HEIGHT * number) for number, row in enumerate(rows)]
    for octave in range(OCTAVES[0], OCTAVES[1] + 1, 3):
        x = place_of(2 ** octave)
        body.append(f'<text x="{x:.1f}" y="{bottom + 12}" text-anchor="middle">{2 ** octave:,}</text>'
                    f'<line x1="{x:.1f}" y1="4" x2="{x:.1f}" y2="{bottom - 10}" stroke="#bbb" stroke-width="0.4"/>')
    body.append(f'<text x="{LEFT + WIDTH / 2}" y="{bottom + 32}" text-anchor="middle">instructions from the deadline to the vector; '
                "a bar is as high as its part of all rounds</text>")
    for number, (system, colour) in enumerate(COLOURS.items()):
        x = 4 + 90 * number
        body.append(f'<rect x="{x}" y="{bottom + 22}" width="14" height="12" fill="{colour}"/><text x="{x + 19}" y="{bottom + 32}">{system}</text>')
    os.makedirs(os.path.dirname(PICTURE), exist_ok=True)
    with open(PICTURE, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{bottom + 42}" font-family="sans-serif" '
                   f'font-size="11"><rect width="100%" height="100%" fill="white"/>\n' + "\n".join(body) + "\n</svg>\n")
    return PICTURE


def run(only):
    """Measure, print, draw. Returns what failed."""
    cases = [case for case in all_cases() if only in case.name]
    if not cases:
        raise qemu.Problem(f"no row of --sched has '{only}' in its name")
    rows = []
    for number, case in enumerate(cases, 1):
        row = measure(case)
        print(f"[{number}/{len(cases)}] {case.name:32} {row.problem or f'mean {row.mean} max {row.max}'}", flush=True)
        rows.append(row)
    print(f"\n{table(rows)}\n\npicture: {draw(rows)}")
    return failures(rows) + (bench_plan.run() if not only else [])
