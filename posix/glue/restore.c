/* SPDX-License-Identifier: MIT */
/*
 * Where a Linux kernel has a handler return to. Here that is in
 * posix/signal_frame.S, and sigaction() only needs addresses.
 */
#include "core/panic.h"
#include "glue.h"

void __restore(void)
{
	panic("__restore: no signal frame to return from");
}

void __restore_rt(void)
{
	panic("__restore_rt: no signal frame to return from");
}
