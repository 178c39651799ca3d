#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# format.sh - C files must be laid out as .clang-format says; `format.sh --fix [FILE]...` lays them out so. Headers of
# assembler macros are left alone.
set -eu
cd "$(dirname "$0")/../.."
mode="--dry-run"
if [ "${1:-}" = --fix ]; then
    mode="-i"
    shift
fi
if [ $# -eq 0 ]; then
    # shellcheck disable=SC2046
    set -- $(find hv guests tests tools -name '*.[ch]' -type f | xargs grep -LE '^[[:space:]]*\.macro' | sort)
fi
clang-format --version
clang-format -Werror "$mode" "$@" && echo "$# files well laid out"
