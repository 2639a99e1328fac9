/* SPDX-License-Identifier: MIT */
/*
 * The harts of the machine, for applications: nr_harts, harts[], and calls to
 * others by hart_call_start() and hart_call_wait().
 */
#ifndef VIREO_HARTS_H
#define VIREO_HARTS_H

#include "core/hart.h"

#endif /* VIREO_HARTS_H */
