/* SPDX-License-Identifier: MIT */
/*
 * Where time goes, for applications: profile_start(), profile_stop() and what
 * shows the result.
 */
#ifndef VIREO_PROFILE_H
#define VIREO_PROFILE_H

#include "core/profile.h"

#endif /* VIREO_PROFILE_H */
