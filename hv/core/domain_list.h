/* SPDX-License-Identifier: Apache-2.0 */
/* domain_list.h - numbers of domains, and what the files domain*.c do for each other; for them alone.
 *
 * Ids are given out one after the other, as in Xen, so that one is not soon somebody else's; a domain's place
 * in the list is its id modulo DOMAIN_MAX, and an id whose place is taken is passed over. Its VMID goes by
 * the place. */
#ifndef CORE_DOMAIN_LIST_H
#define CORE_DOMAIN_LIST_H

#include "core/domain.h"

/* The id for a new domain: @wish, or the next one for 0; the privileged one's is 0. Returns 0, -EEXIST,
 * -ENOSPC. */
int domain_choose_id(uint16_t wish, bool privileged, uint16_t *out);

/* It can be found by its id from now on, and counts as running. */
void domain_list_add(struct domain *domain);
/* Nobody finds it any more. */
void domain_list_remove(struct domain *domain);

/* VMIDs are 1 to 255: DOMAIN_MAX is below. */
static inline uint16_t domain_vmid(uint16_t id)
{
    return (uint16_t)(id % DOMAIN_MAX + 1);
}

/* Stop its vCPUs for good. Returns whether it ran until now. */
bool domain_stop(struct domain *domain, enum shutdown_reason reason);

/* A domain that has stopped lets go what it has of others: event channels, pages. domain_let_go_some() does a
 * piece and returns whether all is done; domain_let_go() has a timer do all of it. */
void domain_let_go_init(struct domain *domain);
bool domain_let_go_some(struct domain *domain);
void domain_let_go(struct domain *domain);

/* Free what the hypervisor has for a domain that is in no list and has no memory: a piece, returns whether
 * all is done; and all at once. */
bool domain_free_some(struct domain *domain);
void domain_free(struct domain *domain);

#endif
