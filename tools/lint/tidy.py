#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# tidy.py - clang-tidy over hv/, each file as clang compiles it for arm64, and clang's check of lock
# contracts.
"""usage: tidy.py [FILE]...      without FILE: all of hv/"""
import concurrent.futures
import glob
import os
import shlex
import subprocess
import sys

MAKE = ["make", "-s", "LLVM=1", "OUT=build/llvm/debug", "CONFIG=build/llvm/debug/.config"]


def variable(name):
    return shlex.split(subprocess.run([*MAKE, f"print-{name}"], capture_output=True, text=True, check=True).stdout)


def tidy(path, flags):
    done = subprocess.run(["clang-tidy", "--quiet", path, "--", "--target=aarch64-linux-gnu", *flags],
                          capture_output=True, text=True, check=False)
    return done.stdout + (done.stderr if "error:" in done.stderr else "") if done.returncode else ""


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    subprocess.run([*MAKE, "config-header"], check=True)
    flags = variable("hv-flags")
    every = sorted(path for path in glob.glob("hv/**/*.c", recursive=True) if "/arch/host/" not in path)
    paths = sys.argv[1:] or every
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        findings = [text for text in pool.map(lambda path: tidy(path, flags), paths) if text]
    print("\n".join(findings) if findings else f"{len(paths)} files, nothing to say")
    return 1 if findings else 0


sys.exit(main())
