/* SPDX-License-Identifier: Apache-2.0 */
/* order.c - nodes in the order of a key, each with some marks: the first with a given mark in O(log n).
 *
 * An AVL tree (G. Adelson-Velsky, E. Landis, 1962): the two sides of a node differ in height by at most one,
 * so n nodes are at most 1.44 log2(n + 2) high. Each node also knows which marks are found at or below it,
 * which leads from the root straight to the first with any of them, whatever the masks.
 *
 *              20 {1} below {0,1,2}
 *             /                    \
 *     10 {0} below {0}      30 {2} below {1,2}        first for 1: left side has none, so it is 20
 *                                        \
 *                                         40 {1}
 *
 * Locking: the owner's. */
#include "sched/order.h"

static unsigned height_of(const struct order_node *node)
{
    return node != NULL ? node->height : 0;
}

static uint64_t below_of(const struct order_node *node)
{
    return node != NULL ? node->below : 0;
}

/* From what its children say. */
static void refresh(struct order_node *node)
{
    unsigned left = height_of(node->child[0]), right = height_of(node->child[1]);

    node->height = 1 + (left > right ? left : right);
    node->below = node->marks | below_of(node->child[0]) | below_of(node->child[1]);
}

/* @with, or nothing, takes the place of @node below its parent. */
static void replace(struct order *order, const struct order_node *node, struct order_node *with)
{
    if (node->up == NULL) {
        order->root = with;
    } else {
        node->up->child[node->up->child[1] == node] = with;
    }
    if (with != NULL) {
        with->up = node->up;
    }
}

/* The child on @side of @node goes above it. */
static struct order_node *rotate(struct order *order, struct order_node *node, unsigned side)
{
    struct order_node *top = node->child[side], *inner = top->child[!side];

    replace(order, node, top);
    node->child[side] = inner;
    if (inner != NULL) {
        inner->up = node;
    }
    top->child[!side] = node;
    node->up = top;
    refresh(node);
    refresh(top);
    return top;
}

/* Heights and masks from @node up, as far as they change. */
static void repair(struct order *order, struct order_node *node)
{
    for (; node != NULL; node = node->up) {
        unsigned left = height_of(node->child[0]), right = height_of(node->child[1]);
        unsigned high = right > left, low = !high, height = node->height;
        uint64_t below = node->below;

        refresh(node);
        if (left > right + 1 || right > left + 1) {
            struct order_node *child = node->child[high];

            if (height_of(child->child[low]) > height_of(child->child[high])) {
                (void)rotate(order, child, low);
            }
            node = rotate(order, node, high);
        }
        if (node->height == height && node->below == below) {
            return;
        }
    }
}

void order_insert(struct order *order, struct order_node *node, uint64_t key, uint64_t marks)
{
    struct order_node *up = NULL;
    struct order_node **place = &order->root;

    while (*place != NULL) {
        up = *place;
        place = &up->child[(int64_t)(key - up->key) >= 0];
    }
    *node = (struct order_node){.up = up, .key = key, .marks = marks};
    *place = node;
    repair(order, node);
}

void order_remove(struct order *order, struct order_node *node)
{
    struct order_node *last = node, *from;

    if (node->height == 0) {
        return;
    }
    if (node->child[0] != NULL && node->child[1] != NULL) {
        /* The next in order has no left child; it takes the place of @node. */
        for (last = node->child[1]; last->child[0] != NULL; last = last->child[0]) {
        }
    }
    from = last->up;
    replace(order, last, last->child[last->child[0] == NULL]);
    if (last != node) {
        from = from == node ? last : from;
        last->height = node->height;
        last->below = node->below;
        replace(order, node, last);
        for (unsigned side = 0; side < 2; side++) {
            last->child[side] = node->child[side];
            if (last->child[side] != NULL) {
                last->child[side]->up = last;
            }
        }
    }
    repair(order, from);
    if (last != node) {
        repair(order, last); /* In its new place, which the other may not have reached. */
    }
    node->height = 0;
}

void order_set_marks(struct order_node *node, uint64_t marks)
{
    node->marks = marks;
    for (; node != NULL; node = node->up) {
        uint64_t below = node->below;

        refresh(node);
        if (node->below == below) {
            return;
        }
    }
}

struct order_node *order_first(const struct order *order, uint64_t marks)
{
    struct order_node *node = order->root;

    while (node != NULL && (node->below & marks) != 0) {
        if ((below_of(node->child[0]) & marks) != 0) {
            node = node->child[0];
        } else if ((node->marks & marks) != 0) {
            return node;
        } else {
            node = node->child[1];
        }
    }
    return NULL;
}

struct order_node *order_least(const struct order *order)
{
    struct order_node *node = order->root;

    while (node != NULL && node->child[0] != NULL) {
        node = node->child[0];
    }
    return node;
}

struct order_node *order_next(const struct order_node *node)
{
    struct order_node *next = node->child[1];

    if (next != NULL) {
        while (next->child[0] != NULL) {
            next = next->child[0];
        }
        return next;
    }
    while (node->up != NULL && node->up->child[1] == node) {
        node = node->up;
    }
    return node->up;
}
