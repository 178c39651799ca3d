/* SPDX-License-Identifier: Apache-2.0 */
/* vconsole.c - between a domain's ways to print and read, and the shared console or a console of its own. */
#include "vdev/vconsole.h"

#include "core/console.h"
#include "core/events.h"
#include "core/guest_mem.h"
#include "core/pcpu.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "vdev/hvc_input.h"
#include "vdev/vpl011.h"

/* Prints lines that were begun and not ended: a prompt. One a pCPU, since a timer lives on one pCPU. */
static struct timer piece_timer[CPU_MAX];

static struct hvc_input control_input; /* For the control domain. */

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
    struct spinlock *lock = vgic_lock(domain->vgic);
    bool level;
    int notice;

    spin_lock(lock); /* Of two pCPUs the one that sets the line last has looked last. */
    spin_lock(&domain->vpl011->lock);
    level = vpl011_irq_level(domain->vpl011);
    spin_unlock(&domain->vpl011->lock);
    notice = vgic_set_level(domain->vgic, 0, GUEST_VPL011_SPI, level);
    spin_unlock(lock);
    if (notice >= 0) {
        vcpu_notice(domain->vcpu[notice]);
    }
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

static int add_uart(struct domain *domain)
{
    domain->vpl011 = hv_alloc(sizeof(*domain->vpl011));
    if (domain->vpl011 == NULL) {
        return -ENOMEM;
    }
    domain->vpl011_bytes = sizeof(*domain->vpl011);
    vpl011_init(domain->vpl011);
    return 0;
}

int vconsole_attach(struct domain *domain)
{
    int error = add_uart(domain);

    if (error == 0) {
        console_register(domain->id, receive);
    }
    return error;
}

/* The server has read or written. */
static void server_heard(struct evtchn_domain *events, struct evtchn_work *work)
{
    struct domain *domain = CONTAINER_OF(events, struct domain, events);
    bool changed;

    spin_lock(&domain->vpl011->lock);
    changed = vpl011_exchange(domain->vpl011);
    spin_unlock(&domain->vpl011->lock);
    if (changed) {
        evtchn_hv_send(events, work);
    }
    vconsole_update_irq(domain);
}

/* The domain ends. */
static void server_closed(struct evtchn_domain *events)
{
    struct domain *domain = CONTAINER_OF(events, struct domain, events);
    void *page;

    spin_lock(&domain->vpl011->lock);
    page = vpl011_unserve(domain->vpl011);
    spin_unlock(&domain->vpl011->lock);
    if (page != NULL) {
        guest_unpin(domain, page);
    }
}

int vconsole_attach_served(struct domain *domain, uint64_t gfn, uint16_t server, uint32_t *port)
{
    static const struct evtchn_hv_ops ops = {.heard = server_heard, .closed = server_closed};
    void *page;
    int error;

    if (domain->vpl011 != NULL || gfn > UINT64_MAX >> PAGE_SHIFT) {
        return -EINVAL;
    }
    error = guest_pin(domain, ipa(gfn << PAGE_SHIFT), &page);
    if (error != 0) {
        return error;
    }
    error = add_uart(domain);
    if (error == 0) {
        vpl011_serve(domain->vpl011, page);
        error = evtchn_hv_open(&domain->events, server, &ops, port); /* The server may come at once. */
    }
    if (error != 0) {
        guest_unpin(domain, page);
        hv_free(domain->vpl011, domain->vpl011_bytes);
        domain->vpl011 = NULL;
    }
    return error;
}

void vconsole_tell_server(struct domain *domain)
{
    struct evtchn_work work = {0};

    evtchn_hv_send(&domain->events, &work);
    events_apply(&work);
}

static bool receive_by_call(uint16_t domid, char c)
{
    bool taken = hvc_input_put(&control_input, c);

    (void)domid;
    events_raise_global(VIRQ_CONSOLE);
    return taken;
}

void vconsole_attach_control(struct domain *domain)
{
    hvc_input_init(&control_input);
    console_register(domain->id, receive_by_call);
}

int64_t vconsole_read(struct vcpu *vcpu, uint64_t to, uint64_t size)
{
    char text[HVC_INPUT_MAX];
    unsigned count;
    int error;

    if (!vcpu->domain->privileged) {
        return 0;
    }
    spin_lock(&control_input.lock);
    count = hvc_input_peek(&control_input, text, (unsigned)min_u64(size, sizeof(text)));
    hvc_input_drop(&control_input, count);
    spin_unlock(&control_input.lock);
    error = guest_copy_out(vcpu, to, text, count); /* What goes to a bad address is lost. */
    if (error != 0) {
        return error;
    }
    if (console_input_waits(vcpu->domain->id)) {
        console_input(); /* There is room again. */
    }
    return count;
}
