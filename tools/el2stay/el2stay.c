/* SPDX-License-Identifier: Apache-2.0 */
/* el2stay.c - a plugin for QEMU that counts how long a CPU stays in EL2, and in what it does there.
 *
 *     -plugin build/tools/el2stay.so,symbols=FILE,out=FILE,gic=START-END,mark=FUNCTION,bar=N
 *
 * symbols is what `nm -n bulkhead.elf` printed; out is written when QEMU ends; gic may be given several
 * times, in hardware addresses, as may mark: stays in which a marked function ran are counted apart. stays.c
 * has what a stay is.
 *
 * EL2 is told by where an instruction lies: at an address of the image's text *and* in the image's memory, so
 * that a guest which maps something of its own at the same virtual address is not mistaken for it. The few
 * instructions of boot that run before the MMU is on are not counted. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"
#include "stays.h"

#define BAR_DEFAULT 5000

#define INSN_BYTES 4
#define A64_ERET 0xd69f03e0u
#define A64_WFE 0xd503205fu
#define A64_WFI 0xd503207fu
/* MSR and MRS (register); then op1, CRn, CRm. GICv3's CPU interface and hypervisor interface are CRn 12, CRm
 * 8 and up, and ICC_PMR_EL1, CRn 4, CRm 6. */
#define A64_SYSREG_MASK 0xffd00000u
#define A64_SYSREG 0xd5100000u
#define A64_SYSREG_READ (1u << 21)

/* Of VBAR_EL2: the vectors of an exception in EL2 itself are below the ones by which guests come. */
#define VECTOR_TABLE_BYTES 0x800u
#define VECTOR_BYTES 0x80u
#define VECTOR_OWN 4u
#define VECTOR_GUEST 8u

QEMU_VISIBLE int qemu_plugin_version = QEMU_PLUGIN_VERSION_USED;

static struct stays_config config = {.bar = BAR_DEFAULT};
static struct insn *insns;     /* One for each of the text. */
static uintptr_t image_offset; /* From the virtual address to QEMU's memory; 0: not known yet. */

static const char *const vector_tables[] = {"vectors", "vectors_fast_v2", "vectors_fast_v3"};

static enum kind kind_of(uint32_t code)
{
    uint32_t crn = code >> 12 & 0xf, crm = code >> 8 & 0xf;

    if (code == A64_ERET) {
        return KIND_ERET;
    }
    if (code == A64_WFI) {
        return KIND_WFI;
    }
    if (code == A64_WFE) {
        return KIND_WFE;
    }
    if ((code & A64_SYSREG_MASK) == A64_SYSREG && ((crn == 12 && crm >= 8) || (crn == 4 && crm == 6))) {
        return code & A64_SYSREG_READ ? KIND_GIC_READ : KIND_GIC_WRITE;
    }
    return KIND_PLAIN;
}

/* The vector that begins at @addr: its number of sixteen, or -1. */
static int vector_at(uint64_t addr)
{
    for (size_t i = 0; i < sizeof(vector_tables) / sizeof(vector_tables[0]); i++) {
        uint64_t table = symbols_address(&config.symbols, vector_tables[i]);

        if (table != 0 && addr >= table && addr < table + VECTOR_TABLE_BYTES && addr % VECTOR_BYTES == 0) {
            return (int)((addr - table) / VECTOR_BYTES);
        }
    }
    return -1;
}

static struct insn *insn_at(uint64_t addr, uint32_t code)
{
    static const enum entry entries[] = {ENTRY_SYNC, ENTRY_IRQ, ENTRY_FIQ, ENTRY_SERROR};
    struct insn *insn = &insns[(addr - config.symbols.text_start) / INSN_BYTES];
    int vector;

    if (insn->known) {
        return insn;
    }
    vector = vector_at(addr);
    insn->function = symbols_find(&config.symbols, addr);
    insn->line = (uint32_t)((addr - config.symbols.text_start) >> LINE_SHIFT);
    insn->kind = (uint8_t)kind_of(code);
    insn->entry = ENTRY_COUNT;
    insn->starts = insn->function != FUNCTION_NONE && config.symbols.functions[insn->function].addr == addr;
    if (vector >= (int)VECTOR_GUEST) {
        insn->entry = (uint8_t)entries[vector % 4];
    } else if (vector >= (int)VECTOR_OWN) {
        insn->kind = KIND_OWN_VECTOR;
    }
    insn->known = true;
    return insn;
}

static void on_insn(unsigned int cpu, void *data)
{
    stays_insn(cpu, data);
}

static void on_guest(unsigned int cpu, void *data)
{
    (void)data;
    stays_guest(cpu);
}

static void on_access(unsigned int cpu, uint32_t access, uint64_t vaddr, void *data)
{
    struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(access, vaddr);
    uint64_t addr;

    (void)data;
    if (where == NULL || !qemu_plugin_hwaddr_is_io(where)) {
        uint64_t last = vaddr + ((uint64_t)1 << qemu_plugin_mem_size_shift(access)) - 1;

        stays_data(cpu, vaddr);
        if (last >> LINE_SHIFT != vaddr >> LINE_SHIFT) {
            stays_data(cpu, last);
        }
        return;
    }
    addr = qemu_plugin_hwaddr_phys_addr(where);
    for (unsigned i = 0; i < config.range_count; i++) {
        if (addr >= config.ranges[i].start && addr < config.ranges[i].end) {
            stays_gic(cpu, qemu_plugin_mem_is_store(access));
            return;
        }
    }
}

static bool in_image(const struct qemu_plugin_insn *insn)
{
    uint64_t addr = qemu_plugin_insn_vaddr(insn);
    uintptr_t host = (uintptr_t)qemu_plugin_insn_haddr(insn);

    if (addr < config.symbols.text_start || addr >= config.symbols.text_end) {
        return false;
    }
    if (image_offset == 0) {
        image_offset = host - (uintptr_t)addr; /* The first that runs there is the hypervisor's, at boot. */
    }
    return host - (uintptr_t)addr == image_offset;
}

static void on_translated(uint64_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);

    (void)id;
    if (!in_image(qemu_plugin_tb_get_insn(tb, 0))) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, on_guest, QEMU_PLUGIN_CB_NO_REGS, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint32_t code;

        memcpy(&code, qemu_plugin_insn_data(insn), sizeof(code));
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn, QEMU_PLUGIN_CB_NO_REGS,
                                               insn_at(qemu_plugin_insn_vaddr(insn), code));
        qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
    }
}

static void on_end(uint64_t id, void *data)
{
    (void)id;
    (void)data;
    stays_report();
}

/* One word of the command line. Returns false after a message when it makes no sense. */
static bool take_argument(char *word)
{
    char *value = strchr(word, '=');
    uint64_t start, last;

    if (value != NULL) {
        *value = '\0';
        value++;
        if (strcmp(word, "symbols") == 0) {
            return symbols_read(&config.symbols, value);
        }
        if (strcmp(word, "out") == 0) {
            config.out = strdup(value);
            return true;
        }
        if (strcmp(word, "bar") == 0 && sscanf(value, "%" SCNu64, &config.bar) == 1) {
            return true;
        }
        if (strcmp(word, "mark") == 0 && config.mark_count < MARK_MAX) {
            config.marks[config.mark_count] = strdup(value);
            config.mark_count++;
            return true;
        }
        if (strcmp(word, "gic") == 0 && config.range_count < MARK_MAX &&
            sscanf(value, "%" SCNx64 "-%" SCNx64, &start, &last) == 2) {
            config.ranges[config.range_count].start = start;
            config.ranges[config.range_count].end = last + 1;
            config.range_count++;
            return true;
        }
    }
    fprintf(stderr,
            "el2stay: what is '%s'? There are: symbols=FILE out=FILE gic=START-END mark=FUNCTION bar=N\n",
            word);
    return false;
}

QEMU_VISIBLE int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!take_argument(argv[i])) {
            return -1;
        }
    }
    if (config.out == NULL || config.symbols.count == 0) {
        fprintf(stderr, "el2stay: symbols=FILE and out=FILE are needed\n");
        return -1;
    }
    insns = calloc((config.symbols.text_end - config.symbols.text_start) / INSN_BYTES, sizeof(*insns));
    if (insns == NULL || !stays_init(&config)) {
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
