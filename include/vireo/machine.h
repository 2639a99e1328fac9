/* SPDX-License-Identifier: MIT */
/*
 * What the device tree says about this machine, for applications: machine,
 * isa_has() and isa_extension_name(); and the console in use, console_name().
 */
#ifndef VIREO_MACHINE_H
#define VIREO_MACHINE_H

#include "core/console.h"
#include "core/machine.h"

#endif /* VIREO_MACHINE_H */
