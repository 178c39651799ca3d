/* SPDX-License-Identifier: Apache-2.0 */
/* order.h - nodes in the order of a key, each with some marks, as the pCPUs it is for: the first with a given
 * mark in O(log n). */
#ifndef SCHED_ORDER_H
#define SCHED_ORDER_H

#include "lib/types.h"

struct order_node {
    struct order_node *up, *child[2];
    uint64_t key;
    uint64_t marks, below; /* Masks: its own; together with all below it. */
    unsigned height;       /* 0: in no order. */
};

struct order {
    struct order_node *root;
};

/* Put @node, which is in no order, behind all whose key is no higher. Keys are compared by their difference,
 * which must be below 2^63: they may wrap. */
void order_insert(struct order *order, struct order_node *node, uint64_t key, uint64_t marks);
/* Take @node out; nothing when it is in no order. */
void order_remove(struct order *order, struct order_node *node);
void order_set_marks(struct order_node *node, uint64_t marks);
/* The first node with one of @marks; NULL: none. */
struct order_node *order_first(const struct order *order, uint64_t marks);
/* The first of all, and the one behind @node; NULL: none. */
struct order_node *order_least(const struct order *order);
struct order_node *order_next(const struct order_node *node);

static inline bool order_empty(const struct order *order)
{
    return order->root == NULL;
}

/* The only node; NULL: there is none, or there are several. */
static inline struct order_node *order_only(const struct order *order)
{
    return order->root != NULL && order->root->height == 1 ? order->root : NULL;
}

/* @node, which is in no order, takes the place of @only, the only node. */
static inline void order_replace_only(struct order *order, struct order_node *only, struct order_node *node,
                                      uint64_t key, uint64_t marks)
{
    only->height = 0;
    node->up = NULL;
    node->child[0] = NULL;
    node->child[1] = NULL;
    node->key = key;
    node->marks = marks;
    node->below = marks;
    node->height = 1;
    order->root = node;
}

#endif
