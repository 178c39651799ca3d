/* SPDX-License-Identifier: Apache-2.0 */
/* log_level.h - levels of the log in words: as Xen's options loglvl and guest_loglvl have them. */
#ifndef LIB_LOG_LEVEL_H
#define LIB_LOG_LEVEL_H

#include "lib/log.h"

/* "a" or "a/b", of none, error, warning, info, debug and all. In Xen, what lies between the two is shown at a
 * limited rate; here the higher one counts. Errors are always shown, so "none" is as "error". 0 or -EINVAL.
 */
int log_level_parse(const char *text, enum log_level *out);

/* The word for @level. */
const char *log_level_name(enum log_level level);

#endif
