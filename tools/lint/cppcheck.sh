#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cppcheck.sh - cppcheck over hv/, as compiled for arm64 with DEBUG on.
set -eu
cd "$(dirname "$0")/../.."
make -s config-header OUT=build/debug CONFIG=build/debug/.config
mkdir -p build/cppcheck
# unusedFunction and the like need the whole program with its assembly; missing system headers are the
# compiler's business.
# Pointers compared or subtracted are the linker's symbols.
cppcheck --quiet -j "$(nproc)" --cppcheck-build-dir=build/cppcheck --std=c11 --platform=unix64 \
    --error-exitcode=1 --inline-suppr --enable=warning,performance,portability --suppress=missingIncludeSystem \
    --suppress=preprocessorErrorDirective --suppress=internalAstError --suppress=comparePointers --suppress=subtractPointers \
    --include=build/debug/include/generated/config.h -D__aarch64__ -D__GNUC__=12 -D__AARCH64EL__ -D__LP64__ \
    -Ihv -Ihv/arch/arm64/include -Ibuild/debug/include -i hv/arch/host hv && echo "nothing to say"
