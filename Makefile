# SPDX-License-Identifier: Apache-2.0
# Makefile - builds Bulkhead, its guests and its host tests into build/. `make help` lists the targets.
#
#   mk/config.mk   .config, its menu and the generated header      mk/image.mk    the EL2 image
#   mk/host.mk     host tests and fuzzers                          guests/guests.mk  the bare-metal guests
#   mk/tools.mk    the QEMU plugin that counts stays in EL2

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# Where everything goes; `make O=/tmp/x` keeps apart from build/.
O ?= build
# What is being built: make LLVM=1 compiles with clang, apart from gcc's output.
ifeq ($(LLVM),1)
OUT ?= $(O)/llvm
else
OUT ?= $(O)
endif
CONFIG ?= .config

# Debian's Python: another one may come first in PATH, without kconfiglib.
PYTHON := /usr/bin/python3

# make V=1 shows the commands, else only what is done to which file.
ifeq ($(V),1)
Q :=
say :=
else
Q := @
say = @printf '  %-7s %s\n' "$(1)" "$(2)";
MAKEFLAGS += --no-print-directory
endif

MAKE_FILES := Makefile $(wildcard mk/*.mk)

# For everything compiled, by gcc and by clang.
warnings := -Wall -Wextra -Werror -Wshadow -Wconversion -Wsign-conversion -Wmissing-prototypes -Wvla -Wundef \
	-Wcast-qual -Wimplicit-fallthrough

.PHONY: all help clean
all: image

include mk/config.mk
include mk/image.mk
include mk/host.mk
include mk/tools.mk
-include guests/guests.mk

.PHONY: golden
golden:
	$(Q)./bench --golden --no-bars
	$(Q)$(MAKE) tools
	$(Q)tools/el2bound.py --golden --load fast
	$(Q)tools/el2bound.py --golden --load fast --board virt-gicv3

help:
	@sed -n 's/^#: //p' mk/help.txt

clean:
	$(call say,CLEAN,$(O))
	$(Q)rm -rf $(filter-out $(O)/apt $(O)/arm64,$(wildcard $(O)/*))

# For scripts: the value of a variable.
print-%:
	@echo '$($*)'

.PHONY: lint config-header host-config
lint:
	$(Q)./check -k lint/
config-header: $(OUT)/include/generated/config.h $(XEN_HEADERS)
host-config: $(HOST)/include/generated/config.h $(XEN_HEADERS)
