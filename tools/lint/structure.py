#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# structure.py - checks what no compiler sees: layers, opening lines, lengths, #if in functions, the numbered
# interrupt path.
"""usage: structure.py [--tour]

Checks every source file of the project against the rules of its architecture and style, and prints each breach
as file:line: what is wrong. --tour prints the steps of the way of an interrupt, from their numbered comments."""
import os
import re
import sys

# Lowest first. A part includes only from parts below it, and from itself. Neighbours on one level do not know
# each other.
LAYERS = [["arch"], ["lib"], ["drivers"], ["base"], ["sched", "vgic"], ["core"], ["vdev"], ["hcall"], ["boot"],
          ["entry"]]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
# What everybody's header is written in; arch's .c files may use all of lib, which is pure.
ARCH_HEADERS_MAY = {"lib/attributes.h", "lib/types.h"}

FILE_LINES = 500
FUNCTION_LINES = 60
COLUMNS = 110

SPDX = "SPDX-License-Identifier: Apache-2.0"
C_LIKE = (".c", ".h", ".S")
SCRIPT_LIKE = (".py", ".sh", ".mk")

breaches = []


def breach(path, line, text):
    breaches.append(f"{path}:{line}: {text}")


def source_files():
    """Without git's help: a tree may be unpacked from an archive, or belong to another user."""
    found = []
    for directory, below, names in os.walk("."):
        below[:] = [name for name in below if name not in ("build", ".git", "__pycache__")]
        found += [os.path.relpath(os.path.join(directory, name)) for name in names]
    return sorted(path for path in found if not os.path.islink(path))


def is_script(path, lines):
    return path.endswith(SCRIPT_LIKE) or (lines and lines[0].startswith("#!"))


def check_opening(path, lines):
    """Licence, then `name - what it does`."""
    if path.endswith(C_LIKE):
        first, mark = 0, "/* "
    else:
        first, mark = (1 if lines[0].startswith("#!") else 0), "# "
    name = os.path.basename(path)
    if len(lines) < first + 2 or not lines[first].startswith(mark + SPDX):
        breach(path, first + 1, f"the first line must be `{mark}{SPDX}`")
    elif not lines[first + 1].startswith(f"{mark}{name} - "):
        breach(path, first + 2, f"the second line must say what the file does: `{mark}{name} - ...`")


def check_lengths(path, lines):
    if len(lines) > FILE_LINES:
        breach(path, len(lines), f"{len(lines)} lines, at most {FILE_LINES}: does it do one thing?")
    if not path.endswith(C_LIKE):
        return
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            breach(path, number, f"{len(line)} columns, at most {COLUMNS}")


def check_functions(path, lines):
    """By the layout clang-format makes: a function begins and ends with a brace in the first column."""
    begin = 0
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
        elif line.startswith("}") and begin:
            if number - begin - 1 > FUNCTION_LINES:
                breach(path, begin, f"a function of {number - begin - 1} lines, at most {FUNCTION_LINES}")
            begin = 0
        elif begin and re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else)\b", line):
            breach(path, number, "#if in a function: write `if (CONFIG_X)` or choose a file by the build")


def layer_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "hv" and len(parts) > 2 else None


def check_includes(path, lines):
    own = layer_of(path)
    if own is None:
        return
    if own not in RANK:
        breach(path, 1, f"hv/{own} is in no layer: see tools/lint/structure.py")
        return
    for number, line in enumerate(lines, 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if match:
            check_include(path, number, own, match.group(1))


def check_include(path, number, own, name):
    target = name.split("/")[0]
    if own == "arch" and (name in ARCH_HEADERS_MAY or target == "lib" and path.endswith(".c")):
        return
    if target == "generated":
        return
    if target not in RANK:
        breach(path, number, f'"{name}": written as "module/name.h" from hv/ on')
    elif target != own and RANK[target] >= RANK[own]:
        breach(path, number, f'hv/{own} must not know "{name}": layers point down')


def irq_path(paths):
    """Steps of the way of an interrupt: (step, of, path, line, words)."""
    steps = []
    for path in paths:
        if layer_of(path) is None or not path.endswith(C_LIKE):
            continue
        for number, line in enumerate(read(path), 1):
            match = re.search(r"IRQ PATH (\d+)/(\d+):?\s*(.*?)\s*(\*/)?$", line)
            if match:
                steps.append((int(match.group(1)), int(match.group(2)), path, number, match.group(3)))
    return sorted(steps)


def check_irq_path(steps):
    for step, of, path, number, _ in steps:
        if of != len(steps):
            breach(path, number, f"IRQ PATH {step}/{of}, but there are {len(steps)} steps")
    for place, (step, _, path, number, _) in enumerate(steps, 1):
        if step != place:
            breach(path, number, f"IRQ PATH {step} where {place} is expected: each step exactly once")
            break


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    if sys.argv[1:] not in ([], ["--tour"]):
        sys.exit(__doc__)
    endings = C_LIKE + SCRIPT_LIKE
    paths = [path for path in source_files() if path.endswith(endings) or os.access(path, os.X_OK)]
    steps = irq_path(paths)
    if sys.argv[1:]:
        for step, of, path, number, words in steps:
            print(f"{step}/{of}  {path}:{number}  {words}")
        return
    for path in paths:
        lines = read(path)
        if not path.endswith(C_LIKE) and not is_script(path, lines):
            continue
        check_opening(path, lines)
        check_lengths(path, lines)
        if path.endswith(C_LIKE) and not path.endswith(".lds.S"):
            check_functions(path, lines)
            check_includes(path, lines)
    check_irq_path(steps)
    print("\n".join(breaches) if breaches else f"{len(paths)} files, nothing to say")
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
