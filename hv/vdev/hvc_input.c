/* SPDX-License-Identifier: Apache-2.0 */
/* hvc_input.c - what is typed to a domain that reads it by hypercall, first in, first out. */
#include "vdev/hvc_input.h"

#include "lib/lock_rank.h"
#include "lib/panic.h"

void hvc_input_init(struct hvc_input *input)
{
    spin_init(&input->lock, LOCK_RANK_VPL011);
    input->head = 0;
    input->count = 0;
}

bool hvc_input_put(struct hvc_input *input, char c)
{
    bool room;

    spin_lock(&input->lock);
    room = input->count < HVC_INPUT_MAX;
    if (room) {
        input->text[(input->head + input->count) % HVC_INPUT_MAX] = c;
        input->count++;
    }
    spin_unlock(&input->lock);
    return room;
}

unsigned hvc_input_peek(const struct hvc_input *input, char *to, unsigned size)
{
    unsigned count = input->count < size ? input->count : size;

    for (unsigned i = 0; i < count; i++) {
        to[i] = input->text[(input->head + i) % HVC_INPUT_MAX];
    }
    return count;
}

void hvc_input_drop(struct hvc_input *input, unsigned count)
{
    ASSERT(count <= input->count);
    input->head = (input->head + count) % HVC_INPUT_MAX;
    input->count -= count;
}
