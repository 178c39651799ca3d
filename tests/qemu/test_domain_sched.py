#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_domain_sched.py - QEMU tests of scheduling: shares of CPUs, affinity, one vCPU a CPU.
"""Shares are measured by guests that count while the physical counter is in a span. On one CPU under -icount they repeat
exactly. Several CPUs run in real time on whatever the computer has left, so there it is the hypervisor's own account of
running time that counts (VCPUOP_get_runstate_info): who has the CPU is its choice, how fast that goes is not."""
import re
import sys

import scenario
from scenario import boot, domain, test

SLICE_NS = 10000000  # credit2's longest
HZ = 62500000  # Of the emulated counter, unless said otherwise.
SPAN_S = (3, 4)  # Booted by then, even on a slow computer; the guest says so if not.


def work(result, number):
    """[(count, running ns, runnable ns, blocked ns)] of d`number`'s CPUs."""
    result.passed(number)
    found = [re.match(r"WORK \d count (\d+) running (\d+) runnable (\d+) blocked (\d+)$", line) for line in result.of(number)]
    return [tuple(int(text) for text in match.groups()) for match in found if match]


def exact(vcpus, span_ns, bootargs="", options=""):
    """Domains with so many vCPUs each on one CPU, in virtual time."""
    start = 20000000
    words = f"from={start} until={start + span_ns} {bootargs}"
    domains = [domain("sys_work", words, cpus=cpus, name=f"w{number}") for number, cpus in enumerate(vcpus)]
    result = boot(domains, smp=1, memory="512M", icount=True, frequency=1000000000, bootargs=options, limit=120).ended()
    return result, [work(result, number) for number in range(1, len(vcpus) + 1)]


@test(limit=150, level="fast")
def fair_on_one_cpu():
    """Three vCPUs of three domains: equal work, within a slice."""
    span = 600000000
    result, figures = exact([1, 1, 1], span)
    for (count, running, _, _), in figures:
        result.within(running, span // 3 - SLICE_NS, span // 3 + SLICE_NS, "running time in ns")
        share = sum(one[0][0] for one in figures) // 3
        result.within(count, share * 0.94, share * 1.06, "work done")
    _, again = exact([1, 1, 1], span)
    result.equal(again, figures, "the same once more")


@test(limit=150)
def fair_by_vcpu():
    """Five vCPUs of two domains: each counts the same."""
    span = 500000000
    result, figures = exact([4, 1], span)
    for _, running, _, _ in figures[0] + figures[1]:
        result.within(running, span // 5 - SLICE_NS, span // 5 + SLICE_NS, "running time in ns")


@test(limit=150)
def sleepers_keep_their_share():
    """Who works 4 ms and sleeps 4 ms, beside one that never sleeps: gets its half while it is awake, and no more."""
    span = 160000000
    start = 20000000
    words = f"from={start} until={start + span}"
    domains = [domain("sys_work", words, name="busy"), domain("sys_work", f"{words} batch=20000 sleep=4000000", name="sleepy")]
    result = boot(domains, smp=1, memory="512M", icount=True, frequency=1000000000, limit=120).ended()
    (_, busy, _, _), = work(result, 1)
    (_, sleepy, waited, _), = work(result, 2)
    result.within(busy + sleepy, span * 0.9, span * 1.1, "time of both")
    result.within(sleepy / (sleepy + waited), 0.4, 1, "share of the sleeper while it was awake")
    result.within(busy, span * 0.45, span * 0.75, "time of the busy one")


@test(limit=150)
def yields_hand_over():
    """Who yields always takes turns, and still gets its share."""
    span = 60000000
    result, figures = exact([1, 1], span, "yield=1")
    for (_, running, _, _), in figures:
        result.within(running, span * 0.4, span * 0.6, "running time in ns")


def shares(count, cpus, affinity=None, vcpus=1, options=""):
    """For each vCPU of each domain: the part of its awake time in which it ran, in real time."""
    words = f"from={SPAN_S[0] * HZ} until={SPAN_S[1] * HZ}"
    domains = [domain("sys_work", words, name=f"w{number}", cpus=vcpus, affinity=affinity[number] if affinity else {})
               for number in range(count)]
    result = boot(domains, smp=cpus, memory="512M", bootargs=options).ended()
    return result, [[ran / (ran + waited) for _, ran, waited, _ in work(result, number)] for number in range(1, count + 1)]


# Who never waits ran all the time. The others' bounds are wide: a busy computer stops QEMU's threads for any part of the
# second, and that part belongs to who runs just then. How exact shares are is measured on one CPU above.
WHOLE = (0.97, 1)
HALF = (0.1, 0.9)
TWO_THIRDS = (0.2, 0.95)


@test()
def three_on_two_cpus():
    """Two thirds of a CPU each: nobody stays with a CPU of its own."""
    result, figures = shares(3, 2)
    for share, in figures:
        result.within(share, *TWO_THIRDS, "share of a CPU")


@test()
def affinity_is_kept():
    """d1 has CPU 0, d2 and d3 must share CPU 1."""
    result, figures = shares(3, 2, [{0: "0"}, {0: "1"}, {0: "1"}])
    result.within(figures[0][0], *WHOLE, "share of d1, alone on its CPU")
    for share, in figures[1:]:
        result.within(share, *HALF, "share of a CPU that two have")


@test()
def affinity_of_each_vcpu():
    """Two domains of two vCPUs: each has one alone on a CPU, and one on a CPU that they share."""
    result, figures = shares(2, 3, [{0: "0", 1: "1"}, {0: "1", 1: "2"}], vcpus=2)
    result.within(figures[0][0], *WHOLE, "d1v0 alone on CPU 0")
    result.within(figures[1][1], *WHOLE, "d2v1 alone on CPU 2")
    result.within(figures[0][1], *HALF, "d1v1, half of CPU 1")
    result.within(figures[1][0], *HALF, "d2v0, half of CPU 1")


@test(level="fast")
def null_gives_whole_cpus():
    result, figures = shares(2, 2, options="sched=null")
    for share, in figures:
        result.within(share, *WHOLE, "share of a CPU of its own")


@test()
def null_with_too_many_vcpus():
    """The domain that finds no room is named and left out."""
    domains = [domain("sys_platform", name="fits", cpus=2), domain("sys_platform", name="not", cpus=3),
               domain("sys_platform", name="fits-too", cpus=2)]
    result = boot(domains, bootargs="sched=null").ended().passed(1).passed(2)
    result.says(r"/chosen/not: cpus: sched=null gives each vCPU a CPU of its own: 2 of 4 CPUs are left, 3 are wanted",
                r"d2 is /chosen/fits-too")


@test()
def null_keeps_affinity():
    affinity = [{0: "2"}, {0: "0-1", 1: "3"}]
    domains = [domain("sys_platform", name=f"n{number}", cpus=1 + number, affinity=one) for number, one in enumerate(affinity)]
    boot(domains, bootargs="sched=null").ended().passed(1).passed(2).says_not("warning", "error")


@test()
def wfi_modes():
    for mode in ("trap", "native", "auto"):
        for sched in ("null", "credit2"):
            result = boot([domain("sys_steady", "rounds=50", name="one"), domain("sys_steady", "rounds=50", name="two")], smp=2,
                          bootargs=f"vwfi={mode} sched={sched}").ended().passed(1).passed(2)
            result.says_not("warning", "error")


if __name__ == "__main__":
    sys.exit(scenario.main())
