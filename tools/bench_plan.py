# SPDX-License-Identifier: Apache-2.0
# bench_plan.py - the plan that schedcheck draws of a schedule, and below it what happened, by the guests' own records (./bench --sched).
"""Three domains that compute (guests/tests/sys_spans) on one CPU, under rtds and under arinc653, with virtual time: each says when it ran.
The same tree goes to schedcheck."""
import os
import re
import subprocess
import tempfile

import bench_cases
import mktree
import qemu

GUEST = os.path.join("build", "guests", "test-sys_spans.img")
SCHEDCHECK = os.path.join("build", "tools", "schedcheck")
LIMIT = 120
FROM = 40000000  # Ticks: all guests are up by then.
SPAN = 20000000  # Of the picture.
SLACK = 20000  # By which an edge may differ from the plan: EL2's work for several vCPUs at once.
SPANS = re.compile(r"^\(d(\d+)\) SPAN (\d+) (\d+)$", re.MULTILINE)
PLANNED = re.compile(r"<title>(\w+)/0 ([0-9.]+) to ([0-9.]+) ms</title>")
NAMES = ("one", "two", "three")


def share(period_us, budget_us):
    return f"bulkhead,period-us = <{period_us}>; bulkhead,budget-us = <{budget_us}>; bulkhead,extratime = <0>;"


CASES = {
    # No two deadlines are the same within the picture: which goes first would be left to chance.
    "rtds": ([share(4000, 1500), share(5500, 1500), share(9000, 2000)], ""),
    "arinc653": (["", "", ""], 'schedule { compatible = "bulkhead,arinc653"; major-frame-us = <5000>; slots = '
                 "<&{/chosen/one} 0 0 0 1000>, <&{/chosen/two} 0 0 1000 1500>, <&{/chosen/three} 0 0 3000 1000>, "
                 "<&{/chosen/one} 0 0 4200 500>; };"),
}


def happened(sched, text):
    """[(name, start, end)] within the picture, from the start of the plan."""
    spans = [(NAMES[int(number) - 1], int(start), int(end)) for number, start, end in SPANS.findall(text)]
    origin = 0  # rtds: periods begin when all wake.
    if sched == "arinc653":
        # The frame began when the first pCPU picked: the first slot that comes again after the last of its domain's.
        starts = sorted(start for name, start, _ in spans if name == "two")
        origin = starts[1] - 1000000
    inside = [(name, max(start - origin, 0), min(end - origin, SPAN)) for name, start, end in spans]
    return sorted((span for span in inside if span[1] < SPAN and span[2] > 0 and span[2] > span[1]), key=lambda span: span[1])


def draw(sched):
    """One boot; the picture's file, and what is wrong, or ''."""
    extras, chosen = CASES[sched]
    board = qemu.Board.load(bench_cases.BOARD)
    machine = {"smp": 1, "frequency": bench_cases.HZ, "icount": True}
    picture = os.path.join("build", "bench", f"plan-{sched}.svg")
    os.makedirs(os.path.dirname(picture), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        tree, records = os.path.join(directory, "tree.dtb"), os.path.join(directory, "happened")
        words = f"exit=psci from={FROM} until={FROM + 2 * SPAN}"
        domains = [mktree.Domain(name, GUEST, words, bench_cases.MEMORY_KIB, extra=extra) for name, extra in zip(NAMES, extras)]
        loaders = mktree.make_tree(board, domains, f"console=dtuart sched={sched}", tree, chosen_extra=chosen, **machine)
        image = os.path.join("build", "release", "bulkhead")
        done = qemu.boot(qemu.command(board, image, dtb=tree, loaders=loaders, **machine), LIMIT)
        if done.status != 0 or not SPANS.search(done.text):
            return picture, bench_cases.how_it_ended(done)
        spans = happened(sched, done.text)
        with open(records, "w", encoding="ascii") as file:
            for name, start, end in spans:
                file.write(f"0 {start} {end} {name}/0 {NAMES.index(name) + 1}\n")
        command = [SCHEDCHECK, "--svg", picture, "--happened", records, "--span-us", str(SPAN // 1000), tree]
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        if checked.returncode != 0:
            return picture, f"schedcheck: status {checked.returncode}: {checked.stdout}{checked.stderr}"
    with open(picture, encoding="utf-8") as file:
        return picture, compare(file.read().split("measured")[0], spans)


def compare(planned, spans):
    """What happened is what was planned, to within EL2's work: what differs, or ''. Time without a plan counts as an edge."""
    plan = [(name, float(start) * 1e6, float(end) * 1e6) for name, start, end in PLANNED.findall(planned)]
    for name, start, end in plan:
        ran = sum(min(end, stop) - max(start, begin) for who, begin, stop in spans if who == name and begin < end and stop > start)
        if end - start - ran > SLACK:
            return f"{name} was to run from {start:.0f} to {end:.0f}, and ran {ran:.0f} of that"
    return ""


def run():
    """Both pictures. Returns what failed."""
    failed = []
    for sched in CASES:
        picture, problem = draw(sched)
        print(f"picture: {picture}" + (f": {problem}" if problem else ""))
        if problem:
            failed.append(f"plan/{sched}: {problem}")
    return failed
