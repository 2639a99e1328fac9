/* SPDX-License-Identifier: MIT */
/*
 * Where boot time went, for applications: bootchart_marks() and
 * bootchart_firmware_ns().
 */
#ifndef VIREO_BOOT_H
#define VIREO_BOOT_H

#include "core/bootchart.h"

#endif /* VIREO_BOOT_H */
