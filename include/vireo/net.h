/* SPDX-License-Identifier: MIT */
/*
 * The network for applications, beside sockets: views as /proc/net has them, and
 * lwIP's raw API ("lwip/tcp.h" and its neighbours) after net_start(), under
 * net_lock().
 */
#ifndef VIREO_NET_H
#define VIREO_NET_H

#include "net/configured.h"
#include "net/show.h"
#include "net/stack.h"

#endif /* VIREO_NET_H */
