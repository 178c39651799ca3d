/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h - trace buffers: what happens on each pCPU, written into rings that the control domain maps and
 * xentrace reads. What is recorded, and what it costs: docs/tracing.md. */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include "core/trace_ring.h"
#include "lib/types.h"

struct pcpu;
struct sched_pool;
struct sched_unit;
struct vcpu;

#define TRACE_IDLE_DOMAIN 0x7fffu /* The ABI's DOMID_IDLE: its vCPU n is pCPU n without a guest. */

/* Does anybody want a record of @event that happens here? */
bool trace_wants(uint32_t event);

/* Record @event of this pCPU with @count words (TRACE_EXTRA_WORDS at most), if it is wanted. Locks of any
 * rank may be held. */
void trace_put(uint32_t event, const uint32_t *words, unsigned count);

/* --- The toolstack's side. One call at a time (hcall/control.h, or the boot CPU); no lock held. */

#define TRACE_AGAIN 1

/* Make a buffer of @pages for each pCPU, and start. Once for good. 0; TRACE_AGAIN: a piece is done, the same
 * call does the next; -EINVAL: no pages, or others than there are; -EBUSY: there are as many; -ENOMEM. A size
 * above TRACE_PAGES_MAX is made that, as Xen does with its own limit. */
int trace_set_size(uint32_t pages);
#define TRACE_PAGES_MAX 2047u

/* Record from now on, or no longer: 0; -EINVAL: there are no buffers. */
int trace_enable(void);
void trace_disable(void);
/* Of which pCPUs, and which events: xen/trace.h, a class and a subclass must be in the mask. */
void trace_set_cpus(uint32_t cpus);
void trace_set_events(uint32_t events);
uint32_t trace_events(void);

/* The list of buffers (struct t_info): its frame, 0 when there is none, and its bytes. */
void trace_info(uint64_t *frame, uint32_t *bytes);

/* The control domain wants to map frame @frame: 0 with its use counted (physmap_put_page() ends it), and
 * whether it may write there; -EINVAL: it is none of ours. */
int trace_use_frame(uint64_t frame, pa_t *page, bool *writable);

/* --- Hooks. */

/* This pCPU was asked for PCPU_RARE: tell the control domain if a buffer is half full. No lock held. */
void trace_notify(void);

/* Do records of this pCPU need every way into EL2 and out of it? Else those of the scheduler are enough. */
bool trace_wants_traps(const struct pcpu *cpu);

/* trace_sched.c. @pool is new; the policies of all pools are watched, or no longer. */
void trace_sched_add(struct sched_pool *pool);
void trace_sched_watch(bool on);
/* The running vCPU sleeps in place, or goes on after it. */
void trace_sched_doze(const struct sched_unit *unit, bool begins);
/* @unit goes offline: of one that is asleep the policy does not hear. */
void trace_sched_offline(const struct sched_unit *unit);

#endif
