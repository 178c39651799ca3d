/* SPDX-License-Identifier: Apache-2.0 */
/* grant_pin.c - the life of one grant in use. Source: xen/grant_table.h.
 *
 * The granting domain writes an entry: whom it lets use which of its frames, and whether only to read. EL2
 * sets GTF_reading and GTF_writing in it while somebody does, so that the domain does not take back what is
 * in use:
 *
 *     pins    writers    marks in the entry          page
 *     0       0          none                        -
 *     n       0          GTF_reading                 one use counted (page_get)
 *     n       m > 0      GTF_reading, GTF_writing    the same
 *
 * The first pin reads the entry, and the frame in it once; what the domain writes later changes nothing for
 * those who have it. The first writer reads the entry's flags once more.
 *
 * The domain may write an entry at any time, from another CPU, and may be hostile. The flags and the domid
 * are one word that changes by compare and exchange only, with a limit of tries: past it a pin fails, while
 * an unpin, which must not, writes what it read without the marks, and a domain that writes the entry all the
 * time loses a write of its own.
 *
 * Invariant: a mark is set in an entry of which nobody uses the page only if its domain sets it itself. */
#include "core/grant_pin.h"

#include <stdatomic.h>

#include "arch/mmu.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "lib/panic.h"

#define TRIES 16u

/* An entry as EL2 reads and writes it. */
struct entry {
    _Atomic uint32_t head; /* Flags in the low half, domid in the high one. */
    _Atomic uint32_t frame;
};
_Static_assert(sizeof(struct entry) == sizeof(struct grant_entry_v1), "an entry of version 1");

static struct grant_active *active_of(struct grant_table *table, uint32_t ref) LOCK_REQUIRES(&table->lock)
{
    return &table->frames[ref / GRANTS_PER_FRAME].active[ref % GRANTS_PER_FRAME];
}

static struct entry *entry_of(struct grant_table *table, uint32_t ref) LOCK_REQUIRES(&table->lock)
{
    struct entry *entries = mmu_direct(table->frames[ref / GRANTS_PER_FRAME].page);

    return &entries[ref % GRANTS_PER_FRAME];
}

static bool exists(const struct grant_table *table, uint32_t ref) LOCK_REQUIRES(&table->lock)
{
    return ref / GRANTS_PER_FRAME < table->frame_count;
}

/* Set the marks of a use by @user, if the entry allows it. */
static int16_t mark(struct entry *entry, uint16_t user, bool write)
{
    uint32_t head = atomic_load_explicit(&entry->head, memory_order_relaxed);

    for (unsigned i = 0; i < TRIES; i++) {
        uint32_t marks = write ? GTF_reading | GTF_writing : GTF_reading;

        if ((head & GTF_type_mask) != GTF_permit_access || head >> 16 != user ||
            (write && (head & GTF_readonly) != 0)) {
            return GNTST_general_error;
        }
        /* Acquire: the frame is read after it. The domain wrote it before the flags. */
        if (atomic_compare_exchange_weak_explicit(&entry->head, &head, head | marks, memory_order_acquire,
                                                  memory_order_relaxed)) {
            return GNTST_okay;
        }
    }
    return GNTST_general_error;
}

/* Release: what was done to the page comes before. */
static void unmark(struct entry *entry, uint32_t marks)
{
    uint32_t head = atomic_load_explicit(&entry->head, memory_order_relaxed);

    for (unsigned i = 0; i < TRIES; i++) {
        if (atomic_compare_exchange_weak_explicit(&entry->head, &head, head & ~marks, memory_order_release,
                                                  memory_order_relaxed)) {
            return;
        }
    }
    atomic_store_explicit(&entry->head, head & ~marks, memory_order_release);
}

static int16_t first_pin(struct grant_table *table, uint32_t ref, uint16_t user, bool write)
    LOCK_REQUIRES(&table->lock)
{
    struct entry *entry = entry_of(table, ref);
    int16_t status = mark(entry, user, write);
    pa_t page;

    if (status != GNTST_okay) {
        return status;
    }
    if (physmap_use(table->map, atomic_load_explicit(&entry->frame, memory_order_relaxed), &page) != 0) {
        unmark(entry, GTF_reading | GTF_writing);
        return GNTST_bad_page;
    }
    active_of(table, ref)->page = page.v | user;
    return GNTST_okay;
}

static int16_t pin(struct grant_table *table, uint32_t ref, uint16_t user, bool write)
    LOCK_REQUIRES(&table->lock)
{
    struct grant_active *active;
    int16_t status = GNTST_okay;

    if (!exists(table, ref)) {
        return GNTST_bad_gntref;
    }
    active = active_of(table, ref);
    if (active->pins == 0) {
        status = first_pin(table, ref, user, write);
    } else if ((active->page & PAGE_MASK) != user || active->pins == UINT32_MAX) {
        status = GNTST_general_error;
    } else if (write && active->writers == 0) {
        status = mark(entry_of(table, ref), user, true);
    }
    if (status == GNTST_okay) {
        active->pins++;
        active->writers += write ? 1 : 0;
    }
    return status;
}

int16_t grant_pin(struct grant_table *table, uint32_t ref, uint16_t user, bool write, pa_t *page)
{
    int16_t status;

    spin_lock(&table->lock);
    status = pin(table, ref, user, write);
    if (status == GNTST_okay) {
        *page = pa(active_of(table, ref)->page & ~PAGE_MASK);
    }
    spin_unlock(&table->lock);
    return status;
}

void grant_unpin(struct grant_table *table, uint32_t ref, bool write)
{
    struct grant_active *active;
    uint32_t marks = 0;

    spin_lock(&table->lock);
    ASSERT(exists(table, ref));
    active = active_of(table, ref);
    ASSERT(active->pins != 0 && (!write || active->writers != 0));
    active->pins--;
    active->writers -= write ? 1 : 0;
    if (write && active->writers == 0) {
        marks |= GTF_writing;
    }
    if (active->pins == 0) {
        marks |= GTF_reading | GTF_writing;
        physmap_put_page(pa(active->page & ~PAGE_MASK));
        active->page = 0;
    }
    if (marks != 0) {
        unmark(entry_of(table, ref), marks);
    }
    spin_unlock(&table->lock);
}

pa_t grant_page(struct grant_table *table, uint32_t ref)
{
    pa_t page;

    spin_lock(&table->lock);
    ASSERT(exists(table, ref) && active_of(table, ref)->pins != 0);
    page = pa(active_of(table, ref)->page & ~PAGE_MASK);
    spin_unlock(&table->lock);
    return page;
}

/* The domain must not use the entries meanwhile, as it must not when it changes them itself. */
static int16_t swap(struct grant_table *table, uint32_t a, uint32_t b) LOCK_REQUIRES(&table->lock)
{
    struct entry *first, *second;
    uint32_t head, frame;

    if (!exists(table, a) || !exists(table, b)) {
        return GNTST_bad_gntref;
    }
    if (active_of(table, a)->pins != 0 || active_of(table, b)->pins != 0) {
        return GNTST_eagain;
    }
    first = entry_of(table, a);
    second = entry_of(table, b);
    head = atomic_load_explicit(&first->head, memory_order_relaxed);
    frame = atomic_load_explicit(&first->frame, memory_order_relaxed);
    atomic_store_explicit(&first->frame, atomic_load(&second->frame), memory_order_relaxed);
    atomic_store_explicit(&first->head, atomic_load(&second->head), memory_order_release);
    atomic_store_explicit(&second->frame, frame, memory_order_relaxed);
    atomic_store_explicit(&second->head, head, memory_order_release);
    return GNTST_okay;
}

int16_t grant_swap(struct grant_table *table, uint32_t a, uint32_t b)
{
    int16_t status;

    spin_lock(&table->lock);
    status = swap(table, a, b);
    spin_unlock(&table->lock);
    return status;
}
