/* SPDX-License-Identifier: Apache-2.0 */
/* sys_lines.c - test guest: asks for the most output that a hypercall can cause, for ever: ends of lines,
 * each of which is printed with its prefix. */
#include "guest.h"

unsigned guest_main(void)
{
    static char lines[4096];

    memset(lines, '\n', sizeof(lines));
    for (;;) {
        hypercall(HYPERCALL_CONSOLE_IO, 0, sizeof(lines), (uint64_t)lines, 0, 0);
    }
}
