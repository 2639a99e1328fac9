/* SPDX-License-Identifier: MIT */
/* metrics - all figures in the text format of Prometheus, version 0.0.4. */
#ifndef HTTPD_METRICS_H
#define HTTPD_METRICS_H

#include "text.h"

void metrics_write(struct text *text);

#endif /* HTTPD_METRICS_H */
