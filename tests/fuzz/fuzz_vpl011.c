/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_vpl011.c - any sequence of accesses and arriving characters: the FIFO stays sane, and no character is
 * lost or made up. */
#include <stdlib.h>
#include <string.h>

#include "vdev/vpl011.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP_BYTES 8u

/* One step as the fuzzer writes it. */
struct step {
    uint8_t kind, log_size;
    uint16_t offset;
    uint32_t value;
};

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void check_state(struct vpl011 *uart)
{
    uint32_t flags = vpl011_read(uart, 0x18, 4);

    check(uart->in_count <= VPL011_FIFO && uart->in_head < VPL011_FIFO);
    check(((flags & 0x10) != 0) == (uart->in_count == 0));
    check(((flags & 0x40) != 0) == (uart->in_count == VPL011_FIFO));
    check((flags & 0x80) != 0 && (flags & 0x28) == 0);
    check(vpl011_irq_level(uart) == (vpl011_read(uart, 0x40, 4) != 0));
    check((uart->ris & ~0x7ffu) == 0 && (uart->cr & ~0xffffu) == 0);
}

static void run_step(struct vpl011 *uart, const struct step *step)
{
    unsigned size = 1u << step->log_size % 3;
    uint32_t offset = step->offset % 0x1004u;
    unsigned before = uart->in_count;
    char out = 0;

    switch (step->kind % 3) {
    case 0:
        check(vpl011_receive(uart, (char)step->value) == (before < VPL011_FIFO));
        check(uart->in_count == before + (before < VPL011_FIFO ? 1 : 0));
        break;
    case 1:
        check(((uint64_t)vpl011_read(uart, offset, size) >> (8 * size)) == 0);
        check(uart->in_count == before - (offset == 0 && before != 0 ? 1 : 0));
        break;
    default:
        if (vpl011_write(uart, offset, size, step->value, &out)) {
            check(offset == 0 && out == (char)step->value);
            check(uart->in_count == before);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vpl011 uart;

    vpl011_init(&uart);
    for (; size >= STEP_BYTES; size -= STEP_BYTES, data += STEP_BYTES) {
        struct step step;

        _Static_assert(sizeof(step) == STEP_BYTES, "one step");
        memcpy(&step, data, sizeof(step));
        run_step(&uart, &step);
        check_state(&uart);
    }
    return 0;
}
