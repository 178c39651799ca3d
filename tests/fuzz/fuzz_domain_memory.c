/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_domain_memory.c - the input is what domains do with their memory and their grants; whatever it is,
 * each answer is the model's, and at the end every page is where it belongs. */
#include <stdlib.h>

#include "lib/types.h"

static const uint8_t *input;
static size_t input_left;

static uint64_t machine_random(uint64_t limit)
{
    uint64_t value = 0;

    for (uint64_t rest = limit - 1; rest != 0 && input_left != 0; rest >>= 8) {
        value = value << 8 | *input++;
        input_left--;
    }
    return value % limit;
}

#define MACHINE_CHECK(condition)                                                                             \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)
#include "domain_acts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input = data;
    input_left = size;
    machine_init();
    for (unsigned steps = 0; input_left != 0 && steps < 500; steps++) {
        machine_act();
    }
    machine_check();
    machine_end();
    return 0;
}
