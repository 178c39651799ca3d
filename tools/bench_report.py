# SPDX-License-Identifier: Apache-2.0
# bench_report.py - what bench makes of its rows: table, JSON, picture, golden counts and bars.
import dataclasses
import json
import os
import re
import shutil
import subprocess

import bench_cases
import qemu

GOLDEN = os.path.join("tests", "golden", "bench.json")
PICTURES = os.path.join("build", "bench")
BAR_LATENCY = 55  # Average and warm max of the default configuration.
BAR_BARE = 21
BAR_FIRST = 5000000  # Reset to the first guest instruction.

NAMES = {"bare": "bare metal", "bulkhead": "Bulkhead", "xen": "Xen 4.17 (Debian)"}
HEADING = (f"{'system':17} {'sched':7} {'vwfi':6} {'DEBUG':5} {'timer':5} {'wait':4}  {'AVG':>5} {'MIN':>5} "
           f"{'MAX':>6} {'WARM_MAX':>8}   {'Xen/AVG':>7} {'Xen/WARM':>8}   {'GIC R':>5} {'W':>4}")
NOTES = """AVG (moving, k = 1/8), MIN, MAX and WARM_MAX are instruction counts: path length from the timer's
deadline until the guest's vector has saved its registers, under QEMU's -icount shift=0. They say nothing of
caches, buses or the cost of a device access. Xen/AVG, Xen/WARM: how many times less than Xen's default
(credit2, vwfi=trap) with the same timer and wait. GIC R, W: the hypervisor's reads and writes of GIC
registers per interrupt in the steady state. Xen runs with bootscrub=0, which favours it: else its background
scrubbing disturbs the first seconds."""


class Table:
    """All rows there are, by case."""

    def __init__(self, rows):
        self.rows = {row.case: row for row in rows if not row.problem}

    def line(self, case):
        row = self.rows.get(case)
        if row is None:
            return None
        debug = {"release": "off", "debug": "on", "": "" if case.system == "bare" else "off"}[case.build]
        text = (f"{NAMES[case.system]:17} {case.sched:7} {case.vwfi:6} {debug:5} {case.timer:5} "
                f"{case.wait:4}  {row.avg:5} {row.min:5} {row.max:6} {row.warm_max:8}   "
                f"{self.ratio(row, 'avg'):>7} {self.ratio(row, 'warm_max'):>8}")
        trace = self.rows.get(dataclasses.replace(case, trace=True))
        if trace is None or case.system == "bare":
            return text
        return f"{text}   {number(trace.gic_reads):>5} {number(trace.gic_writes):>4}"

    def ratio(self, row, figure):
        other = dataclasses.replace(bench_cases.XEN_DEFAULT, timer=row.case.timer, wait=row.case.wait)
        xen = self.rows.get(other)
        mine = getattr(row, figure)
        return f"{getattr(xen, figure) / mine:.1f}" if xen and mine else "-"

    def first_instruction(self):
        """Instructions from reset to the first guest instruction."""
        xen = dataclasses.replace(bench_cases.XEN_DEFAULT, scrub=True)
        cases = [("Bulkhead", bench_cases.DEFAULT), ("Xen 4.17 (Debian)", xen),
                 ("Xen 4.17 (Debian), bootscrub=0", bench_cases.XEN_DEFAULT)]
        found = [f"    {name:31} {self.rows[case].first_tick:>12,}" for name, case in cases
                 if case in self.rows]
        title = "Reset to first guest instruction (2 GiB, one CPU, a 32 MiB domain), instructions:"
        return "\n".join([title, *found]) if found else ""

    def text(self):
        if not any(case in self.rows for case in bench_cases.all_cases()):
            return ""
        lines = [HEADING, "-" * len(HEADING)]
        group = None
        for case in bench_cases.latency_cases():
            line = self.line(case)
            if line is None:
                continue
            if group not in (None, (case.timer, case.wait)):
                lines.append("")
            group = (case.timer, case.wait)
            lines.append(line)
        return "\n".join(lines + ["", NOTES, "", self.first_instruction()])


def number(value):
    return f"{value:.1f}".removesuffix(".0")


def versions():
    gcc = subprocess.run(["aarch64-linux-gnu-gcc", "--version"], capture_output=True, text=True, check=True)
    return {"gcc": gcc.stdout.splitlines()[0], "qemu": qemu.version()}


def write_json(rows, path):
    records = [{"name": row.case.name, **dataclasses.asdict(row)} for row in rows]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"unit": "instructions", "versions": versions(), "rows": records}, file, indent=1)
        file.write("\n")


def golden_counts(rows):
    """Ours only: Xen is measured fresh each time."""
    return {row.case: row.golden() for row in rows if row.case.exact and not row.problem}


def write_golden(rows):
    os.makedirs(os.path.dirname(GOLDEN), exist_ok=True)
    with open(GOLDEN, "w", encoding="utf-8") as file:
        counts = {case.name: figures for case, figures in golden_counts(rows).items()}
        json.dump({"versions": versions(), "counts": counts}, file, indent=1, sort_keys=True)
        file.write("\n")


def compare_golden(rows):
    """Returns ({case: what differs}, remark)."""
    if not os.path.exists(GOLDEN):
        return {bench_cases.DEFAULT: f"{GOLDEN} does not exist: 'make golden' writes it"}, ""
    with open(GOLDEN, encoding="utf-8") as file:
        golden = json.load(file)
    mine = versions()
    if golden["versions"] != mine:
        parts = [f"{tool} here {mine[tool]}, golden {golden['versions'].get(tool)}" for tool in mine
                 if golden["versions"].get(tool) != mine[tool]]
        return {}, f"toolchain differs, exact counts not compared ({'; '.join(parts)})"
    different = {}
    for case, counts in golden_counts(rows).items():
        wanted = golden["counts"].get(case.name)
        if wanted is None:
            different[case] = f"not in {GOLDEN}; 'make golden' renews it"
        elif wanted != counts:
            parts = [f"{key} {counts[key]} instead of {wanted.get(key)}" for key in counts
                     if counts[key] != wanted.get(key)]
            different[case] = f"{', '.join(parts)}; if that is meant, 'make golden' renews it"
    return different, "exact counts compared"


def check_bars(rows):
    """What no toolchain excuses. Returns {case: what is missed}."""
    by_case = {row.case: row for row in rows if not row.problem}
    missed = {}

    def bar(case, figure, allowed):
        row = by_case.get(case)
        if row and getattr(row, figure) > allowed:
            missed[case] = f"{figure} is {getattr(row, figure)}, at most {allowed} is allowed"

    bar(bench_cases.BARE, "warm_max", BAR_BARE)
    bar(bench_cases.DEFAULT, "avg", BAR_LATENCY)
    bar(bench_cases.DEFAULT, "warm_max", BAR_LATENCY)
    bar(bench_cases.DEFAULT, "first_tick", BAR_FIRST)
    return missed


PLOT = """set terminal {terminal}
set output '{output}'
set title 'Timer interrupt to guest vector, virtual timer, wfi: instructions (QEMU -icount; path length only)'
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 border -1
set boxwidth 0.9
set logscale y
set yrange [10:]
set grid ytics
set ylabel 'instructions'
set xtics rotate by -35 left nomirror
set key top left
set rmargin 12
set bmargin 10
plot '{data}' using 2:xtic(1) title 'average' linecolor rgb '#4477aa', \\
     '' using 3 title 'warm max' linecolor rgb '#ee6677', \\
     '' using ($0-0.15):2:2 with labels offset 0,0.6 font ',8' notitle, \\
     '' using ($0+0.2):3:3 with labels offset 0,0.6 font ',8' notitle
"""


def label(case):
    words = [NAMES[case.system], case.sched, case.vwfi, "DEBUG" if case.build == "debug" else ""]
    return " ".join(word for word in words if word)


def draw(rows):
    """Pictures of the virtual timer's rows. Returns their names, none without gnuplot."""
    if shutil.which("gnuplot") is None:
        return []
    os.makedirs(PICTURES, exist_ok=True)
    by_case = {row.case: row for row in rows if not row.problem}
    data = os.path.join(PICTURES, "latency.dat")
    with open(data, "w", encoding="utf-8") as file:
        for case in bench_cases.latency_cases():
            if case in by_case and case.timer == "virt" and case.wait == "wfi":
                file.write(f'"{label(case)}" {by_case[case].avg} {by_case[case].warm_max}\n')
    if os.path.getsize(data) == 0:
        return []
    made = []
    for kind, terminal in (("svg", "svg size 1100,640 font 'sans,11' background rgb 'white'"),
                           ("png", "pngcairo size 1100,640 font 'sans,10'")):
        output = os.path.join(PICTURES, f"latency.{kind}")
        script = PLOT.format(terminal=terminal, output=output, data=data)
        result = subprocess.run(["gnuplot"], input=script, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            made.append(output)
        else:
            print(f"bench: gnuplot could not draw {output}: {re.sub(chr(10), ' ', result.stderr.strip())}")
    return made
