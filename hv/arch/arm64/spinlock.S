/* SPDX-License-Identifier: Apache-2.0 */
/* spinlock.S - the waiting half of a lock. Source: Arm ARM D1.16 (WFE: a cleared exclusive monitor is an
 * event). */

    .text
/* spin_wait(word, value): wait until the 32-bit *word is value. Acquire. Clobbers x2, no other register. */
    .global spin_wait
spin_wait:
    sevl
1:  wfe
    ldaxr   w2, [x0]                   /* Arms the monitor: a store to *word from elsewhere ends the wfe. */
    cmp     w2, w1
    b.ne    1b
    clrex
    ret

/* spin_wait_differs(word, value): wait until the 32-bit *word is not value. Acquire. Clobbers x2. */
    .global spin_wait_differs
spin_wait_differs:
    sevl
1:  wfe
    ldaxr   w2, [x0]
    cmp     w2, w1
    b.eq    1b
    clrex
    ret
