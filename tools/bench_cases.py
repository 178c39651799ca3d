# SPDX-License-Identifier: Apache-2.0
# bench_cases.py - what bench measures: its cases, one boot of each, and what the meter and QEMU's trace said.
"""A case is one boot of the meter: system, scheduler, vwfi, DEBUG, timer, and how it waits."""
import dataclasses
import os
import re
import tempfile

import mktree
import qemu

BOARD = "virt"  # GICv2.
HZ = 1000000000
MEMORY_KIB = 32 * 1024
LIMIT = 180  # Seconds of one boot.
SPIN_ROUNDS = 2000  # A spinning guest executes every tick.
TRACE_ROUNDS = 100
TRACE_WINDOW = (40, 90)  # Interrupts between which GIC accesses are counted.
XEN = os.path.join("build", "arm64", "xen", "boot", "xen-4.17-arm64")
METER = os.path.join("build", "guests", "meter.img")

FIGURES = re.compile(r"METER timer=(\w+) wait=(\w+) rounds=(\d+) AVG=(\d+) MIN=(\d+) MAX=(\d+) "
                     r"WARM_MAX=(\d+) MEAN=(\d+)")
SETUP = re.compile(r"METER_SETUP .*first_tick=(\d+)")
HISTOGRAM = re.compile(r"METER_HIST latency=(\d+) count=(\d+)")
GIC_ACCESS = re.compile(r"gic_(cpu|hyp|dist)_(read|write) (vcpu)?.* at (0x[0-9a-f]+):? (0x[0-9a-f]+)")
GICC_IAR = 0x0c
INTID_SPECIAL = 1020


@dataclasses.dataclass(frozen=True)
class Case:
    system: str  # "bare", "bulkhead", "xen"
    sched: str = ""
    vwfi: str = ""
    build: str = ""  # "release" (DEBUG off), "debug"; of bulkhead.
    timer: str = "virt"
    wait: str = "wfi"
    scrub: bool = False  # xen: with its background scrubbing, which only disturbs it.
    trace: bool = False  # Count GIC accesses; its latency is not used.

    @property
    def exact(self):
        """Is the same figure expected again?"""
        return self.system != "xen" and not self.trace

    @property
    def name(self):
        words = [self.system, self.sched, self.vwfi, self.build, self.timer, self.wait]
        words += ["bootscrub" if self.scrub else "", "gic" if self.trace else ""]
        return "/".join(word for word in words if word)

    def options(self):
        """The hypervisor's command line. Bulkhead's defaults are not named, so that they are what is
        measured."""
        words = ["console=dtuart"]
        if self.system == "xen":
            words += [f"sched={self.sched}", f"vwfi={self.vwfi}"] + ([] if self.scrub else ["bootscrub=0"])
        else:
            words += [f"sched={self.sched}"] if self.sched != "credit2" else []
            words += [f"vwfi={self.vwfi}"] if self.vwfi != "auto" else []
        return " ".join(words)

    def image(self):
        bulkhead = os.path.join("build", self.build, "bulkhead")
        return {"bare": METER, "xen": XEN, "bulkhead": bulkhead}[self.system]

    def bootargs(self):
        words = [f"timer={self.timer}", f"wait={self.wait}"]
        if self.trace:
            words += [f"rounds={TRACE_ROUNDS}", "histogram=0"]
        elif self.scrub:
            words += ["rounds=30", "histogram=0"]
        elif self.wait == "spin":
            words.append(f"rounds={SPIN_ROUNDS}")
        return " ".join(words)


DEFAULT = Case("bulkhead", "credit2", "auto", "release")
XEN_DEFAULT = Case("xen", "credit2", "trap")
BARE = Case("bare")


def latency_cases():
    """Every row of the table, in its order."""
    for timer in ("virt", "phys"):
        yield Case("bare", timer=timer)
        for build in ("release", "debug"):
            for sched in ("null", "credit2"):
                for vwfi in ("auto", "native", "trap"):
                    yield Case("bulkhead", sched, vwfi, build, timer)
        for vwfi in ("native", "trap"):
            yield Case("xen", "credit2", vwfi, timer=timer)
    for timer in ("virt", "phys"):
        yield Case("bare", timer=timer, wait="spin")
        yield dataclasses.replace(DEFAULT, timer=timer, wait="spin")
        yield dataclasses.replace(XEN_DEFAULT, timer=timer, wait="spin")


def all_cases():
    latency = list(latency_cases())
    yield from latency
    for case in latency:
        if case.system != "bare" and case.timer == "virt" and case.wait == "wfi" and case.build != "debug":
            yield dataclasses.replace(case, trace=True)
    yield dataclasses.replace(XEN_DEFAULT, scrub=True)


def is_quick(case):
    """The part that ./run shows."""
    if case.system == "bare" or case == dataclasses.replace(XEN_DEFAULT, scrub=True):
        return case.wait == "wfi" and not case.trace
    if case.wait == "spin" or case.trace:
        return case in (dataclasses.replace(c, trace=True) for c in (DEFAULT, XEN_DEFAULT))
    if case.timer == "phys":
        return case in (dataclasses.replace(c, timer="phys") for c in (DEFAULT, XEN_DEFAULT))
    return case.system == "xen" or (case.build == "release" and case.vwfi != "native") or \
        (case.sched, case.vwfi) == ("credit2", "auto")


@dataclasses.dataclass
class Row:
    """What one case gave. Figures are instructions; `problem` says why there are none."""
    case: Case
    seconds: float = 0.0
    avg: int = 0
    min: int = 0
    max: int = 0
    warm_max: int = 0
    mean: int = 0
    rounds: int = 0
    first_tick: int = 0
    histogram: dict = dataclasses.field(default_factory=dict)
    gic_reads: float | None = None
    gic_writes: float | None = None
    problem: str = ""

    def figures(self):
        return {name: getattr(self, name) for name in ("avg", "min", "max", "warm_max", "mean")}

    def golden(self):
        return {**self.figures(), "first_tick": self.first_tick}

    def rare(self, rounds):
        """Is there a maximum of at most so many rounds?"""
        return 0 < self.histogram.get(self.max, 0) <= rounds

    def summary(self):
        if self.case.trace:
            return f"GIC accesses per interrupt: {self.gic_reads:.1f} reads, {self.gic_writes:.1f} writes"
        if self.case.scrub:
            return f"first guest instruction after {self.first_tick:,}"
        return f"AVG {self.avg:5} MIN {self.min:5} MAX {self.max:6} WARM_MAX {self.warm_max:6}"


def read_console(row, done):
    match = FIGURES.search(done.text)
    if not match:
        row.problem = how_it_ended(done)
        return
    row.rounds, row.avg, row.min, row.max, row.warm_max, row.mean = map(int, match.groups()[2:])
    row.first_tick = int(SETUP.search(done.text).group(1)) if SETUP.search(done.text) else 0
    row.histogram = {int(latency): int(count) for latency, count in HISTOGRAM.findall(done.text)}
    if done.status != 0:
        row.problem = f"the guest ended with status {done.status}"


def count_gic_accesses(row, path):
    """The hypervisor's reads and writes of distributor, CPU interface and hypervisor interface for each
    interrupt that the guest acknowledges, in the steady state. The guest's own (its virtual CPU interface)
    are left out."""
    acknowledged = 0
    count = {"read": 0, "write": 0}
    with open(path, encoding="utf-8") as trace:
        for match in map(GIC_ACCESS.match, trace):
            if not match:
                continue
            part, kind, who, offset, value = match.groups()
            if part == "cpu" and who == "vcpu":
                acknowledge = kind == "read" and int(offset, 16) == GICC_IAR
                acknowledged += acknowledge and int(value, 16) & 0x3ff < INTID_SPECIAL
            elif TRACE_WINDOW[0] <= acknowledged < TRACE_WINDOW[1]:
                count[kind] += 1
    if acknowledged < TRACE_WINDOW[1]:
        row.problem = f"only {acknowledged} interrupts in QEMU's trace of the GIC"
        return
    interrupts = TRACE_WINDOW[1] - TRACE_WINDOW[0]
    row.gic_reads, row.gic_writes = count["read"] / interrupts, count["write"] / interrupts


def boot(guest, bootargs, hypervisor=None, options="", cpus=1, vcpus=1, extra=(), other=None, manager=False):
    """One boot of an image of build/guests: bare, or as the only domain of a hypervisor, or with another beside it that
    has `other` as boot arguments, and perhaps as Dom0. On one CPU the counts are exact."""
    board = qemu.Board.load(BOARD)
    machine = {"smp": cpus, "frequency": HZ, "icount": True}
    if hypervisor is None:
        line = qemu.command(board, guest, append=bootargs, extra=extra, bare=True, **machine)
        return qemu.boot(line, LIMIT)
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        tree = os.path.join(directory, "tree.dtb")
        name = os.path.splitext(os.path.basename(guest))[0]
        domains = [mktree.Dom0(guest, bootargs) if manager else mktree.Domain(name, guest, bootargs, MEMORY_KIB, cpus=vcpus)]
        if other is not None:
            domains.append(mktree.Domain(f"{name}-2", guest, other, MEMORY_KIB, cpus=vcpus))
        loaders = mktree.make_tree(board, domains, options, tree, **machine)
        line = qemu.command(board, hypervisor, dtb=tree, loaders=loaders, extra=extra, **machine)
        return qemu.boot(line, LIMIT)


def how_it_ended(done):
    """Why there are no figures."""
    words = done.text.strip() or done.errors.strip() or "nothing at all"
    late = done.ended == "limit"
    how = f"not done after {LIMIT} s" if late else f"QEMU ended with status {done.status}"
    return f"no figures ({how}); its last words: {words.splitlines()[-1]}"


def measure(case):
    """Boot a case and read its figures."""
    row = Row(case)
    if not os.path.exists(case.image()):
        row.problem = f"{case.image()} does not exist"
        return row
    hypervisor = None if case.system == "bare" else case.image()
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        log = os.path.join(directory, "trace")
        extra = ["-trace", "gic_*", "-D", log] if case.trace else []
        done = boot(METER, case.bootargs(), hypervisor, case.options(), extra=extra)
        row.seconds = done.seconds
        read_console(row, done)
        if case.trace and not row.problem:
            count_gic_accesses(row, log)
    return row
