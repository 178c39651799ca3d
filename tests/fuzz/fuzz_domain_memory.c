/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_domain_memory.c - the input is what domains do with their memory and their grants; whatever it is,
 * each answer is the model's, and at the end every page is where it belongs. */
#include "fuzz_random.h"

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
