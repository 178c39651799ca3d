/* SPDX-License-Identifier: Apache-2.0 */
/* domain_end.c - what is left to do when a domain has stopped, a piece a stay in EL2.
 *
 * Its vCPUs are stopped at once. The rest is more than a stay should take, and nobody waits for it, so a
 * software timer does a piece every PIECE_US:
 *
 *     interrupts --> open line --> why --> registers --> last words
 *      (16 each)              \           (a line each)  ^
 *                              `-- it did not crash -----'
 *
 * Domains that stop while another is at its end wait in a queue, so that what is said of one stays together.
 * The timer is that of the pCPU on which the queue was empty. Lines wait while the console is crowded, as a
 * guest's do, so that none waits for the wire in EL2. A domain counts as running until its last words: the
 * machine is not switched off before.
 *
 * Locking: queue_lock guards the queue, and is held when the timer is armed. The head, and what is in it, is
 * the timer's. */
#include "core/domain_end.h"

#include "arch/spinlock.h"
#include "core/console.h"
#include "core/domain.h"
#include "core/events.h"
#include "core/irq.h"
#include "core/pcpu.h"
#include "core/power.h"
#include "lib/abi.h"
#include "lib/lock_rank.h"
#include "lib/log.h"
#include "lib/panic.h"

#define PIECE_US 500

static void piece_is_due(struct timer *timer);

static struct spinlock queue_lock = SPINLOCK_INIT(LOCK_RANK_DOMAIN_END);
static struct list_node queue = {.next = &queue, .prev = &queue};
static struct timer timer = {
    .node = {.next = &timer.node, .prev = &timer.node}, .deadline = TIME_NEVER, .expired = piece_is_due};

static const char *reason_name(enum shutdown_reason reason)
{
    switch (reason) {
    case SHUTDOWN_POWEROFF:
        return "powered off";
    case SHUTDOWN_REBOOT:
        return "asked for a reboot, which takes a toolstack: it stays off";
    case SHUTDOWN_SUSPEND:
        return "suspended for good";
    case SHUTDOWN_CRASH:
        return "crashed";
    case SHUTDOWN_WATCHDOG:
        return "was stopped by its watchdog";
    }
    return "stopped";
}

static void go_to(struct domain_end *end, enum domain_end_step step)
{
    ASSERT(step == end->step + 1 || (end->step == DOMAIN_END_OPEN_LINE && step == DOMAIN_END_LAST_WORDS));
    end->step = step;
    end->next = 0;
}

/* Returns whether it was the last one. */
static bool do_piece(struct domain *domain)
{
    struct domain_end *end = &domain->end;

    if (end->step != DOMAIN_END_INTERRUPTS && !console_guest_may_put()) {
        return false;
    }
    switch (end->step) {
    case DOMAIN_END_INTERRUPTS:
        end->next = irq_release(domain, end->next);
        if (end->next == 0) {
            go_to(end, DOMAIN_END_OPEN_LINE);
        }
        return false;
    case DOMAIN_END_OPEN_LINE:
        console_guest_flush(domain->id);
        go_to(end, end->why != NULL ? DOMAIN_END_WHY : DOMAIN_END_LAST_WORDS);
        return false;
    case DOMAIN_END_WHY:
        log_error("d%uv%u: %s", domain->id, end->crash.vcpu_id, end->why);
        go_to(end, DOMAIN_END_REGISTERS);
        return false;
    case DOMAIN_END_REGISTERS:
        vcpu_dump_line(&end->crash, end->next);
        end->next++;
        if (end->next == VCPU_DUMP_LINES) {
            go_to(end, DOMAIN_END_LAST_WORDS);
        }
        return false;
    case DOMAIN_END_LAST_WORDS:
        if (domain->privileged) { /* Its end is the machine's. */
            power_dom0_stopped(domain->reason == SHUTDOWN_POWEROFF, domain->reason == SHUTDOWN_CRASH);
        } else {
            log_info("d%u %s", domain->id, reason_name(domain->reason));
        }
        break;
    }
    return true;
}

static void arm(void)
{
    pcpu_timer_arm(&timer, cpu_count_ticks() + ticks_from_ns(PIECE_US * NS_PER_MS / 1000));
}

static void piece_is_due(struct timer *expired)
{
    struct domain *domain = CONTAINER_OF(queue.next, struct domain, end.link);
    bool ended = do_piece(domain);

    (void)expired;
    spin_lock(&queue_lock);
    if (ended) {
        list_remove(&domain->end.link);
    }
    if (!list_empty(&queue)) {
        arm();
    }
    spin_unlock(&queue_lock);
    if (ended) {
        unsigned left = domain_count_out();

        events_raise_global(VIRQ_DOM_EXC);
        atomic_store(&domain->end.done, true); /* From here on it may be freed. */
        if (left == 0) {
            power_last_domain_stopped();
        }
    }
}

void domain_end(struct domain *domain)
{
    spin_lock(&queue_lock);
    domain->end.step = DOMAIN_END_INTERRUPTS;
    domain->end.next = 0;
    if (list_empty(&queue)) {
        arm();
    }
    list_append(&queue, &domain->end.link);
    spin_unlock(&queue_lock);
}
