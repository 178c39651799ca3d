# SPDX-License-Identifier: Apache-2.0
# bench_plan.py - the plan that schedcheck draws of a schedule, and below it what happened, by the hypervisor's trace (./bench --sched).
"""Three domains that compute (guests/tests/sys_share) in a pool of one CPU or two, under rtds and under arinc653, with virtual time. The
control domain, asleep on another CPU meanwhile, reads the hypervisor's trace of them (guests/tests/sys_timeline). The same tree goes to
schedcheck, and what it plans is what must have happened.

One busy CPU alone is exact. Two take turns (tests/qemu/scenario.py says how): each is late by the other's turn."""
import dataclasses
import os
import re
import subprocess
import tempfile

import bench_cases
import mktree
import qemu

GUEST = os.path.join("build", "guests", "test-sys_share.img")
READER = os.path.join("build", "guests", "test-sys_timeline.img")
SCHEDCHECK = os.path.join("build", "tools", "schedcheck")
LIMIT = 300
FROM = 40000000  # Ticks: all guests are up by then.
SPAN = 20000000  # Of the picture.
TRACE = "tbuf_size=64 tevt_mask=0x0002f000"
RAN = re.compile(r"^RAN (\d+) (\d+) (\d+) (\d+) (\d+)$", re.MULTILINE)
ALL_GOOD = re.compile(r"^RESULT [1-9]\d* checks, 0 failed", re.MULTILINE)
PLANNED = re.compile(r'y="([0-9.]+)"[^>]*><title>(\w+/\d+) ([0-9.]+) to ([0-9.]+) ms</title>')
LANES_TOP, LANE = 28, 26  # Of the picture.
NAMES = ("one", "two", "three")
# By which an edge may differ from the plan. EL2's work for several vCPUs at once, and the trace's; with two CPUs, turns.
EXACT, IN_TURNS = 20000, 150000


@dataclasses.dataclass(frozen=True)
class Case:
    sched: str
    extras: tuple  # Of the domains' nodes,
    chosen: str = ""  # and of /chosen.
    vcpus: tuple = (1, 1, 1)
    two: bool = False  # CPUs; else one.

    @property
    def nodes(self):
        """Of the CPUs that are drawn, the addresses in the machine's tree: with two, every other CPU is never started."""
        return (2, 4) if self.two else (1,)

    @property
    def machine(self):
        common = {"frequency": bench_cases.HZ, "icount": True}
        if not self.two:
            return {"smp": 2, "source": "", **common}
        gone = " ".join(f"/delete-node/ cpu@{number};" for number in (1, 3, 5))
        return {"smp": 6, "source": f"/ {{ cpus {{ /delete-node/ cpu-map; {gone} }}; }};", **common}

    @property
    def ticks(self):
        """A deadline every 20 us, so that turns are short."""
        return ["-netdev", "hubport,id=none,hubid=0", "-object", "filter-buffer,id=tick,netdev=none,interval=20"] if self.two else []

    def pool(self):
        """Source of the pool, for /chosen, and the property of a domain that is in it."""
        nodes = " ".join(f"&{{/cpus/cpu@{node}}}" for node in self.nodes)
        return (f'drawn {{ compatible = "xen,cpupool"; cpupool-cpus = <{nodes}>; cpupool-sched = "{self.sched}"; }};',
                " domain-cpupool = <&{/chosen/drawn}>;")


def share(period_us, budget_us):
    return f"bulkhead,period-us = <{period_us}>; bulkhead,budget-us = <{budget_us}>; bulkhead,extratime = <0>;"


def schedule(frame_us, *slots):
    text = ", ".join(f"<&{{/chosen/{name}}} {vcpu} {cpu} {start} {length}>" for name, vcpu, cpu, start, length in slots)
    return f'schedule {{ compatible = "bulkhead,arinc653"; major-frame-us = <{frame_us}>; slots = {text}; }};'


CASES = {
    # No two deadlines are the same within the picture: which goes first would be left to chance.
    "rtds": Case("rtds", (share(4000, 1500), share(5500, 1500), share(9000, 2000))),
    "arinc653": Case("arinc653", ("", "", ""), schedule(5000, ("one", 0, 1, 0, 1000), ("two", 0, 1, 1000, 1500),
                                                        ("three", 0, 1, 3000, 1000), ("one", 0, 1, 4200, 500))),
    "rtds-two": Case("rtds", (share(4000, 1500), share(5500, 3000), share(9000, 1200)), vcpus=(2, 1, 1), two=True),
    # Both vCPUs of one at once; of three, the same one on both CPUs.
    "arinc653-two": Case("arinc653", ("", "", ""), schedule(
        5000, ("one", 0, 1, 0, 1500), ("two", 0, 1, 1500, 1000), ("three", 0, 1, 3000, 1000),
        ("one", 1, 2, 0, 1500), ("three", 0, 2, 1500, 1000), ("two", 0, 2, 3000, 1500)), vcpus=(2, 1, 1), two=True),
}


def happened(case, text):
    """[(CPU, name, start, end)] within the picture, from the start of the plan."""
    spans = [(int(cpu), f"{NAMES[int(number) - 1]}/{vcpu}", int(start), int(end)) for cpu, start, end, number, vcpu in RAN.findall(text)
             if int(number) > 0]
    origin = 0  # rtds: periods begin when all wake.
    if case.sched == "arinc653":
        # The frame began when the first CPU picked: the first slot that comes again after the last of its domain's.
        after = 1500000 if case.two else 1000000
        starts = sorted(start for cpu, name, start, _ in spans if name == "two/0" and cpu == 1)
        origin = starts[1] - after
    inside = [(cpu, name, max(start - origin, 0), min(end - origin, SPAN)) for cpu, name, start, end in spans]
    return sorted((span for span in inside if span[2] < SPAN and span[3] > 0 and span[3] > span[2]), key=lambda span: span[2])


def draw(name):
    """One boot; the picture's file, and what is wrong, or ''."""
    case = CASES[name]
    board = qemu.Board.load(bench_cases.BOARD)
    picture = os.path.join("build", "bench", f"plan-{name}.svg")
    os.makedirs(os.path.dirname(picture), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        tree, records = os.path.join(directory, "tree.dtb"), os.path.join(directory, "happened")
        words = f"exit=none wake={FROM} from={FROM} until={FROM + 4 * SPAN}"
        node, member = case.pool()
        domains = [mktree.Dom0(READER, f"exit=psci from={FROM} until={FROM + 2 * SPAN}"),
                   *(mktree.Domain(one, GUEST, words, bench_cases.MEMORY_KIB, cpus=vcpus, extra=extra + member)
                     for one, extra, vcpus in zip(NAMES, case.extras, case.vcpus))]
        options = f"console=dtuart dom0_mem=16M dom0_max_vcpus=1 {TRACE}"
        machine = case.machine
        source = machine.pop("source")
        loaders = mktree.make_tree(board, domains, options, tree, chosen_extra=node + case.chosen, source=source, **machine)
        image = os.path.join("build", "release", "bulkhead")
        done = qemu.boot(qemu.command(board, image, dtb=tree, loaders=loaders, extra=case.ticks, **machine), LIMIT)
        if done.status != 0 or not ALL_GOOD.search(done.text):
            return picture, bench_cases.how_it_ended(done)
        spans = happened(case, done.text)
        with open(records, "w", encoding="ascii") as file:
            for cpu, one, start, end in spans:
                file.write(f"{cpu} {start} {end} {one}\n")
        command = [SCHEDCHECK, "--svg", picture, "--happened", records, "--span-us", str(SPAN // 1000), tree]
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        if checked.returncode != 0:
            return picture, f"schedcheck: status {checked.returncode}: {checked.stdout}{checked.stderr}"
    with open(picture, encoding="utf-8") as file:
        return picture, compare(case, file.read().split("measured")[0], spans)


def compare(case, planned, spans):
    """What happened is what was planned, and of arinc653 where: what differs, or ''."""
    slack = IN_TURNS if case.two else EXACT
    plan = [(1 + int((float(y) - LANES_TOP) / LANE), name, float(start) * 1e6, float(end) * 1e6)
            for y, name, start, end in PLANNED.findall(planned)]
    if not plan:
        return "schedcheck has planned nothing"
    for cpu, name, start, end in plan:
        ran = sum(min(end, stop) - max(start, begin) for where, who, begin, stop in spans
                  if who == name and begin < end and stop > start and (case.sched != "arinc653" or where == cpu))
        if end - start - ran > slack:
            return f"{name} was to run on CPU {cpu} from {start:.0f} to {end:.0f}, and ran {ran:.0f} of that"
    # Nor did anybody run when that was not planned, but for what was late.
    for where, who, begin, stop in spans:
        due = sum(min(end, stop) - max(start, begin) for cpu, name, start, end in plan
                  if who == name and begin < end and stop > start and (case.sched != "arinc653" or where == cpu))
        if stop - begin - due > slack:
            return f"{who} ran on CPU {where} from {begin} to {stop}, of which {due:.0f} were planned"
    return ""


def run():
    """All pictures. Returns what failed."""
    failed = []
    for name in CASES:
        picture, problem = draw(name)
        print(f"picture: {picture}" + (f": {problem}" if problem else ""))
        if problem:
            failed.append(f"plan/{name}: {problem}")
    return failed
