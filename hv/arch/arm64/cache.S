/* SPDX-License-Identifier: Apache-2.0 */
/* cache.S - cache maintenance by address, and zeroing by cache line. Source: Arm ARM D4.4, C6.2 (DC, IC). */

    .text
/* cache_publish(start, size): clean and invalidate to the point of coherency; drop all instructions.
 * Clobbers x2-x4. */
    .global cache_publish
cache_publish:
    mrs     x2, ctr_el0
    ubfx    x2, x2, #16, #4            /* DminLine: log2 of words. */
    mov     x3, #4
    lsl     x3, x3, x2
    add     x1, x0, x1
    sub     x4, x3, #1
    bic     x0, x0, x4
1:  cmp     x0, x1
    b.hs    2f
    dc      civac, x0
    add     x0, x0, x3
    b       1b
2:  dsb     sy                         /* Data is in memory before the instruction side is told. */
    ic      ialluis
    dsb     ish
    isb
    ret

/* cache_zero_pages(start, size): multiples of a page. Clobbers x2-x4. */
    .global cache_zero_pages
cache_zero_pages:
    add     x1, x0, x1
    mrs     x2, dczid_el0
    tbnz    w2, #4, 3f                 /* DZP: DC ZVA not permitted. */
    and     x2, x2, #0xf
    mov     x3, #4
    lsl     x3, x3, x2
    cmp     x3, #64
    b.ne    2f
1:  .rept   16                         /* 1 KiB a turn. */
    dc      zva, x0
    add     x0, x0, #64
    .endr
    cmp     x0, x1
    b.lo    1b
    ret
2:  dc      zva, x0                    /* Another line size, at most 2 KiB, which divides a page. */
    add     x0, x0, x3
    cmp     x0, x1
    b.lo    2b
    ret
3:  stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    3b
    ret

/* cache_zero_publish(start, size): multiples of a page. Zero, and write back to the point of coherency.
 * Clobbers x2-x4. */
    .global cache_zero_publish
cache_zero_publish:
    mrs     x2, dczid_el0
    mrs     x3, ctr_el0
    ubfx    x3, x3, #16, #4            /* DminLine: log2 of words, as DCZID's BS. */
    and     x4, x2, #0x1f              /* DZP and BS. */
    cmp     x4, #4
    ccmp    x3, #4, #0, eq             /* 64 bytes both? */
    b.ne    2f
    add     x1, x0, x1
1:  .rept   16
    dc      zva, x0
    dc      civac, x0
    add     x0, x0, #64
    .endr
    cmp     x0, x1
    b.lo    1b
    dsb     sy
    ret
2:  stp     x29, x30, [sp, #-32]!
    stp     x0, x1, [sp, #16]
    bl      cache_zero_pages
    ldp     x0, x1, [sp, #16]
    ldp     x29, x30, [sp], #32
    b       cache_publish
