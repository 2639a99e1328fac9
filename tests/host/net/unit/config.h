/* SPDX-License-Identifier: MIT */
/* lwIP's tests ask for it; nothing is configured. */
