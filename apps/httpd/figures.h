/* SPDX-License-Identifier: MIT */
/*
 * figures - numbers with names, as the pages show them: the system's memory and
 * counters, the network's, and what this server has done.
 */
#ifndef HTTPD_FIGURES_H
#define HTTPD_FIGURES_H

#include <stdint.h>

#include "stats.h"

/* Called for each `name value`, the name as the system has it. */
typedef void figure_visit(const char *name, uint64_t value, void *context);

/* Sizes are in bytes. */
void figures_memory(figure_visit *visit, void *context);
void figures_counters(figure_visit *visit, void *context);

/* Nothing is visited where the system has no network counters. */
void figures_network(figure_visit *visit, void *context);

/* Sums over all workers. */
void figures_server(struct stats *sums);

double figures_uptime(void); /* seconds */

#endif /* HTTPD_FIGURES_H */
