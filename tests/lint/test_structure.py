#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# test_structure.py - each check of tools/lint/structure.py must see what it is for, and let good code pass.
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "lint"))
import structure  # noqa: E402  pylint: disable=wrong-import-position

GOOD = ["/* SPDX-License-Identifier: Apache-2.0 */", "/* x.c - does it. */"]


class Structure(unittest.TestCase):
    def setUp(self):
        structure.breaches.clear()

    def found(self, check, path, lines):
        check(path, lines)
        return "\n".join(structure.breaches)

    def test_opening(self):
        self.assertEqual(self.found(structure.check_opening, "hv/lib/x.c", GOOD), "")
        self.assertIn("first line", self.found(structure.check_opening, "hv/lib/x.c", GOOD[1:]))
        self.assertIn("second line", self.found(structure.check_opening, "hv/lib/y.c", GOOD))

    def test_script_opening_follows_its_interpreter(self):
        lines = ["#!/bin/sh", "# SPDX-License-Identifier: Apache-2.0", "# x.sh - does it."]
        self.assertEqual(self.found(structure.check_opening, "tools/x.sh", lines), "")
        self.assertIn("first line", self.found(structure.check_opening, "tools/x.sh", [lines[0], lines[2]]))

    def test_layers(self):
        for path, name, wrong in [
                ("hv/base/x.c", "lib/list.h", False), ("hv/base/x.c", "sched/sched.h", True),
                ("hv/sched/x.c", "vgic/vgic.h", True), ("hv/vgic/x.c", "vgic/vgic.h", False),
                ("hv/arch/arm64/include/arch/x.h", "lib/types.h", False),
                ("hv/arch/arm64/include/arch/x.h", "lib/log.h", True), ("hv/arch/arm64/x.c", "lib/log.h", False),
                ("hv/core/x.c", "x.h", True), ("hv/boot/x.c", "core/console.h", False)]:
            structure.breaches.clear()
            self.assertEqual(bool(self.found(structure.check_includes, path, [f'#include "{name}"'])), wrong,
                             f"{path} includes {name}")

    def test_unknown_layer(self):
        self.assertIn("no layer", self.found(structure.check_includes, "hv/new/x.c", GOOD))

    def test_lengths(self):
        self.assertEqual(self.found(structure.check_lengths, "x.c", GOOD * 250), "")
        self.assertIn("501 lines", self.found(structure.check_lengths, "x.c", [""] * 501))
        self.assertIn("111 columns", self.found(structure.check_lengths, "x.c", ["x" * 111]))

    def test_function_length(self):
        self.assertEqual(self.found(structure.check_functions, "x.c", ["int f(void)", "{"] + ["    x;"] * 60 + ["}"]), "")
        self.assertIn("61 lines", self.found(structure.check_functions, "x.c", ["{"] + ["    x;"] * 61 + ["}"]))

    def test_conditional_in_function(self):
        self.assertEqual(self.found(structure.check_functions, "x.c", ["#if X", "{", "}", "#endif"]), "")
        self.assertIn("#if in a function", self.found(structure.check_functions, "x.c", ["{", "#ifdef X", "#endif", "}"]))

    def test_irq_path(self):
        def found(*steps):
            structure.breaches.clear()
            structure.check_irq_path([(step, of, "x.c", 1, "") for step, of in steps])
            return bool(structure.breaches)
        self.assertFalse(found((1, 3), (2, 3), (3, 3)))
        self.assertTrue(found((1, 3), (3, 3)))
        self.assertTrue(found((1, 3), (2, 3), (2, 3), (3, 3)))
        self.assertFalse(found())


unittest.main()
