# SPDX-License-Identifier: Apache-2.0
# image.mk - the EL2 image.
XEN_HEADERS := $(O)/include/xen
$(XEN_HEADERS):
	$(Q)mkdir -p $(@D) && ln -sfn /usr/include/xen $@
.PHONY: image
image:
