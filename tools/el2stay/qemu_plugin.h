/* SPDX-License-Identifier: Apache-2.0 */
/* qemu_plugin.h - the part of QEMU's plugin interface that is used here, version 1 of it (QEMU 6.2 to 8.2).
 * Source: QEMU's documentation, devel/tcg-plugins. */
#ifndef EL2STAY_QEMU_PLUGIN_H
#define EL2STAY_QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_VERSION_USED 1

/* What QEMU looks up in a plugin. */
#define QEMU_VISIBLE __attribute__((visibility("default")))
extern QEMU_VISIBLE int qemu_plugin_version;
QEMU_VISIBLE int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

/* One translated block, one instruction of it, and where an access went: QEMU's own, seen through functions
 * only. The first two live as long as the translation callback, the last as long as the access's. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

/* Does a callback look at the CPU's registers? It cannot in this version. */
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_CB_R_REGS, QEMU_PLUGIN_CB_RW_REGS };
/* Which accesses call back. */
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W, QEMU_PLUGIN_MEM_RW };

typedef void qemu_translated(uint64_t id, struct qemu_plugin_tb *tb);
typedef void qemu_executed(unsigned int cpu, void *data);
typedef void qemu_accessed(unsigned int cpu, uint32_t access, uint64_t vaddr, void *data);
typedef void qemu_ended(uint64_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_translated *callback);
void qemu_plugin_register_atexit_cb(uint64_t id, qemu_ended *callback, void *data);

/* Before a block and before an instruction is carried out. */
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_executed *callback,
                                          enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_executed *callback,
                                            enum qemu_plugin_cb_flags flags, void *data);
/* After an access of an instruction; more than one when it accesses a pair. */
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_accessed *callback,
                                      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw which,
                                      void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn); /* In QEMU's own memory. */
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

bool qemu_plugin_mem_is_store(uint32_t access);
unsigned int qemu_plugin_mem_size_shift(uint32_t access);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t access, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *addr);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *addr);

#endif
