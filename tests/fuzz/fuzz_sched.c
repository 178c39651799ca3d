/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_sched.c - the input is the life of a simulated machine: policy, pCPUs, what units do and how long all
 * takes. Every rule of sched.h is checked after each event. */
#include "fuzz_random.h"

#include "sched_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct machine m;

    input = data;
    input_left = size;
    machine_init(&m, sched_policy((unsigned)machine_random(4)), 1 + (unsigned)machine_random(8));
    m.stale_ns = machine_random(2) * 2000;
    m.kick_delay_ns = machine_random(1000000);
    m.pool.ratelimit_ns = machine_random(20) * NS_PER_MS;
    m.pool.overcommit = machine_random(2) != 0;
    m.caps = machine_random(2) != 0;
    m.domain_count = 1 + (unsigned)machine_random(MACHINE_UNITS);
    for (unsigned steps = 0; input_left != 0 && steps < 1000; steps++) {
        machine_random_act(&m);
        machine_check(&m);
        machine_run(&m, machine_random(256) * 20000, true);
    }
    return 0;
}
