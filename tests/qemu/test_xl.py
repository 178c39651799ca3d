#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_xl.py - Debian's stock xl in Dom0: every command, beside what it says on Debian's Xen; wrong input; many guests and cycles.
import re
import sys

import linux
import xl
from scenario import test

FILES = {
    "guests/tiny": xl.guest("test-sys_platform"),
    "guests/latency": xl.guest("latency"),
    "guests/echo": xl.guest("test-sys_echo"),
    "root/tiny.cfg": xl.config("tiny", extra="exit=none"),
    "root/meter.cfg": xl.config("meter", kernel="/guests/latency", extra="rounds=50 windows=1 exit=none"),
    "root/vuart.cfg": xl.config("vuart", extra="exit=none", vuart="sbsa_uart"),
    "root/echo.cfg": xl.config("echo", kernel="/guests/echo", extra="name=echo exit=none", vuart="sbsa_uart"),
    "root/limits.cfg": xl.config("limits", extra="exit=none", max_grant_frames=8, max_maptrack_frames=16, event_channels=64,
                                 gic_version="v2"),
    "root/two.cfg": xl.config("two", vcpus=2, cpus="0-1", cpus_soft="0", extra="exit=none", maxvcpus=2),
}

# What there is to see without a guest.
ALONE = ["xl info", "xl list", "xl list -v", "xl vcpu-list", "xl uptime", "xl domid Domain-0", "xl domname 0",
         "xl cpupool-list", "xl cpupool-list -c", "xl sched-credit2", "xl sched-rtds", "xl sched-credit", "xentop -b -i 1",
         "xl dmesg > /tmp/dmesg; [ -s /tmp/dmesg ]", "xl debug-keys h", "xl debug-keys", "xenstore-ls /tool", "xenstore-ls /local",
         "xenhypfs ls /", "xenhypfs tree", "xl set-parameters foo=1", "xl info -n", "xl claims",
         "xenperf", "xenlockprof", "xl getenforce", "xl pci-assignable-list", "xl vm-list"]

# A guest's life, and every command that looks at or changes it.
LIFE = ["xl create /root/tiny.cfg", "xl create /root/meter.cfg",
        "xl console meter", (r"LATENCY.*\n", b"\x1d"),
        "xl list", "xl vcpu-list", "xl list -l meter", "xenstore-ls /local/domain/2", "xl pause tiny", "xl list", "xl vcpu-list tiny",
        "xl unpause tiny", "xl list tiny", "xl rename meter clock", "xl domid clock", "xl domname 2", "xl domid meter",
        "xl uptime clock", "xl uptime -s clock", "xl mem-max clock 8", "xl trigger clock nmi", "xl sched-credit2",
        "xl sched-credit2 -d clock -w 512 -c 50", "xl sched-credit2 -d clock", "xl sched-credit2 -d clock -c 0",
        "xl vcpu-pin clock 0 1", "xl vcpu-pin clock 0 - 0", "xl vcpu-list clock", "xl vcpu-pin clock all all all",
        "xl vcpu-list clock", "xl vcpu-set clock 1", "xl config-update clock /root/meter.cfg maxmem=32", "xl list -l clock | grep memkb", "xl sysrq clock h",
        "xl dump-core clock /tmp/core; ls -l /tmp/core | cut -c 1-10", "xenctx 2 0 > /tmp/ctx; grep -c : /tmp/ctx", "xentop -b -i 1",
        "xl create /root/two.cfg", "xl vcpu-list two", "xl destroy two", "xl destroy clock",
        "xl destroy tiny", "xl list"]

# Limits that a configuration sets, and what is done when a domain stops by itself: 0 power off, 1 reboot, 3 crash.
def stops(reason, key, what):
    return f"""xl create -q /root/tiny.cfg 'name="stops"' 'extra="exit=shutdown reason={reason}"' '{key}="{what}"'"""


GONE = "within 30 sh -c '! xl domid stops'"
KEYS = ["xl create /root/limits.cfg", "xl list -l limits | grep -E 'grant|maptrack|event_ch|gic_v'", "xl destroy limits",
        stops(0, "on_poweroff", "preserve"), "within 30 sh -c 'xl list stops | grep -q s--'", "xl list stops", "xl pause stops",
        "xl unpause stops", "xl dump-core stops /tmp/core; ls -l /tmp/core | cut -c 1-10", "xl destroy stops",
        stops(3, "on_crash", "preserve"), "within 30 sh -c 'xl list stops | grep -q sc-'", "xl list stops", "xl destroy stops",
        stops(3, "on_crash", "destroy"), GONE, stops(1, "on_reboot", "destroy"), GONE, stops(0, "on_poweroff", "destroy"), GONE,
        "mkdir -p /var/lib/xen/dump", stops(3, "on_crash", "coredump-destroy"), GONE, "ls /var/lib/xen/dump | grep -c stops",
        "xl create -p /root/tiny.cfg", "xl list tiny", "xl unpause tiny", "xl shutdown tiny", "xl reboot tiny",
        "xl mem-max tiny 64", "xl mem-max tiny 4", "xl create -n /root/tiny.cfg | grep -c domid", "xl destroy tiny", "xl list"]

PACKAGE = ["test-resource", "test-paging-mempool", "test-xenstore -i 3"]

# Pools, with two CPUs.
POOLS = ["xl create /root/tiny.cfg", "xl cpupool-cpu-remove Pool-0 1", """xl cpupool-create 'name="second"' 'sched="credit2"' 'cpus="1"'""",
         "xl cpupool-list -c", "xl cpupool-list", "xl cpupool-migrate tiny second", "xl list -c", "xl vcpu-list tiny", "xl sched-credit2",
         "xl sched-credit2 -s -p second", "xl sched-credit2 -s -p second -r 2000", "xl sched-credit2 -s -p second",
         "xl sched-credit2 -d tiny -w 128", "xl vcpu-pin tiny 0 0", "xl vcpu-pin tiny 0 1", "xl vcpu-list tiny",
         "xl cpupool-destroy second", "xl cpupool-cpu-remove second 1", "xl cpupool-migrate tiny Pool-0", "xl vcpu-list tiny",
         "xl cpupool-rename second spare", "xl cpupool-list", "xl cpupool-destroy spare", "xl cpupool-list -c",
         "xl create -q /root/tiny.cfg 'name=\"other\"' 'pool=\"spare\"'", "xl cpupool-cpu-add Pool-0 1", "xl cpupool-list -c",
         """xl cpupool-create 'name="rt"' 'sched="rtds"'""", "xl cpupool-destroy rt", "xl destroy tiny", "xl list",
         "xl cpupool-numa-split", "xl cpupool-list", "xl cpupool-list -c"]

# A pool with another scheduler, which Debian's Xen does not have.
RTDS = ["xl create /root/tiny.cfg", "xl cpupool-cpu-remove Pool-0 1", """xl cpupool-create 'name="rt"' 'sched="rtds"' 'cpus="1"'""",
        "xl cpupool-list", "xl cpupool-migrate tiny rt", "xl sched-rtds", "xl sched-rtds -d tiny -v all",
        "xl sched-rtds -d tiny -v 0 -p 20000 -b 5000 -e 0", "xl sched-rtds -d tiny -v 0", "xl sched-rtds -d tiny -v all -p 9000 -b 3000 -e 1",
        "xl sched-rtds -d tiny -v all", "xl sched-credit2", "xl cpupool-migrate tiny Pool-0", "xl cpupool-destroy rt",
        "xl cpupool-cpu-add Pool-0 1", "xl cpupool-list -c", "xl destroy tiny"]

# What must be refused, and leave nothing behind.
WRONG = ["xl info | grep free_memory > /tmp/before",
         "echo not a kernel > /guests/bad; sed s,/guests/tiny,/guests/bad, /root/tiny.cfg > /root/bad.cfg; xl create /root/bad.cfg",
         "xl create /root/none.cfg",
         "sed 's/memory = 16/memory = 16000/' /root/tiny.cfg > /root/big.cfg; xl create /root/big.cfg",
         "xl create /root/tiny.cfg", "xl create /root/tiny.cfg", "xl vcpu-pin tiny 0 7", "xl vcpu-pin tiny 5 0", "xl vcpu-pin tiny 0 x",
         "xl vcpu-pin nobody 0 0", "xl vcpu-pin 0 9 0", "xl pause nobody", "xl destroy 0", "xl destroy 77", "xl rename tiny Domain-0",
         """xl cpupool-create 'name="empty"'""", """xl cpupool-create 'name="taken"' 'cpus="1"'""", """xl cpupool-create 'name="Pool-0"'""",
         "xl cpupool-destroy Pool-0", "xl cpupool-cpu-add Pool-0 9", "xl cpupool-cpu-remove Pool-0 0-1", "xl cpupool-list -c",
         "xl cpupool-migrate tiny nowhere", "xl cpupool-migrate tiny empty", "xl sched-credit2 -d tiny -w 70000", "xl sched-credit2 -d tiny -w 0",
         "xl sched-credit2 -d tiny -c 1000", "xl sched-rtds -d tiny -p 1 -b 1 -e 0", "xl mem-max tiny x", "xl console nobody",
         "xl create -q /root/tiny.cfg vcpus=200 name=\\\"many\\\"", "xl create -q /root/tiny.cfg gic_version=\\\"v3\\\" name=\\\"other\\\"",
         "xl create -q /root/tiny.cfg pool=\\\"none\\\" name=\\\"lost\\\"", "xl destroy tiny", "xl destroy tiny", "xl list",
         "xl info | grep free_memory | diff /tmp/before -"]


@test(limit=600, cpu="many", needs="xl")
def alone():
    xl.compared("alone", ALONE, FILES).no_trouble()


@test(limit=600, cpu="many", needs="xl")
def life():
    xl.compared("life", LIFE, FILES).no_trouble()


# The virtual UART, which xenconsoled reads and writes too: the second guest sleeps until somebody types.
VUART = ["xl create /root/vuart.cfg", "xl console -t vuart vuart", (r"RESULT.*\n", b"\x1d"), "xl list vuart",
         "xl create /root/echo.cfg", "xl console -t vuart echo", (r"READY.*\n", b"hello there\n"),
         (r"HEARD echo: hello there", b"end\n"), (r"RESULT.*\n", b"\x1d"), "xl destroy vuart", "xl destroy echo", "xl list"]


@test(limit=600, cpu="many", needs="xl")
def vuart():
    xl.compared("vuart", VUART, FILES).no_trouble()


@test(limit=600, cpu="many", needs="xl")
def keys():
    """Limits of a configuration, and what is done with a domain that stops."""
    xl.compared("keys", KEYS, FILES).no_trouble(crashes=True)


@test(limit=600, cpu="many", needs="xl")
def package():
    """Conformance tests that the package brings."""
    xl.compared("package", PACKAGE, FILES).succeeded().no_trouble()


@test(limit=600, cpu="many", needs="xl")
def pools():
    xl.compared("pools", POOLS, FILES).no_trouble()


@test(limit=600, cpu="many", needs="xl")
def rtds():
    """RTDS in a pool of its own: xl's list of vCPUs with what was set."""
    if linux.hypervisor == "xen":
        return
    done = xl.session(RTDS, FILES).succeeded().no_trouble()
    for command, last, wanted in (("xl sched-rtds -d tiny -v all", False, "tiny 1 0 10000 4000 yes"),
                                  ("xl sched-rtds -d tiny -v 0", False, "tiny 1 0 20000 5000 no"),
                                  ("xl sched-rtds -d tiny -v all", True, "tiny 1 0 9000 3000 yes")):
        done.equal(re.sub(" +", " ", done.exactly(command, last).lines[-1].strip()), wanted, command)


@test(limit=600, cpu="many", needs="xl")
def wrong():
    xl.compared("wrong", WRONG, FILES).no_trouble()


# Create and destroy $1 guests one after the other; the pages that are free must come back to what they were after the first.
CYCLES = xl.BALANCE + b"""
one() {
    xl create -q -e /root/tiny.cfg && xl destroy tiny || exit 1
}
one
opened || exit 1
for round in $(seq "$1"); do
    one
    [ $((round % 25)) != 0 ] || echo "round $round: $(pages), $free before"
done
balanced
"""

# $1 guests at once; all run, all go, and the pages come back.
MANY = xl.BALANCE + b"""
xl create -q -e /root/tiny.cfg && xl destroy tiny || exit 1
opened || exit 1
for number in $(seq "$1"); do
    xl create -q -e /root/tiny.cfg "name=\\"g$number\\"" || exit 1
done
xl list | grep -c '^g.* 16 *1'
for number in $(seq "$1"); do
    xl destroy "g$number" || exit 1
done
xl list | grep -c '^g'
balanced
"""

# kill -9 of xl at one time or another of a creation, and of xenconsoled: what is left can be destroyed, and the next command works.
KILLED = xl.BALANCE + b"""
others() {
    xl list | awk 'NR > 1 && $1 != "Domain-0" { print $(NF - 4) }'
}
xl create -q -e /root/tiny.cfg && xl destroy tiny || exit 1
opened || exit 1
for ms in $(seq "$1"); do
    xl create -q -e /root/tiny.cfg >/tmp/log 2>&1 &
    usleep $((ms * 40000))
    [ $((ms % 4)) != 0 ] || kill -9 $(cat /run/xenconsoled.pid)
    kill -9 $! 2>/dev/null
    wait
    [ $((ms % 4)) != 0 ] || xenconsoled --log=guest --pid-file=/run/xenconsoled.pid
    for id in $(others); do
        xl destroy "$id" || exit 1
    done
    [ -z "$(others)" ] || exit 1
done
xl create -q -e /root/tiny.cfg && xl destroy tiny && balanced
"""


def loop(script, count, limit, **words):
    done = xl.session([f"sh /root/script {count}"], {**FILES, "root/script": script}, limit=limit, **words)
    done.succeeded().no_trouble().says(r"^as before$")
    return done


@test(limit=600, cpu="many", needs="xl")
def cycles_25():
    """Create and destroy: exactly as many pages are free before and after."""
    loop(CYCLES, 25, 580)


@test(limit=600, cpu="many", needs="xl")
def killed():
    loop(KILLED, 20, 580)


@test(limit=7200, level="long", cpu="1", needs="xl")
def cycles_1000():
    """The same in virtual time, where what sleeps costs nothing."""
    loop(CYCLES, 1000, 7100, smp=1, icount=True, vcpus=1)


@test(limit=600, level="long", cpu="many", needs="xl")
def many():
    """32 guests of 16 MiB beside a Dom0 of 512 MiB on 2 GiB."""
    loop(MANY, 32, 580).says(r"^32\n0\ntotal=")


if __name__ == "__main__":
    sys.exit(xl.main())
