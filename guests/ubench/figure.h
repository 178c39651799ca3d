/* SPDX-License-Identifier: Apache-2.0 */
/* figure.h - one figure: least, mean and greatest of its rounds, in ticks of the counter. */
#ifndef UBENCH_FIGURE_H
#define UBENCH_FIGURE_H

#include <stdint.h>

struct figure {
    uint64_t rounds, sum, min, max;
    uint64_t max_rounds; /* How many rounds took max: one that is rare deserves a second look. */
};

void figure_add(struct figure *figure, uint64_t ticks);

/* "UBENCH name=... rounds=... min=... avg=... max=... max_rounds=...", avg rounded. Nothing without rounds.
 */
void figure_print(const char *name, const struct figure *figure);

#endif
