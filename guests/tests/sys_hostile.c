/* SPDX-License-Identifier: Apache-2.0 */
/* sys_hostile.c - test guest: does what a guest must not, and expects each time an exception of its own and
 * nothing else: accesses and jumps outside its memory, accesses no device can answer, registers that are not
 * its own. */
#include "check.h"

#define EC_UNDEFINED 0x00
#define EC_FETCH_SAME 0x21
#define EC_DATA_SAME 0x25
#define FSC_EXTERNAL 0x10

#define GICC_BASE 0x03002000UL
#define UART_BASE 0x22000000UL
#define NOTHING_THERE 0x10000000UL
#define GIB 0x40000000UL

#define DESC_BLOCK_CODE 0x705UL /* As normal memory in start.S, but executable. */

extern uint64_t guest_map[];

static struct checks checks;

static uint64_t class_of(uint64_t esr)
{
    return esr >> 26 & 0x3f;
}

/* A read and a write at @address end in an abort that says so. */
static void check_hole(uint64_t address, unsigned size)
{
    uint64_t value = 0x5a5a, far;

    CHECK(!probe_read(address, size, &value));
    CHECK_EQ(value, 0x5a5a);
    trap_expect();
    __asm__ volatile("strb %w0, [%1]" ::"r"(0), "r"(address) : "memory");
    dsb_sy();
    struct trap_record record = trap_expected();
    far = record.far;
    if (!CHECK(record.taken) || !CHECK_EQ(class_of(record.esr), EC_DATA_SAME) ||
        !CHECK_EQ(record.esr & 0x3f, FSC_EXTERNAL) || !CHECK_EQ(far, address)) {
        print("... at 0x%lx\n", address);
    }
}

static bool is_platform(uint64_t address)
{
    const struct range *second = platform.gic_version == 3 ? &platform.gicr : &platform.gicc;

    return address - platform.gicd.base < platform.gicd.size_bytes ||
           address - second->base < second->size_bytes || address - UART_BASE < 0x1000;
}

/* Everything below RAM by 64 KiB (and finely where the machine's own devices are), then what follows RAM. */
static void check_address_space(void)
{
    const struct range *bank = &platform.memory[0];
    uint64_t count = 0;

    for (uint64_t address = 0; address < bank->base; address += 0x40000) {
        if (!is_platform(address)) {
            check_hole(address, 4);
            count++;
        }
    }
    for (uint64_t address = 0x08000000; address < 0x0a010000; address += 0x4000) {
        check_hole(address + 0xc, 4);
    }
    for (uint64_t address = 0xf9000000; address < 0xf9080000; address += 0x4000) { /* ZynqMP's GIC. */
        check_hole(address, 8);
    }
    for (uint64_t address = bank->base + bank->size_bytes; address < 8 * GIB; address += 0x1f00000) {
        check_hole(address, 8);
        count++;
    }
    for (uint64_t gib = 8; gib < 512; gib += 3) {
        check_hole(gib * GIB + 0x1238, 8);
    }
    check_hole(bank->base - 1, 1);
    check_hole(bank->base + bank->size_bytes, 1);
    print("HOLES %lu\n", count);
}

/* Around the platform's own devices, and where they have gaps. */
static void check_device_edges(void)
{
    uint64_t value;

    check_hole(platform.gicd.base - 4, 4);
    check_hole(UART_BASE + 0x1000, 4);
    check_hole(UART_BASE - 4, 4);
    CHECK(!probe_read(UART_BASE, 8, &value));     /* No register is that wide. */
    CHECK(!probe_read(UART_BASE + 2, 4, &value)); /* Across two. */
    CHECK(probe_read(UART_BASE + 0x18, 4, &value));
    if (platform.gic_version == 2) {
        check_hole(GICC_BASE + 0x2000, 4);
    }
}

#define CHECK_ABORTS(address, text, ...)                                                                     \
    do {                                                                                                     \
        trap_expect();                                                                                       \
        __asm__ volatile(text "\n\tdsb sy" ::"r"(address) : "memory", ##__VA_ARGS__);                        \
        check_abort(trap_expected(), (address), __LINE__);                                                   \
    } while (0)

static void check_abort(struct trap_record record, uint64_t address, unsigned line)
{
    check_true(&checks, record.taken, line, "abort");
    check_equal(&checks, (int64_t)class_of(record.esr), EC_DATA_SAME, line, "class");
    check_equal(&checks, (int64_t)(record.far & ~63UL), (int64_t)(address & ~63UL), line, "address");
}

/* Accesses whose syndrome does not say what is to be done: nobody can emulate them. */
static void check_odd_accesses(uint64_t address)
{
    CHECK_ABORTS(address, "ldp x2, x3, [%0]", "x2", "x3");
    CHECK_ABORTS(address, "stp xzr, xzr, [%0]");
    CHECK_ABORTS(address, "mov x4, %0\n\tldr w2, [x4], #4", "x2", "x4");
    CHECK_ABORTS(address, "mov x4, %0\n\tstr wzr, [x4, #4]!", "x4");
    CHECK_ABORTS(address, "ldxr w2, [%0]", "x2");
    CHECK_ABORTS(address, "ldaxp x2, x3, [%0]", "x2", "x3");
    CHECK_ABORTS(address, "ldr q0, [%0]");
    CHECK_ABORTS(address, "st1 {v0.16b}, [%0]");
    CHECK_ABORTS(address, "dc zva, %0");
}

static void check_maintenance(uint64_t address)
{
    trap_expect(); /* Whether these abort is up to the CPU. */
    __asm__ volatile("dc civac, %0\n\tdc ivac, %0\n\tdc cvau, %0\n\tic ivau, %0\n\tprfm pldl1keep, "
                     "[%0]\n\tdsb sy\n\tisb" ::"r"(address)
                     : "memory");
    trap_expected();
    /* By set and way: nothing that anybody else could lose by it. */
    __asm__ volatile(
        "dc isw, xzr\n\tdc csw, xzr\n\tdc cisw, xzr\n\tic iallu\n\tic ialluis\n\tdsb sy\n\tisb" ::
            : "memory");
    __asm__ volatile("tlbi vmalle1is\n\ttlbi vmalle1\n\ttlbi aside1is, xzr\n\tdsb sy\n\tisb" ::: "memory");
}

/* Jumps there, and comes back by its own vector. */
static void check_jump(uint64_t address)
{
    struct trap_record record;

    trap_expect();
    __asm__ volatile("blr %0" ::"r"(address) : "x30", "memory");
    record = trap_expected();
    if (!CHECK(record.taken) || !CHECK_EQ(class_of(record.esr), EC_FETCH_SAME) ||
        !CHECK_EQ(record.elr, address) || !CHECK_EQ(record.far, address)) {
        print("... jumping to 0x%lx\n", address);
    }
}

static void check_jumps(void)
{
    const uint64_t there[] = {0,         platform.gicd.base, GICC_BASE,  GICC_BASE + 0x1000,
                              UART_BASE, NOTHING_THERE,      0x09000000, 0x08010000,
                              GIB - 4};
    uint64_t kept = guest_map[0];

    guest_map[0] = DESC_BLOCK_CODE;
    __asm__ volatile("dsb ish\n\ttlbi vmalle1\n\tdsb ish\n\tisb" ::: "memory");
    for (unsigned i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
        check_jump(there[i]);
    }
    guest_map[0] = kept;
    __asm__ volatile("dsb ish\n\ttlbi vmalle1\n\tdsb ish\n\tisb" ::: "memory");
}

#define CHECK_UNDEFINED(text)                                                                                \
    do {                                                                                                     \
        trap_expect();                                                                                       \
        __asm__ volatile("mov x9, xzr\n\t" text ::: "x9", "memory");                                         \
        check_undefined(trap_expected(), text, __LINE__);                                                    \
    } while (0)

static void check_undefined(struct trap_record record, const char *text, unsigned line)
{
    check_true(&checks, record.taken, line, text);
    check_equal(&checks, (int64_t)class_of(record.esr), EC_UNDEFINED, line, text);
}

static void check_foreign_registers(void)
{
    CHECK_UNDEFINED("mrs x9, hcr_el2");
    CHECK_UNDEFINED("msr hcr_el2, x9");
    CHECK_UNDEFINED("mrs x9, vttbr_el2");
    CHECK_UNDEFINED("msr vttbr_el2, x9");
    CHECK_UNDEFINED("mrs x9, sctlr_el2");
    CHECK_UNDEFINED("msr vbar_el2, x9");
    CHECK_UNDEFINED("msr elr_el2, x9");
    CHECK_UNDEFINED("msr cntvoff_el2, x9");
    CHECK_UNDEFINED("msr cnthctl_el2, x9");
    CHECK_UNDEFINED("mrs x9, cnthp_ctl_el2");
    CHECK_UNDEFINED("mrs x9, S3_4_C12_C11_0"); /* ICH_HCR_EL2 */
    CHECK_UNDEFINED("msr S3_4_C12_C12_0, x9"); /* ICH_LR0_EL2 */
    CHECK_UNDEFINED("mrs x9, S3_4_C12_C9_5");  /* ICC_SRE_EL2 */
    CHECK_UNDEFINED("mrs x9, S3_6_C1_C1_0");   /* SCR_EL3 */
    CHECK_UNDEFINED("mrs x9, S3_6_C12_C12_5"); /* ICC_SRE_EL3 */
    CHECK_UNDEFINED("mrs x9, S3_0_C1_C2_0");   /* ZCR_EL1 */
    CHECK_UNDEFINED("mrs x9, S3_5_C1_C0_0");   /* SCTLR_EL12 */
    CHECK_UNDEFINED("at s1e2r, x9");
    CHECK_UNDEFINED("at s12e1r, x9");
    CHECK_UNDEFINED("tlbi alle1");
    CHECK_UNDEFINED("tlbi alle2is");
    CHECK_UNDEFINED("tlbi ipas2e1is, x9");
    CHECK_UNDEFINED("smc #0x1234\n\t.inst 0");
    CHECK_UNDEFINED(".inst 0x00000000");
    CHECK_UNDEFINED("msr S3_0_C0_C4_0, x9"); /* An ID register is for reading. */
    if (platform.gic_version == 2) {
        CHECK_UNDEFINED("mrs x9, S3_0_C12_C12_0"); /* ICC_IAR1_EL1 */
        CHECK_UNDEFINED("msr S3_0_C12_C11_5, x9"); /* ICC_SGI1R_EL1 */
        CHECK_UNDEFINED("msr S3_0_C12_C12_5, x9"); /* ICC_SRE_EL1 */
    }
}

/* Debug and performance registers: nothing is there, and nothing is kept. */
static void check_hidden_registers(void)
{
    SYSREG_WRITE(mdscr_el1, ~0UL);
    CHECK_EQ(SYSREG_READ(mdscr_el1), 0);
    SYSREG_WRITE(oslar_el1, 0);
    SYSREG_WRITE(dbgbvr0_el1, 0x40000000);
    SYSREG_WRITE(dbgbcr0_el1, 0x1e7);
    CHECK_EQ(SYSREG_READ(dbgbcr0_el1), 0);
    SYSREG_WRITE(pmcr_el0, 1);
    CHECK_EQ(SYSREG_READ(pmcr_el0), 0);
    SYSREG_WRITE(pmcntenset_el0, ~0UL);
    CHECK_EQ(SYSREG_READ(pmcntenset_el0), 0);
    CHECK_EQ(SYSREG_READ(pmccntr_el0), 0);
    SYSREG_WRITE(pmintenset_el1, ~0UL);
    SYSREG_WRITE(actlr_el1, ~0UL);
    CHECK_EQ(SYSREG_READ(actlr_el1), 0);
}

static uint64_t field(uint64_t value, unsigned at)
{
    return value >> at & 0xf;
}

static void check_id_registers(void)
{
    uint64_t pfr0 = SYSREG_READ(id_aa64pfr0_el1), dfr0 = SYSREG_READ(id_aa64dfr0_el1);

    CHECK(field(pfr0, 0) != 0 && field(pfr0, 4) != 0);
    CHECK_EQ(field(pfr0, 8), 0);  /* EL2 */
    CHECK_EQ(field(pfr0, 12), 0); /* EL3 */
    CHECK_EQ(field(pfr0, 16), 0); /* FP is there. */
    CHECK_EQ(field(pfr0, 24), platform.gic_version == 3 ? 1 : 0);
    CHECK_EQ(field(pfr0, 32), 0); /* SVE */
    CHECK_EQ(field(dfr0, 8), 0);  /* PMU */
    CHECK_EQ(field(dfr0, 4), 0);  /* Trace */
    CHECK_EQ(SYSREG_READ(S3_0_C0_C4_4), 0);
    CHECK_EQ(SYSREG_READ(S3_0_C0_C7_7), 0);
    CHECK_EQ(SYSREG_READ(mpidr_el1), 0x80000000UL);
    CHECK(SYSREG_READ(midr_el1) >> 24 == 0x41);
    CHECK(SYSREG_READ(id_aa64mmfr0_el1) != 0);
}

unsigned guest_main(void)
{
    SYSREG_WRITE(cpacr_el1, 3 << 20); /* FP for check_odd_accesses(). */
    isb();
    check_address_space();
    check_device_edges();
    check_odd_accesses(NOTHING_THERE);
    check_odd_accesses(platform.gicd.base + 0x400);
    check_odd_accesses(UART_BASE + 0x40);
    check_maintenance(NOTHING_THERE);
    check_maintenance(UART_BASE);
    check_jumps();
    check_foreign_registers();
    check_hidden_registers();
    check_id_registers();
    return checks_end(&checks);
}
