/* SPDX-License-Identifier: Apache-2.0 */
/* log_ring.h - where the log's lines are kept, and from where they go on to the console.
 * A line goes into the ring under the ring's own lock and to the sink after it, with no lock held. */
#ifndef LIB_LOG_RING_H
#define LIB_LOG_RING_H

#include "lib/log.h"

/* Longer lines are cut: with the console's prefix and line end a line fits its transmit ring. */
#define LOG_LINE_MAX 400u

/* Keep @text (characters that would move a terminal's cursor are replaced), and pass it on if the threshold
 * says so. Any CPU. */
void log_ring_put(enum log_level level, const char *text, size_t length);

/* The first line at or after *@cursor (0: the oldest kept) into @buffer, @size bytes, not terminated, cut if
 * longer; *@cursor moves on. Returns its length, -ENODATA after the newest. */
int log_ring_read(uint64_t *cursor, enum log_level *level, char *buffer, size_t size);

/* The ring as a text of lines that begin with "(BH) ": where the oldest byte kept is, and the one behind the
 * newest; up to
 * @size bytes from *@position (or the oldest) on, which moves on. Returns how many. Any CPU. */
void log_ring_span(uint64_t *oldest, uint64_t *newest);
size_t log_ring_copy(uint64_t *position, char *buffer, size_t size);

/* Called after every line, whatever the threshold, with no lock of the log's held. NULL: nobody. */
typedef void (*log_watcher)(void);
void log_set_watcher(log_watcher watcher);

void log_ring_set_threshold(enum log_level level);
enum log_level log_ring_threshold(void);
bool log_shown(enum log_level level);

/* log_panic_mode() was called: locks are not taken any more. */
bool log_in_panic(void);

#endif
