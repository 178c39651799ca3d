/* SPDX-License-Identifier: Apache-2.0 */
/* figure.c - one figure: least, mean and greatest of its rounds. */
#include "figure.h"

#include "guest.h"

void figure_add(struct figure *figure, uint64_t ticks)
{
    if (figure->rounds == 0 || ticks < figure->min) {
        figure->min = ticks;
    }
    if (figure->rounds == 0 || ticks > figure->max) {
        figure->max = ticks;
        figure->max_rounds = 0;
    }
    if (ticks == figure->max) {
        figure->max_rounds++;
    }
    figure->sum += ticks;
    figure->rounds++;
}

void figure_print(const char *name, const struct figure *figure)
{
    if (figure->rounds == 0) {
        return;
    }
    print("UBENCH name=%s rounds=%lu min=%lu avg=%lu max=%lu max_rounds=%lu\n", name, figure->rounds,
          figure->min, (figure->sum + figure->rounds / 2) / figure->rounds, figure->max, figure->max_rounds);
}
