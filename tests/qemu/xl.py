# SPDX-License-Identifier: Apache-2.0
# xl.py - sessions with Debian's stock toolstack in Dom0: types commands at its prompt, asks what they said.
"""A session is one boot of Debian's kernel as Dom0, with Debian's xen-utils in its ramdisk (tools/toolstack.py):

    done = xl.session(["xl create -q /root/tiny.cfg", "xl list"], files={"root/tiny.cfg": xl.config("tiny")})
    done.ran[1].status, done.ran[1].lines

It runs on Bulkhead or, with `--hypervisor xen` behind the test program's name, on Debian's Xen, the oracle: what fails there is
the test's fault."""
import os
import sys

import linux
import xl_compare
from linux import qemu

import toolstack  # noqa: E402  (linux adds tools/ to the path)
from toolstack import config, guest  # noqa: E402,F401

# said NAME PATTERN: wait until the console of domain NAME has a line with PATTERN, and print it.
SAID = b"""#!/bin/sh
log=/var/log/xen/console/guest-$1.log
for try in $(seq 600); do
    grep -a "$2" "$log" 2>/dev/null | tail -n 1 | tr -d '\\r' | grep . && exit 0
    usleep 200000
done
tail -n 20 "$log"
exit 1
"""
# within SECONDS PROGRAM...: whether a program succeeds, tried ten times a second.
WITHIN = b"""#!/bin/sh
tries=$(($1 * 10))
shift
until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || exit 1
    usleep 100000
done
"""
# The kernel prints little by itself (quiet): what it kept to itself.
TROUBLE = b"""#!/bin/sh
dmesg | grep -E 'BUG:|Oops|soft lockup|detected stall|blocked for more|Internal error'
"""
# settled: how many pages are free, when that was so for two seconds: a domain goes in pieces, and Dom0 takes back what it lent.
SETTLED = b"""#!/bin/sh
same=0
while [ $same -lt 20 ]; do
    now=$(pages | sed 's/.*free=\\([0-9]*\\).*/\\1/')
    [ "$now" = "$before" ] && same=$((same + 1)) || same=0
    before=$now
    usleep 100000
done
echo "$now"
"""
# What must be as it was: each owner's pages and tables, the hypervisor's own among them, and Dom0's memory but for 4 MiB.
BALANCE = b"""#!/bin/sh
owners() {
    xl dmesg -c >/dev/null
    xl debug-keys m
    xl dmesg | grep -v pressed
}
memory() {
    awk '/^MemAvailable/ { print $2 }' /proc/meminfo
}
opened() {
    free=$(settled) && [ "$free" -gt 0 ] && owners >/tmp/owners && available=$(memory)
}
balanced() {
    pages "$free" 60 && owners | diff /tmp/owners - && [ $((available - $(memory))) -lt 4096 ] && echo "as before" ||
        { echo "$free pages and $available KiB were free, now $(memory) KiB"; exit 1; }
}
"""
TOOLS = {"usr/bin/pages": os.path.join("build", "tools", "dom0", "pages"), "usr/bin/said": SAID, "usr/bin/within": WITHIN,
         "usr/bin/settled": SETTLED, "usr/bin/trouble": TROUBLE}
LIMIT = 580
record = False


class Session(linux.Result):
    """A boot that is over, and the commands that ran in it."""

    def __init__(self, boot, commands):
        boot.text = boot.text.replace(toolstack.ASK_TERMINAL, "")
        super().__init__(boot)
        self.ran = list(toolstack.take_apart(self.text))[:len(commands)]
        if len(self.ran) < len(commands) or self.ran[-1].status is None:
            self.fail(f"the session ended in: {self.ran[-1].command if self.ran else 'the boot'}")
        for one, command in zip(self.ran, commands):
            one.command = command  # A console's echo may be broken.

    def no_trouble(self, crashes=False):
        """Neither on the console nor in the kernel's own log. Xl has warnings of its own, and Debian's kernel one, with a trace, when
        its balloon plugs memory, on Debian's Xen too. With `crashes` a domain may crash, which is told with its registers."""
        expected = ("WARNING", "trace", *((r"\(BH\) error",) if crashes else ()))
        self.says_not(*(pattern for pattern in linux.TROUBLE if not any(word in pattern for word in expected)))
        if crashes:
            self.says_not(r"^\(BH\) error: (?!d\d+v\d+|  )")
        return self

    def exactly(self, command, last=False):
        """What a command did, when it was typed first or last."""
        found = [one for one in self.ran if one.command == command]
        return found[-1 if last else 0] if found else self.fail(f"no command is: {command}")

    def succeeded(self):
        """Every command had status 0."""
        for one in self.ran:
            if one.status:
                self.fail(f"status {one.status} of: {one.command}")
        return self


def session(commands, files=None, limit=LIMIT, smp=2, **words):
    """Words are those of toolstack.machine()."""
    with toolstack.machine(linux.image(), files={**TOOLS, **(files or {})}, smp=smp, **words) as line:
        boot = qemu.boot(line, limit, until=toolstack.POWERED_OFF, inputs=toolstack.typed([*commands, "trouble"]))
    return Session(boot, [line for line in commands if isinstance(line, str)])


def compared(name, commands, files=None, **words):
    """A session whose commands must say what they say on Debian's Xen."""
    return xl_compare.check(session(commands, files, **words), name, record)


def main():
    """linux.main(), and --record, which keeps what Debian's Xen says, and --table, which writes the page of differences."""
    global record  # pylint: disable=global-statement
    if "--table" in sys.argv:
        os.chdir(qemu.TOP)
        return xl_compare.table()
    if "--record" in sys.argv:
        record = True
        sys.argv.remove("--record")
    return linux.main()
