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
TESTS = os.environ.get("IRQ_TESTS")  # Others than the case's, to look at one by hand.
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


@dataclasses.dataclass
class Guest:
    tests: str = "all"
    cpus: int = 1
    rtc: bool = False  # The machine's PL031 is this domain's.
    affinity: dict = dataclasses.field(default_factory=dict)
    ends: bool = True  # It reports its sum; else it is there to disturb, or says `last`.
    last: str = ""


@dataclasses.dataclass
class Case:
    board: str
    guests: list
    build: str = "debug"
    smp: int = 4
    bootargs: str = ""
    limit: int = 60  # Seconds; a boot takes about ten.
    level: str = "normal"
    icount: bool = False


RTC = "rtc-alarm,rtc-level,rtc-disabled,rtc-masked,rtc-states,rtc-two-steps,rtc-routed,rtc-switched"
SHARE = "share-ticks,share-switch-in-handler,share-fp,share-fp-fresh"
SMP = "sgi-lists,sgi-others,sgi-simultaneous,sgi-relay,sgi-streams,sgi-wake,timer-cpu-off-virt,timer-cpu-off-phys"
BOARDS = {"v2": "virt", "v3": "virt-gicv3"}


def cases():
    """Name -> Case."""
    table = {}
    for gic, board in BOARDS.items():
        table[f"{gic}"] = Case(board, [Guest(cpus=4)], level="fast")
        table[f"{gic}-release"] = Case(board, [Guest(cpus=4)], build="release")
        table[f"{gic}-full-path"] = Case(board, [Guest(cpus=4)], build="full_path")
        table[f"{gic}-one-cpu"] = Case(board, [Guest()], smp=1, bootargs="sched=null")
        table[f"{gic}-wfi-trapped"] = Case(board, [Guest(cpus=2)], smp=2, bootargs="vwfi=trap")
        table[f"{gic}-wfi-native"] = Case(board, [Guest(cpus=2)], smp=2, bootargs="vwfi=native")
        table[f"{gic}-two-on-one"] = Case(board, [Guest(f"{SHARE},{SMP}", cpus=2)], smp=1)
        table[f"{gic}-four-on-two"] = Case(board, [Guest(f"{SHARE},{SMP}", cpus=4)], smp=2)
        table[f"{gic}-domains-on-one"] = Case(board, [Guest(SHARE), Guest(SHARE)], smp=1)
        table[f"{gic}-rtc"] = Case(board, [Guest(RTC, cpus=2, rtc=True)], smp=2)
        table[f"{gic}-rtc-moving"] = Case(board, [Guest(f"{RTC},{SHARE}", cpus=4, rtc=True)], smp=2)
        table[f"{gic}-rtc-stopped"] = Case(board, [Guest("rtc-stopped", rtc=True, ends=False, last="d1 powered off"),
                                                   Guest("rest,share-ticks,timer-wfi-virt", cpus=1)], smp=2)
        table[f"{gic}-storm"] = Case(board, [Guest("storm", ends=False, last="storm: begins", affinity={0: "0"}),
                                             Guest("rest,share-ticks,timer-wfi-virt,timer-spin-phys", affinity={0: "1"})],
                                     smp=2)
    table["zcu102"] = Case("zcu102", [Guest(cpus=4)])
    table["zcu102-domains"] = Case("zcu102", [Guest(SHARE, cpus=3), Guest(f"{SHARE},if-two-steps,timer-two-steps-virt", cpus=3)])
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
    image = os.path.join("build", case.build, "bulkhead")
    return qemu.command(board, image, dtb=tree, loaders=loaders, extra=["-rtc", "clock=vm"], **machine)


def last_words(number, guest):
    """What ends a guest's part on the console."""
    said = r"irqtest: \d+ ok" if guest.ends else re.escape(guest.last)
    return f"{said}" if not guest.ends and guest.last.startswith("d1") else rf"\(d{number}\) {said}"


def judge(case, boot):
    """Returns what is wrong, in words."""
    problems = [match.group(0).strip() for match in BAD.finditer(boot.text)]
    for number, guest in enumerate(case.guests, 1):
        lines = [line.split(f"(d{number}) ", 1)[1] for line in boot.text.splitlines() if f"(d{number}) " in line]
        sums = [line for line in lines if re.match(r"irqtest: \d+ ok, 0 failed", line)]
        if guest.ends and len(sums) != 1:
            begun = [line for line in lines if line.startswith("run ")] or ["nothing"]
            problems.append(f"domain {number} did not come to its end; the last it began: {begun[-1]}")
        if guest.ends and sums and guest.tests != "all" and not TESTS:
            wanted = {name for name in guest.tests.split(",") if name != "rest"}
            done = {line.split()[1] for line in lines if line.startswith(("ok ", "skip "))}
            problems += [f"domain {number} did not run {name}" for name in sorted(wanted - done)]
        if not guest.ends and not re.search(last_words(number, guest), boot.text):
            problems.append(f"domain {number} never said '{guest.last}'")
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
            print(name, case.limit, case.level, "cpu=many" if case.smp > 1 else "cpu=1")
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
