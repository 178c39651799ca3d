# SPDX-License-Identifier: Apache-2.0
# run_session.py - one session of ./run: what is typed at Dom0's prompt, the figures that the latency guest gives, their table.
import dataclasses
import os
import re
import subprocess

import bench_cases
import qemu
import toolstack

GUEST = os.path.join("build", "guests", "latency.img")
LIMIT = 400  # Seconds of one session; on an idle computer it takes about half a minute.
PIN = ("xl vcpu-pin 0 0 0", "xl vcpu-pin 0 1 1", "xl vcpu-pin 1 0 2", "xl vcpu-pin 1 1 3")
MEASURE = "latency"  # tools/dom0/usr/bin/latency
CREATE = "xl create /root/latency.cfg"
WHOLE = (CREATE, "xl list", MEASURE, "xl vcpu-list", *PIN, "xl vcpu-list", MEASURE, "xl destroy latency")
SHORT = (CREATE, *PIN, "xl vcpu-list", MEASURE)
FIGURES = re.compile(r"vcpu=(\d) rounds=(\d+) AVG=(\d+) MIN=(\d+) MAX=(\d+) WARM_MAX=(\d+)")
STARTED = re.compile(r"windows of \d+ rounds of \d+ ticks at (\d+) Hz")
NAMES = {"bulkhead": "Bulkhead", "xen": "Xen 4.17 (Debian)"}
HEADING = f"{'system':17} {'vwfi':6} {'DEBUG':5} {'vCPUs':8}  {'AVG':>8} {'MIN':>8} {'MAX':>8} {'WARM_MAX':>8}   microseconds"
NOTES = """Four CPUs in the time of this computer, which QEMU shares with all else that runs on it: the worse of the guest's two vCPUs.
These are mostly the emulator's latencies, and show that the session works; they compare no hypervisors."""


@dataclasses.dataclass(frozen=True)
class Case:
    system: str
    vwfi: str
    debug: str

    def title(self):
        return f"{NAMES[self.system]}, vwfi={self.vwfi}" + (f", DEBUG {self.debug}" if self.system == "bulkhead" else "")


@dataclasses.dataclass
class Row:
    """Microseconds."""
    case: Case
    vcpus: str
    figures: tuple


def cases(with_xen):
    """Beside the first session, which has the defaults."""
    yield from (Case("bulkhead", "native", "off"), Case("bulkhead", "trap", "off"), Case("bulkhead", "auto", "on"))
    if with_xen:
        yield from (Case("xen", "native", "off"), Case("xen", "trap", "off"))


def image(case):
    if case.system == "xen":
        return bench_cases.XEN
    return os.path.join("build", "debug" if case.debug == "on" else "release", "bulkhead")


def files():
    config = toolstack.config("latency", kernel="/guests/latency", memory=32, vcpus=2, extra="rounds=500 pause=200 exit=none")
    return {"guests/latency": GUEST, "root/latency.cfg": config}


def read_figures(ran, hertz):
    """The worse of both vCPUs, in microseconds; none of the command's lines may be missing."""
    found = [tuple(map(int, match.groups()[2:])) for match in map(FIGURES.search, ran.lines) if match]
    if ran.status != 0 or len(found) != 2:
        raise qemu.Problem(f"the guest gave no figures: {ran.text()}")
    return tuple(max(numbers) * 1e6 / hertz for numbers in zip(*found))


def run(case, hypervisor, on_line=None, whole=False, **words):
    """One boot. Returns its rows: unpinned, of the whole experiment, and pinned."""
    options = f"vwfi={case.vwfi}" if (case.system, case.vwfi) != ("bulkhead", "auto") else ""
    commands = WHOLE if whole else SHORT
    with toolstack.machine(hypervisor, files=files(), options=options, **words) as line:
        done = qemu.boot(line, LIMIT, until=toolstack.POWERED_OFF, inputs=toolstack.typed(commands), on_line=on_line)
    ran = list(toolstack.take_apart(done.text))[:len(commands)]
    failed = next((one for one in ran if one.status != 0), None)
    if failed or len(ran) < len(commands):
        what = f"'{failed.command}' ended with status {failed.status}: {failed.text()}" if failed else "Dom0 has no prompt"
        raise qemu.Problem(f"{case.title()}: {what}\nThe machine {'was stopped after its limit' if done.ended == 'limit' else 'ended'} "
                           f"({done.seconds:.0f} s); its command was:\n{done.shell()}")
    hertz = int(STARTED.search(done.text).group(1))
    measured = [one for one in ran if one.command.startswith(MEASURE)]
    return [Row(case, vcpus, read_figures(one, hertz)) for vcpus, one in zip(("unpinned", "pinned") if whole else ("pinned",), measured)]


def table(rows):
    lines = [HEADING, "-" * len(HEADING)]
    for row in rows:
        numbers = " ".join(f"{figure:8.1f}" for figure in row.figures)
        lines.append(f"{NAMES[row.case.system]:17} {row.case.vwfi:6} {row.case.debug:5} {row.vcpus:8}  {numbers}")
    return "\n".join([*lines, "", NOTES])


def shell(hypervisor, say, **words):
    """A person at Dom0's prompt: QEMU has the terminal."""
    with toolstack.machine(hypervisor, files=files(), **words) as line:
        at = line.index("stdio,id=console,signal=off")
        line[at] = "stdio,id=console,mux=on,signal=off"
        at = line.index("-monitor")
        line[at:at + 2] = ["-mon", "chardev=console,mode=readline"]
        say("in about 20 s there is Dom0's prompt. Try: xl info; xl create /root/latency.cfg; latency; xl vcpu-list; xl vcpu-pin 1 0 2")
        say("`poweroff -f` ends the machine; so does Ctrl-a x at any time")
        return subprocess.run(line, check=False).returncode
