/* SPDX-License-Identifier: Apache-2.0 */
/* vconsole.c - between a domain's ways to print and read, and the shared console. */
#include "vdev/vconsole.h"

#include "core/console.h"
#include "core/irq.h"
#include "core/pcpu.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "vdev/vpl011.h"

/* Prints lines that were begun and not ended: a prompt. One a pCPU, since a timer lives on one pCPU. */
static struct timer piece_timer[CPU_MAX];

static void piece_due(struct timer *timer)
{
    uint64_t next = console_poll();

    if (next != TIME_NEVER) {
        pcpu_timer_arm(timer, next);
    }
}

void vconsole_init(void)
{
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        timer_init(&piece_timer[cpu], piece_due);
    }
}

size_t vconsole_put(struct domain *domain, const char *text, size_t length)
{
    struct timer *timer = &piece_timer[cpu_id()];
    size_t taken;

    if (!console_guest_may_put()) {
        return 0;
    }
    taken = console_guest_write(domain->id, text, length);
    if (text[taken - 1] != '\n' && !timer_armed(timer)) {
        pcpu_timer_arm(timer, cpu_count_ticks() + ticks_from_ns(CONSOLE_ECHO_MS * NS_PER_MS));
    }
    return taken;
}

void vconsole_update_irq(struct domain *domain)
{
    bool level;

    spin_lock(&domain->vpl011->lock);
    level = vpl011_irq_level(domain->vpl011);
    spin_unlock(&domain->vpl011->lock);
    irq_set_level(domain, 0, GUEST_VPL011_SPI, level);
}

static bool receive(uint16_t domid, char c)
{
    struct domain *domain = domain_get(domid);
    bool taken;

    if (domain == NULL) {
        return true; /* Nobody is there any more: drop it. */
    }
    spin_lock(&domain->vpl011->lock);
    taken = vpl011_receive(domain->vpl011, c);
    spin_unlock(&domain->vpl011->lock);
    vconsole_update_irq(domain);
    return taken;
}

int vconsole_attach(struct domain *domain)
{
    domain->vpl011 = hv_alloc(sizeof(*domain->vpl011));
    if (domain->vpl011 == NULL) {
        return -ENOMEM;
    }
    vpl011_init(domain->vpl011);
    console_register(domain->id, receive);
    return 0;
}
