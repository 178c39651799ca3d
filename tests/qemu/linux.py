# SPDX-License-Identifier: Apache-2.0
# linux.py - what tests with Debian's kernels share: boots of them as Dom0 or as domains, what tools/linux_init said, and
# what no kernel may say.
"""A test program ends with linux.main(); it knows scenario's words and one more:

    tests/qemu/test_dom0.py --hypervisor xen v2_cpus_4

boots Debian's Xen in the place of Bulkhead. A test that fails there is wrong itself."""
import os
import re
import subprocess
import sys
import tempfile

import scenario
from scenario import mktree, qemu

import ramdisk  # noqa: E402  (scenario adds tools/ to the path)

XEN = os.path.join("build", "arm64", "xen", "boot", "xen-4.17-arm64")
BULKHEAD = os.path.join("build", "debug", "bulkhead")
RELEASE = os.path.join("build", "release", "bulkhead")
PLUGIN = os.path.join("build", "tools", "insncount.so")
LIMIT = 110  # Seconds of one boot: it takes about 15, on a busy computer more.
STARTED = r"INIT start \S+ cpus=(\d+)"
PROMPT = r"linux# "

# What a kernel says when a CPU, a timer or an interrupt was lost, or something broke.
TROUBLE = (r"rcu: INFO: .*stall", r"rcu_\w+ (self-)?detected stall", r"rcu: .*kthread starved", r"soft lockup", r"hard LOCKUP",
           r"spurious 8250", r"blocked for more than", r"Kernel panic", r"Oops", r"\bBUG:", r"\bWARNING:", r"nobody cared",
           r"Internal error", r"Call trace", r"clocksource: .*unstable", r"timekeeping watchdog",
           r"NETDEV WATCHDOG", r"NOHZ.*softirq", r"INIT failed", r"^\(BH\) error",
           r"ASSERT", r"\(XEN\) .*(Assertion|BUG)")

# Emulated CPUs that share the computer's with others may stand still for a while; so this says nothing about us, but in
# exact virtual time of one CPU.
LATE = r"hrtimer: interrupt took"
THROTTLED = r"sched: RT throttling"  # The same; in exact virtual time also of several CPUs.

OTHERS = re.compile(r"\(d\d+\) |\(XEN\) DOM[1-9]\d*: ")  # Lines of Dom0 have no prefix.

hypervisor = "bulkhead"


def image():
    return XEN if hypervisor == "xen" else BULKHEAD


def who(number):
    """The prefix of a domain's lines."""
    return f"(XEN) DOM{number}: " if hypervisor == "xen" else f"(d{number}) "


def normal(line):
    """A kernel's line without what differs from boot to boot: time, numbers, addresses."""
    line = re.sub(r"^<\d+>", "", line)
    line = re.sub(r"^\[ *[\d.]+\] ", "", line)
    line = re.sub(r"\b0x[0-9a-f]+|\b[0-9a-f]{8,16}\b", "X", line)
    return re.sub(r"\d+", "N", line).strip()


class Result(scenario.Result):
    """A boot with one Linux, or several. `who` is its prefix on the console: "" for Dom0, "(d1) " for a domain."""

    def says_of(self, who):
        lines = self.lines if who else [line for line in self.lines if not OTHERS.match(line)]
        return [line[len(who):] for line in lines if line.startswith(who)]

    def block(self, name, who=""):
        """The lines between INIT name begin and end."""
        lines = self.says_of(who)
        try:
            return lines[lines.index(f"INIT {name} begin") + 1:lines.index(f"INIT {name} end")]
        except ValueError:
            return self.fail(f"{who}init did not finish its {name}")

    def did(self, *steps, who="", cpus=None):
        """Init ran on so many CPUs, and all steps went well."""
        text = "\n".join(self.says_of(who))
        match = re.search(STARTED, text)
        if not match:
            self.fail(f"{who}init did not start")
        if cpus:
            self.equal(int(match.group(1)), cpus, "CPUs that the kernel has")
        for step in steps:
            if not re.search(rf"^INIT ok {step} ", text, re.MULTILINE):
                self.fail(f"{who}no good end of step {step}")
        if not re.search(r"^INIT done failed=0", text, re.MULTILINE):
            self.fail(f"{who}not every step went well")
        return self

    def no_trouble(self):
        self.says_not(*TROUBLE)
        return self

    def warnings(self, who=""):
        """The kernel's warnings and worse, normalised, each once."""
        return sorted({normal(line) for line in self.block("dmesg", who) if not re.search(f"{LATE}|{THROTTLED}", line)})

    def loaded(self, who, seconds, cpus=1):
        """Steps stress, sleeps, interrupts and dmesg in exact virtual time: all took as long as they should."""
        self.did("stress", "sleeps", "interrupts", "dmesg", who=who, cpus=cpus).no_trouble().off()
        self.says_not(THROTTLED)
        if cpus == 1:
            self.says_not(LATE)
        text = "\n".join(self.says_of(who))
        begin, end = map(float, re.search(r"INIT ok stress ([\d.]+) ([\d.]+)", text).groups())
        self.within(end - begin, seconds, seconds + 15, "seconds that the load took in virtual time")
        begin, end = map(float, re.search(r"INIT sleeps from=([\d.]+) to=([\d.]+)", text).groups())
        self.within(end - begin, 1.0, 1.5, "seconds of twenty sleeps of 50 ms, with the programs started")
        ticks = re.search(rf"^ *\d+:((?: +\d+){{{cpus}}}) .* arch_timer", text, re.MULTILINE).group(1).split()
        for number in ticks:
            self.within(int(number), seconds * 200, seconds * 100000, "timer interrupts of a CPU, 250 a second or more")

    def off(self):
        """The machine was switched off."""
        if self.boot.ended != "exit" or self.boot.status != 0:
            self.fail("the machine was not switched off")
        return self


def dom0(kernel="cloud", variant="dom0", steps="", end="poweroff", bootargs="", **words):
    """Dom0 with its console on hvc0. Further words go to init: seconds=, work=."""
    return mktree.Dom0(ramdisk.kernel(kernel), command_line("hvc0", steps, end, bootargs, words), ramdisk.build(kernel, variant))


def domain(name="linux", kernel="cloud", variant="plain", steps="", end="poweroff", bootargs="", memory_kib=192 << 10, cpus=1,
           affinity=None, extra="", **words):
    """A domain started at boot, with its console on the virtual PL011."""
    return mktree.Domain(name, ramdisk.kernel(kernel), command_line("ttyAMA0", steps, end, bootargs, words), memory_kib, cpus,
                         ramdisk=ramdisk.build(kernel, variant), affinity=affinity or {}, extra=extra)


def command_line(console, steps, end, bootargs, words):
    parts = [f"console={console}", "panic=-1", bootargs, f"do={steps}" if steps else "", f"end={end}"]
    return " ".join([part for part in parts if part] + [f"{name}={value}" for name, value in words.items()])


# One boot. `options` is the hypervisor's command line; `edit` changes the source of the board's tree. Other words are
# qemu.machine_arguments()'s.
def boot(domains, board="virt", options="", until=None, inputs=(), limit=LIMIT, extra=(), source="", edit=None, **machine):
    the_board = qemu.Board.load(board)
    with tempfile.TemporaryDirectory(prefix="linux-") as directory:
        tree = os.path.join(directory, "tree.dtb")
        known = {key: value for key, value in machine.items() if key in ("smp", "memory", "bare")}
        loaders = mktree.make_tree(the_board, domains, f"console=dtuart {options}".strip(), tree, source=source, edit=edit,
                                   **known)
        line = qemu.command(the_board, image(), dtb=tree, loaders=loaders, extra=extra, **machine)
        return Result(qemu.boot(line, limit, until=until, inputs=inputs))


def boot_counting(function, domains, extra=(), **words):
    """A boot, and how often the hypervisor called one of its functions."""
    symbols = subprocess.run(["aarch64-linux-gnu-nm", BULKHEAD + ".elf"], capture_output=True, text=True, check=True).stdout
    address = re.search(rf"^0*([0-9a-f]+) [tT] {function}(\.\w+)*$", symbols, re.MULTILINE)
    if address is None:
        raise qemu.Problem(f"{BULKHEAD}.elf has no function {function}")
    with tempfile.TemporaryDirectory(prefix="linux-") as directory:
        out = os.path.join(directory, "count")
        plugin = ["-plugin", f"{PLUGIN},out={out},at=0x{address.group(1)}"]
        result = boot(domains, extra=[*extra, *plugin], **words)
        result.off()
        with open(out, encoding="ascii") as file:
            return result, int(file.read())


def bare(board, kernel, variant, console, steps, edit=None, limit=LIMIT, **machine):
    """The kernel on the machine itself."""
    the_board = qemu.Board.load(board)
    with tempfile.TemporaryDirectory(prefix="linux-") as directory:
        tree = os.path.join(directory, "tree.dtb")
        source = mktree.base_source(the_board, **machine)
        mktree.dtc(["-I", "dts", "-O", "dtb", "-o", tree, "-"], edit(source) if edit else source)
        line = qemu.command(the_board, ramdisk.kernel(kernel), dtb=tree, append=command_line(console, steps, "poweroff", "", {}),
                            extra=["-initrd", ramdisk.build(kernel, variant)], **machine)
        return Result(qemu.boot(line, limit))


def main():
    global hypervisor  # pylint: disable=global-statement
    if "--hypervisor" in sys.argv:
        at = sys.argv.index("--hypervisor")
        hypervisor = sys.argv[at + 1] if len(sys.argv) > at + 1 else ""
        if hypervisor not in ("xen", "bulkhead"):
            print("--hypervisor: write xen or bulkhead", file=sys.stderr)
            return 2
        del sys.argv[at:at + 2]
    return scenario.main()
