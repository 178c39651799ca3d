# SPDX-License-Identifier: Apache-2.0
# tools.mk - programs for this machine: the QEMU plugins that count stays in EL2, and instructions.

el2stay-sources := $(wildcard tools/el2stay/*.c)
EL2STAY := $(O)/tools/el2stay.so

# What it calls of QEMU is found when QEMU loads it.
$(EL2STAY): $(el2stay-sources) $(wildcard tools/el2stay/*.h) $(MAKE_FILES)
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu17 -O2 -g -fPIC -shared -fvisibility=hidden $(warnings) $(el2stay-sources) -o $@.$$$$ && \
		mv $@.$$$$ $@

INSNCOUNT := $(O)/tools/insncount.so

$(INSNCOUNT): tools/insncount/insncount.c tools/el2stay/qemu_plugin.h $(MAKE_FILES)
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu17 -O2 -g -fPIC -shared -fvisibility=hidden $(warnings) $< -o $@.$$$$ && mv $@.$$$$ $@

.PHONY: tools
tools: $(EL2STAY) $(INSNCOUNT)
