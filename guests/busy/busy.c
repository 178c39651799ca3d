/* SPDX-License-Identifier: Apache-2.0 */
/* busy.c - the busy neighbour: keeps its CPUs and its memory hot and never ends. Boot arguments: mib=N memory
 * to walk (8), every=MILLISECONDS between lines of life (1000). */
#include "guest.h"

#define LINE_BYTES 64

extern char __image_end[];

static uint64_t walk(uint64_t *memory, uint64_t words, uint64_t value)
{
    for (uint64_t i = 0; i < words; i += LINE_BYTES / sizeof(*memory)) {
        value = (value ^ memory[i]) * 6364136223846793005UL + 1442695040888963407UL;
        memory[i] = value;
    }
    return value;
}

/* Memory after the image, as far as its bank and the wish go; the device tree may lie in it, and is no longer
 * needed. */
static uint64_t memory_bytes(uint64_t begin, uint64_t wanted)
{
    for (unsigned i = 0; i < platform.bank_count; i++) {
        const struct range *bank = &platform.memory[i];
        uint64_t end = bank->base + bank->size_bytes;
        if (begin >= bank->base && begin < end) {
            return end - begin < wanted ? end - begin : wanted;
        }
    }
    return 0;
}

unsigned guest_main(void)
{
    uint64_t every = bootarg_number("every", 1000) * (timer_frequency() / 1000);
    uint64_t begin = (uint64_t)__image_end;
    uint64_t bytes = memory_bytes(begin, bootarg_number("mib", 8) << 20);
    uint64_t value = 1, rounds = 0, next = timer_now(TIMER_VIRT);

    print("busy: walking %lu KiB for ever\n", bytes >> 10);
    for (;;) {
        value = walk((uint64_t *)begin, bytes / sizeof(uint64_t), value);
        rounds++;
        if (timer_now(TIMER_VIRT) >= next) {
            next += every;
            print("busy: alive, round %lu, value %lx\n", rounds, value);
        }
    }
}
