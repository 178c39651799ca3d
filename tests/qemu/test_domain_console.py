#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_domain_console.py - QEMU tests of the shared console: whole lines of all domains, and who gets what is typed.
import re
import sys

import scenario
from scenario import boot, domain, test

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
CTRL_A = b"\x01\x01\x01"


def check_chat(result, number, cpus, lines):
    """Every line of d`number` came, whole, and in order for each of its CPUs."""
    following = [0] * cpus
    for line in result.of(number):
        match = re.match(r"CHAT (\d) (\d{4}) ([a-z0-9]*)\.$", line)
        if not match:
            if not line.startswith("RESULT "):
                result.fail(f"d{number} has a torn line: {line}")
            continue
        cpu, count = int(match.group(1)), int(match.group(2))
        text = "".join(LETTERS[(count + cpu + at) % 36] for at in range(12, 12 + (count * 7 + cpu) % 150))
        result.equal((count, match.group(3)), (following[cpu], text), f"d{number}, line {line}")
        following[cpu] += 1
    result.equal(following, [lines] * cpus, f"lines of d{number}")


def chat(lines, **machine):
    domains = [domain("sys_chat", f"lines={lines}", cpus=2, name="uart"),
               domain("sys_chat", f"lines={lines} by=call", cpus=2, name="call"),
               domain("sys_chat", f"lines={lines}", name="other")]
    result = boot(domains, **machine).ended()
    for number, cpus in ((1, 2), (2, 2), (3, 1)):
        check_chat(result.passed(number), number, cpus, lines)
    known = re.compile(r"\(BH\) |\(d[123]\) (CHAT|RESULT)|$")
    for line in result.lines:
        if not known.match(line):
            result.fail(f"a line of nobody: {line}")


@test(level="fast", cpu="many")
def lines_are_whole():
    chat(60, smp=2)


@test(cpu="many")
def lines_are_whole_gicv3():
    chat(60, smp=2, board="virt-gicv3")


# Without the computer for itself a vCPU stands still in mid-line for so long that the line's beginning is shown as a prompt.
@test(limit=150, cpu="many")
def lines_are_whole_cadence():
    chat(40, board="zcu102", limit=120)


@test(level="long", limit=400, cpu="many")
def lines_are_whole_long():
    chat(1000, smp=4, limit=300)


@test(limit=150)
def lines_are_whole_on_one_cpu():
    """Five vCPUs take turns, and lose the CPU in mid-line."""
    chat(40, smp=1, icount=True, frequency=1000000000, limit=120)


def echo(name):
    return domain("sys_echo", f"name={name}", name=name)


# d1 has the input first; three Ctrl-A move it on: d1, d2, the hypervisor, d1 ...
TYPED = [(r"READY .*name=one(.|\n)*READY .*name=two|READY .*name=two(.|\n)*READY .*name=one", b"hello one\r"),
         (r"HEARD one: hello one\n", CTRL_A),
         (r"Serial input to d2 .*\n", b"hello two\r"),
         (r"HEARD two: hello two\n", CTRL_A),
         (r"Serial input to the hypervisor .*\n", b"nobody\r"),
         (r"Serial input to the hypervisor .*\n", CTRL_A),
         (r"Serial input to d1 .*\n", b"a\x01\x01b\r"),
         (r"HEARD one: a.*b\n", b"end\r"),
         (r"d1 powered off\n", CTRL_A),
         (r"Serial input to d2 .*\n", b"x" * 60 + b"\rend\r")]


def check_echo(board):
    result = boot([echo("one"), echo("two")], board=board, inputs=TYPED).ended().passed(1).passed(2)
    result.equal([line for line in result.of(1) if "HEARD" in line],
                 ["HEARD one: hello one", "HEARD one: a^A^Ab" if "^A" in result.text else "HEARD one: a\x01\x01b", "HEARD one: end"],
                 "what d1 heard")
    result.equal([line for line in result.of(2) if "HEARD" in line],
                 ["HEARD two: hello two", "HEARD two: " + "x" * 60, "HEARD two: end"], "what d2 heard")


@test(level="fast")
def input_moves():
    check_echo("virt")


@test()
def input_moves_gicv3():
    check_echo("virt-gicv3")


@test()
def input_moves_cadence():
    check_echo("zcu102")


if __name__ == "__main__":
    sys.exit(scenario.main())
