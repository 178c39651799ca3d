/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_random.h - the fuzzer's input decides what a model's machine does next, where a property test asks its
 * random numbers. */
#ifndef TESTS_FUZZ_RANDOM_H
#define TESTS_FUZZ_RANDOM_H

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

#endif
