/* SPDX-License-Identifier: Apache-2.0 */
/* guest_log.h - words about what a guest does wrong: of its own level (guest_loglvl), and so few that no
 * guest can flood the console. */
#ifndef CORE_GUEST_LOG_H
#define CORE_GUEST_LOG_H

#include "core/vcpu.h"
#include "lib/log.h"

/* Lines of this level and more severe reach the console. Any CPU. */
void guest_log_set_threshold(enum log_level threshold);
enum log_level guest_log_threshold(void);

/* May @domain cause another @lines lines? It has GUEST_LOG_BURST, and gets one back every
 * GUEST_LOG_EVERY_MS. */
bool guest_log_allowed(struct domain *domain, unsigned lines);

#define GUEST_LOG_BURST 32u
#define GUEST_LOG_EVERY_MS 100u

/* One line of level debug about @vcpu, after "d1v0: "; dropped when its domain has had its share. */
void guest_log(struct vcpu *vcpu, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
