/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h - the guest's flat map. */
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H

/* Map every GiB in which platform.memory has RAM as normal memory. */
void memory_map_ram(void);

#endif
