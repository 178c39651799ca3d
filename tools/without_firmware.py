#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# without_firmware.py - a copy of a ZynqMP board's tree for machines without its firmware, as QEMU's: clocks are fixed.
"""    tools/without_firmware.py < board.dts > copy.dts

Source as dtc -I dtb -O dts writes it, a property a line. In the copy the firmware's node and its mailbox are disabled, what
takes a clock of the firmware takes one fixed clock, and power domains, resets and pins, which are the firmware's to switch,
are named nowhere: as if all had been switched on already."""
import re
import sys

FREQUENCY = 100000000  # Hz. Of nothing in particular.
DROPPED = ("power-domains", "resets", "reset-names", "assigned-clocks", "assigned-clock-rates", "assigned-clock-parents")
OPENING = re.compile(r"\s*([\w,.+@-]+|/) \{$")
PROPERTY = re.compile(r"\s*([\w,.+#?-]+)(?: = (.*))?;$")
DISABLED = ("zynqmp-firmware", "zynqmp_ipi", "zynqmp-ipi")


def nodes(lines):
    """{number of its opening line: its properties} of all nodes, and the name of each."""
    found, names, stack = {}, {}, []
    for number, line in enumerate(lines):
        if match := OPENING.match(line):
            stack.append(number)
            found[number], names[number] = {}, match.group(1)
        elif line.strip() == "};":
            stack.pop()
        elif stack and (match := PROPERTY.match(line)):
            found[stack[-1]][match.group(1)] = match.group(2) or ""
    return found, names


def cells(value):
    return [int(word, 0) for word in re.findall(r"0x[0-9a-f]+|\d+", value)]


def clocks_of(value, firmware, count, fixed):
    """A list of clocks, those of the firmware replaced. count: {phandle: cells that follow it}."""
    numbers, result = cells(value), []
    while numbers:
        length = 1 + count.get(numbers[0], 0)
        result += [fixed] if numbers[0] == firmware else numbers[:length]
        numbers = numbers[length:]
    return "<" + " ".join(f"{number:#x}" for number in result) + ">"


def without_firmware(source):
    lines = source.split("\n")
    found, names = nodes(lines)
    handles = {cells(node["phandle"])[0]: node for node in found.values() if "phandle" in node}
    count = {handle: cells(node["#clock-cells"])[0] for handle, node in handles.items() if "#clock-cells" in node}
    firmware = [handle for handle, node in handles.items() if '"xlnx,zynqmp-clk"' in node.get("compatible", "")]
    if len(firmware) != 1:
        raise ValueError("the tree has no clocks of a ZynqMP's firmware")
    fixed = max(handles) + 1
    result = []
    for number, line in enumerate(lines):
        match = PROPERTY.match(line)
        name = match.group(1) if match else ""
        if name in DROPPED or name.startswith("pinctrl-"):
            continue
        if name == "clocks":
            line = line[:line.index("<")] + clocks_of(match.group(2), firmware[0], count, fixed) + ";"
        result.append(line)
        if number in found and names[number] in DISABLED:
            result.append('status = "disabled";')
    result.append(f'/ {{ fixed-clock-without-firmware {{ compatible = "fixed-clock"; #clock-cells = <0>; '
                  f"clock-frequency = <{FREQUENCY}>; phandle = <{fixed:#x}>; }}; }};")
    return "\n".join(result)


if __name__ == "__main__":
    sys.stdout.write(without_firmware(sys.stdin.read()))
