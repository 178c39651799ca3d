/* SPDX-License-Identifier: Apache-2.0 */
/* guest_log.c - words about what a guest does wrong, few enough. */
#include "core/guest_log.h"

#include <stdatomic.h>

#include "core/domain.h"
#include "core/pcpu.h"

static _Atomic(enum log_level) shown = LOG_WARN;

void guest_log_set_threshold(enum log_level threshold)
{
    atomic_store_explicit(&shown, threshold, memory_order_relaxed);
}

enum log_level guest_log_threshold(void)
{
    return atomic_load_explicit(&shown, memory_order_relaxed);
}

/* The share is a number of lines in the bucket; two vCPUs that race may get a line too many between them,
 * which harms nobody. */
bool guest_log_allowed(struct domain *domain, unsigned lines)
{
    uint64_t now_ns = time_now_ns();
    uint64_t back = (now_ns - domain->log_since_ns) / (GUEST_LOG_EVERY_MS * NS_PER_MS);

    if (back != 0) {
        domain->log_spent -= (unsigned)min_u64(back, domain->log_spent);
        domain->log_since_ns = now_ns;
    }
    if (domain->log_spent + lines > GUEST_LOG_BURST) {
        return false;
    }
    domain->log_spent += lines;
    return true;
}

void guest_log(struct vcpu *vcpu, const char *format, ...)
{
    char text[160];
    va_list args;

    if (!CONFIG_DEBUG && guest_log_threshold() < LOG_DEBUG) {
        return;
    }
    if (!guest_log_allowed(vcpu->domain, 1)) {
        return;
    }
    va_start(args, format);
    (void)format_text_v(text, sizeof(text), format, args);
    va_end(args);
    log_line(guest_log_threshold() >= LOG_DEBUG ? LOG_INFO : LOG_DEBUG, "d%uv%u: %s", vcpu->domain->id,
             vcpu->id, text);
}
