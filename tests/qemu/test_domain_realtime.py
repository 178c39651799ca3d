#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_domain_realtime.py - QEMU tests of rtds and arinc653: budgets, slots, what the device tree says of them.
"""On one CPU under -icount an instruction is a nanosecond and a tick of the counter, and every figure repeats exactly. Guests find
out by the counter when they run: a step of it longer than an interrupt takes is somebody else's time."""
import os
import re
import sys

import scenario
from scenario import boot, domain, test

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
import bench_plan  # noqa: E402

MS = 1000000
START = 40 * MS  # All guests are up by then.


def exact(domains, options, **other):
    return boot(domains, smp=1, memory="512M", icount=True, frequency=1000000000, bootargs=options, **other).ended()


def share(name, period_us, budget_us, extratime=0):
    """The properties of a domain's node."""
    return f"bulkhead,period-us = <{period_us}>; bulkhead,budget-us = <{budget_us}>; bulkhead,extratime = <{extratime}>;"


def numbers(result, number, pattern):
    result.passed(number)
    match = re.search(pattern, "".join(result.of(number)))
    if match is None:
        result.fail(f"d{number} does not say {pattern}")
    return [int(text) for text in match.groups()]


# Of a budget, what goes to EL2: the interrupt that ends the sleep or the slice, the pick, the switch.
EL2_NS = 6000


def budgets(per_cent, span_ms):
    """Three domains of different periods that together ask for so much of the CPU: none ever gets less than its budget in a
    period of its own, nor more."""
    periods = (4000, 5000, 10000)
    parts = (5, 3, 2)  # Tenths of the whole.
    domains, wanted = [], []
    for number, (period, part) in enumerate(zip(periods, parts)):
        budget = period * per_cent * part // 1000
        count = span_ms * 1000 // period
        start = START + number * 777777
        domains.append(domain("sys_budget", f"from={start} period={period * 1000} count={count}", name=f"b{number}",
                              extra=share(f"b{number}", period, budget)))
        wanted.append(budget * 1000)
    result = exact(domains, "sched=rtds", limit=400)
    for number, budget in enumerate(wanted, 1):
        late, least, most = numbers(result, number, r"BUDGET late (\d+) least (\d+) most (\d+)")
        result.within(late, 0, sum(wanted) + EL2_NS, "waiting after the sleep, in ns")
        result.within(least, budget - EL2_NS, budget, f"least running time of d{number} in a period, at {per_cent} per cent")
        result.within(most, budget - EL2_NS, budget + EL2_NS, f"most running time of d{number} in a period, at {per_cent} per cent")


@test(limit=150, level="fast")
def rtds_keeps_budgets():
    budgets(70, 60)


@test(limit=600)
def rtds_from_a_tenth_to_all():
    for tenths in range(1, 11):
        budgets(10 * tenths, 40)


@test(limit=150)
def rtds_refuses_what_does_not_fit():
    """1.1 of one CPU: the domain that is too much is left out, and named; with sched_overcommit it is not."""
    domains = [domain("sys_platform", name="fits", extra=share("fits", 10000, 6000)),
               domain("sys_platform", name="not", extra=share("not", 10000, 5000))]
    result = boot(domains, smp=1, memory="512M", bootargs="sched=rtds").ended().passed(1)
    result.says(r"/chosen/not: vCPU 0: sched=rtds has no room for it")
    boot(domains, smp=1, memory="512M", bootargs="sched=rtds sched_overcommit").ended().passed(1).passed(2).says_not("error")


def schedule(frame_us, *slots):
    text = ", ".join(f"<&{{/chosen/{name}}} {vcpu} {cpu} {start} {length}>" for name, vcpu, cpu, start, length in slots)
    return f'schedule {{ compatible = "bulkhead,arinc653"; major-frame-us = <{frame_us}>; slots = {text}; }};'


def slots(count, limit):
    """Three domains that compute, in slots with gaps: each starts within 300 instructions of where the first one of its did, and
    the last one no later than the first."""
    frame = 2000  # Microseconds.
    table = schedule(frame, ("s0", 0, 0, 0, 500), ("s1", 0, 0, 500, 700), ("s2", 0, 0, 1500, 300))
    words = f"frame={frame * 1000} count={count}"
    domains = [domain("sys_slots", words, name=f"s{number}") for number in range(3)]
    result = exact(domains, "sched=arinc653", chosen=table, limit=limit)
    result.says(r"/chosen/schedule: 3 slots in a frame of 2000 us")
    firsts = []
    for number, length in ((1, 500), (2, 700), (3, 300)):
        first, low, high, end_low, end_high, last = numbers(
            result, number, r"SLOTS first (\d+) start (-?\d+) to (-?\d+) end (-?\d+) to (-?\d+) last (-?\d+)")
        result.within(high - low, 0, 300, f"jitter of the slots' starts of d{number}")
        result.within(last, -300, 300, f"drift of d{number}")
        result.within(end_high - end_low, 0, 300, f"jitter of the slots' ends of d{number}")
        result.within(end_low, length * 1000 - 5000, length * 1000, f"length of the slots of d{number}")
        firsts.append(first % (frame * 1000))
    # One after another's slot or after idle time: the ways of EL2 differ.
    for number, start in ((1, 500), (2, 1500)):
        result.within((firsts[number] - firsts[0]) % (frame * 1000), start * 1000 - 1000, start * 1000 + 1000,
                      f"start of d{number + 1}'s slot after d1's")


@test(limit=150, level="fast")
def arinc653_slots_start_on_time():
    slots(40, 140)


@test(limit=1200, level="long")
def arinc653_never_drifts():
    slots(10000, 1100)


@test(limit=150)
def arinc653_equal_slots():
    """Without a table each vCPU has 10 ms, which is said."""
    words = f"from={START} until={START + 120 * MS}"
    result = exact([domain("sys_work", words, name=f"w{number}") for number in range(3)], "sched=arinc653", limit=140)
    result.says(r"sched arinc653: without a schedule every vCPU has a slot of 10 ms")
    for number in (1, 2, 3):
        running, = numbers(result, number, r"WORK 0 count \d+ running (\d+) ")
        result.within(running, 39 * MS, 41 * MS, f"running time of d{number}")


@test(limit=150)
def arinc653_says_which_slot_is_wrong():
    domains = [domain("sys_platform", name="a"), domain("sys_platform", name="b")]
    for table, words in (((("a", 0, 0, 0, 500), ("b", 0, 0, 400, 500)), "slot 1 starts before the slot before it on its CPU ends"),
                         ((("a", 0, 0, 0, 500), ("b", 0, 1, 0, 1001)), "slot 1 ends after the frame"),
                         ((("a", 0, 7, 0, 500),), "slot 0 is on a CPU that is not in the pool"),
                         ((("a", 1, 0, 0, 500),), "slot 0 names vCPU 1 of /chosen/a, which has 1"),
                         ((("a", 0, 0, 0, 500), ("a", 0, 1, 400, 500)), "slot 1 gives its vCPU a second CPU at the same time")):
        result = boot(domains, smp=2, memory="512M", bootargs="sched=arinc653", chosen=schedule(1000, *table)).ended()
        result.passed(1).passed(2).says(f"/chosen/schedule: {words}", "every vCPU has a slot of 10 ms instead")


def turn_cost(count, span, options, extra="", chosen=""):
    """The instructions of EL2 for each change of the vCPU that runs, `count` of which compute on one CPU; `chosen` makes /chosen's
    source from the names of domains and the vCPUs of each."""
    per = min(8, max(1, count // 2))
    names = [f"s{number}" for number in range(count // per)]
    words = f"wake={2 * START} from={2 * START + 20 * MS} until={2 * START + 20 * MS + span}"
    domains = [domain("sys_share", words, name=name, cpus=per, extra=extra, memory_kib=16384) for name in names]
    result = boot(domains, smp=1, memory="2G", icount=True, frequency=1000000000, bootargs=options, limit=300,
                  chosen=chosen(names, per) if chosen else "").ended()
    ran = turns = 0
    for number in range(1, len(names) + 1):
        result.passed(number)
        found = re.findall(r"SHARE \d+ ran (\d+) turns (\d+)", "".join(result.of(number)))
        result.equal(len(found), per, f"vCPUs of d{number} that counted")
        ran += sum(int(one[0]) for one in found)
        turns += sum(int(one[1]) for one in found)
    result.within(turns, 50, span, "turns")
    return (span - ran) / turns, result


def grows_with_the_logarithm(name, counts, most_a_doubling, cost_of, first=0):
    """Instructions for each turn of so many vCPUs, `cost_of` each: every doubling may add so many, from the `first` of them on."""
    costs = [(count, *cost_of(count)) for count in counts]
    print(f"{name}: instructions of EL2 for each turn of {', '.join(map(str, counts))} vCPUs:", *(round(cost) for _, cost, _ in costs))
    for (few, fewer, _), (many, more, result) in zip(costs[first:], costs[first + 1:]):
        result.within(more, 800, fewer + ((many // few).bit_length() - 1) * most_a_doubling, f"instructions for each turn of {many} vCPUs")


@test(limit=500)
def rtds_cost_grows_with_the_logarithm():
    """Of vCPUs that have the whole CPU among them and the same deadlines. A pick begins the periods of four, which of two there are not."""
    grows_with_the_logarithm("rtds", (2, 8, 32, 128), 120,
                             lambda count: turn_cost(count, 100 * MS, "sched=rtds", share("s", 5000, 5000 // count, 1)), first=1)


@test(limit=500)
def arinc653_cost_grows_with_the_logarithm():
    """Of slots of 100 us, each of another vCPU."""
    def chosen(names, per):
        order = [(name, vcpu) for vcpu in range(per) for name in names]
        return schedule(100 * len(order), *((name, vcpu, 0, 100 * place, 100) for place, (name, vcpu) in enumerate(order)))
    grows_with_the_logarithm("arinc653", (2, 8, 32, 64), 60, lambda count: turn_cost(count, 50 * MS, "sched=arinc653", chosen=chosen))


@test(limit=500)
def credit2_cost_grows_with_the_logarithm():
    """Of vCPUs that share the CPU."""
    grows_with_the_logarithm("credit2", (2, 8, 32), 180,
                             lambda count: turn_cost(count, 600 * MS, "sched=credit2 sched_ratelimit_us=0"))


@test(limit=150, level="fast")
def credit2_keeps_caps():
    """Two domains that compute, of 25 and 40 per cent, the second with two vCPUs: each has that, though the CPU is idle beside them; a
    third one without a cap has the rest."""
    span = 400 * MS
    words = f"from={START} until={START + span}"
    capped = [domain("sys_work", words, name="quarter", extra="bulkhead,cap = <25>;"),
              domain("sys_work", words, name="two", cpus=2, extra="bulkhead,cap = <40>;")]
    for others in ([], [domain("sys_work", words, name="free")]):
        result = exact(capped + others, "sched=credit2", limit=140)
        ran = [sum(int(text) for text in re.findall(r"WORK \d count \d+ running (\d+) ", "".join(result.passed(number).of(number))))
               for number in range(1, 3 + len(others))]
        # The guest begins to count, and ends, anywhere in a period.
        result.within(ran[0], span * 0.25 - 5 * MS, span * 0.25 + 5 * MS, "running time of d1, 25 per cent")
        result.within(ran[1], span * 0.40 - 8 * MS, span * 0.40 + 8 * MS, "running time of d2, 40 per cent of one CPU for two vCPUs")
        if others:
            result.within(ran[2], span * 0.35 - 15 * MS, span * 0.35 + 15 * MS, "running time of d3, what is left")


@test(limit=300)
def order_and_placement_on_two_cpus():
    """Global EDF, and slots of which those of a domain's two vCPUs are aligned: the hypervisor's trace has what schedcheck plans of the
    same tree, in that order and, under arinc653, there."""
    for name in ("rtds-two", "arinc653-two"):
        picture, problem = bench_plan.draw(name)
        if problem:
            raise scenario.Failure(f"{picture}: {problem}")


def pool(name, cpus, sched=""):
    text = " ".join(f"&{{/cpus/cpu@{cpu}}}" for cpu in cpus)
    return f'{name} {{ compatible = "xen,cpupool"; cpupool-cpus = <{text}>; {f"cpupool-sched = {sched!r};" if sched else ""} }};'.replace("'", '"')


@test(limit=120)
def pools_share_nothing():
    """A domain alone in a pool has its CPU whole, and a schedule its slots, while three others share the CPU that is in neither. QEMU
    runs each CPU until the next deadline of anything: a filter of an unused network gives it one every 20 us, so no turn is long."""
    words = f"from={START} until={START + 200 * MS}"
    domains = [domain("sys_work", words, name="alone", extra="domain-cpupool = <&{/chosen/own}>;"),
               domain("sys_work", words, name="half", extra="domain-cpupool = <&{/chosen/fixed}>;"),
               *(domain("sys_work", words, name=f"many{number}") for number in range(3))]
    chosen = pool("own", [2], "null") + pool("fixed", [1], "arinc653") + schedule(10000, ("half", 0, 1, 0, 5000))
    result = boot(domains, smp=3, memory="512M", icount=True, frequency=1000000000, bootargs="sched=credit2", chosen=chosen,
                  limit=100, extra=["-netdev", "hubport,id=none,hubid=0", "-object", "filter-buffer,id=tick,netdev=none,interval=20"]).ended()
    result.says(r"/chosen/own: 1 CPU \(mask 0x4\), scheduler null", r"/chosen/fixed: 1 CPU \(mask 0x2\), scheduler arinc653",
                r"/chosen/schedule: 1 slots in a frame of 10000 us")
    found = [numbers(result, number, r"WORK 0 count \d+ running (\d+) runnable (\d+) ") for number in range(1, 6)]
    shares = [running / (running + waiting) for running, waiting in found]
    result.within(shares[0], 0.97, 1, "share of a CPU of its own")
    result.within(shares[1], 0.45, 0.55, "share of a CPU by a schedule")
    for share_of_many in shares[2:]:
        result.within(share_of_many, 0.25, 0.45, "share of a CPU that three have")


@test(limit=150)
def weights_of_the_tree():
    """Twice the weight, twice the time."""
    words = f"from={START} until={START + 300 * MS}"
    domains = [domain("sys_work", words, name="light"), domain("sys_work", words, name="heavy", extra="bulkhead,weight = <512>;")]
    result = exact(domains, "sched=credit2", limit=140)
    light, = numbers(result, 1, r"WORK 0 count \d+ running (\d+) ")
    heavy, = numbers(result, 2, r"WORK 0 count \d+ running (\d+) ")
    result.within(heavy / light, 1.8, 2.2, "what the heavier one gets more")


if __name__ == "__main__":
    sys.exit(scenario.main())
