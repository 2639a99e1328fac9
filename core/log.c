/* SPDX-License-Identifier: MIT */
/*
 * The ring holds lines back to back, each ended by NUL, and wraps in the middle
 * of a line; `written` counts bytes since boot, so a byte's place is its count
 * modulo the ring's size. The tail is found by walking back over NULs.
 */
#include "core/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "core/console.h"
#include "core/lock.h"
#include "lib/printf.h"

#define RING_BYTES     4096u
#define LOG_LINE_BYTES 256u

static struct spinlock log_lock = SPINLOCK_INIT(LOCK_LOG, "log_lock");
static char ring[RING_BYTES] __guarded_by(log_lock);
static unsigned long written __guarded_by(log_lock);
static unsigned int level_limit = CONFIG_LOG_LEVEL;

void log_set_level(unsigned int limit)
{
	level_limit = limit;
}

static void ring_put(const char *line, size_t bytes)
{
	unsigned long flags = spin_lock_irqsave(&log_lock);
	size_t at = written % RING_BYTES;
	size_t first = bytes < RING_BYTES - at ? bytes : RING_BYTES - at;

	memcpy(ring + at, line, first);
	memcpy(ring, line + first, bytes - first);
	written += bytes;
	spin_unlock_irqrestore(&log_lock, flags);
}

void log_message(enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_BYTES];
	va_list args;
	size_t length;

	if (level > LOG_INFO && level > level_limit)
		return;
	va_start(args, format);
	kvsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	length = strlen(line);
	if (level <= LOG_INFO)
		ring_put(line, length + 1);
	if (level <= level_limit) {
		line[length] = '\n';
		console_write(line, length + 1);
	}
}

/* Reads racily: panic() must not wait for a lock. */
void log_tail(unsigned int max_lines, log_emit *emit,
              void *context) __no_lock_analysis
{
	unsigned long end = written;
	unsigned long oldest = end > RING_BYTES ? end - RING_BYTES : 0;
	unsigned long at = end;
	char line[LOG_LINE_BYTES];
	size_t length = 0;

	while (at > oldest && max_lines > 0) {
		at--;
		while (at > oldest && ring[(at - 1) % RING_BYTES] != '\0')
			at--;
		max_lines--;
	}
	for (; at < end; at++) {
		char byte = ring[at % RING_BYTES];

		if (length < sizeof(line))
			line[length++] = byte;
		if (byte == '\0') {
			line[sizeof(line) - 1] = '\0';
			emit(line, context);
			length = 0;
		}
	}
}
