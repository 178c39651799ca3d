#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_sched_latency.py - QEMU tests of what schedulers promise in time: the latency guest beside a CPU hog, slots beside neighbours that
# bother the hypervisor, shares over a second.
import os
import re
import subprocess
import sys

import scenario
from scenario import boot, domain, test

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
import el2bound  # noqa: E402
import mktree  # noqa: E402

MS = 1000000
START = 40 * MS


@test(limit=600)
def beside_a_hog():
    """./bench --sched, with its bars: credit2's mean below Xen's and its maximum no higher; rtds and arinc653 within the bound that
    schedcheck gives for the same tree."""
    done = subprocess.run(["./bench", "--sched", "--no-build"], capture_output=True, text=True, check=False)
    print(done.stdout)
    if done.returncode != 0:
        raise scenario.Failure(f"./bench --sched: status {done.returncode}\n{done.stdout}{done.stderr}")


# The slot that is watched, and what bothers the hypervisor in all other time.
FRAME_US, SLOT_US = 2000, 500
SLOTS = re.compile(r"SLOTS first (\d+) start (-?\d+) to (-?\d+) end (-?\d+) to (-?\d+) last (-?\d+)")


def slots_beside(storm, count):
    """Jitter of the slots' starts, and the longest stay in EL2 of the same boot, in instructions."""
    chosen = ('schedule { compatible = "bulkhead,arinc653"; major-frame-us = <%d>; slots = <&{/chosen/watched} 0 0 0 %d>, '
              "<&{/chosen/storm-%s} 0 0 %d %d>; };" % (FRAME_US, SLOT_US, storm, SLOT_US, FRAME_US - SLOT_US))
    domains = [mktree.Domain("watched", scenario.image("sys_slots"), f"frame={FRAME_US * 1000} count={count}"),
               el2bound.storm(storm, 1)]
    with scenario.scratch() as directory:
        symbols, out = os.path.join(directory, "symbols"), os.path.join(directory, "out.json")
        el2bound.make_symbols("build/release/bulkhead.elf", symbols)
        plugin = f"{el2bound.PLUGIN},symbols={symbols},out={out},bar={el2bound.BAR_STAY}"
        result = boot(domains, smp=1, memory="512M", icount=True, frequency=1000000000, bootargs="sched=arinc653", chosen=chosen, limit=280,
                      extra=["-plugin", plugin])
        match = SLOTS.search("".join(result.of(1)))
        if match is None or not os.path.exists(out):
            result.fail("the watched domain does not say when its slots were")
        with open(out, encoding="utf-8") as file:
            causes = el2bound.merge(el2bound.json.load(file))
    longest = max(cause["longest"]["insns"] for cause in causes if cause["entry"] != "boot")
    _, low, high, _, _, last = map(int, match.groups())
    print(f"beside a storm of {storm}: starts {low} to {high}, longest stay in EL2 {longest}")
    result.within(high - low, 0, longest + 300, f"jitter of the slots' starts beside a storm of {storm}")
    result.within(last, -longest - 300, longest + 300, f"drift beside a storm of {storm}")


@test(limit=300, level="fast")
def slots_beside_hypercalls():
    slots_beside("hypercall", 40)


@test(limit=900)
def slots_beside_storms():
    for storm in ("psci", "gic", "abort", "reg", "yield", "print", "timer", "wfi"):
        slots_beside(storm, 60)


@test(limit=400)
def shares_within_one_per_cent():
    """Over a second, of equal weights and of others: each has its share within one per cent of the second."""
    second = 1000 * MS
    words = f"from={START} until={START + second}"
    for weights in ((256, 256, 256), (256, 512, 1024)):
        domains = [domain("sys_work", words, name=f"w{number}", extra=f"bulkhead,weight = <{weight}>;") for number, weight in enumerate(weights)]
        result = boot(domains, smp=1, memory="512M", icount=True, frequency=1000000000, limit=180).ended()
        # Each counts from its first turn on: a turn later than the first.
        shares = []
        for number in range(1, len(weights) + 1):
            match = re.search(r"WORK 0 count \d+ running (\d+) runnable (\d+) ", "".join(result.passed(number).of(number)))
            ran, waited = int(match.group(1)), int(match.group(2))
            shares.append(ran / (ran + waited))
        print(f"weights {weights}: " + ", ".join(f"{one:.4f}" for one in shares))
        for number, (one, weight) in enumerate(zip(shares, weights), 1):
            share = weight / sum(weights)
            result.within(one, share - 0.01, share + 0.01, f"share of d{number} of weight {weight}")


if __name__ == "__main__":
    sys.exit(scenario.main())
