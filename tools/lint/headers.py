#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# headers.py - each header of hv/ must compile alone, for arm64 and, when it is not arm64's own, for the host.
import concurrent.futures
import glob
import os
import re
import shlex
import subprocess
import sys

DEBUG = ["OUT=build/debug", "CONFIG=build/debug/.config"]


def variable(name):
    """The value of a variable of the Makefile."""
    out = subprocess.run(["make", "-s", f"print-{name}", *DEBUG], capture_output=True, text=True, check=True).stdout
    return shlex.split(out)


def compile_alone(path, compiler):
    # Twice: the guard must work too. A header of assembler macros is for .S files.
    text = f'#include "{path}"\n#include "{path}"\n'
    with open(path, encoding="utf-8") as file:
        assembly = re.search(r"^\s*\.macro\b", file.read(), re.MULTILINE)
    language = ["-c", "-o", "/dev/null", "-x", "assembler-with-cpp"] if assembly else ["-fsyntax-only", "-x", "c"]
    done = subprocess.run([*compiler, *language, "-"], input=text, capture_output=True, text=True,
                          check=False)
    return f"{path} does not compile alone:\n{done.stderr}" if done.returncode else ""


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    subprocess.run(["make", "-s", "host-config"], check=True)
    subprocess.run(["make", "-s", "config-header", *DEBUG], check=True)
    arm64 = [*variable("CC"), *variable("hv-flags")]
    host = [*variable("HOSTCC"), *variable("host-flags")]
    jobs = []
    for path in sorted(glob.glob("hv/**/*.h", recursive=True)):
        if not path.startswith("hv/arch/host/"):
            jobs.append((path, arm64))
        if path.startswith(("hv/arch/host/", "hv/lib/", "hv/base/", "hv/sched/", "hv/vgic/")):
            jobs.append((path, host))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        errors = [error for error in pool.map(lambda job: compile_alone(*job), jobs) if error]
    print("\n".join(errors) if errors else f"{len(jobs)} compiled alone")
    return 1 if errors else 0


sys.exit(main())
