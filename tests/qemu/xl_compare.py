# SPDX-License-Identifier: Apache-2.0
# xl_compare.py - what the commands of a session said, beside what they say on Debian's Xen: normalised, and every difference has
# its reason or fails the test.
"""What Debian's Xen says is kept in tests/golden/xl/NAME.txt, one file a session, normalised; `test_xl.py --hypervisor xen NAME`
compares a fresh run of Xen with it, and with --record writes it. What is allowed to differ on Bulkhead stands in REASONS; what
did differ is kept in build/xl/NAME.txt, of which --table makes docs/xl-differences.md."""
import dataclasses
import difflib
import glob
import os
import re

import linux

GOLDEN = os.path.join("tests", "golden", "xl")
FOUND = os.path.join("build", "xl")
PAGE = os.path.join("docs", "xl-differences.md")
SEPARATOR = " | "

# Everywhere: what no two boots have in common. Order counts.
EVERYWHERE = (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-(?!0{12})[0-9a-f]{12}\b", "UUID"),
    (r"\b0x[0-9a-f]{5,}\b|\b(?!0+\b)[0-9a-f]{12,}\b", "X"),
    (r"/dev/pts/\d+", "/dev/pts/N"),
    (r"(?<![\d:])\d+:\d\d(:\d\d)?(?![\d:])", "TIME"),
    (r"\b\d+\.\d+(?!\.)\b", "N.N"),
)

# Of commands that begin so; blanks are single ones already.
OF_COMMAND = {
    "xl list": ((r"\s[r-][b-]([p-][s-][c-][d-])\s", r" ..\1 "),),
    "xl claims": ((r" [r-][b-]([p-][s-][c-][d-]) ", r" ..\1 "),),
    "xl vcpu-list": ((r"^(\S+ \d+ \d+) (?:\d+|-) [r-][b-]([p-]) ", r"\1 CPU ..\2 "),),
    "xl info": ((r"^(host|release|version|xen_extra|xen_version|xen_changeset|cc_compile\w*|build_id) :.*", r"\1 : ..."),
                (r"^(cpu_mhz|free_memory|total_memory) : [\d.]+", r"\1 : N"),
                (r"^ (\d+): \d{2,} \d{2,} (\d+)$", r" \1: N N \2")),
    "xentop": ((r"^ ?(\S+) [-dsbcpr]{6} .*", r"\1 ..."),),
    "xl block-list": ((r"-?\d+ -?\d+ (?=/local)", "N N "),),
    "xl network-list": ((r"-?\d+ -?\d+/-?\d+ (?=/local)", "N N/N "),),
    "xl console": ((r"\d+", "N"),),
    "test-": ((r"\d+ ns", "N ns"),),
    "free": ((r"\d+", "N"),),
    "sums": ((r"(?<![\w.])\d+(\.\d+)?(?![v\d])", "N"),),
    "how_many /tmp/sched 'runstate": ((r"\d+", "N"),),
}


@dataclasses.dataclass
class Reason:
    """Lines that may differ: of a command that begins so, on Xen or on Bulkhead, whole after normalising."""
    command: str
    xen: str
    ours: str
    why: str

    def covers(self, command, side, line):
        pattern = self.xen if side == "-" else self.ours
        return command.startswith(self.command) and bool(pattern) and re.fullmatch(pattern, line) is not None


REASONS = (
    Reason("xl info", r"virt_caps : hvm hap vpmu gnttab-v1", r"virt_caps : hvm hap gnttab-v1", "there is no virtual PMU"),
    Reason("xl info", r"xen_caps : .* xen-N\.N-armv7l", r"xen_caps : xen-N\.N-aarch64", "guests are 64-bit"),
    Reason("xl info", r"platform_params : virt_start=X", r"platform_params : virt_start=0x0",
           "nothing of the hypervisor lies in a guest's address space"),
    Reason("xenhypfs tree", r" config", "", "the configuration is not in the image"),
    Reason("xenhypfs tree", r" (console_timestamps|conswitch|crash-debug-\w+|gnttab_max_\w+)", "",
           "these options are not there, or not to be changed while it runs"),
    Reason("xl cpupool-create 'name=\"rt\"'", r"= 1|.*Could not create cpupool|error on creating cpupool", r"= 0",
           "Debian's Xen is built without RTDS"),
    Reason("xl cpupool-destroy rt", r"= 1|unknown cpupool 'rt'", r"= 0", "Debian's Xen is built without RTDS"),
    Reason("sums /tmp/all", "", r"Exit reasons:|Guest interrupt counts:| (EXTERNAL_INTERRUPT|HLT) N .*| hlt N .*",
           "Xen on Arm records no exits"),
    Reason("records /tmp/all 'd1v0 (vmexit", "",
           r"d1v0 (vmexit exit_reason (EXTERNAL_INTERRUPT|HLT)|hlt|intr vec 1b|irq_handled irq 1b|vmentry)",
           "Xen on Arm records neither exits nor interrupts"),
    Reason("xenhypfs tree", r" changeset", r" changeset", "the order of a directory's entries"),
)


def normal(command, line):
    line = re.sub(r"[ \t]+", " ", line).rstrip()
    rules = [rule for begin, some in OF_COMMAND.items() if command.startswith(begin) for rule in some]
    for pattern, text in (*rules, *EVERYWHERE):
        line = re.sub(pattern, text, line)
    return line


def transcript(session):
    """The session's commands with what they said, normalised: [(command, lines)]; the status is the first line."""
    return [(one.command, [f"= {one.status}", *(normal(one.command, line) for line in one.lines)]) for one in session.ran]


def write(path, parts):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        for command, lines in parts:
            file.write("".join(f"{line}\n" for line in (f"$ {command}", *lines)))


def read(path):
    """The transcript in a file."""
    parts = []
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("$ "):
                parts.append((line[2:], []))
            else:
                parts[-1][1].append(line)
    return parts


def differences(wanted, got):
    """(command, "-" or "+", line) of two transcripts of the same commands."""
    for (command, oracle), (_, ours) in zip(wanted, got):
        for line in difflib.ndiff(oracle, ours):
            if line[0] in "-+":
                yield command, line[0], line[2:]


def check(session, name, record=False):
    """The session said what it says on Debian's Xen, but for what has a reason."""
    path = os.path.join(GOLDEN, f"{name}.txt")
    got = transcript(session)
    if record:
        write(path, got)
        return session
    wanted = read(path)
    session.equal([command for command, _ in got], [command for command, _ in wanted], "commands, beside those recorded on Xen")
    rows, strange = [], []
    for command, side, line in differences(wanted, got):
        why = next((reason.why for reason in REASONS if reason.covers(command, side, line)), None)
        if linux.hypervisor == "xen" or why is None:
            strange.append(f"{command}\n    {'Xen:     ' if side == '-' else 'here:    '}{line}")
        rows.append(SEPARATOR.join((command.replace("|", "/"), side, line.replace("|", "/"), why or "")))
    if linux.hypervisor != "xen":
        os.makedirs(FOUND, exist_ok=True)
        with open(os.path.join(FOUND, f"{name}.txt"), "w", encoding="utf-8") as file:
            file.write("".join(f"{row}\n" for row in rows))
    if strange:
        session.fail("not what Debian's Xen says:\n" + "\n".join(strange))
    return session


def table():
    """docs/xl-differences.md, of the last runs."""
    lines = ["# Where xl says something else than on Debian's Xen", "",
             "Made by `tests/qemu/test_xl.py --table` of the last runs of its tests. Numbers that no two boots share are not",
             "compared. A line that differs without a reason in `tests/qemu/xl_compare.py` fails its test.", "",
             "| command | Debian's Xen | Bulkhead | reason |", "|---|---|---|---|"]
    seen = set()
    for path in sorted(glob.glob(os.path.join(FOUND, "*.txt"))):
        with open(path, encoding="utf-8") as file:
            for row in file.read().splitlines():
                command, side, line, why = row.split(SEPARATOR)
                cells = (f"`{line}`", "") if side == "-" else ("", f"`{line}`")
                seen.add(f"| `{command}` | {cells[0]} | {cells[1]} | {why} |")
    lines += sorted(seen) or ["| none | | | |"]
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
