/* SPDX-License-Identifier: Apache-2.0 */
/* events.h - Xen's event channels, taken as Linux takes them, in either layout. Source: xen/event_channel.h.
 */
#ifndef GUEST_EVENTS_H
#define GUEST_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#define EVENTS_PORT_MAX 1024U

/* Boot CPU, before any port is opened: shared_info is mapped or, @fifo, control blocks and the first page of
 * words are given; then as events_start_cpu(). Returns the first error. */
int64_t events_start(bool fifo);
/* Each CPU: its vcpu_info is registered, the upcall interrupt enabled. */
int64_t events_start_cpu(void);

/* event_channel_op. */
int64_t events_operate(unsigned operation, void *argument);

/* Ports begin unmasked in the 2-level layout, masked in FIFO's. */
void events_mask(uint32_t port);
void events_unmask(uint32_t port);
bool events_pending(uint32_t port);
int64_t events_send(uint32_t port);

/* Events of @port taken so far. */
uint32_t events_taken(uint32_t port);

/* Sleep in wfi until @port has had @count events. Returns false when that takes 20 seconds. Interrupts on
 * after it. */
bool events_wait(uint32_t port, uint32_t count);

/* What the handler does: take what is there, or leave the upcall flag set and all as it is (a hostile guest).
 */
void events_ignore(bool ignore);
unsigned events_intid(void); /* The upcall's interrupt, as a hypervisor node says, or the guest platform's. */
uint32_t events_upcalls(void); /* Interrupts so far, all CPUs. */
bool events_flag(void);        /* This CPU's evtchn_upcall_pending. */
/* The counter in the vector of the last of them. */
uint64_t events_stamp(void);

/* Write @value all over what the hypervisor shares with this guest for port @port and CPU 0 (a hostile
 * guest). */
void events_scribble(uint32_t port, uint32_t value);

/* The page of shared_info, where it was mapped (2-level). */
const void *events_shared_info(void);

/* Called for each event taken, by the handler; NULL: nothing. */
extern void (*events_hook)(uint32_t port);

#endif
