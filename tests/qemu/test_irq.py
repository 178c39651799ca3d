#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_irq.py - interrupts, timers and FP registers as guests see them: boots of guests/irqtest on every machine.
"""Each test here is one boot with one or more domains that run irqtest, each a list of its sub-tests (guests/irqtest/main.c).

    test_irq.py --list        names, limits
    test_irq.py NAME [-v]     one boot; -v: shows the console
    test_irq.py --command NAME    prints QEMU's command line and keeps its tree, to be tried by hand"""
import dataclasses
import os
import re
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))
import mktree  # noqa: E402
import qemu  # noqa: E402

GUEST = "build/guests/irqtest.img"
SPIS = "nr_spis = <64>;"
# To look at one by hand: other sub-tests than the case's, and hypervisors that were built elsewhere.
TESTS = os.environ.get("IRQ_TESTS")
BUILDS = os.environ.get("IRQ_BUILDS", "build")
# What must not be on the console: words of the hypervisor about itself, and of a guest that is lost.
BAD = re.compile(r"^.*(ASSERT|assert|PANIC|panic|EL2 exception|FAIL |unexpected exception|has no handler|crashed).*$", re.M)

RTC_TREE = """/dts-v1/;
/ {
    #address-cells = <2>;
    #size-cells = <2>;
    gic: gic { #interrupt-cells = <3>; interrupt-controller; };
    passthrough {
        compatible = "simple-bus";
        ranges;
        #address-cells = <2>;
        #size-cells = <2>;
        pl031@9010000 {
            compatible = "arm,pl031", "arm,primecell";
            reg = <0 0x9010000 0 0x1000>;
            interrupt-parent = <&gic>;
            interrupts = <0 2 4>;
            xen,reg = <0 0x9010000 0 0x1000 0 0x9010000>;
            xen,path = "/pl031@9010000";
        };
    };
};
"""


RTC = "rtc-alarm,rtc-level,rtc-disabled,rtc-masked,rtc-states,rtc-two-steps,rtc-routed"
RTC_MOVES = "rtc-routed-pending,rtc-switched"
SHARE = "share-ticks,share-switch-in-handler,share-fp,share-fp-fresh"
SMP = ("sgi-lists,sgi-others,sgi-simultaneous,sgi-relay,sgi-streams,sgi-wake,route-to-each,route-while-pending,"
       "route-to-nobody,route-to-any,timer-cpu-off-virt,timer-cpu-off-phys")
LATE_MAX_US = 300000  # Of a tick beside a storm: the emulator shares its own computer.


@dataclasses.dataclass
class Guest:
    tests: str = "all"
    cpus: int = 1
    rtc: bool = False  # The machine's PL031 is this domain's.
    affinity: dict = dataclasses.field(default_factory=dict)
    last: str = ""  # Instead of a sum: a domain that is there to disturb.


@dataclasses.dataclass
class Case:
    board: str
    guests: list
    build: str = "debug"
    smp: int = 4
    bootargs: str = ""
    limit: int = 120  # Seconds; most take five.
    level: str = "normal"
    icount: bool = False  # CPUs run in turn, and time is counted in instructions: what else the computer does is not seen.
    late_max_us: int = 0


def cases():
    """Name -> Case."""
    table = {}
    for gic, board in (("v2", "virt"), ("v3", "virt-gicv3")):
        # Everything on four CPUs, by all ways through the hypervisor.
        table[gic] = Case(board, [Guest(cpus=4)], level="fast", icount=True)
        table[f"{gic}-release"] = Case(board, [Guest(cpus=4)], build="release", icount=True)
        table[f"{gic}-full-path"] = Case(board, [Guest(cpus=4)], build="full_path", icount=True)
        table[f"{gic}-one-cpu"] = Case(board, [Guest()], smp=1, bootargs="sched=null", icount=True)
        table[f"{gic}-wfi-trapped"] = Case(board, [Guest(cpus=2)], smp=2, bootargs="vwfi=trap", icount=True)
        table[f"{gic}-wfi-native"] = Case(board, [Guest(cpus=2)], smp=2, bootargs="vwfi=native", icount=True)
        # More vCPUs than CPUs: they take turns, and move. CPUs run at the same time here, and in most of what follows.
        table[f"{gic}-two-on-one"] = Case(board, [Guest(f"{SHARE},{SMP}", cpus=2)], smp=1)
        table[f"{gic}-four-on-two"] = Case(board, [Guest(f"{SHARE},{SMP}", cpus=4)], smp=2)
        table[f"{gic}-four-on-two-full-path"] = Case(board, [Guest(f"{SHARE},{SMP}", cpus=4)], smp=2, build="full_path")
        table[f"{gic}-domains-on-one"] = Case(board, [Guest(SHARE), Guest(SHARE)], smp=1)
        # A device of the domain's own.
        table[f"{gic}-rtc"] = Case(board, [Guest(f"{RTC},rtc-switched", cpus=2, rtc=True)], smp=2, bootargs="sched=null")
        table[f"{gic}-rtc-on-one"] = Case(board, [Guest(f"{RTC},{RTC_MOVES}", cpus=2, rtc=True)], smp=1)
        table[f"{gic}-rtc-moving"] = Case(board, [Guest(f"{RTC},{RTC_MOVES},{SHARE}", cpus=4, rtc=True)], smp=2)
        table[f"{gic}-rtc-stopped"] = Case(board, [Guest("rtc-stopped", rtc=True, last="(BH) d1 powered off"),
                                                   Guest("outlive,share-ticks")], smp=1)
        # Neighbours.
        table[f"{gic}-storm"] = Case(board, [Guest("storm", affinity={0: "0"}, last="(d1) storm: begins"),
                                             Guest("share-ticks,timer-wfi-virt,timer-spin-phys", affinity={0: "1"})],
                                     smp=2, late_max_us=LATE_MAX_US)
        table[f"{gic}-storm-of-two"] = Case(board, [Guest("storm", cpus=2, affinity={0: "0", 1: "1"},
                                                          last="(d1) storm: begins"),
                                                    Guest("share-ticks,timer-wfi-virt", affinity={0: "2"})],
                                            smp=3, late_max_us=LATE_MAX_US)
    table["zcu102"] = Case("zcu102", [Guest(cpus=4)], icount=True)
    table["zcu102-domains"] = Case("zcu102", [Guest(f"{SHARE},{SMP}", cpus=3),
                                              Guest(f"{SHARE},if-two-steps,timer-two-steps-virt", cpus=3)],
                                   icount=True)
    return table


def rtc_tree(directory):
    source, path = os.path.join(directory, "rtc.dts"), os.path.join(directory, "rtc.dtb")
    with open(source, "w", encoding="utf-8") as file:
        file.write(RTC_TREE)
    mktree.dtc(["-I", "dts", "-O", "dtb", "-o", path, source])
    return path


def command(case, directory):
    board = qemu.Board.load(case.board)
    domains = []
    ending = "semihosting" if len(case.guests) == 1 else "psci"
    for number, guest in enumerate(case.guests):
        domains.append(mktree.Domain(f"domU{number + 1}", GUEST, f"test={TESTS or guest.tests} exit={ending}", cpus=guest.cpus,
                                     partial_tree=rtc_tree(directory) if guest.rtc else "", affinity=guest.affinity,
                                     extra=SPIS))
    tree = os.path.join(directory, "tree.dtb")
    options = f"console=dtuart loglvl=debug guest_loglvl=debug {case.bootargs}".strip()
    machine = {"smp": case.smp, "icount": case.icount}
    loaders = mktree.make_tree(board, domains, options, tree, **machine)
    image = os.path.join(BUILDS, case.build, "bulkhead")
    return qemu.command(board, image, dtb=tree, loaders=loaders, extra=["-rtc", "clock=vm"], **machine)


def last_words(number, guest):
    """What ends a guest's part on the console, as a regular expression."""
    return re.escape(guest.last) if guest.last else rf"\(d{number}\) irqtest: \d+ ok, \d+ failed"


def judge_guest(number, guest, text):
    """Returns what is wrong with one domain, in words."""
    if guest.last:
        return [] if guest.last in text else [f"domain {number}: '{guest.last}' is missing"]
    lines = [line.split(f"(d{number}) ", 1)[1] for line in text.splitlines() if f"(d{number}) " in line]
    if not any(re.match(r"irqtest: \d+ ok, 0 failed", line) for line in lines):
        begun = [line for line in lines if line.startswith("run ")] or ["nothing"]
        return [f"domain {number} did not come to a good end; the last it began: {begun[-1]}"]
    if guest.tests == "all" or TESTS:
        return []
    done = {line.split()[1] for line in lines if line.startswith(("ok ", "skip "))}
    return [f"domain {number} did not run {name}" for name in sorted(set(guest.tests.split(",")) - done)]


def judge(case, boot):
    """Returns what is wrong, in words."""
    problems = [match.group(0).strip() for match in BAD.finditer(boot.text)]
    for number, guest in enumerate(case.guests, 1):
        problems += judge_guest(number, guest, boot.text)
    for late in re.findall(r"at most (\d+) us late", boot.text):
        if case.late_max_us and int(late) > case.late_max_us:
            problems.append(f"a tick came {late} us late, more than {case.late_max_us}")
    if boot.ended == "limit":
        problems.append(f"not done after {case.limit} s")
    elif len(case.guests) == 1 and boot.status != 0:
        problems.append(f"QEMU ended with status {boot.status}: {boot.errors.strip()}")
    return problems


def run(name, verbose):
    case = cases()[name]
    with tempfile.TemporaryDirectory(prefix="irq-") as directory:
        line = command(case, directory)
        until = "(?s)" + "".join(f"(?=.*{last_words(number, guest)})" for number, guest in enumerate(case.guests, 1))
        until = until if len(case.guests) > 1 else None
        boot = qemu.boot(line, case.limit - 5, until=until, on_line=print if verbose else None)
    problems = judge(case, boot)
    if problems:
        print(boot.text)
        print(f"{name}: {len(problems)} problems")
        for problem in problems:
            print(f"  {problem}")
        print(boot.shell())
        return 1
    print(f"{name}: {len(re.findall(r'^.*ok ', boot.text, re.M))} sub-tests in {boot.seconds:.1f} s")
    return 0


def main():
    os.chdir(TOP)
    words = [word for word in sys.argv[1:] if word != "-v"]
    if words == ["--list"]:
        for name, case in cases().items():
            print(name, case.limit, case.level, "cpu=many" if case.smp > 1 and not case.icount else "cpu=1")
        return 0
    if len(words) == 2 and words[0] == "--command":
        print(" ".join(command(cases()[words[1]], tempfile.mkdtemp(prefix="irq-"))))
        return 0
    if len(words) != 1 or words[0] not in cases():
        sys.exit(__doc__)
    return run(words[0], "-v" in sys.argv)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except qemu.Problem as problem:
        sys.exit(f"test_irq: {problem}")
