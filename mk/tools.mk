# SPDX-License-Identifier: Apache-2.0
# tools.mk - programs for this machine: the QEMU plugins that count stays in EL2, and instructions; schedcheck. And for
# Linux under test: pages, mark, a653sched.

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

# schedcheck reads a tree with the hypervisor's own code, compiled for this machine without the sanitizers of the
# host tests: the pure sources of these layers, from an archive.
SCHEDCHECK := $(O)/tools/schedcheck
schedcheck-sources := $(wildcard tools/schedcheck/*.c)
schedcheck-pure := $(filter hv/arch/host/% hv/lib/% hv/drivers/% hv/sched/% hv/boot/%,$(host-sources))
schedcheck-objects := $(schedcheck-sources:%.c=$(O)/tools/schedcheck.o/%.o)
schedcheck-archive := $(O)/tools/schedcheck.o/pure.a
schedcheck-flags := $(filter-out -O1 -fsanitize=% -fno-sanitize-recover=%,$(host-flags)) -O2 -Itools/schedcheck

$(O)/tools/schedcheck.o/%.o: %.c $(MAKE_FILES) | $(host-headers)
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(HOSTCC) $(schedcheck-flags) -MMD -MP -MT $@ -MF $@.d -c $< -o $@.$$$$ && mv $@.$$$$ $@
$(schedcheck-archive): $(schedcheck-pure:%.c=$(O)/tools/schedcheck.o/%.o)
	$(Q)rm -f $@.$$$$; ar rcs $@.$$$$ $^ && mv $@.$$$$ $@
$(SCHEDCHECK): $(schedcheck-objects) $(schedcheck-archive)
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) $^ $(host-libraries) -o $@.$$$$ && mv $@.$$$$ $@

-include $(shell find $(O)/tools/schedcheck.o -name '*.o.d' 2>/dev/null)

PAGES := $(O)/tools/dom0/pages

$(PAGES): tools/pages/pages.c $(MAKE_FILES) | $(XEN_HEADERS)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc -std=gnu17 -O2 -static $(warnings) -idirafter $(O)/include $< -o $@.$$$$ && mv $@.$$$$ $@

MARK := $(O)/tools/dom0/mark

$(MARK): tools/mark/mark.c $(MAKE_FILES)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc -std=gnu17 -O2 -static $(warnings) $< -o $@.$$$$ && mv $@.$$$$ $@

# For Dom0, static, so that it runs wherever it is put.
A653SCHED := $(O)/tools/a653sched
a653sched-sources := $(wildcard tools/a653sched/*.c)

$(A653SCHED): $(a653sched-sources) $(wildcard tools/a653sched/*.h) $(MAKE_FILES) | $(XEN_HEADERS)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc -std=gnu17 -O2 -g -static -Itools/a653sched -isystem $(O)/include $(warnings) $(a653sched-sources) \
		-o $@.$$$$ && mv $@.$$$$ $@

.PHONY: tools
tools: $(EL2STAY) $(INSNCOUNT) $(SCHEDCHECK) $(PAGES) $(MARK) $(A653SCHED)
