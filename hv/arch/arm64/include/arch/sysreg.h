/* SPDX-License-Identifier: Apache-2.0 */
/* sysreg.h - system registers by the manual's name, and the fields this program uses. Source: Arm ARM DDI
 * 0487, chapter D13. */
#ifndef ARCH_SYSREG_H
#define ARCH_SYSREG_H

#include "lib/types.h"

#define sysreg_read(name)                                                                                    \
    ({                                                                                                       \
        uint64_t sysreg_value;                                                                               \
        __asm__ volatile("mrs %0, " #name : "=r"(sysreg_value));                                             \
        sysreg_value;                                                                                        \
    })

#define sysreg_write(name, value)                                                                            \
    do {                                                                                                     \
        __asm__ volatile("msr " #name ", %x0" : : "rZ"((uint64_t)(value)) : "memory");                       \
    } while (0)

/* HCR_EL2, D13.2.48 */
#define HCR_VM BIT64(0)      /* Stage 2 translation. */
#define HCR_SWIO BIT64(1)    /* Invalidate by set/way also cleans. */
#define HCR_PTW BIT64(2)     /* A stage 1 walk through device memory faults. */
#define HCR_FMO BIT64(3)     /* Physical FIQ to EL2. */
#define HCR_IMO BIT64(4)     /* Physical IRQ to EL2; enables virtual IRQs. */
#define HCR_AMO BIT64(5)     /* Physical SError to EL2. */
#define HCR_VSE BIT64(8)     /* Virtual SError pending. */
#define HCR_FB BIT64(9)      /* Broadcast the guest's local maintenance. */
#define HCR_BSU_IS BIT64(10) /* Its barriers are at least inner shareable. */
#define HCR_TWI BIT64(13)    /* Trap WFI. */
#define HCR_TWE BIT64(14)    /* Trap WFE. */
#define HCR_TID3 BIT64(18)   /* Trap reads of the ID registers. */
#define HCR_TSC BIT64(19)    /* Trap SMC. */
#define HCR_TIDCP BIT64(20)  /* Trap implementation-defined registers. */
#define HCR_TACR BIT64(21)   /* Trap auxiliary control registers. */
#define HCR_TSW BIT64(22)    /* Trap cache maintenance by set/way. */
#define HCR_RW BIT64(31)     /* EL1 is AArch64. */
#define HCR_TLOR                                                                                             \
    BIT64(35) /* Trap the LORegion registers. Like the next, of later cores: 0 and ignored before. */
#define HCR_TERR BIT64(36) /* Trap the RAS error records. */

/* CPTR_EL2, D13.2.30 (E2H = 0) */
#define CPTR_TZ BIT64(8)   /* Trap SVE; 1 where there is none. */
#define CPTR_TFP BIT64(10) /* Trap FP and SIMD. */
#define CPTR_TTA BIT64(20) /* Trap trace registers. */
#define CPTR_TAM BIT64(30) /* Trap activity monitors; 0 and ignored where there are none. */
#define CPTR_TCPAC BIT64(31)
#define CPTR_RES1 UINT64_C(0x32ff)
#define CPTR_ALWAYS (CPTR_RES1 | CPTR_TZ | CPTR_TTA | CPTR_TAM)

/* MDCR_EL2, D13.2.93: trap debug, PMU and the rest; HPMN stays as reset says. */
#define MDCR_HPMN_MASK MASK64(4, 0)
#define MDCR_TPMCR BIT64(5)
#define MDCR_TPM BIT64(6)
#define MDCR_TDA BIT64(9)
#define MDCR_TDOSA BIT64(10)
#define MDCR_TDRA BIT64(11)
#define MDCR_TPMS BIT64(14) /* Statistical profiling; like the next 0 and ignored where there is none. */
#define MDCR_TTRF BIT64(19) /* Trace filter. */

/* CNTHCTL_EL2, D13.8.2 */
#define CNTHCTL_EL1PCTEN BIT64(0) /* EL1 and EL0 may read the physical counter. */
#define CNTHCTL_EL1PCEN BIT64(1)  /* They may use the physical timer. */

#define CNT_CTL_ENABLE BIT64(0)
#define CNT_CTL_IMASK BIT64(1)
#define CNT_CTL_ISTATUS BIT64(2)

/* VTCR_EL2, D13.2.150: write-back, inner shareable walks; 4 KiB granule. T0SZ and SL0 come from
 * base/stage2.h. */
#define VTCR_IRGN0_WBWA (UINT64_C(1) << 8)
#define VTCR_ORGN0_WBWA (UINT64_C(1) << 10)
#define VTCR_SH0_INNER (UINT64_C(3) << 12)
#define VTCR_PS_SHIFT 16
#define VTCR_RES1 BIT64(31)

/* ESR_ELx, D13.2.37 */
#define ESR_EC(esr) bits_get((esr), 31, 26)
#define ESR_IL BIT64(25)
#define ESR_ISS(esr) bits_get((esr), 24, 0)
#define EC_UNKNOWN 0x00u
#define EC_WFX 0x01u
#define EC_FP 0x07u
#define EC_ILLEGAL_STATE 0x0eu
#define EC_HVC64 0x16u
#define EC_SMC64 0x17u
#define EC_SYSREG 0x18u
#define EC_SVE 0x19u
#define EC_IABT_LOWER 0x20u
#define EC_IABT_SAME 0x21u
#define EC_DABT_LOWER 0x24u
#define EC_DABT_SAME 0x25u
#define EC_SERROR 0x2fu

/* SPSR_EL2 */
#define SPSR_EL0T UINT64_C(0x0)
#define SPSR_EL1T UINT64_C(0x4)
#define SPSR_EL1H UINT64_C(0x5)
#define SPSR_GUEST_MAY (MASK64(31, 28) | MASK64(9, 6) | MASK64(3, 0)) /* NZCV, DAIF, mode. */
#define SPSR_DAIF MASK64(9, 6)
#define SPSR_AARCH32 BIT64(4)
#define SPSR_SS BIT64(21)
#define SPSR_PAN BIT64(22)

/* SCTLR_EL1, D13.2.118 */
#define SCTLR_SPAN                                                                                           \
    BIT64(23) /* An exception to EL1 leaves PSTATE.PAN as it is; else sets it. 1 where there is no PAN. */

/* SCTLR_EL1: reset value with the RES1 bits of ARMv8.0. */
#define SCTLR_EL1_RESET UINT64_C(0x00c50838)
#define SCTLR_EL1_RES1 UINT64_C(0x30d00800)

#endif
