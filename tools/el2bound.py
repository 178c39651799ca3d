#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# el2bound.py - how long does a CPU stay in EL2 at most, and in what? Runs the plugin tools/el2stay on loads made
# for it.
"""Measures stays in EL2 (from exception to return), each by its cause, and prints the longest beside the bar.

    make release guests tools && tools/el2bound.py              all loads
    tools/el2bound.py --load busy --calls                       one, with the calls of the longest stays
    tools/el2bound.py --json build/bench/el2bound.json          and as data
    tools/el2bound.py --show FILE                               what the plugin wrote on another occasion

docs/el2-bound.md says what is counted and what the figures do not say. Exit status 1: a bar is broken, or an exact
count is another than tests/golden has."""
import argparse
import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile

import bench_report
import mktree
import qemu

NM = "aarch64-linux-gnu-nm"
PLUGIN = os.path.join("build", "tools", "el2stay.so")
HZ = 1000000000
LIMIT = 120  # Seconds of one boot.
GOLDEN = os.path.join("tests", "golden", "el2bound.json")

BAR_STAY = 5000  # Instructions, once domains run.
BAR_KICK = 200  # A kick that finds nothing to do but to say that the CPU was here.
KICKS_AT_START = 2
KICKS_A_DOMAIN = 2  # Before its vCPUs leave the scheduler, and before its structures are freed.
QUIET_INTERRUPTS = 500
BARS_FAST = {"insns": 30, "code_lines": 4, "data_lines": 3, "gic_reads": 1, "gic_writes": 2}

GIC_RANGES = {"virt": ["8000000-8ffffff"], "virt-gicv3": ["8000000-8ffffff"], "zcu102": ["f9000000-f907ffff"]}

# Functions whose stays are counted apart, and what a person calls them. A stay in which several ran has several names.
MARKS = {
    "hcall_xen_version": "hypercall xen_version", "hcall_console_io": "hypercall console_io",
    "hcall_sched_op": "hypercall sched_op", "hcall_vcpu_op": "hypercall vcpu_op", "hcall_hvm_op": "hypercall hvm_op",
    "hcall_event_channel_op": "hypercall event_channel_op", "evtchn_reset": "reset of channels",
    "hcall_domctl": "domctl", "hcall_sysctl": "sysctl", "domain_begin": "createdomain", "domain_grow": "max_vcpus",
    "domain_destroy_some": "destroydomain", "domain_free_some": "remains of a domain", "physmap_end_some": "memory of a domain",
    "hcall_memory_op": "hypercall memory_op", "hcall_grant_table_op": "hypercall grant_table_op",
    "hcall_multicall": "hypercall multicall",
    "evtchn_signal": "event", "evtchn_close_domain": "end of channels", "runstate_area_update": "run states told",
    "hypercall_debug_trap": "debug trap", "vpsci_call": "PSCI", "vmmio_fault": "MMIO", "vgic_access": "vGIC",
    "vpl011_write": "UART write", "vpl011_read": "UART read",
    "vsysreg_access": "system register", "vgic_sgi_write": "SGI", "vcpu_use_fp": "FP", "guest_log": "log",
    "log_line": "log line", "console_input": "UART interrupt", "console_poll": "prompt", "print_guest": "print",
    "pcpu_timer_interrupt": "timer queue", "irq_dispatch": "full path", "irq_refresh": "refresh",
    "vcpu_block": "block", "vcpu_schedule": "schedule", "vcpu_load": "switch", "domain_crash": "crash",
    "domain_shutdown": "shutdown", "hypercall": "hypercall",
}
ENTRIES = {"boot": "boot", "wake": "after sleep", "sync": "trap", "irq": "IRQ", "fiq": "FIQ", "serror": "SError"}


@dataclasses.dataclass
class Load:
    about: str
    domains: list
    cpus: int = 4
    options: str = ""
    chosen: str = ""  # Nodes of /chosen beside the domains.
    turns: bool = False  # Each CPU gets its turns: see qemu.in_turns().
    quiet: int | None = None  # A CPU of QEMU's that others' management must leave alone, but for two kicks a domain destroyed.
    exact: bool = False  # Its counts are golden: any change in how others share the CPUs moves those of the rest.


def guest(name):
    return os.path.join("build", "guests", f"{name}.img")


NOT_IN_NAMES = str.maketrans("_ =", "---")


def meter(rounds, **other):
    """Ends the machine when it has done its rounds, 100,003 ns each."""
    return mktree.Domain("meter", guest("meter"), f"rounds={rounds} histogram=0", **other)


def storm(what, cpus=2, **other):
    return mktree.Domain(f"storm-{what}", guest("test-sys_storm"), f"do={what}", cpus=cpus, **other)


def test_guest(name, cpus=1, words=""):
    return mktree.Domain(f"{name}{words}".translate(NOT_IN_NAMES), guest(f"test-{name}"), f"exit=psci {words}".strip(), cpus=cpus)


def crash():
    return mktree.Domain("crash", guest("test-sys_hypercall"), "end=shutdown reason=3")


def busy(cpu):
    return mktree.Domain(f"busy{cpu}", guest("busy"), "mib=1 every=2", affinity={0: str(cpu)})


def crowd(extra=""):
    """128 vCPUs that all wake at once, compute for a while, and go."""
    words = "exit=psci wake=80000000 from=100000000 until=200000000"
    return [mktree.Domain(f"crowd{number}", guest("test-sys_share"), words, memory_kib=16384, cpus=8, extra=extra) for number in range(16)]


# Under -icount a CPU's turn lasts until the next timer of the machine: where four CPUs are busy each has vCPUs that
# share it, so that slices end.
CALLS = ("hypercall", "psci", "gic", "abort", "reg", "yield")
LOADS = {
    "fast": Load("one CPU, the meter alone", [meter(300)], cpus=1, exact=True),
    "busy": Load("four busy CPUs, the meter on one of them",
                 [meter(300, affinity={0: "0"}), *[busy(cpu) for cpu in range(4)]]),
    "calls": Load("four CPUs, storms of hypercalls, PSCI, vGIC, aborts, system registers",
                  [meter(100), *[storm(what) for what in CALLS]]),
    "console": Load("four CPUs that print all they can, two vCPUs each",
                    [meter(100), storm("print", 4), test_guest("sys_lines"), *[busy(cpu) for cpu in range(4)]]),
    "wakes": Load("four CPUs, timers that fire always, wfi with one pending, SGIs among four",
                  [meter(100), storm("timer", 1), storm("wfi", 2), storm("sgi", 4)]),
    "events": Load("two domains that signal each other, one that does all to itself, on two CPUs",
                   [meter(1000), test_guest("sys_events", 2, "layout=fifo"),
                    test_guest("sys_channel", 1, "layout=fifo role=first peer=4"),
                    test_guest("sys_channel", 1, "layout=fifo role=second peer=3")], cpus=2),
    "memory": Load("domains that give memory back and get it, map, copy and abuse each other's pages",
                   [meter(3000), test_guest("sys_memory", 1, "rounds=1"), test_guest("sys_grant", 1, "role=offer peer=4"),
                    test_guest("sys_grant", 1, "role=use peer=3")], cpus=2),
    "deadlines": Load("128 vCPUs on one CPU under rtds, whose periods all begin at the same time",
                      crowd("bulkhead,period-us = <5000>; bulkhead,budget-us = <39>; bulkhead,extratime = <1>;"), cpus=1, options="sched=rtds"),
    "queue": Load("128 vCPUs on one CPU under credit2", crowd(), cpus=1, options="sched_ratelimit_us=0"),
    "toolstack": Load("Dom0 that makes, pauses, destroys domains, 63 at once too, and reads what is there",
                      [mktree.Dom0(guest("test-sys_life"), "exit=psci rounds=2")], cpus=1, options="dom0_mem=16M dom0_max_vcpus=1"),
    "managed": Load("the meter in a pool of its own, while Dom0 on another CPU makes and destroys domains",
                    [mktree.Dom0(guest("test-sys_life"), "exit=psci do=rounds rounds=10"),
                     meter(1000000, extra="domain-cpupool = <&{/chosen/own}>;")],
                    cpus=2, options="dom0_mem=16M dom0_max_vcpus=1", turns=True, quiet=2,
                    chosen='own { compatible = "xen,cpupool"; cpupool-cpus = <&{/cpus/cpu@2}>; };'),
    "pinned": Load("the meter pinned to a CPU that two busy domains are pinned away from, in one pool, with no option set",
                   [meter(1000, affinity={0: "1"}), *[mktree.Domain(f"busy{number}", guest("busy"), "mib=1 every=2", affinity={0: "0"})
                                                      for number in range(2)]], cpus=2, turns=True, quiet=2),
    "life": Load("domains that start CPUs, err, crash and stop",
                 [meter(1000), test_guest("sys_psci", 3), test_guest("sys_hypercall", 2), test_guest("sys_platform", 2),
                  test_guest("sys_hostile"), crash()]),
}


def make_symbols(elf, path):
    with open(path, "w", encoding="ascii") as file:
        subprocess.run([NM, "-n", elf], stdout=file, check=True)


# Boot `load` and return what the plugin wrote.
def measure(load, board_name="virt", build="release"):
    board = qemu.Board.load(board_name)
    image = os.path.join("build", build, "bulkhead")
    turns = qemu.in_turns(load.cpus) if load.turns else {"smp": load.cpus, "source": "", "extra": []}
    machine = {"smp": turns["smp"], "icount": True, "frequency": HZ if board.cpu else None}
    for path in (PLUGIN, image, image + ".elf", *[domain.kernel for domain in load.domains]):
        if not os.path.exists(path):
            raise qemu.Problem(f"{path} does not exist: make {build} guests tools")
    with tempfile.TemporaryDirectory(prefix="el2bound-") as directory:
        tree, symbols, out = (os.path.join(directory, name) for name in ("tree.dtb", "symbols", "out.json"))
        make_symbols(image + ".elf", symbols)
        words = [PLUGIN, f"symbols={symbols}", f"out={out}", f"bar={BAR_STAY}"]
        words += [f"gic={span}" for span in GIC_RANGES[board_name]] + [f"mark={name}" for name in MARKS]
        loaders = mktree.make_tree(board, load.domains, f"console=dtuart {load.options}".strip(), tree, load.chosen, turns["source"],
                                   **machine)
        line = qemu.command(board, image, dtb=tree, loaders=loaders, extra=["-plugin", ",".join(words), *turns["extra"]], **machine)
        boot = qemu.boot(line, LIMIT)
        if boot.ended != "exit" or boot.status != 0 or not os.path.exists(out):
            last = (boot.text.strip() or boot.errors.strip() or "nothing at all").splitlines()[-3:]
            raise qemu.Problem(f"the boot did not end well ({boot.ended}, status {boot.status}); its last words: "
                               f"{' / '.join(last)}")
        with open(out, encoding="utf-8") as file:
            return json.load(file)


def name_of(cause):
    marks = [MARKS.get(mark, mark) for mark in cause["marks"]]
    if "hypercall" in marks and any(mark.startswith("hypercall ") for mark in marks):
        marks.remove("hypercall")
    if cause["entry"] == "irq" and not marks:
        return "IRQ: fast path"
    return ": ".join([ENTRIES[cause["entry"]], *([", ".join(marks)] if marks else [])])


def merge(data):
    """The causes of all CPUs by (boot, name), the longest first."""
    merged = {}
    for cpu, part in enumerate(data["cpus"]):
        for cause in part["causes"]:
            key = (cause["boot"], name_of(cause))
            new = {"name": key[1], "boot": key[0], "entry": cause["entry"], "marks": cause["marks"], "cpu": cpu,
                   "count": 0, "sum": 0, "over": 0, "histogram": {}, "longest": {"insns": 0}, "most": {}, "calls": []}
            mine = merged.setdefault(key, new)
            for figure in ("count", "sum", "over"):
                mine[figure] += cause[figure]
            for bucket, count in cause["histogram"].items():
                mine["histogram"][bucket] = mine["histogram"].get(bucket, 0) + count
            for figure, most in cause["most"].items():
                mine["most"][figure] = max(mine["most"].get(figure, 0), most)
            if cause["longest"]["insns"] > mine["longest"]["insns"]:
                mine.update(longest=cause["longest"], calls=cause["calls"], cpu=cpu)
    return sorted(merged.values(), key=lambda cause: -cause["longest"]["insns"])


def histogram(causes):
    total = {}
    for cause in causes:
        for bucket, count in cause["histogram"].items():
            total[int(bucket)] = total.get(int(bucket), 0) + count
    return total


# The tree of calls, what is less than a hundredth of the whole left out. Each line: instructions with callees, own.
def call_lines(calls):
    whole = sum(own for _, _, _, own in calls)
    for i, (depth, function, times, own) in enumerate(calls):
        with_callees = own
        for below, _, _, more in calls[i + 1:]:
            if below <= depth:
                break
            with_callees += more
        if with_callees * 100 >= whole:
            yield f"{with_callees:10} {own:8}  {'  ' * depth}{function}{f' x{times}' if times > 1 else ''}"


def path_of(calls):
    """The way to where most instructions are: at each function, the callee that took most."""
    def weight(i):
        total = calls[i][3]
        for below, _, _, own in calls[i + 1:]:
            if below <= calls[i][0]:
                break
            total += own
        return total

    words, at = [], 0
    while calls:
        words.append(calls[at][1])
        children = []
        for i in range(at + 1, len(calls)):
            if calls[i][0] <= calls[at][0]:
                break
            if calls[i][0] == calls[at][0] + 1:
                children.append(i)
        best = max(children, key=weight, default=None)
        if best is None or weight(best) * 4 < weight(at):
            return " > ".join(words)
        at = best
    return ""


def show_causes(causes, lines, calls):
    print(f"    {'longest':>8} {'mean':>6} {'stays':>8} {'over':>6} {'code':>5} {'data':>5} {'GIC r':>5} {'w':>3}  cause")
    for cause in causes[:lines]:
        longest = cause["longest"]
        print(f"    {longest['insns']:8} {cause['sum'] // cause['count']:6} {cause['count']:8} {cause['over']:6} "
              f"{longest['code_lines']:5} {longest['data_lines']:5} {longest['gic_reads']:5} {longest['gic_writes']:3}"
              f"  {cause['name']}")
        if cause["over"] or calls:
            print(f"             in {path_of(cause['calls'])}")
        if calls:
            for line in call_lines(cause["calls"]):
                print(f"            {line}")


def show(data, lines=12, calls=False):
    causes = merge(data)
    running = [cause for cause in causes if not cause["boot"]]
    at_boot = [cause for cause in causes if cause["boot"]]
    show_causes(running, lines, calls)
    spread = histogram(running)
    print("    stays by instructions: " + ", ".join(f"<={top}: {spread[top]}" for top in sorted(spread)))
    chains = [(cpu["longest_chain"], cpu["longest_chain_stays"]) for cpu in data["cpus"]]
    if chains:
        print(f"    longest time without an instruction of a guest, stay after stay: {max(chains)[0]} instructions in "
              f"{max(chains)[1]} stays")
    for cpu, part in enumerate(data["cpus"]):
        if part["own_faults"]:
            print(f"    CPU {cpu} took {part['own_faults']} exceptions from EL2 itself")
    print("    before domains ran: " + (", ".join(f"{cause['name']} {cause['longest']['insns']}" for cause in at_boot[:4])
                                        or "nothing"))


def longest_of(data):
    running = [cause for cause in merge(data) if not cause["boot"]]
    return running[0]["longest"]["insns"] if running else 0


def fast_path_of(data):
    """The most of each figure on the fast path; None when no interrupt took it."""
    for cause in merge(data):
        if cause["entry"] == "irq" and not cause["marks"] and not cause["boot"]:
            return {**cause["most"], "count": cause["count"]}
    return None


def report_quiet(name, data, cpu):
    """The bars of a CPU whose own domain others' management must not slow. Returns whether they hold."""
    created = sum(cause["count"] for part in data["cpus"] for cause in part["causes"]
                  if not cause["boot"] and "domain_begin" in cause["marks"])
    mine = [cause for cause in data["cpus"][cpu]["causes"] if not cause["boot"]]
    fast = [cause for cause in mine if cause["entry"] == "irq" and not cause["marks"]]
    kicks = [cause for cause in mine if cause["entry"] == "irq" and cause["marks"] == ["irq_dispatch"]]
    rows = [("interrupts by the fast path, at least", -QUIET_INTERRUPTS, -sum(cause["count"] for cause in fast)),
            ("instructions of one", BARS_FAST["insns"], max((cause["longest"]["insns"] for cause in fast), default=0)),
            (f"kicks, {created} domains made and destroyed", created * KICKS_A_DOMAIN + KICKS_AT_START, sum(cause["count"] for cause in kicks)),
            ("instructions of one", BAR_KICK, max((cause["longest"]["insns"] for cause in kicks), default=0))]
    for what, bar, now in rows:
        print(f"  {name}, the meter's CPU: {what:42} {abs(bar):8} {abs(now):8}  {'' if now <= bar else 'BROKEN'}")
    return all(now <= bar for _, bar, now in rows)


def report_bars(results):
    """The table at the end. Returns whether all bars hold."""
    good = True
    print("\nbar                                             at most      now")
    if "fast" in results:
        fast = fast_path_of(results["fast"])
        for figure, bar in BARS_FAST.items():
            now = fast[figure] if fast else "never"
            fine = fast is not None and now <= bar
            good &= fine
            print(f"  fast path: {figure.replace('insns', 'instructions').replace('_', ' '):35} {bar:8} {now:8}  "
                  f"{'' if fine else 'BROKEN'}")
    for name, data in results.items():
        if LOADS[name].quiet is not None:
            good &= report_quiet(name, data, LOADS[name].quiet)
        now = longest_of(data)
        good &= now <= BAR_STAY
        print(f"  longest stay once domains run: {name:15} {BAR_STAY:8} {now:8}  {'' if now <= BAR_STAY else 'BROKEN'}")
    return good


def exact_counts(results, board):
    return {f"{board}/{name}": {"longest": longest_of(data), "fast_path": fast_path_of(data)}
            for name, data in results.items() if LOADS[name].exact}


def read_golden():
    if not os.path.exists(GOLDEN):
        return {"versions": bench_report.versions(), "counts": {}}
    with open(GOLDEN, encoding="utf-8") as file:
        return json.load(file)


def write_golden(counts):
    """Renews `counts`; what else is golden stays, if it was made with the same tools."""
    golden, versions = read_golden(), bench_report.versions()
    kept = golden["counts"] if golden["versions"] == versions else {}
    with open(GOLDEN, "w", encoding="utf-8") as file:
        json.dump({"versions": versions, "counts": {**kept, **counts}}, file, indent=1, sort_keys=True)
        file.write("\n")


def check_golden(counts):
    """Says what differs. Returns whether nothing does."""
    golden, versions = read_golden(), bench_report.versions()
    if golden["versions"] != versions:
        print(f"golden counts: toolchain differs, not compared ({versions}; golden: {golden['versions']})")
        return True
    different = [name for name in counts if counts[name] != golden["counts"].get(name)]
    for name in different:
        print(f"FAIL {name}: {counts[name]} instead of {golden['counts'].get(name)}; if that is meant, 'make golden' renews it")
    return not different


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--load", action="append", choices=LOADS, help="this load only; may be repeated")
    parser.add_argument("--board", default="virt", choices=sorted(GIC_RANGES))
    parser.add_argument("--build", default="release", help="build/BUILD/bulkhead (release)")
    parser.add_argument("--lines", type=int, default=12, help="causes shown of each load (12)")
    parser.add_argument("--calls", action="store_true", help="show the calls of the longest stay of each cause")
    parser.add_argument("--match", default="", help="only causes whose name has this regular expression")
    parser.add_argument("--golden", action="store_true", help=f"write the exact counts to {GOLDEN}")
    parser.add_argument("--check-golden", action="store_true", help="compare the exact counts with it")
    parser.add_argument("--json", metavar="FILE", help="write all of it as JSON")
    parser.add_argument("--show", metavar="FILE", help="show what the plugin wrote, and run nothing")
    return parser.parse_args()


def main():
    options = arguments()
    if options.show:
        with open(options.show, encoding="utf-8") as file:
            show(json.load(file), options.lines, options.calls)
        return 0
    os.chdir(qemu.TOP)
    qemu.end_on_signals()
    results = {}
    for name in options.load or LOADS:
        print(f"{name}: {LOADS[name].about}", flush=True)
        data = measure(LOADS[name], options.board, options.build)
        if options.match:
            for cpu in data["cpus"]:
                cpu["causes"] = [cause for cause in cpu["causes"] if re.search(options.match, name_of(cause))]
        results[name] = data
        show(data, options.lines, options.calls)
    good = report_bars(results)
    if options.golden:
        write_golden(exact_counts(results, options.board))
    if options.check_golden:
        good &= check_golden(exact_counts(results, options.board))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"bars": {"stay": BAR_STAY, "fast": BARS_FAST},
                       "loads": {name: {"longest": longest_of(data), "fast": fast_path_of(data), "causes": merge(data)}
                                 for name, data in results.items()}}, file, indent=1)
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except qemu.Problem as error:
        sys.exit(f"el2bound: {error}")
    except KeyboardInterrupt:
        sys.exit("el2bound: stopped")
    except BrokenPipeError:
        sys.exit(1)
