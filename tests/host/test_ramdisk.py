#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_ramdisk.py - tools/ramdisk.py: builders that run side by side share a cache, and none may take another's file away.
import multiprocessing
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
import ramdisk  # noqa: E402  pylint: disable=wrong-import-position

BUILDERS = 4
ROUNDS = 25


def build(cache, barrier, results):
    """One builder: every round all start together, from an empty cache the first time and with other contents afterwards."""
    ramdisk.CACHE = cache
    for number in range(ROUNDS):
        ramdisk.contents = lambda name, variant, number=number: {"file": (0o100644, b"%d" % number * 200000)}
        barrier.wait(timeout=60)
        try:
            path = ramdisk.build("cloud", "plain")
            with open(path, "rb") as file:
                whole = file.read() == ramdisk.archive(ramdisk.contents("", ""))
            results.put("" if whole else f"round {number}: {path} is not whole")
        except OSError as error:
            results.put(f"round {number}: {error}")


class Cache(unittest.TestCase):
    def test_builders_side_by_side(self):
        with tempfile.TemporaryDirectory() as cache:
            barrier, results = multiprocessing.Barrier(BUILDERS), multiprocessing.Queue()
            builders = [multiprocessing.Process(target=build, args=(cache, barrier, results)) for _ in range(BUILDERS)]
            for builder in builders:
                builder.start()
            found = [results.get(timeout=120) for _ in range(BUILDERS * ROUNDS)]
            for builder in builders:
                builder.join()
            self.assertEqual([text for text in found if text], [])
            kept = [name for name in os.listdir(cache) if name.endswith(".cpio")]
            self.assertEqual(len(kept), 1, "the last contents' archive, and no older one")


unittest.main()
