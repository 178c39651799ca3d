/* SPDX-License-Identifier: Apache-2.0 */
/* rtc.h - a PL031 alarm clock that the tree gives the guest: a real device's level interrupt. Source: Arm DDI
 * 0224. */
#ifndef GUEST_RTC_H
#define GUEST_RTC_H

#include "fdt.h"
#include "platform.h"

#define RTC_DR 0x00
#define RTC_MR 0x04
#define RTC_IMSC 0x10
#define RTC_RIS 0x14
#define RTC_MIS 0x18
#define RTC_ICR 0x1c

struct rtc {
    uint64_t base;
    unsigned intid;
};

static inline bool rtc_visit(const struct fdt_node *node, void *context)
{
    struct rtc *rtc = context;
    uint64_t size_bytes;

    if (!fdt_compatible(node, "arm,pl031") || !fdt_reg(node, 0, &rtc->base, &size_bytes)) {
        return true;
    }
    rtc->intid = fdt_interrupt(node, 0);
    return false;
}

/* False: there is none with a device's interrupt. */
static inline bool rtc_find(struct rtc *rtc)
{
    fdt_walk(platform.fdt, rtc_visit, rtc);
    return rtc->base != 0 && rtc->intid >= 32;
}

#endif
