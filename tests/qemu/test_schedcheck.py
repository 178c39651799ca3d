#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_schedcheck.py - tests of tools/schedcheck, which says before boot whether a tree's guarantees can hold: right and wrong trees.
# (The boots that compare its bounds with what happens: test_sched_latency.py.)
import os
import re
import subprocess
import sys
import xml.dom.minidom

import scenario
from scenario import test

PROGRAM = os.path.join("build", "tools", "schedcheck")
MACHINE = """/dts-v1/;
/ { #address-cells = <2>; #size-cells = <2>; model = "test machine"; interrupt-parent = <&gic>;
  memory@40000000 { device_type = "memory"; reg = <0 0x40000000 0 0x8000000>; };
  psci { compatible = "arm,psci-1.0"; method = "smc"; };
  timer { compatible = "arm,armv8-timer"; interrupts = <1 13 4 1 14 4 1 11 4 1 10 4>; };
  cpus { #address-cells = <1>; #size-cells = <0>;
    cpu0: cpu@0 { device_type = "cpu"; reg = <0>; enable-method = "psci"; };
    cpu1: cpu@1 { device_type = "cpu"; reg = <1>; enable-method = "psci"; };
    cpu2: cpu@2 { device_type = "cpu"; reg = <2>; enable-method = "psci"; };
    cpu3: cpu@3 { device_type = "cpu"; reg = <3>; enable-method = "psci"; }; };
  gic: intc@8000000 { compatible = "arm,cortex-a15-gic"; #interrupt-cells = <3>; interrupt-controller; interrupts = <1 9 4>;
    reg = <0 0x8000000 0 0x10000  0 0x8010000 0 0x20000  0 0x8030000 0 0x10000  0 0x8040000 0 0x10000>; };
  uart: serial@9000000 { compatible = "arm,pl011"; reg = <0 0x9000000 0 0x1000>; interrupts = <0 1 4>; };
  chosen { stdout-path = &uart; xen,xen-bootargs = "%s"; #address-cells = <2>; #size-cells = <1>; %s };
};
"""


def domain(name, words="", more=""):
    return f"""{name}: {name} {{ compatible = "xen,domain"; memory = <0 4096>; {words} {more}
      module@41000000 {{ compatible = "multiboot,kernel", "multiboot,module"; reg = <0 0x41000000 0x1234>; }}; }};"""


def share(period, budget):
    return f"bulkhead,period-us = <{period}>; bulkhead,budget-us = <{budget}>;"


def affinity(cpus):
    return f'v {{ compatible = "xen,vcpu"; id = <0>; hard-affinity = "{cpus}"; }};'


def schedule(frame, slots):
    return f'sched {{ compatible = "bulkhead,arinc653"; major-frame-us = <{frame}>; slots = {slots}; }};'


class Run:
    """schedcheck on a tree: its status, and what it says."""

    def __init__(self, tree, *options, name="tree.dts"):
        with scenario.scratch() as directory:
            path = os.path.join(directory, name)
            with open(path, "wb") as file:
                file.write(tree if isinstance(tree, bytes) else tree.encode())
            words = [word.replace("DIR", directory) for word in options]
            done = subprocess.run([PROGRAM, *words, path], capture_output=True, text=True, check=False)
            self.status, self.text = done.returncode, done.stdout + done.stderr
            self.svg = None
            if "DIR/picture.svg" in options:
                with open(os.path.join(directory, "picture.svg"), encoding="utf-8") as file:
                    self.svg = xml.dom.minidom.parseString(file.read())

    def says(self, status, *patterns):
        for pattern in patterns:
            if not re.search(pattern, self.text, re.MULTILINE):
                raise scenario.Failure(f"schedcheck does not say: {pattern}\n--- it says:\n{self.text}")
        if self.status != status:
            raise scenario.Failure(f"status {self.status}, but {status} was expected\n--- it says:\n{self.text}")
        return self


def rtds(*domains):
    return MACHINE % ("sched=rtds", " ".join(domains))


@test(limit=30, level="fast")
def rtds_that_holds():
    Run(rtds(domain("a", "cpus = <1>;", share(10000, 4000) + affinity("0")), domain("b", "cpus = <1>;", share(5000, 3000) + affinity("0")))).says(
        0, r"CPU 0: utilisation 1\.0000, bound 1\.0000 \(EDF on one CPU, Liu and Layland 1973\): holds",
        r"/chosen/a vCPU 0: budget 4000 us in 10000 us, utilisation 0\.4000, on CPU 0, and extra time",
        r"at least 4000 us of each period, less 6\.0 us for EL2; waits at most 12000\.0 us",
        r"interrupt latency: at most 12006\.0 us \(wait 12000\.0 \+ path 6\.0\)", "all guarantees hold")
    # Five of 0.6 on four CPUs: 3.0 is above 4 - 3 * 0.6 = 2.2; three are 1.8.
    several = [domain(f"d{number}", "cpus = <1>;", share(10000, 6000)) for number in range(5)]
    Run(rtds(*several[:3])).says(0, r"CPUs 0-3: utilisation 1\.8000, bound 2\.2000 \(global EDF, Goossens, Funk and Baruah 2003\): holds")
    Run(rtds(*several)).says(1, r"CPUs 0-3: utilisation 3\.0000, bound 2\.2000 .*: the sum is above the bound", "NOT GUARANTEED",
                             "NOT all guarantees hold")


@test(limit=30, level="fast")
def rtds_that_does_not():
    Run(rtds(domain("a", "cpus = <1>;", share(10000, 6000) + affinity("0")), domain("b", "cpus = <1>;", share(10000, 6000) + affinity("0")))).says(
        1, r"error: /chosen/b vCPU 0: more is promised than the CPUs it may use have", "CPU 0: .*a vCPU of it is refused at boot")
    Run(rtds(domain("a", "cpus = <1>;", affinity("0-1")), domain("b", "cpus = <1>;", affinity("1-2")))).says(
        1, r"CPUs 0-2: .*affinities overlap in part, for which no bound is known")
    Run(rtds(domain("a", "cpus = <1>;", share(1000, 10)))).says(0)
    Run(rtds(domain("a", "cpus = <1>;", share(1000, 10))), "--overhead-us", "10").says(1, "its budget is no longer than what EL2 takes")


TWO = domain("a", "cpus = <2>;") + domain("b", "cpus = <1>;")


@test(limit=30, level="fast")
def arinc653_that_holds():
    slots = "<&a 0 0 0 3000>, <&a 1 1 0 3000>, <&b 0 0 4000 2000>, <&b 0 0 8000 1000>"
    Run(MACHINE % ("sched=arinc653", TWO + schedule(10000, slots))).says(
        0, r"frame of 10000 us, 4 slots$", r"/chosen/a vCPU 0: 3000 us of each frame in 1 slot, utilisation 0\.3000", "vCPUs are aligned",
        r"waits at most 7000\.0 us for its slot", r"interrupt latency: at most 7006\.0 us", r"/chosen/b vCPU 0: 3000 us of each frame in 2 slots",
        r"waits at most 5000\.0 us")  # From 9000 to 14000.
    Run(MACHINE % ("sched=arinc653", TWO + schedule(10000, "<&a 0 0 0 3000>, <&a 1 1 100 3000>, <&b 0 0 4000 2000>"))).says(
        0, "vCPUs are NOT aligned")
    # One slot right after another, and over the end of the frame: no wait between them.
    Run(MACHINE % ("sched=arinc653", domain("b", "cpus = <1>;") + schedule(10000, "<&b 0 0 0 3000>, <&b 0 0 3000 2000>, <&b 0 0 9000 1000>"))).says(
        0, r"in 2 slots", r"waits at most 4000\.0 us")
    Run(MACHINE % ("sched=arinc653", TWO)).says(0, "no schedule, equal slots of 10 ms", r"waits at most 0\.0 us")


@test(limit=30, level="fast")
def arinc653_that_does_not():
    for slots, words in (("<&a 0 0 0 3000>, <&b 0 0 2000 3000>", "slot 1 starts before the slot before it on its CPU ends"),
                         ("<&a 0 0 0 3000>, <&b 0 0 9000 2000>", "slot 1 ends after the frame"),
                         ("<&a 0 0 0 3000>, <&a 0 1 2000 2000>", "slot 1 gives its vCPU a second CPU at the same time"),
                         ("<&a 0 4 0 3000>", "slot 0 is on a CPU that is not in the pool"),
                         ("<&a 0 0 0 49>", "slot 0 is shorter than 50 us"),
                         ("<&a 2 0 0 3000>", "slot 0 names vCPU 2 of /chosen/a, which has 2")):
        Run(MACHINE % ("sched=arinc653", TWO + schedule(10000, slots))).says(1, f"error: /chosen/sched: {words}")
    Run(MACHINE % ("sched=arinc653", TWO + schedule(10000, "<&a 0 0 0 3000>, <&a 1 1 0 3000>"))).says(1, "/chosen/b vCPU 0: no slot: it NEVER RUNS")


@test(limit=30, level="fast")
def pools_one_by_one():
    pools = """p: p { compatible = "xen,cpupool"; cpupool-cpus = <&cpu1>; cpupool-sched = "rtds"; };
               q: q { compatible = "xen,cpupool"; cpupool-cpus = <&cpu2>; cpupool-sched = "null"; };"""
    tree = MACHINE % ("", pools + domain("a", "cpus = <1>;", "domain-cpupool = <&p>; " + share(10000, 9000)) + domain("b", "cpus = <1>;") +
                      domain("c", "cpus = <1>;", "domain-cpupool = <&q>;"))
    Run(tree).says(0, r"CPUs of no pool \(CPUs 0,3\): credit2", "nothing is guaranteed in time", r"/chosen/p \(CPU 1\): rtds", r"waits at most 2000\.0 us",
                   r"/chosen/q \(CPU 2\): null", "never waits")


@test(limit=30, level="fast")
def wrong_input_is_named():
    help_text = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=False)
    if help_text.returncode != 0 or "--happened FILE" not in help_text.stdout:
        raise scenario.Failure(f"--help: {help_text}")
    Run(b"not a tree", name="tree.dtb").says(2, r"tree\.dtb cannot be used")
    Run(b"", name="tree.dtb").says(2, r"tree\.dtb: is empty")
    Run("/dts-v1/; / { ").says(2, "dtc could not compile it")
    Run("/dts-v1/; / { };").says(2, "cannot be used")
    Run(rtds(domain("a", "cpus = <1>;")), "--span-us", "ten").says(2, "--span-us ten: write microseconds")
    Run(rtds(domain("a", "cpus = <1>;")), "--svg", "DIR/none/picture.svg").says(2, r"none/picture\.svg: No such file")
    Run(rtds(domain("a", "cpus = <1>;")), "second.dtb").says(2, "write the name of one device tree")
    for words in ([], ["/nowhere/tree.dtb"]):
        done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False)
        if done.returncode != 2 or not re.search("write the name of one|No such file", done.stderr):
            raise scenario.Failure(f"{words}: {done}")


@test(limit=30, level="fast")
def pictures():
    slots = "<&a 0 0 0 3000>, <&a 1 1 0 3000>, <&b 0 0 4000 2000>, <&b 0 0 8000 1000>"
    run = Run(MACHINE % ("sched=arinc653", TWO + schedule(10000, slots)), "--svg", "DIR/picture.svg").says(0)
    titles = [node.firstChild.data for node in run.svg.getElementsByTagName("title")]
    wanted = ["a/0 0.000 to 3.000 ms", "b/0 4.000 to 6.000 ms", "b/0 8.000 to 9.000 ms", "a/1 0.000 to 3.000 ms",
              "a/0 10.000 to 13.000 ms", "b/0 14.000 to 16.000 ms", "b/0 18.000 to 19.000 ms", "a/1 10.000 to 13.000 ms"]
    if sorted(titles) != sorted(wanted):
        raise scenario.Failure(f"the picture has {titles}, but {wanted} was expected")
    # By deadline: b's period of 5 ms before a's of 10 ms.
    tree = rtds(domain("a", "cpus = <1>;", share(10000, 4000) + "bulkhead,extratime = <0>; " + affinity("0")),
                domain("b", "cpus = <1>;", share(5000, 2000) + "bulkhead,extratime = <0>; " + affinity("0")))
    run = Run(tree, "--svg", "DIR/picture.svg", "--span-us", "10000").says(0)
    titles = [node.firstChild.data for node in run.svg.getElementsByTagName("title")]
    if titles != ["b/0 0.000 to 2.000 ms", "a/0 2.000 to 5.000 ms", "b/0 5.000 to 7.000 ms", "a/0 7.000 to 8.000 ms"] and titles != [
            "b/0 0.000 to 2.000 ms", "a/0 2.000 to 6.000 ms", "b/0 6.000 to 8.000 ms"]:
        raise scenario.Failure(f"the picture of rtds has {titles}")
    with scenario.scratch() as directory:
        happened = os.path.join(directory, "happened")
        for text, status, words in (("# measured\n0 1000 2000000 a/0 1\n\n0 2000000 3000000 b<&/0\n", 0, ""),
                                    ("0 1000 2000 a/0\n0 2000 1000 b\n", 2, r"happened:2: write CPU, start and end")):
            with open(happened, "w", encoding="utf-8") as file:
                file.write(text)
            run = Run(tree, "--happened", happened, *(["--svg", "DIR/picture.svg"] if status == 0 else ["--svg", "DIR/other.svg"])).says(status, words)
            if status == 0:
                titles = [node.firstChild.data for node in run.svg.getElementsByTagName("title")]
                if "a/0 0.001 to 2.000 ms" not in titles:
                    raise scenario.Failure(f"the picture of what happened has {titles}")


if __name__ == "__main__":
    sys.exit(scenario.main())
