/* SPDX-License-Identifier: Apache-2.0 */
/* insncount.c - a plugin for QEMU: how many instructions a machine does from reset to its end, or how often
 * it does one of them.
 *
 *     -plugin build/tools/insncount.so,out=FILE[,at=0x800000b940]
 *
 * FILE gets one decimal number: of all instructions, or with at= how often the one at that virtual address
 * was carried out, at whatever exception level. Virtual time under -icount is no such count: it also runs
 * while the CPU sleeps. A block that an interrupt or an abort ends early counts whole, a few instructions in
 * a thousand.
 *
 * Before it come the marks, each the number so far when a program did the instruction HINT #0x70
 * (tools/mark). */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../el2stay/qemu_plugin.h"

#define HINT_MARK 0xd5032e1fU /* HINT #0x70 of the Arm ARM, which defines none by that number. */
#define MARK_MAX 256

QEMU_VISIBLE int qemu_plugin_version = QEMU_PLUGIN_VERSION_USED;

static char path[4096];
static uint64_t address; /* 0: none is asked for. */
static _Atomic uint64_t count;
static uint64_t marks[MARK_MAX];
static _Atomic unsigned mark_count;

static void executed(unsigned int cpu, void *data)
{
    (void)cpu;
    atomic_fetch_add_explicit(&count, (uintptr_t)data, memory_order_relaxed);
}

/* Of several CPUs each gets a place of its own. */
static void marked(unsigned int cpu, void *data)
{
    unsigned number = atomic_fetch_add_explicit(&mark_count, 1, memory_order_relaxed);

    (void)cpu;
    (void)data;
    if (number < MARK_MAX) {
        marks[number] = atomic_load_explicit(&count, memory_order_relaxed);
    }
}

static void watch_marks(struct qemu_plugin_tb *tb)
{
    size_t length = qemu_plugin_tb_n_insns(tb);

    for (size_t i = 0; i < length; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint32_t word = 0;

        if (qemu_plugin_insn_size(insn) == sizeof(word)) {
            memcpy(&word, qemu_plugin_insn_data(insn), sizeof(word));
        }
        if (word == HINT_MARK) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
    }
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
    size_t length = qemu_plugin_tb_n_insns(tb);

    (void)id;
    watch_marks(tb);
    if (address == 0) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS, (void *)length);
        return;
    }
    for (size_t i = 0; i < length; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

        if (qemu_plugin_insn_vaddr(insn) == address) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, QEMU_PLUGIN_CB_NO_REGS, (void *)1);
        }
    }
}

static void ended(uint64_t id, void *data)
{
    FILE *file = fopen(path, "w");

    (void)id;
    (void)data;
    if (file != NULL) {
        for (unsigned i = 0; i < mark_count && i < MARK_MAX; i++) {
            fprintf(file, "%" PRIu64 "\n", marks[i]);
        }
        fprintf(file, "%" PRIu64 "\n", count);
        fclose(file);
    }
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    char *rest = "";

    (void)info;
    if (argc > 1 && strncmp(argv[1], "at=", 3) == 0) {
        address = strtoull(argv[1] + 3, &rest, 0);
    }
    if (argc < 1 || argc > 2 || strncmp(argv[0], "out=", 4) != 0 || strlen(argv[0]) >= sizeof(path) ||
        *rest != '\0' || (argc == 2 && address == 0)) {
        fprintf(stderr, "insncount: write out=FILE and perhaps at=ADDRESS\n");
        return 1;
    }
    strcpy(path, argv[0] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
