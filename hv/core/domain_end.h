/* SPDX-License-Identifier: Apache-2.0 */
/* domain_end.h - what is left to do when a domain has stopped. */
#ifndef CORE_DOMAIN_END_H
#define CORE_DOMAIN_END_H

#include <stdatomic.h>

#include "core/dump.h"
#include "lib/list.h"

struct domain;

enum domain_end_step {
    DOMAIN_END_INTERRUPTS, /* Give back its SPIs. */
    DOMAIN_END_OPEN_LINE,  /* Print what it had not ended. */
    DOMAIN_END_WHY,        /* Of a crash: what it did... */
    DOMAIN_END_REGISTERS,  /* ...and the registers of the vCPU that did it. */
    DOMAIN_END_LAST_WORDS, /* Say that it is over; the machine goes with the last one. */
};

/* Of one domain, from its stop on. */
struct domain_end {
    struct list_node link;
    enum domain_end_step step;
    _Atomic bool done;      /* After the last words. */
    unsigned next;          /* In this step: INTID, line. */
    const char *why;        /* It crashed, and this is how; NULL: it ended otherwise. */
    struct vcpu_dump crash; /* Where it crashed. */
};

/* @domain has stopped, its reason and the words of its end are set: do the rest in pieces, a stay in EL2
 * each, on this pCPU or where others' ends are being done. Any CPU, no lock held. */
void domain_end(struct domain *domain);

#endif
