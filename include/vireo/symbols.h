/* SPDX-License-Identifier: MIT */
/*
 * Names of functions from addresses, for applications: symbol_format(),
 * symbol_lookup() and backtrace_here().
 */
#ifndef VIREO_SYMBOLS_H
#define VIREO_SYMBOLS_H

#include "core/backtrace.h"
#include "core/symbol.h"

#endif /* VIREO_SYMBOLS_H */
