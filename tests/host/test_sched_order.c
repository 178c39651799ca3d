/* SPDX-License-Identifier: Apache-2.0 */
/* test_sched_order.c - the order against an array, its height, its marks; keys that wrap. */
#include "sched/order.h"

#include <string.h>

#include "test.h"

#define NODES 300

static struct order order;
static struct order_node nodes[NODES];
static uint64_t stamp[NODES]; /* When it was put in: the older comes first among equals. */
static uint64_t clock, base;  /* Of keys: they may wrap. */

static unsigned scale(void)
{
    return test_long() || getenv("TEST_LONG") != NULL ? 10 : 1;
}

/* The first with one of @marks, the slow way; behind @after, if not NULL. */
static struct order_node *scan(uint64_t marks, const struct order_node *after)
{
    struct order_node *best = NULL;

    for (unsigned i = 0; i < NODES; i++) {
        if (after != NULL && (nodes[i].key - base < after->key - base ||
                              (nodes[i].key == after->key && stamp[i] <= stamp[after - nodes]))) {
            continue;
        }
        if (nodes[i].height != 0 && (nodes[i].marks & marks) != 0 &&
            (best == NULL || nodes[i].key - base < best->key - base ||
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
    uint64_t below = node->marks;

    for (unsigned side = 0; side < 2; side++) {
        if (node->child[side] != NULL) {
            CHECK_PTR_EQ(node->child[side]->up, node);
            CHECK(side == 0 ? node->child[0]->key - base <= node->key - base
                            : node->child[1]->key - base >= node->key - base);
            below |= node->child[side]->below;
        }
    }
    CHECK_EQ(node->below, below);
    CHECK_EQ(node->height, 1 + (left > right ? left : right));
    CHECK(left <= right + 1 && right <= left + 1);
}

static uint64_t random_marks(void)
{
    return (test_random_below(256) & test_random_below(256)) << (8 * test_random_below(8)) |
           BIT64(test_random_below(64));
}

static void step(uint64_t keys)
{
    unsigned i = (unsigned)test_random_below(NODES);

    if (nodes[i].height == 0) {
        stamp[i] = ++clock;
        order_insert(&order, &nodes[i], base + test_random_below(keys), random_marks());
    } else if (test_random_below(4) == 0) {
        order_set_marks(&nodes[i], random_marks());
    } else {
        order_remove(&order, &nodes[i]);
        CHECK_EQ(nodes[i].height, 0);
    }
}

TEST(order_equals_a_scan)
{
    for (unsigned round = 0; round < 20 * scale(); round++) {
        uint64_t keys = round % 2 == 0 ? 10 : BIT64(63);

        base = test_random_below(UINT64_MAX);
        order.root = NULL;
        memset(nodes, 0, sizeof(nodes));
        for (unsigned i = 0; i < 5000; i++) {
            uint64_t mark = BIT64(test_random_below(64));
            const struct order_node *any = &nodes[test_random_below(NODES)];

            step(keys);
            CHECK_PTR_EQ(order_first(&order, mark), scan(mark, NULL));
            CHECK_PTR_EQ(order_least(&order), scan(UINT64_MAX, NULL));
            CHECK_PTR_EQ(order_first(&order, UINT64_MAX), scan(UINT64_MAX, NULL));
            if (any->height != 0) {
                CHECK_PTR_EQ(order_next(any), scan(UINT64_MAX, any));
            }
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

TEST(order_replaces_the_only_one)
{
    order.root = NULL;
    memset(nodes, 0, sizeof(nodes));
    CHECK(order_empty(&order));
    CHECK_PTR_EQ(order_only(&order), NULL);
    order_insert(&order, &nodes[0], 5, 1);
    CHECK_PTR_EQ(order_only(&order), &nodes[0]);
    order_replace_only(&order, &nodes[0], &nodes[1], 7, 2);
    CHECK_EQ(nodes[0].height, 0);
    CHECK_PTR_EQ(order_first(&order, 1), NULL);
    CHECK_PTR_EQ(order_first(&order, 2), &nodes[1]);
    order_insert(&order, &nodes[0], 6, 1);
    CHECK_PTR_EQ(order_only(&order), NULL);
    CHECK_PTR_EQ(order_least(&order), &nodes[0]);
    CHECK_PTR_EQ(order_next(&nodes[0]), &nodes[1]);
    order_remove(&order, &nodes[0]);
    CHECK_PTR_EQ(order_only(&order), &nodes[1]);
}
