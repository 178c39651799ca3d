# SPDX-License-Identifier: Apache-2.0
# bench_xl.py - what Debian's toolstack and PV drivers pay under Bulkhead and under Debian's Xen: building a guest, bytes of a
# virtual disk, bytes from guest to guest through the bridge in Dom0; in instructions.
"""One CPU, a counter of 1 GHz and -icount shift=0; Dom0 of one vCPU with stock xl, and Linux guests. A program in Dom0 or in a
guest (tools/mark) marks where the work begins and ends; what lies between is all that the CPU did: guest, Dom0 and hypervisor, its
sleep left out.

build, destroy   `xl create -p` of a guest of 1 GiB, a kernel and a ramdisk in it, that does not run yet; `xl destroy` of it
disk write, disk read   the virtual disk itself, without a file system, 256 KiB at a time past the cache
network          from one guest to another by TCP"""
import os
import tempfile

import bench_cases
import qemu
import ramdisk
import toolstack

LIMIT = 1800  # Seconds of one boot.
SYSTEMS = ("bulkhead", "xen")
PLUGIN = os.path.join("build", "tools", "insncount.so")
MARK = os.path.join("build", "tools", "dom0", "mark")
BUILT_MIB = 1024
DISK_MIB = 16
NETWORK_MIB = 32  # Long enough that what else Dom0 does meanwhile does not count.
# In Dom0: a disk of $1 MiB in its memory, and a bridge.
BACKENDS = b"""#!/bin/sh
dd if=/dev/zero of=/tmp/disk bs=1M count="$1" 2>/dev/null && losetup /dev/loop0 /tmp/disk && brctl addbr xenbr0 &&
    ip link set xenbr0 up
"""
# said NAME PATTERN: waits until the console of a guest has a line with it. It looks seldom, for it must not work itself while
# something is measured; virtual time passes at once when all sleep.
SAID = b"""#!/bin/sh
for try in $(seq 20); do
    sleep 15
    grep -a "$2" "/var/log/xen/console/guest-$1.log" 2>/dev/null && exit 0
done
exit 1
"""
# The marks come in pairs, in this order.
COMMANDS = [f"backends {DISK_MIB}", "mark; xl create -q -p /root/built.cfg; mark", "mark; xl destroy built; mark",
            "xl create -q /root/sink.cfg", "said sink 'INIT net listens'", "xl create -q /root/source.cfg",
            "said source 'INIT done failed=0'", "said sink 'INIT done failed=0'"]
FIGURES = {"build 1 GiB": 1, "destroy 1 GiB": 1, "disk write, a KiB": DISK_MIB << 10, "disk read, a KiB": DISK_MIB << 10,
           "network, a KiB": NETWORK_MIB << 10}


def configuration(name, memory, words, **keys):
    return toolstack.config(name, kernel="/guests/linux", ramdisk="/guests/initrd", memory=memory,
                            extra=f"console=hvc0 quiet end=prompt {words}", **keys)


def files(directory):
    """What lies in Dom0's root."""
    initrd = ramdisk.add(ramdisk.build("cloud", "guest"), {"usr/bin/mark": MARK}, os.path.join(directory, "initrd"))
    cards = [[f"bridge=xenbr0,mac=00:16:3e:00:00:0{number}"] for number in (1, 2)]
    return {"guests/linux": ramdisk.kernel("cloud"), "guests/initrd": initrd, "usr/bin/mark": MARK,
            "usr/bin/backends": BACKENDS, "usr/bin/said": SAID,
            "root/built.cfg": configuration("built", BUILT_MIB, ""),
            "root/sink.cfg": configuration("sink", 96, f"do=sink sent={NETWORK_MIB}", vif=cards[0]),
            "root/source.cfg": configuration("source", 96, f"do=write,read,source work={DISK_MIB} sent={NETWORK_MIB} "
                                             "address=10.0.0.3 peer=10.0.0.2", vif=cards[1], disk=["phy:/dev/loop0,xvda,w"])}


def image(system):
    return bench_cases.XEN if system == "xen" else os.path.join("build", "release", "bulkhead")


def marks(system):
    """The number of instructions at each mark of one session."""
    options = "bootscrub=0" if system == "xen" else ""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        out = os.path.join(directory, "count")
        with toolstack.machine(image(system), files=files(directory), options=options, vcpus=1, smp=1, frequency=bench_cases.HZ,
                               icount=True, extra=["-plugin", f"{PLUGIN},out={out}"]) as line:
            done = qemu.boot(line, LIMIT, inputs=toolstack.typed(COMMANDS))
        bad = [f"status {ran.status} of {ran.command}" for ran in toolstack.take_apart(done.text) if ran.status]
        if bad or done.ended != "exit":
            raise qemu.Problem(f"{system}: no good end ({done.ended}): {', '.join(bad) or done.text.strip()[-200:]}")
        with open(out, encoding="ascii") as file:
            return [int(line) for line in file][:-1]


def measure(system):
    """{figure: instructions}"""
    found = marks(system)
    if len(found) != 2 * len(FIGURES):
        raise qemu.Problem(f"{system}: {len(found)} marks, {2 * len(FIGURES)} were expected")
    return {figure: round((end - begin) / units)
            for (figure, units), begin, end in zip(FIGURES.items(), found[::2], found[1::2])}


def run():
    """Measure and print the table. Returns the failures: what could not be measured, and figures above Xen's."""
    figures, failures = {}, []
    for system in SYSTEMS:
        try:
            figures[system] = measure(system)
            for name, number in figures[system].items():
                print(f"{system:10} {name:22} {number:>16,}", flush=True)
        except qemu.Problem as problem:
            failures.append(str(problem))
            print(problem, flush=True)
    print(f"\n{'':22} {'bulkhead':>16} {'xen':>16}  ours / Xen's")
    for name in FIGURES:
        ours, xen = (figures.get(system, {}).get(name) for system in SYSTEMS)
        part = f"{ours / xen:12.3f}" if ours and xen else ""
        print(f"{name:22} {ours or '-':>16} {xen or '-':>16}  {part}")
        if ours and xen and ours > xen:
            failures.append(f"{name}: {ours:,}, Xen's {xen:,}")
    return failures
