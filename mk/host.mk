# SPDX-License-Identifier: Apache-2.0
# host.mk - the pure sources built for this machine, the test programs (gcc or clang, ASan + UBSan) and the
# fuzzers (libFuzzer).
#
# All pure sources go into one archive that every test links with. Which files are pure is said here, a
# directory at a time: what touches registers or the log is left out, and hv/arch/host and tests/host stand in
# for it.

HOSTCC ?= gcc
FUZZCC ?= clang
HOST := $(O)/host

host-directories := hv/arch/host hv/lib hv/drivers hv/base hv/sched hv/vgic hv/boot
host-hardware := hv/lib/log.c hv/lib/panic.c hv/lib/string.c hv/lib/libc_shim.c \
	$(foreach f,main memory smp guests entered_at_el1 build_*,$(wildcard hv/boot/$(f).c))
# Of directories where most is not pure.
host-some := tools/a653sched/table.c hv/core/evtchn.c hv/core/evtchn_port.c hv/core/evtchn_signal.c hv/core/evtchn_fifo.c hv/core/evtchn_hv.c \
	hv/vdev/eemi.c hv/vdev/hvc_input.c hv/vdev/vpl011.c hv/vdev/console_ring.c hv/core/console.c hv/core/console_input.c hv/core/console_tx.c \
	hv/core/physmap.c hv/core/trace_ring.c $(wildcard hv/core/grant_*.c)
host-sources := $(filter-out $(host-hardware),$(wildcard $(host-directories:%=%/*.c) $(host-some)))

host-flags := -std=gnu17 -O1 -g -fno-omit-frame-pointer \
	-include $(HOST)/include/generated/config.h -Ihv -Ihv/arch/host/include -Itests/host \
	-isystem $(O)/include $(warnings) -fsanitize=address,undefined -fno-sanitize-recover=all
# Names of ours that the C library has too must not reach the sanitizers' run-time libraries, which call its.
host-flags += -Dsched_yield=hv_sched_yield
host-libraries := -Wl,--exclude-libs,pure.a -lfdt -lz

tests := $(patsubst tests/host/test_%.c,%,$(wildcard tests/host/test_*.c))
fuzzers := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

$(HOST)/include/generated/config.h: $(HOST)/.config Kconfig tools/genconfig.py
	$(call say,GEN,$@)
	$(Q)$(PYTHON) tools/genconfig.py $< $@

# An object is written aside and moved, so that two builds at once do no harm.
# $(call host-compile,compiler,flags)
host-compile = mkdir -p $(@D) && $(1) $(host-flags) $(2) -MMD -MP -MT $@ -MF $@.d -c $< -o $@.$$$$ && \
	mv $@.$$$$ $@ $(on-failure)

# A pure source that does not compile yet stops only those who need it: `make host-test T=x` leaves it out of
# the archive.
on-failure = $(if $(T),$(if $(filter hv/%,$<),|| { rm -f $@.$$$$; echo "  LEFT OUT $<"; $(leave-out); }))
leave-out = $(HOSTCC) -x c -c /dev/null -o $@ && touch -d @0 $@

host-headers := $(HOST)/include/generated/config.h $(XEN_HEADERS)

$(HOST)/gcc/%.o: %.c $(MAKE_FILES) | $(host-headers)
	$(call say,HOSTCC,$<)
	$(Q)$(call host-compile,$(HOSTCC))
$(HOST)/fuzz/%.o: %.c $(MAKE_FILES) | $(host-headers)
	$(call say,FUZZCC,$<)
	$(Q)$(call host-compile,$(FUZZCC),-fsanitize=fuzzer-no-link -Wthread-safety)

# $(call host-archive): one archive of all objects it depends on.
host-archive = rm -f $@.$$$$; ar rcs $@.$$$$ $(filter %.o,$^) && mv $@.$$$$ $@

$(HOST)/sources.list: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(host-sources)' | cmp -s - $@ || echo '$(host-sources)' >$@

$(HOST)/gcc/pure.a: $(HOST)/sources.list $(host-sources:%.c=$(HOST)/gcc/%.o) $(HOST)/gcc/tests/host/support.o
	$(Q)$(host-archive)
$(HOST)/fuzz/pure.a: $(HOST)/sources.list $(host-sources:%.c=$(HOST)/fuzz/%.o) $(HOST)/fuzz/tests/host/support.o
	$(Q)$(host-archive)

$(HOST)/test_%: $(HOST)/gcc/tests/host/test_%.o $(HOST)/gcc/tests/host/harness.o $(HOST)/gcc/pure.a
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) -fsanitize=address,undefined $^ $(host-libraries) -o $@.$$$$ && mv $@.$$$$ $@
$(HOST)/fuzz_%: $(HOST)/fuzz/tests/fuzz/fuzz_%.o $(HOST)/fuzz/pure.a
	$(call say,FUZZLD,$@)
	$(Q)$(FUZZCC) -fsanitize=fuzzer,address,undefined $^ $(host-libraries) -o $@.$$$$ && mv $@.$$$$ $@

.PHONY: host-tests host-test fuzz
host-tests: $(tests:%=$(HOST)/test_%)

host-test: $(HOST)/test_$(T)
	$(Q)$< $(ARGS)

fuzz: $(fuzzers:%=$(HOST)/fuzz_%)

.SECONDARY:
-include $(shell find $(HOST) -name '*.o.d' 2>/dev/null)
