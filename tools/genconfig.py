#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# genconfig.py - writes a C header with every option of Kconfig, so that code says `if (CONFIG_X)` and never
# #ifdef.
"""usage: genconfig.py CONFIG HEADER

Reads ./Kconfig and the values in CONFIG. Booleans become 0 or 1. HEADER keeps its content when nothing
changed."""
import os
import sys

import kconfiglib


def header_text(kconf):
    lines = ["/* Made by tools/genconfig.py from Kconfig: do not edit. */"]
    for symbol in kconf.unique_defined_syms:
        name = "CONFIG_" + symbol.name
        if symbol.type in (kconfiglib.BOOL, kconfiglib.TRISTATE):
            lines.append(f"#define {name} {int(symbol.str_value != 'n')}")
        elif symbol.type == kconfiglib.STRING:
            lines.append(f'#define {name} "{kconfiglib.escape(symbol.str_value)}"')
        else:
            lines.append(f"#define {name} {symbol.str_value}")
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    config, header = sys.argv[1:]
    kconf = kconfiglib.Kconfig("Kconfig", warn_to_stderr=False)
    kconf.load_config(config)
    for warning in kconf.warnings:
        print(warning, file=sys.stderr)
    text = header_text(kconf)
    if os.path.exists(header) and open(header, encoding="utf-8").read() == text:
        os.utime(header)
        return
    os.makedirs(os.path.dirname(header), exist_ok=True)
    with open(header + ".new", "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(header + ".new", header)


main()
