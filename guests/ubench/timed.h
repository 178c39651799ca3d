/* SPDX-License-Identifier: Apache-2.0 */
/* timed.h - operations between two reads of the counter. Each returns the difference; timed_nothing() is what
 * the reads alone take and has to be subtracted, so that a figure is the operation's own instruction and all
 * that it brought about. */
#ifndef UBENCH_TIMED_H
#define UBENCH_TIMED_H

#include "guest.h"

#define TIMED_BEGIN "mrs %[begin], cntvct_el0\n\t"
#define TIMED_END "\n\tmrs %[end], cntvct_el0"

static inline uint64_t timed_nothing(void)
{
    uint64_t begin, end;
    __asm__ volatile(TIMED_BEGIN TIMED_END : [begin] "=&r"(begin), [end] "=r"(end)::"memory");
    return end - begin;
}

static inline uint64_t timed_hypercall(uint64_t number, uint64_t argument)
{
    register uint64_t x0 __asm__("x0") = argument;
    register uint64_t x1 __asm__("x1") = 0;
    register uint64_t x16 __asm__("x16") = number;
    uint64_t begin, end;

    __asm__ volatile(TIMED_BEGIN "hvc #0xea1" TIMED_END
                     : [begin] "=&r"(begin), [end] "=r"(end), "+r"(x0), "+r"(x1), "+r"(x16)::"x2", "x3", "x4",
                       "memory");
    return end - begin;
}

#define TIMED_PSCI(conduit, function)                                                                        \
    ({                                                                                                       \
        register uint64_t x0_ __asm__("x0") = (function);                                                    \
        uint64_t begin_, end_;                                                                               \
        __asm__ volatile(TIMED_BEGIN conduit " #0" TIMED_END                                                 \
                         : [begin] "=&r"(begin_), [end] "=&r"(end_), "+r"(x0_)::"x1", "x2", "x3", "x4",      \
                           "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",    \
                           "x17", "memory");                                                                 \
        end_ - begin_;                                                                                       \
    })

static inline uint64_t timed_psci(uint64_t function)
{
    return platform.psci_smc ? TIMED_PSCI("smc", function) : TIMED_PSCI("hvc", function);
}

static inline uint64_t timed_read(uint64_t address)
{
    uint64_t begin, end;
    uint32_t value;
    __asm__ volatile(TIMED_BEGIN "ldr %w[value], [%[address]]" TIMED_END
                     : [begin] "=&r"(begin), [end] "=r"(end), [value] "=&r"(value)
                     : [address] "r"(address)
                     : "memory");
    return end - begin;
}

static inline uint64_t timed_write(uint64_t address, uint32_t value)
{
    uint64_t begin, end;
    __asm__ volatile(TIMED_BEGIN "str %w[value], [%[address]]" TIMED_END
                     : [begin] "=&r"(begin), [end] "=&r"(end)
                     : [address] "r"(address), [value] "r"(value)
                     : "memory");
    return end - begin;
}

static inline uint64_t timed_wfi(void)
{
    uint64_t begin, end;
    __asm__ volatile(TIMED_BEGIN "wfi" TIMED_END : [begin] "=&r"(begin), [end] "=r"(end)::"memory");
    return end - begin;
}

/* An instruction that uses the FP registers; CPACR_EL1 must allow it. */
static inline uint64_t timed_fp(void)
{
    uint64_t begin, end;
    __asm__ volatile(".arch_extension fp\n\t" TIMED_BEGIN "fmov d0, xzr" TIMED_END
                     : [begin] "=&r"(begin), [end] "=r"(end)::"memory");
    return end - begin;
}

/* Not a difference but the counter right before the write: what it brings about reads the counter itself. */
static inline uint64_t write_after_stamp(uint64_t address, uint32_t value)
{
    uint64_t begin;
    __asm__ volatile(TIMED_BEGIN "str %w[value], [%[address]]"
                     : [begin] "=&r"(begin)
                     : [address] "r"(address), [value] "r"(value)
                     : "memory");
    return begin;
}

/* The same with ICC_SGI1R_EL1. */
static inline uint64_t send_after_stamp(uint64_t value)
{
    uint64_t begin;
    __asm__ volatile(TIMED_BEGIN "msr S3_0_C12_C11_5, %[value]"
                     : [begin] "=&r"(begin)
                     : [value] "r"(value)
                     : "memory");
    return begin;
}

#endif
