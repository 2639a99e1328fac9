/* SPDX-License-Identifier: MIT */
/* A function for each point; the code that tests run only asks one flag. */
#include "core/race_window.h"

#include <stddef.h>

static struct {
	race_function *function; /* [A] NULL: closed */
	void *argument;          /* [I] while it is open */
} windows[RACE_POINTS];

bool race_windows_open;

static bool any_open(void)
{
	for (unsigned int i = 0; i < RACE_POINTS; i++)
		if (windows[i].function)
			return true;
	return false;
}

static void set_function(enum race_point point, race_function *function)
{
	/* Partner: race_window_reached(). The argument, then the function. */
	__atomic_store_n(&windows[point].function, function, __ATOMIC_RELEASE);
	__atomic_store_n(&race_windows_open, any_open(), __ATOMIC_RELAXED);
}

void race_window_open(enum race_point point, race_function *function,
                      void *argument)
{
	windows[point].argument = argument;
	set_function(point, function);
}

void race_window_close(enum race_point point)
{
	set_function(point, NULL);
}

void race_window_reached(enum race_point point)
{
	race_function *function =
		__atomic_load_n(&windows[point].function, __ATOMIC_ACQUIRE);

	if (function)
		function(windows[point].argument);
}
