/* SPDX-License-Identifier: MIT */
/* The addresses of the interface: ip= of the command line. For net/ alone. */
#ifndef NET_CONFIG_H
#define NET_CONFIG_H

#include <stdbool.h>

/* ip=none was said. */
bool config_is_off(void);

/* Give the interface what ip= says, or ask for it. The network's lock is held. */
void config_begin(void);

#endif /* NET_CONFIG_H */
