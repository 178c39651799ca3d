#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# no_simd.py - no function of the image may touch FP or SIMD registers, which are the guest's, but those that run before any guest
# does (libfdt, zlib) or move them for it.
"""usage: no_simd.py IMAGE.elf [LIBRARY.a ...]: functions defined in the libraries are allowed, and fp_save, fp_load."""
import re
import subprocess
import sys

ALLOWED = {"fp_save", "fp_load"}
REGISTER = re.compile(r"[\s,{\[](?:[bhsdq]|v)(?:[0-2]?[0-9]|3[01])(?:\.[0-9]*[bhsdq]|\b)")


def functions_of(library):
    names = subprocess.run(["aarch64-linux-gnu-nm", "--defined-only", library], capture_output=True, text=True, check=True)
    return {line.split()[2] for line in names.stdout.splitlines() if len(line.split()) == 3 and line.split()[1] in "tTwW"}


def offenders(elf, allowed):
    listing = subprocess.run(["aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", elf], capture_output=True, text=True, check=True)
    function = "?"
    for line in listing.stdout.splitlines():
        label = re.match(r"^[0-9a-f]+ <([^>]+)>:$", line)
        if label:
            function = label.group(1)
            continue
        parts = line.split("\t")
        if len(parts) >= 3 and function.split(".")[0] not in allowed and REGISTER.search(" " + parts[2].split("//")[0].split("<")[0]):
            yield function, line.strip()


def main():
    allowed = set(ALLOWED)
    for library in sys.argv[2:]:
        allowed |= functions_of(library)
    found = list(offenders(sys.argv[1], allowed))
    for function, line in found:
        print(f"{sys.argv[1]}: {function} uses an FP or SIMD register: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
