#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# format.sh - C files must be laid out as .clang-format says; `format.sh --fix [FILE]...` lays them out so.
set -eu
cd "$(dirname "$0")/../.."
mode="--dry-run"
if [ "${1:-}" = --fix ]; then
    mode="-i"
    shift
fi
if [ $# -eq 0 ]; then
    set -- $(git ls-files -co --exclude-standard -- '*.c' '*.h' | while read -r f; do [ ! -f "$f" ] || echo "$f"; done)
fi
clang-format --version
clang-format -Werror "$mode" "$@" && echo "$# files well laid out"
