/* SPDX-License-Identifier: Apache-2.0 */
/* grant_pin.h - the use of a grant: checking what its domain wrote, and marking it used as long as it is. */
#ifndef CORE_GRANT_PIN_H
#define CORE_GRANT_PIN_H

#include "core/grant_table.h"

/* What EL2 keeps of a grant; all zero when nobody uses it. */
struct grant_active {
    uint32_t pins;    /* How many uses there are, */
    uint32_t writers; /* and how many of them may write. */
    uint64_t page; /* Address of the page, whose use is counted once; in the low 12 bits the user's domid. */
};

/* Use grant @ref of @table's domain on behalf of domain @user: its page in @page. Returns a GNTST_* status,
 * GNTST_okay for success. No lock of the grants' rank or above held. */
int16_t grant_pin(struct grant_table *table, uint32_t ref, uint16_t user, bool write, pa_t *page);

/* End one use that grant_pin() began with the same @write. The page must not be reachable by it any more. */
void grant_unpin(struct grant_table *table, uint32_t ref, bool write);

/* The page of a grant that is in use. */
pa_t grant_page(struct grant_table *table, uint32_t ref);

/* Exchange two grants that nobody uses. A status. */
int16_t grant_swap(struct grant_table *table, uint32_t a, uint32_t b);

#endif
