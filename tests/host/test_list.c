/* SPDX-License-Identifier: Apache-2.0 */
/* test_list.c - the linked list against an array. */
#include "lib/list.h"

#include <string.h>

#include "test.h"

#define NODES 10u

struct element {
    unsigned number;
    struct list_node node;
};

TEST(container)
{
    struct element element = {.number = 5};

    list_init(&element.node);
    CHECK_PTR_EQ(CONTAINER_OF(&element.node, struct element, node), &element);
}

TEST(unlinked_node)
{
    struct list_node node;

    list_init(&node);
    CHECK(list_empty(&node));
    list_remove(&node);
    CHECK(list_empty(&node));
}

/* The list reads as @order both ways. */
static void check_order(struct list_node *head, const unsigned *order, size_t count)
{
    struct list_node *forward = head->next, *back = head->prev;

    for (size_t i = 0; i < count; i++) {
        CHECK_EQ(CONTAINER_OF(forward, struct element, node)->number, order[i]);
        CHECK_EQ(CONTAINER_OF(back, struct element, node)->number, order[count - 1 - i]);
        forward = forward->next;
        back = back->prev;
    }
    CHECK_PTR_EQ(forward, head);
    CHECK_PTR_EQ(back, head);
    CHECK_EQ(list_empty(head), count == 0);
}

TEST(random_against_array)
{
    struct element elements[NODES];
    struct list_node head;
    unsigned order[NODES];
    size_t count = 0;

    list_init(&head);
    for (unsigned i = 0; i < NODES; i++) {
        elements[i].number = i;
        list_init(&elements[i].node);
    }
    for (int round = 0; round < 20000; round++) {
        unsigned n = (unsigned)test_random_below(NODES);
        size_t at = 0;

        while (at < count && order[at] != n) {
            at++;
        }
        if (at < count) {
            list_remove(&elements[n].node);
            CHECK(list_empty(&elements[n].node));
            count--;
            memmove(&order[at], &order[at + 1], (count - at) * sizeof(order[0]));
        } else {
            at = test_random_below(count + 1);
            if (at == count) {
                list_append(&head, &elements[n].node);
            } else {
                list_insert_before(&elements[order[at]].node, &elements[n].node);
            }
            memmove(&order[at + 1], &order[at], (count - at) * sizeof(order[0]));
            order[at] = n;
            count++;
        }
        check_order(&head, order, count);
    }
}
