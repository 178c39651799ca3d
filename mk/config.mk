# SPDX-License-Identifier: Apache-2.0
# config.mk - .config from configs/, its menu, and the header that gives every option to C.

kconfig = KCONFIG_CONFIG=$(1) $(PYTHON) -m $(2)

.PHONY: menuconfig savedefconfig
menuconfig: $(CONFIG)
	$(Q)$(call kconfig,$(CONFIG),menuconfig) Kconfig

savedefconfig: $(CONFIG)
	$(Q)$(call kconfig,$(CONFIG),savedefconfig) --kconfig Kconfig --out defconfig
	@echo "wrote ./defconfig"

.PHONY: defconfig
define take-defconfig
	$(Q)test -f configs/$@ || { echo "no configs/$@; there are: $(notdir $(wildcard configs/*))" >&2; exit 1; }
	$(Q)mkdir -p $(dir $(CONFIG))
	$(Q)$(call kconfig,$(CONFIG),defconfig) --kconfig Kconfig configs/$@ >/dev/null
	@echo "wrote $(CONFIG) from configs/$@"
endef
defconfig:
	$(take-defconfig)
%_defconfig:
	$(take-defconfig)

# Configurations of the named variants, each in its own directory.
$(O)/release/.config $(O)/llvm/release/.config: configs/release_defconfig
$(O)/debug/.config $(O)/llvm/debug/.config $(O)/host/.config: configs/debug_defconfig
$(O)/full_path/.config $(O)/llvm/full_path/.config: configs/full_path_defconfig
variant-configs := $(foreach v,release debug full_path,$(O)/$(v)/.config $(O)/llvm/$(v)/.config) $(O)/host/.config
$(variant-configs): Kconfig $(MAKE_FILES)
	$(call say,CONFIG,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call kconfig,$@,defconfig) --kconfig Kconfig $(filter configs/%,$^) >/dev/null
	$(Q)touch $@

# Without a .config plain `make` takes the default one; one that is there is the user's.
ifeq ($(filter $(CONFIG),$(variant-configs)),)
$(CONFIG):
	$(call say,CONFIG,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call kconfig,$@,defconfig) --kconfig Kconfig configs/defconfig >/dev/null
endif

$(OUT)/include/generated/config.h: $(CONFIG) Kconfig tools/genconfig.py
	$(call say,GEN,$@)
	$(Q)$(PYTHON) tools/genconfig.py $(CONFIG) $@
