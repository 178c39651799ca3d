/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_vgic.c - a hostile guest on the virtual GIC: any access of any width anywhere, while devices and list
 * registers go on. */
#include <stdarg.h>

#include "vgic_machine.h"
#include "vgic_short.h"

void test_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    abort();
}

void test_check_eq(const char *file, int line, const char *a_text, __int128 a, const char *b_text, __int128 b)
{
    if (a != b) {
        test_fail(file, line, "%s == %s", a_text, b_text);
    }
}

void test_check_string(const char *file, int line, const char *a_text, const char *a, const char *b)
{
    if (a != b && (a == NULL || b == NULL || strcmp(a, b) != 0)) {
        fprintf(stderr, "%s:%d: %s is %s, not %s\n", file, line, a_text, a != NULL ? a : "NULL",
                b != NULL ? b : "NULL");
        abort();
    }
}

static const uint8_t *input;
static size_t left;

static uint64_t take(unsigned bytes)
{
    uint64_t value = 0;

    for (; bytes > 0 && left > 0; bytes--, left--) {
        value = value << 8 | *input++;
    }
    return value;
}

static void start(void)
{
    unsigned options = (unsigned)take(2);

    machine_start(2 + options % 2, 1 + options / 2 % VCPU_MAX, 1 + options / 16 % 5,
                  options % 3 == 0 ? GIC_INTID_MAX : 96);
    machine_link(27, false);
    for (unsigned intid = 30; intid < 64; intid += 3) {
        machine_link(intid, intid % 2 == 0);
    }
    for (unsigned vcpu = 0; vcpu < machine.config.vcpu_count; vcpu++) {
        machine_fill(vcpu);
    }
}

static void guest_access(unsigned vcpu, unsigned how)
{
    uint32_t offset = (uint32_t)take(how & 1 ? 2 : 3);
    uint64_t value = take(how & 2 ? 4 : 8), written = value;
    bool redist = (how & 4) != 0, write = (how & 8) != 0, done;
    unsigned size = 1u << (how >> 4 & 3);

    offset = redist && (how & 1) != 0 ? offset % 0x1000 + 0x10000 : offset;
    done = machine_access(vcpu, redist ? (int)(how >> 6 & 7) : -1, offset, size, write, &value);
    CHECK(!write || value == written); /* A write gives nothing back, a read no more than was asked for. */
    CHECK(write || !done || size == 8 || value >> (size * 8) == 0);
}

static void device(unsigned vcpu, unsigned what)
{
    unsigned intid = GIC_PPI_FIRST + what / 4 % (machine.config.spi_limit - GIC_PPI_FIRST);
    struct physical *physical = machine_physical(vcpu, intid);

    if (vgic_linked(machine.vgic, intid)) {
        physical->latch = physical->line = what % 2 == 0;
        machine_fire(vcpu, intid, what % 4 < 2);
    } else if (what % 4 == 0) {
        machine_pend(vcpu, intid);
    } else {
        machine_notice_one(vgic_set_level(machine.vgic, vcpu, intid, what % 4 == 1));
    }
}

static void guest_step(unsigned vcpu, unsigned what)
{
    int slot = machine_ack(vcpu);

    if (slot >= 0 && what % 2 == 0) {
        machine_end(vcpu, (unsigned)slot);
    }
    slot = (int)(what / 2 % machine.config.lr_count);
    if ((machine.cpu[vcpu].lr[slot].state & GIC_LR_ACTIVE) != 0) {
        machine_end(vcpu, (unsigned)slot);
    }
}

static void switch_vcpu(unsigned vcpu, unsigned what)
{
    if (machine.cpu[vcpu].loaded) {
        machine_unload(vcpu);
    } else {
        if (what % 4 == 0) {
            vgic_vcpu_reset(machine.vgic, vcpu);
        }
        machine_fill(vcpu);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input = data;
    left = size;
    start();
    while (left > 0) {
        unsigned op = (unsigned)take(1), what = (unsigned)take(2);
        unsigned vcpu = op / 8 % machine.config.vcpu_count;

        if (op % 8 < 3 && machine.cpu[vcpu].loaded) {
            guest_access(vcpu, what);
        } else if (op % 8 == 3) {
            device(vcpu, what);
        } else if (op % 8 == 4 && machine.cpu[vcpu].loaded) {
            guest_step(vcpu, what);
        } else if (op % 8 == 5) {
            switch_vcpu(vcpu, what);
        } else if (op % 8 == 6 && machine.config.version == 3) {
            machine_sgi(vcpu, take(8), what & 1);
        } else if (op % 8 == 6) {
            (void)machine_send_self(vcpu, what % GIC_SGI_COUNT);
        }
    }
    check_invariants();
    return 0;
}
