/* SPDX-License-Identifier: Apache-2.0 */
/* hvc_input.h - what is typed to a domain that reads it by hypercall: the control domain. */
#ifndef VDEV_HVC_INPUT_H
#define VDEV_HVC_INPUT_H

#include "arch/spinlock.h"
#include "lib/types.h"

#define HVC_INPUT_MAX 128u

struct hvc_input {
    struct spinlock lock; /* LOCK_RANK_VPL011: guards the rest. */
    char text[HVC_INPUT_MAX];
    unsigned head, count;
};

void hvc_input_init(struct hvc_input *input);

/* Keep @c. Returns false when there is no room. Any CPU, no lock held. */
bool hvc_input_put(struct hvc_input *input, char c);

/* The oldest characters, @size at most, into @to; they stay. Returns how many. With the lock held. */
unsigned hvc_input_peek(const struct hvc_input *input, char *to, unsigned size);

/* The oldest @count have been read. With the lock held. */
void hvc_input_drop(struct hvc_input *input, unsigned count);

#endif
