# SPDX-License-Identifier: Apache-2.0
# image.mk - the EL2 image: hv/ compiled for arm64, linked by hv/hv.lds.S, as ELF and as a raw arm64 Image.
#
# One configuration is built into one directory, $(OUT): plain `make` takes .config and build/; the named
# variants call make again with their own.

CROSS := aarch64-linux-gnu-
ifeq ($(LLVM),1)
CC := clang --target=aarch64-linux-gnu
else
CC := $(CROSS)gcc
endif
# Links in both cases: it knows where its libgcc is.
LINK := $(CROSS)gcc
OBJCOPY := $(CROSS)objcopy

# Unpacked by tools/setup.sh from Debian's arm64 packages; nothing of it is installed.
ARM64 := build/arm64
libraries := $(ARM64)/libfdt-dev/usr/lib/aarch64-linux-gnu/libfdt.a \
	$(ARM64)/zlib1g-dev/usr/lib/aarch64-linux-gnu/libz.a

# The ABI headers of libxen-dev, without the rest of /usr/include: #include <xen/xen.h>.
XEN_HEADERS := $(O)/include/xen
$(XEN_HEADERS):
	$(Q)mkdir -p $(@D) && ln -sfn /usr/include/xen $@

# What guests and hypervisor have in common.
arm64-flags := -std=gnu17 -O2 -g -ffreestanding -mgeneral-regs-only -fomit-frame-pointer -mstrict-align -mno-outline-atomics \
	-fno-pic -fno-common -fno-stack-protector -fno-asynchronous-unwind-tables -fno-strict-aliasing \
	-ffunction-sections -fdata-sections $(warnings)
# Errata of the Cortex-A53 up to r0p4, which the ZynqMP has: a multiply-accumulate behind a memory access, and an
# ADRP at a page's end. The libraries' are the linker's to fix. (Arm, Cortex-A53 Software Developers Errata Notice.)
errata-flags := -mfix-cortex-a53-835769
errata-link := -Wl,--fix-cortex-a53-835769 -Wl,--fix-cortex-a53-843419
hv-includes := -include $(OUT)/include/generated/config.h -I$(OUT)/include -Ihv -Ihv/arch/arm64/include \
	-isystem $(O)/include -isystem $(ARM64)/libfdt-dev/usr/include -isystem $(ARM64)/zlib1g-dev/usr/include \
	-isystem $(ARM64)/zlib1g-dev/usr/include/aarch64-linux-gnu
ifeq ($(LLVM),1)
hv-includes += -isystem /usr/aarch64-linux-gnu/include
arm64-flags += -Wthread-safety
endif
hv-flags := $(arm64-flags) $(errata-flags) $(hv-includes) -Wframe-larger-than=4096

# The layers, lowest first.
layers := arch/arm64 lib drivers base sched vgic core vdev hcall boot entry
hv-sources := $(foreach l,$(layers),$(wildcard hv/$(l)/*.c hv/$(l)/*.S))
hv-objects := $(patsubst %,$(OUT)/%.o,$(basename $(hv-sources)))
config-h := $(OUT)/include/generated/config.h

# The compiler would turn the loops of memset() and memcpy() into calls of themselves. They alone load words from
# anywhere: the MMU is on.
ifneq ($(LLVM),1)
$(OUT)/hv/lib/string.o: hv-flags += -fno-tree-loop-distribute-patterns -mno-strict-align
else
$(OUT)/hv/lib/string.o: hv-flags += -fno-builtin -munaligned-access
endif

# What runs once is built for size.
$(OUT)/hv/boot/%.o: hv-flags += -Os

hv-compile = mkdir -p $(@D) && $(CC) $(hv-flags) -MMD -MP -MT $@ -MF $@.d -c $< -o $@.$$$$ && mv $@.$$$$ $@

$(OUT)/hv/%.o: hv/%.c $(MAKE_FILES) $(config-h) | $(XEN_HEADERS) $(libraries)
	$(call say,CC,$<)
	$(Q)$(hv-compile)
$(OUT)/hv/%.o: hv/%.S $(MAKE_FILES) $(config-h) | $(XEN_HEADERS)
	$(call say,AS,$<)
	$(Q)$(hv-compile)

$(OUT)/hv.lds: hv/hv.lds.S $(MAKE_FILES)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)cpp -P -undef $< -o $@

# The list of objects is a file of its own, so that a source taken away relinks too.
$(OUT)/objects.list: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(hv-objects)' | cmp -s - $@ || echo '$(hv-objects)' >$@
.PHONY: FORCE
FORCE:

$(OUT)/bulkhead.elf: $(hv-objects) $(OUT)/hv.lds $(OUT)/objects.list $(libraries)
	$(call say,LD,$@)
	$(Q)$(LINK) -nostdlib -static -no-pie -T $(OUT)/hv.lds -Wl,--gc-sections -Wl,--build-id=none \
		-Wl,-z,max-page-size=4096 -Wl,-z,noexecstack $(errata-link) -Wl,--orphan-handling=error -Wl,-Map,$(OUT)/bulkhead.map \
		$(hv-objects) $(libraries) -lgcc -o $@

$(OUT)/bulkhead: $(OUT)/bulkhead.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

$(libraries):
	$(Q)tools/setup.sh

.PHONY: image release debug full_path
image: $(OUT)/bulkhead

release debug full_path: %:
	$(Q)$(MAKE) OUT=$(OUT)/$@ CONFIG=$(OUT)/$@/.config image

-include $(shell find $(OUT)/hv -name '*.o.d' 2>/dev/null)
