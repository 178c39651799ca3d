/* SPDX-License-Identifier: Apache-2.0 */
/* lock_rank.h - the order of locks; docs/locking.md says what each guards. A higher rank is taken inside a
 * lower one. */
#ifndef LIB_LOCK_RANK_H
#define LIB_LOCK_RANK_H

#define LOCK_RANK_DOMAIN 15
#define LOCK_RANK_DOMAIN_END 16
#define LOCK_RANK_MAPTRACK 17
#define LOCK_RANK_GRANT 18
#define LOCK_RANK_MEMORY 20
#define LOCK_RANK_EVTCHN_BIND 22
#define LOCK_RANK_EVTCHN 25
#define LOCK_RANK_WALL_CLOCK 27
#define LOCK_RANK_VGIC 30
#define LOCK_RANK_VPL011 40
#define LOCK_RANK_SCHED 50
#define LOCK_RANK_TIMER 60
#define LOCK_RANK_PAGES 70
#define LOCK_RANK_GIC 75
#define LOCK_RANK_CONSOLE 80

#endif
