/* SPDX-License-Identifier: Apache-2.0 */
/* insncount.c - a plugin for QEMU: how many instructions a machine of one CPU does from reset to its end.
 *
 *     -plugin build/tools/insncount.so,out=FILE
 *
 * FILE gets one decimal number. Virtual time under -icount is no such count: it also runs while the CPU
 * sleeps. A block that an interrupt or an abort ends early counts whole, a few instructions in a thousand. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../el2stay/qemu_plugin.h"

QEMU_VISIBLE int qemu_plugin_version = QEMU_PLUGIN_VERSION_USED;

static char path[4096];
static uint64_t count;

static void executed(unsigned int cpu, void *data)
{
    (void)cpu;
    count += (uintptr_t)data;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS,
                                         (void *)qemu_plugin_tb_n_insns(tb));
}

static void ended(uint64_t id, void *data)
{
    FILE *file = fopen(path, "w");

    (void)id;
    (void)data;
    if (file != NULL) {
        fprintf(file, "%" PRIu64 "\n", count);
        fclose(file);
    }
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0 || strlen(argv[0]) >= sizeof(path)) {
        fprintf(stderr, "insncount: write out=FILE\n");
        return 1;
    }
    strcpy(path, argv[0] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
