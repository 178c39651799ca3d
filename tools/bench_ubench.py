# SPDX-License-Identifier: Apache-2.0
# bench_ubench.py - the micro-benchmarks (guests/ubench): cases, one boot of each, their table and their bars.
"""A case is one boot of guests/ubench: system, scheduler, vwfi, and its set of figures: "solo" (one vCPU),
"switch" (two on one CPU), "ipi" (two on two CPUs), "channel" (two domains on one CPU), "manager" (Dom0 and a domain that sleeps)."""
import dataclasses
import os
import re

import bench_cases

GUEST = os.path.join("build", "guests", "ubench.img")
ROUNDS = 1000
FIGURE = re.compile(r"UBENCH name=(\w+) rounds=(\d+) min=(\d+) avg=(\d+) max=(\d+) max_rounds=(\d+)")
END = "UBENCH_END"

# What a guest under the default configuration may pay; figures that others' bars are set by have none.
BARS = {
    "timer_cold": 300, "timer_virt_wfi": 55, "timer_virt_spin": 55, "timer_phys_wfi": 55,
    "timer_phys_spin": 55, "sgi_self": 200, "hypercall_null": 100, "hypercall_unknown": 90, "yield_alone": 180, "psci_version": 110,
    "gicd_read_ctlr": 150, "gicd_read_enable": 150, "gicd_write_enable": 170, "switch_by_yield": 500,
    "foreign_map": 2400, "foreign_unmap": 1600,
}
TITLES = {
    "timer_cold": "first interrupt after boot, virtual timer",
    "timer_virt_wfi": "virtual timer, in wfi",
    "timer_virt_spin": "virtual timer, spinning",
    "timer_phys_wfi": "physical timer, in wfi",
    "timer_phys_spin": "physical timer, spinning",
    "sgi_self": "SGI to self until its handler",
    "event_self": "event to self until its handler",
    "event_masked": "event to a masked port",
    "event_round_trip": "event to another domain and its answer",
    "irq_by_software": "SPI set pending until its handler",
    "wfi_short": "wfi, its interrupt 10 ticks off and masked",
    "hypercall_null": "null hypercall (xen_version)",
    "hypercall_unknown": "unknown hypercall",
    "yield_alone": "yield, nobody else",
    "psci_version": "PSCI_VERSION",
    "foreign_map": "Dom0 maps a page of another domain",
    "foreign_unmap": "and takes it away",
    "gicd_read_ctlr": "vGICD read: CTLR",
    "gicd_read_enable": "vGICD read: ISENABLER",
    "gicd_read_pending": "vGICD read: ISPENDR",
    "gicd_write_enable": "vGICD write: ISENABLER",
    "gicd_write_disable": "vGICD write: ICENABLER",
    "switch_by_yield": "yield to another vCPU, one way",
    "switch_with_fp": "the same, both using FP",
    "fp_first_use": "first FP instruction after that",
    "sgi_other_spin": "SGI to a vCPU that spins (2 CPUs)",
    "sgi_other_wfi": "SGI to a vCPU in wfi (2 CPUs)",
}
NOTES = """Instructions as the guest counts them: a call or an access from its instruction to the next one; an
interrupt from its deadline, or from the instruction that sends it, until the guest's vector has saved its
registers (its 21st instruction). One number: every round took that, or a few took less; else the mean and,
behind the slash, the greatest. With two CPUs QEMU runs them in turn on one clock: these rows add up what both
did, and are not exact. Xen 4.17 does not come up with two CPUs under -icount. Events go
by the FIFO layout; the other domain sleeps on the same CPU, so its answer takes two switches."""


@dataclasses.dataclass(frozen=True)
class Case:
    system: str
    sched: str = ""
    vwfi: str = ""
    set: str = "solo"

    @property
    def exact(self):
        return self.system == "bulkhead" and self.set != "ipi"

    @property
    def name(self):
        words = ["ubench", self.system, self.sched, self.vwfi, self.set]
        return "/".join(word for word in words if word)


DEFAULT = Case("bulkhead", "credit2", "auto")
COLUMNS = {
    "bare": Case("bare"),
    "Bulkhead": DEFAULT,
    "null": dataclasses.replace(DEFAULT, sched="null"),
    "trap": dataclasses.replace(DEFAULT, vwfi="trap"),
    "Xen native": Case("xen", "credit2", "native"),
    "Xen trap": Case("xen", "credit2", "trap"),
}


def all_cases():
    yield from COLUMNS.values()
    for case in (DEFAULT, COLUMNS["Xen trap"]):
        yield dataclasses.replace(case, set="switch")
        yield dataclasses.replace(case, set="channel")
        yield dataclasses.replace(case, set="manager")
    yield dataclasses.replace(DEFAULT, set="ipi")


@dataclasses.dataclass
class Figure:
    rounds: int
    min: int
    avg: int
    max: int
    max_rounds: int

    def cell(self):
        return str(self.avg) if self.avg == self.max else f"{self.avg}/{self.max}"


@dataclasses.dataclass
class Row:
    case: Case
    seconds: float = 0.0
    counts: dict = dataclasses.field(default_factory=dict)  # Name -> Figure.
    problem: str = ""

    def figures(self):
        return {name: f"{figure.min} {figure.avg} {figure.max}" for name, figure in self.counts.items()}

    def golden(self):
        return self.figures()

    def rare(self, rounds):
        """Is there a maximum, of something that took less too, of at most so many rounds?"""
        return self.case.exact and any(figure.min != figure.max and figure.max_rounds <= rounds
                                       for figure in self.counts.values())

    def summary(self):
        return f"{len(self.counts)} figures"


def measure(case):
    """Boot a case and read its figures."""
    row = Row(case)
    meter = bench_cases.Case(case.system, case.sched, case.vwfi, "release")
    image = GUEST if case.system == "bare" else meter.image()
    for file in (GUEST, image):
        if not os.path.exists(file):
            row.problem = f"{file} does not exist"
            return row
    bare, two_domains, manager = case.system == "bare", case.set == "channel", case.set == "manager"
    bootargs = f"set={case.set} rounds={ROUNDS}" + (" hypercalls=0" if bare else "")
    options = meter.options() + (" dom0_mem=64M" if manager else "")
    if two_domains and case.system == "xen":
        options += " xsm=dummy"  # Debian's default keeps guests from having channels to each other.
    done = bench_cases.boot(GUEST, bootargs + (" role=first peer=2" if two_domains else ""), None if bare else image,
                            options, cpus=2 if case.set == "ipi" else 1,
                            vcpus=1 if case.set in ("solo", "channel") else 2, manager=manager,
                            other="set=channel role=second peer=1" if two_domains else "set=manager role=second" if manager else None)
    row.seconds = done.seconds
    for name, *numbers in FIGURE.findall(done.text):
        row.counts[name] = Figure(*map(int, numbers))
    if END not in done.text or done.status != 0:
        row.problem = bench_cases.how_it_ended(done)
    return row


class Table:
    """A line per figure, a column per system, with the sets of one system side by side in its column."""

    def __init__(self, rows):
        self.cells = {}
        for row in rows:
            if isinstance(row.case, Case) and not row.problem:
                column = dataclasses.replace(row.case, set="solo")
                for name, figure in row.counts.items():
                    self.cells[column, name] = figure.cell()

    def text(self):
        names = [name for name in TITLES if any(name == cell[1] for cell in self.cells)]
        columns = [title for title, case in COLUMNS.items() if any(case == cell[0] for cell in self.cells)]
        if not names:
            return ""
        heading = f"{'micro-benchmark':44}" + "".join(f"{title:>13}" for title in columns) + f"{'bar':>6}"
        lines = [heading, "-" * len(heading)]
        for name in names:
            cells = [f"{self.cells.get((COLUMNS[title], name), ''):>13}" for title in columns]
            lines.append(f"{TITLES[name]:44}{''.join(cells)}{BARS.get(name, ''):>6}")
        return "\n".join(lines + ["", NOTES])


def check_bars(rows):
    """Returns {case: what is missed}, of our default configuration."""
    missed = {}
    for row in rows:
        if isinstance(row.case, Case) and dataclasses.replace(row.case, set="solo") == DEFAULT:
            over = [f"{name} is {figure.max}, at most {BARS[name]} is allowed"
                    for name, figure in row.counts.items() if figure.max > BARS.get(name, figure.max)]
            if over:
                missed[row.case] = "; ".join(over)
    return missed
