/* SPDX-License-Identifier: Apache-2.0 */
/* control_progress.h - how far an operation of the toolstack's in pieces is, where its own fields cannot say.
 *
 * It stands in the last bytes of the caller's structure, where no operation that uses it has a field. What
 * the caller left there by chance is told apart by a mark that depends on the value; what it puts there on
 * purpose can only make its own call skip something, for each operation checks the value as it would an
 * argument. */
#ifndef HCALL_CONTROL_PROGRESS_H
#define HCALL_CONTROL_PROGRESS_H

#include "lib/abi.h"
#include "lib/string.h"
#include "lib/types.h"

#define CONTROL_UNION_BYTES 128u /* Of both structures. */
#define CONTROL_PROGRESS_BYTES 16u
#define CONTROL_PROGRESS_MARK UINT64_C(0x9bd1c06e5f3a7724)

_Static_assert(sizeof(((struct xen_sysctl *)NULL)->u) == CONTROL_UNION_BYTES, "xen/sysctl.h");
_Static_assert(sizeof(((struct xen_domctl *)NULL)->u) == CONTROL_UNION_BYTES, "xen/domctl.h");

/* The value given last, 0 at the first piece; @pad is the member of that name of op->u. */
static inline uint64_t control_progress(const uint8_t pad[CONTROL_UNION_BYTES])
{
    uint64_t word[2];

    memcpy(word, pad + CONTROL_UNION_BYTES - CONTROL_PROGRESS_BYTES, sizeof(word));
    return (word[0] ^ CONTROL_PROGRESS_MARK) == word[1] ? word[0] : 0;
}

/* For the next piece; 0 when there is none: the next call is a new one. */
static inline void control_set_progress(uint8_t pad[CONTROL_UNION_BYTES], uint64_t value)
{
    uint64_t word[2] = {value, value != 0 ? value ^ CONTROL_PROGRESS_MARK : 0};

    memcpy(pad + CONTROL_UNION_BYTES - CONTROL_PROGRESS_BYTES, word, sizeof(word));
}

#endif
