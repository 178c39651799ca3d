/* SPDX-License-Identifier: Apache-2.0 */
/* test_sched_order.c - the order against an array, its height, its masks. */
#include "sched/order.h"

#include <string.h>

#include "test.h"

#define NODES 300

static struct order order;
static struct order_node nodes[NODES];
static uint64_t stamp[NODES]; /* When it was put in: the older comes first among equals. */
static uint64_t clock;

static unsigned scale(void)
{
    return test_long() || getenv("TEST_LONG") != NULL ? 10 : 1;
}

/* The first for @cpus, the slow way. */
static struct order_node *scan(uint32_t cpus)
{
    struct order_node *best = NULL;

    for (unsigned i = 0; i < NODES; i++) {
        if (nodes[i].height != 0 && (nodes[i].cpus & cpus) != 0 &&
            (best == NULL || nodes[i].key < best->key ||
             (nodes[i].key == best->key && stamp[i] < stamp[best - nodes]))) {
            best = &nodes[i];
        }
    }
    return best;
}

static void check_node(const struct order_node *node)
{
    unsigned left = node->child[0] != NULL ? node->child[0]->height : 0;
    unsigned right = node->child[1] != NULL ? node->child[1]->height : 0;
    uint32_t below = node->cpus;

    for (unsigned side = 0; side < 2; side++) {
        if (node->child[side] != NULL) {
            CHECK_PTR_EQ(node->child[side]->up, node);
            CHECK(side == 0 ? node->child[0]->key <= node->key : node->child[1]->key >= node->key);
            below |= node->child[side]->below;
        }
    }
    CHECK_EQ(node->below, below);
    CHECK_EQ(node->height, 1 + (left > right ? left : right));
    CHECK(left <= right + 1 && right <= left + 1);
}

static void step(uint64_t keys)
{
    unsigned i = (unsigned)test_random_below(NODES);

    if (nodes[i].height == 0) {
        stamp[i] = ++clock;
        order_insert(&order, &nodes[i], test_random_below(keys), (uint32_t)test_random_below(256));
    } else if (test_random_below(4) == 0) {
        order_set_cpus(&nodes[i], (uint32_t)test_random_below(256));
    } else {
        order_remove(&order, &nodes[i]);
        CHECK_EQ(nodes[i].height, 0);
    }
}

TEST(order_equals_a_scan)
{
    for (unsigned round = 0; round < 20 * scale(); round++) {
        uint64_t keys = round % 2 == 0 ? 10 : UINT64_MAX;

        order.root = NULL;
        memset(nodes, 0, sizeof(nodes));
        for (unsigned i = 0; i < 5000; i++) {
            uint32_t cpus = 1u << test_random_below(8);

            step(keys);
            CHECK_PTR_EQ(order_first(&order, cpus), scan(cpus));
            CHECK_PTR_EQ(order_first(&order, UINT32_MAX), scan(UINT32_MAX));
            if (i % 50 == 0) {
                for (unsigned n = 0; n < NODES; n++) {
                    if (nodes[n].height != 0) {
                        check_node(&nodes[n]);
                    }
                }
            }
        }
    }
}

TEST(order_of_rising_keys_stays_low)
{
    order.root = NULL;
    memset(nodes, 0, sizeof(nodes));
    for (unsigned i = 0; i < 128; i++) {
        order_insert(&order, &nodes[i], i, 1);
    }
    CHECK(order.root->height <= 10); /* 1.44 log2(130) */
    order_remove(&order, &nodes[0]);
    order_remove(&order, &nodes[0]); /* Twice does no harm. */
    CHECK_PTR_EQ(order_first(&order, 1), &nodes[1]);
    CHECK_PTR_EQ(order_first(&order, 2), NULL);
}
