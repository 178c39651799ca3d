/* SPDX-License-Identifier: Apache-2.0 */
/* order.h - nodes in the order of a key, each for some pCPUs: the first for a given pCPU in O(log n). */
#ifndef SCHED_ORDER_H
#define SCHED_ORDER_H

#include "lib/types.h"

struct order_node {
    struct order_node *up, *child[2];
    uint64_t key;
    uint32_t cpus, below; /* Masks: its own; together with all below it. */
    unsigned height;      /* 0: in no order. */
};

struct order {
    struct order_node *root;
};

/* Put @node, which is in no order, behind all whose key is no higher. */
void order_insert(struct order *order, struct order_node *node, uint64_t key, uint32_t cpus);
/* Take @node out; nothing when it is in no order. */
void order_remove(struct order *order, struct order_node *node);
void order_set_cpus(struct order_node *node, uint32_t cpus);
/* The first node with one of @cpus; NULL: none. */
struct order_node *order_first(const struct order *order, uint32_t cpus);

#endif
