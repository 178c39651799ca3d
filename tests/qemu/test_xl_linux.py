#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_xl_linux.py - Linux guests made by Debian's stock xl: a guest's life, virtual disks and networks, eight vCPUs, many cycles;
# and xentrace beside a guest.
import re
import sys

import linux  # Adds tools/ to the path.
import ramdisk
import xl
from scenario import test

# One CPU whose time is a count of instructions: no load of the computer makes anything late, and sleeping costs nothing.
ALONE = {"smp": 1, "icount": True, "vcpus": 1}
# The same with 8 ns an instruction. vCPUs of one guest that wait for one another spin: the fewer instructions a slice is, the fewer
# are lost.
SLOW = {**ALONE, "icount": 3}
KERNEL = "/guests/linux"
# A disk of $1 MiB in Dom0's memory, and a bridge.
BACKENDS = b"""#!/bin/sh
dd if=/dev/zero of=/tmp/disk bs=1M count="$1" 2>/dev/null && losetup /dev/loop0 /tmp/disk && brctl addbr xenbr0 &&
    ip addr add 10.0.0.1/24 dev xenbr0 && ip link set xenbr0 up
"""
# What others send to port 9999 goes to the files named, one connection after the other. (Nc ends the connection with its input.)
CATCH = b"""#!/bin/sh
mkfifo /tmp/open
for file; do
    nc -l -p 9999 <>/tmp/open >"$file"
done &
"""


def files(**configurations):
    """The kernel, the guests' ramdisks, and a configuration of each guest: {name: keys of xl.cfg; `words` are its kernel's, `variant`
    is its ramdisk}."""
    made = {"guests/linux": ramdisk.kernel("cloud"), "usr/bin/backends": BACKENDS, "usr/bin/catch": CATCH}
    for name, keys in configurations.items():
        words, variant = keys.pop("words"), keys.pop("variant", "guest")
        made[f"guests/{variant}"] = ramdisk.build("cloud", variant)
        made[f"root/{name}.cfg"] = xl.config(name, kernel=KERNEL, ramdisk=f"/guests/{variant}", extra=f"console=hvc0 quiet {words}",
                                             **keys)
    return made


def card(number):
    return [f"bridge=xenbr0,mac=00:16:3e:00:00:{number:02x}"]


DISK = ["phy:/dev/loop0,xvda,w"]
SHOWN = "/var/log/xen/console/guest-debian.log"


def arrived(file):
    """What came by the network is what the guest says it sent; some may be under way still."""
    return f"within 20 sh -c 'grep -q $(md5sum < {file} | cut -c 1-32) {SHOWN}'"


def target(mib):
    """Dom0 wants domain 1 to have so much memory. (xl reboots no domain that has less than its configuration says.)"""
    return [f"xenstore-write /local/domain/1/memory/target {mib << 10}",
            f"within 30 sh -c 'xl list debian | grep -q \" {mib} \"'", "xl list debian"]


# With a virtual disk and a virtual network card: what only a guest that answers can do.
LIFE = ["backends 32", "catch /tmp/net /tmp/net2",
        "xl create /root/debian.cfg", "said debian 'INIT done'", "xl list debian", "xl vcpu-list debian",
        "xl block-list debian", "xl network-list debian",
        arrived("/tmp/net"),
        "echo 'cat /sys/hypervisor/type; nproc' > $(xenstore-read /local/domain/1/console/tty)",
        "said debian ^xen", "said debian ^2",
        "xl vcpu-set debian 1", "within 20 sh -c 'xl vcpu-list debian | grep -q -- --p'", "xl vcpu-list debian",
        "xl vcpu-set debian 2", "xl vcpu-set --ignore-host debian 2",
        "echo 'echo 1 > /sys/devices/system/cpu/cpu1/online; echo again $(nproc)' > $(xenstore-read /local/domain/1/console/tty)",
        "said debian '^again 2'", "xl vcpu-list debian", *target(160), *target(192),
        "xl pause debian", "xl list debian", "xl unpause debian", "xl sysrq debian h", "said debian 'sysrq: HELP' | grep -o 'sysrq: HELP'",
        "xl reboot debian", f"within 90 sh -c '[ $(grep -c INIT.done {SHOWN}) = 2 ]'", "xl domid debian",
        arrived("/tmp/net2"),
        "xl shutdown -w debian", "within 30 sh -c '! xl list 2'", "xl list", "losetup -d /dev/loop0"]


@test(limit=1600, level="long", cpu="1", needs="xl")
def linux_guest():
    """Linux as a guest: disk, network, console, CPUs, memory, reboot and shutdown."""
    debian = {"memory": 192, "vcpus": 2, "disk": DISK, "vif": card(1), "words": "do=disk,net work=2 end=prompt"}
    xl.compared("linux_guest", LIFE, files(debian=debian), limit=1500, **ALONE).no_trouble()


# Each vCPU has run; then the guest gives back all but two.
EIGHT = ["xl create /root/eight.cfg", "said eight 'INIT done'", "said eight 'INIT cpus'", "xl list eight", "xl vcpu-list eight",
         "xl vcpu-list eight | awk '$6 >= 0.1' | grep -c ^eight", "xl vcpu-set eight 2",
         "within 60 sh -c '[ $(xl vcpu-list eight | grep -c -- --p) = 6 ]'", "xl vcpu-list eight",
         "xl destroy eight", "xl list"]


@test(limit=1600, level="long", cpu="1", needs="xl")
def eight_vcpus():
    """A guest with 8 vCPUs on one CPU: every one works, and goes when Dom0 wants it."""
    eight = {"memory": 128, "vcpus": 8, "words": "do=cpus,everywhere end=prompt"}
    xl.compared("eight_vcpus", EIGHT, files(eight=eight), limit=1500, **SLOW).no_trouble()


# A file system of a virtual disk under fio; then from guest to guest through the bridge in Dom0: what arrives is what was sent.
TRAFFIC = ["backends 96", "xl create /root/receiver.cfg", "said receiver 'INIT net listens'", "xl create /root/sender.cfg",
           "said sender 'INIT done'", "said receiver 'INIT done'", "said sender '^INIT fio'",
           "said sender 'INIT net sent' | cut -d ' ' -f 4 > /tmp/sent; grep -c '^[0-9a-f]*$' /tmp/sent",
           "said receiver 'INIT net received' | cut -d ' ' -f 4 | diff /tmp/sent -",
           "xl destroy sender", "xl destroy receiver", "xl list", "losetup -d /dev/loop0"]


@test(limit=1600, level="long", cpu="1", needs="xl")
def pv_traffic():
    """fio's checksums of 64 MiB on a virtual disk, and 16 MiB from one guest to another."""
    guests = {"receiver": {"memory": 192, "vcpus": 1, "vif": card(1), "words": "do=receive end=prompt"},
              "sender": {"memory": 448, "vcpus": 2, "vif": card(2), "disk": DISK, "variant": "guest-fio",
                         "words": "do=fio,net work=64 sent=16 address=10.0.0.3 peer=10.0.0.2 end=prompt"}}
    xl.compared("pv_traffic", TRAFFIC, files(**guests), limit=1500, dom0_memory="1G", **SLOW).succeeded().no_trouble()


# A second of the scheduler alone, then of everything, with a guest that sleeps and wakes all the time; then while another one comes
# and goes. The counter's frequency is the machine's.
SUMS = b"""#!/bin/sh
xenalyze --cpu-hz=62.5M --summary "$1" 2>/dev/null | awk '/Domain 1 /,/Emulate/'
"""
RECORDS = b"""#!/bin/sh
xenalyze --cpu-hz=62.5M -a "$1" 2>/dev/null | grep -oE "$2" | sort -u
"""
HOW_MANY = b"""#!/bin/sh
xenalyze --cpu-hz=62.5M -a "$1" 2>/dev/null | grep -cE "$2"
"""
METER = {"guests/latency": xl.guest("latency"), "usr/bin/sums": SUMS, "usr/bin/records": RECORDS, "usr/bin/how_many": HOW_MANY,
         "root/meter.cfg": xl.config("meter", kernel="/guests/latency", extra="period=100003 rounds=1000000 pause=1 exit=none")}
WAKES = 62500000 // 100003  # A second's.
SCHEDULING = "(vcpu_wake|vcpu_block|sched_switch prev) d1v0|runstate_change d1v0 [a-z]+->[a-z]+"
EXITS = "d1v0 (vmexit exit_reason [A-Z_]+|hlt|intr vec 1b|irq_handled irq 1b|vmentry)"
WOKEN = "how_many /tmp/sched 'runstate_change d1v0 blocked->runnable'"
TRACING = ["xl create -q /root/meter.cfg", "xentrace -D -e sched -T 1 /tmp/sched", "sums /tmp/sched",
           f"records /tmp/sched '{SCHEDULING}'", WOKEN, "how_many /tmp/sched lost_records",
           "xentrace -D -e all -T 1 /tmp/all", "sums /tmp/all", f"records /tmp/all '{SCHEDULING}'", f"records /tmp/all '{EXITS}'",
           "how_many /tmp/all lost_records", "(xentrace -D -e 0x0006f000 /tmp/made >/dev/null 2>&1 &)", "within 20 test -s /tmp/made",
           "xl create -q /root/meter.cfg 'name=\"second\"'", "xl destroy second", "kill -INT $(pidof xentrace)",
           "within 20 sh -c '! pidof xentrace'", "records /tmp/made '(creating|destroying) domain d2|sched_[a-z]+_domain d2'",
           "records /tmp/made 'runstate_change d2v0 [a-z]+->(run|blo)[a-z]+'", "xl destroy meter", "xl list"]


@test(limit=400, needs="xl")
def tracing():
    """Xentrace and xenalyze, from the same package: what a guest did is told record by record, as often as it did it."""
    done = xl.compared("tracing", TRACING, METER, limit=380, **ALONE).no_trouble()
    done.within(int(done.exactly(WOKEN).lines[0]), WAKES - 8, WAKES + 8, "records that the guest was woken")
    for trace in ("/tmp/sched", "/tmp/all"):
        lines = done.exactly(f"sums {trace}").lines
        for state in ("running", "runnable", "wake", "blocked"):
            found = [int(match.group(1)) for line in lines[lines.index("-- v0 --"):] if (match := re.match(rf" *{state}: +(\d+) ", line))]
            done.within(sum(found), WAKES - 8, WAKES + 8, f"times {state}, in {trace}")
    if linux.hypervisor != "xen":
        for reason in ("EXTERNAL_INTERRUPT", "HLT"):
            found = [int(line.split()[1]) for line in lines if line.startswith(f" {reason} ")]
            done.within(sum(found), WAKES - 8, WAKES + 8, f"exits of {reason}")


# $1 guests one after the other, each with a disk and a network card that it uses; all that they had comes back.
PV_CYCLES = xl.BALANCE + br"""
seldom() { # A look costs more than to sleep does.
    for try in $(seq 100); do
        "$@" && return
        sleep 1
    done
    return 1
}
one() {
    xl create -q -e /root/debian.cfg || exit 1
    seldom grep -q 'INIT done failed=0' /var/log/xen/console/guest-debian.log || exit 1
    within 20 sh -c "grep -q \$(md5sum </tmp/net$1 | cut -c 1-32) /var/log/xen/console/guest-debian.log" || exit 1
    xl destroy debian || exit 1
    rm -f /tmp/net$1 /var/log/xen/console/guest-debian.log
}
backends 16
catch $(seq 0 "$1" | sed s,^,/tmp/net,)
one 0
opened || exit 1
for round in $(seq "$1"); do
    one "$round"
    [ $((round % 25)) != 0 ] || echo "round $round: $(pages), $free before"
done
balanced
"""


def pv_cycles(count, limit):
    debian = {"memory": 64, "vcpus": 1, "disk": DISK, "vif": card(1), "words": "do=disk,net work=1 end=prompt"}
    done = xl.session([f"sh /root/cycles {count}", "! xenstore-ls /local/domain | grep debian", "! ls /sys/class/net | grep vif"],
                      {**files(debian=debian), "root/cycles": PV_CYCLES}, limit=limit, **SLOW)
    done.succeeded().no_trouble().says(r"^as before$")


@test(limit=1600, level="long", cpu="1", needs="xl")
def pv_cycles_5():
    pv_cycles(5, 1500)


@test(limit=7200, level="long", cpu="1", needs="xl")
def pv_cycles_200():
    """Create and destroy with disk and network in use: exactly as many pages are free before and after."""
    pv_cycles(200, 7100)


if __name__ == "__main__":
    sys.exit(xl.main())
