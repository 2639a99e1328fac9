/* SPDX-License-Identifier: MIT */
/*
 * Messages to the console and to a ring that panic() prints the tail of.
 * Context: any. One line a call, without the newline.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/compiler.h"

/* The numbers are those of CONFIG_LOG_LEVEL and loglevel=; 0 prints nothing. */
enum log_level { LOG_ERROR = 1, LOG_WARN, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

/* Printed when level <= the limit; kept in the ring up to LOG_INFO anyhow. */
void log_message(enum log_level level, const char *format, ...)
	__printf_like(2, 3);
void log_set_level(unsigned int limit);

#define log_error(...)  log_message(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)   log_message(LOG_WARN, __VA_ARGS__)
#define log_notice(...) log_message(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)   log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...)  log_message(LOG_DEBUG, __VA_ARGS__)

/* The newest @max_lines lines, oldest first. For panic: takes no lock. */
typedef void log_emit(const char *line, void *context);
void log_tail(unsigned int max_lines, log_emit *emit, void *context);

#endif /* CORE_LOG_H */
