# SPDX-License-Identifier: Apache-2.0
# guests.mk - the bare-metal guests: guests/<name>/*.c and *.S with the library guests/lib ->
# build/guests/<name>.img (and .elf).
#
# A test guest is one file, guests/tests/<name>.c -> build/guests/test-<name>.img.

GUESTS_OUT := $(O)/guests
guest-names := $(filter-out lib tests,$(patsubst guests/%/,%,$(wildcard guests/*/)))
guest-tests := $(patsubst guests/tests/%.c,test-%,$(wildcard guests/tests/*.c))

# Position independent: under a hypervisor RAM is at 1 GiB, on a bare ZCU102 at 0. Relocations are applied by
# start.S.
guest-flags = $(filter-out -fno-pic -ffunction-sections -fdata-sections,$(arm64-flags)) -fpie \
	-fvisibility=hidden -Iguests/lib -isystem $(O)/include
guest-compile = mkdir -p $(@D) && $(CC) $(guest-flags) -MMD -MP -MT $@ -MF $@.d -c $< -o $@.$$$$ && \
	mv $@.$$$$ $@

guest-sources = $(wildcard guests/$(1)/*.c guests/$(1)/*.S)
guest-objects = $(patsubst guests/%,$(GUESTS_OUT)/%.o,$(basename $(call guest-sources,$(1))))
guest-lib-objects := $(call guest-objects,lib)
# What only some of them need: the others' images stay as small as they are.
guests-with-channels := test-sys_life test-sys_vuart test-sys_events test-sys_channel test-sys_control test-sys_log ubench test-sys_trace
channel-objects := $(call guest-objects,lib/channels)
guests-with-pvconsole := latency
pvconsole-objects := $(call guest-objects,lib/pvconsole)

# The hypervisor's schedulers as the release has them, for the guest that counts what they cost.
sched-sources := $(wildcard hv/sched/*.c) hv/lib/popcount.c
sched-objects := $(sched-sources:%.c=$(GUESTS_OUT)/%.o)
release-config-h := $(O)/release/include/generated/config.h
schedcost-flags = -include $(release-config-h) -Ihv -Ihv/arch/arm64/include
$(GUESTS_OUT)/schedcost/%.o: guest-flags += $(schedcost-flags)
$(GUESTS_OUT)/schedcost/%.o: $(release-config-h)

ifneq ($(OUT),$(O)/release) # There it is made by its own rule.
$(release-config-h): Kconfig
	$(Q)$(MAKE) OUT=$(O)/release CONFIG=$(O)/release/.config config-header
endif

$(GUESTS_OUT)/hv/%.o: hv/%.c $(MAKE_FILES) guests/guests.mk $(release-config-h) | $(XEN_HEADERS)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(arm64-flags) $(errata-flags) $(schedcost-flags) -MMD -MP -MT $@ -MF $@.d -c $< \
		-o $@.$$$$ && mv $@.$$$$ $@

$(GUESTS_OUT)/lib/string.o: guest-flags += \
	$(if $(filter 1,$(LLVM)),-fno-builtin,-fno-tree-loop-distribute-patterns)

$(GUESTS_OUT)/%.o: guests/%.c $(MAKE_FILES) guests/guests.mk | $(XEN_HEADERS)
	$(call say,CC,$<)
	$(Q)$(guest-compile)
$(GUESTS_OUT)/%.o: guests/%.S $(MAKE_FILES) guests/guests.mk | $(XEN_HEADERS)
	$(call say,AS,$<)
	$(Q)$(guest-compile)

# $(call guest-link,objects)
guest-link = $(LINK) -nostdlib -static-pie -T guests/lib/guest.lds -Wl,-z,notext -Wl,--build-id=none \
	-Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments \
	-Wl,--orphan-handling=error $(1) $(guest-lib-objects) -lgcc -o $@

define guest-rule
$(GUESTS_OUT)/$(1).elf: $(2) $(guest-lib-objects) guests/lib/guest.lds
	$$(call say,LD,$$@)
	$$(Q)$$(call guest-link,$(2))
endef
# $(call guest-parts,guest): its further parts of the library.
guest-parts = $(if $(filter $(1),$(guests-with-channels)),$(channel-objects)) \
	$(if $(filter $(1),$(guests-with-pvconsole)),$(pvconsole-objects)) $(if $(filter schedcost,$(1)),$(sched-objects))
$(foreach g,$(guest-names),$(eval $(call guest-rule,$(g),$(call guest-objects,$(g)) $(call guest-parts,$(g)))))
$(foreach t,$(guest-tests),\
	$(eval $(call guest-rule,$(t),$(GUESTS_OUT)/$(t:test-%=tests/%).o $(call guest-parts,$(t)))))

$(GUESTS_OUT)/%.img: $(GUESTS_OUT)/%.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

.PHONY: guests
guests: $(patsubst %,$(GUESTS_OUT)/%.img,$(guest-names) $(guest-tests))

-include $(shell find $(GUESTS_OUT) -name '*.o.d' 2>/dev/null)
