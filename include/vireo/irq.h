/* SPDX-License-Identifier: MIT */
/*
 * Interrupts, for applications that show them: irq_show(), irq_visit() and
 * irq_read_totals().
 */
#ifndef VIREO_IRQ_H
#define VIREO_IRQ_H

#include "core/irq.h"

#endif /* VIREO_IRQ_H */
