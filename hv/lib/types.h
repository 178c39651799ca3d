/* SPDX-License-Identifier: Apache-2.0 */
/* types.h - address types, page constants and the few helpers every file uses. */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Addresses are one-member structs so that a physical, a guest-physical (IPA) and an EL2 virtual address
 * never mix. */
typedef struct {
    uint64_t v;
} pa_t;
typedef struct {
    uint64_t v;
} ipa_t;
typedef struct {
    uint64_t v;
} va_t;

static inline pa_t pa(uint64_t v)
{
    return (pa_t){v};
}

static inline ipa_t ipa(uint64_t v)
{
    return (ipa_t){v};
}

static inline va_t va(uint64_t v)
{
    return (va_t){v};
}

#define PAGE_SHIFT 12
#define PAGE_SIZE (UINT64_C(1) << PAGE_SHIFT)
#define PAGE_MASK (PAGE_SIZE - 1)

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#define BIT32(n) (UINT32_C(1) << (n))
#define BIT64(n) (UINT64_C(1) << (n))
/* Bits @high down to @low set, both included. */
#define MASK64(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline uint64_t align_up(uint64_t v, uint64_t align)
{
    return (v + align - 1) & ~(align - 1);
}

static inline uint64_t align_down(uint64_t v, uint64_t align)
{
    return v & ~(align - 1);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The field of @value from bit @high down to bit @low. */
static inline uint64_t bits_get(uint64_t value, unsigned high, unsigned low)
{
    return (value & MASK64(high, low)) >> low;
}

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define TIME_NEVER UINT64_MAX /* A deadline that never comes, in any unit. */

#define CPU_MAX 8           /* Physical CPUs the image supports. */
#define VCPU_MAX 8          /* vCPUs a domain may have: GICv2 addresses eight. */
#define DOMAIN_MAX 64       /* Domains that may exist at once. */
#define DOMID_CONTROL 0u    /* Dom0. */
#define DOMID_HV 0x7FF2u    /* Owner of the hypervisor's own pages (the ABI's DOMID_XEN). */
#define DOMID_NONE 0x7FF4u  /* Owner of a free page (the ABI's DOMID_INVALID). */
#define DOMID_TRACE 0x7FF5u /* Owner of pages that the control domain may map: core/trace.h. */

/* Owner of the pages that domain @id's translation tables are in: they are not its memory. */
static inline uint16_t table_owner(uint16_t id)
{
    return (uint16_t)(id | 0x8000u);
}

#endif
