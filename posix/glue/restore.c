/* SPDX-License-Identifier: MIT */
/*
 * The return of a signal handler. On Linux the kernel builds a frame whose
 * return address is one of these and they trap back into it. A handler here is
 * an ordinary call that returns to its caller, so sigaction() only needs the
 * addresses.
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
