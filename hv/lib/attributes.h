/* SPDX-License-Identifier: Apache-2.0 */
/* attributes.h - lock contracts that clang checks (-Wthread-safety); nothing under gcc. */
#ifndef LIB_ATTRIBUTES_H
#define LIB_ATTRIBUTES_H

#if defined(__clang__)
#define LOCK_CAPABILITY __attribute__((capability("lock")))
#define LOCK_ACQUIRE(l) __attribute__((acquire_capability(l)))
#define LOCK_RELEASE(l) __attribute__((release_capability(l)))
#define LOCK_REQUIRES(l) __attribute__((requires_capability(l)))
#define LOCK_EXCLUDES(l) __attribute__((locks_excluded(l)))
#define LOCK_UNCHECKED __attribute__((no_thread_safety_analysis))
#else
#define LOCK_CAPABILITY
#define LOCK_ACQUIRE(l)
#define LOCK_RELEASE(l)
#define LOCK_REQUIRES(l)
#define LOCK_EXCLUDES(l)
#define LOCK_UNCHECKED
#endif

#endif
