/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_queue.c - sets of interrupts ordered by priority, then INTID, in constant time. See struct
 * virq_queue. */
#include "vgic/vgic_state.h"

static unsigned level_of(const struct virq *virq)
{
    return virq->priority / (256u / VGIC_LEVEL_COUNT);
}

void virq_queue_insert(struct vgic *vgic, struct virq *virq, unsigned vcpu, enum virq_queue_id queue)
{
    struct virq_queue *q = &vgic->vcpu[vcpu].queue[queue];
    unsigned level = level_of(virq), word = virq->intid / 32u;

    q->bits[level * vgic->word_count + word] |= BIT32(virq->intid % 32u);
    q->words[level] |= BIT32(word);
    q->levels |= BIT32(level);
    virq->queue = (uint8_t)queue;
    virq->queue_vcpu = (uint8_t)vcpu;
}

void virq_queue_remove(struct vgic *vgic, struct virq *virq)
{
    unsigned level = level_of(virq), word = virq->intid / 32u;
    struct virq_queue *q;
    uint32_t *bits;

    if (virq->queue == VIRQ_QUEUE_NONE) {
        return;
    }
    q = &vgic->vcpu[virq->queue_vcpu].queue[virq->queue];
    bits = &q->bits[level * vgic->word_count + word];
    *bits &= ~BIT32(virq->intid % 32u);
    if (*bits == 0) {
        q->words[level] &= ~BIT32(word);
        if (q->words[level] == 0) {
            q->levels &= ~BIT32(level);
        }
    }
    virq->queue = VIRQ_QUEUE_NONE;
}

void virq_queue_drop_private(const struct vgic *vgic, struct virq_queue *queue)
{
    for (uint32_t rest = queue->levels; rest != 0; rest &= rest - 1) {
        unsigned level = (unsigned)__builtin_ctz(rest);

        queue->bits[level * vgic->word_count] = 0;
        queue->words[level] &= ~BIT32(0);
        if (queue->words[level] == 0) {
            queue->levels &= ~BIT32(level);
        }
    }
}
