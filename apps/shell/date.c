/* SPDX-License-Identifier: MIT */
/* The time of day, in words and as seconds since 1970. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"

static int set_date(const char *seconds)
{
	struct timespec time = { 0 };
	char *end;

	errno = 0;
	time.tv_sec = strtol(seconds, &end, 10);
	if (*end != '\0' || end == seconds || errno != 0) {
		printf("date: %s is no number of seconds since 1970\n",
		       seconds);
		return 2;
	}
	if (clock_settime(CLOCK_REALTIME, &time) == 0)
		return 0;
	printf("date: %s: %s\n", seconds, strerror(errno));
	return 1;
}

int show_date(int argc, char **argv)
{
	struct timespec now;
	char text[64];
	struct tm parts;

	if (argc == 2)
		return set_date(argv[1]);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	strftime(text, sizeof(text), "%a %d %b %Y %H:%M:%S UTC", &parts);
	printf("%s (%lld)\n", text, (long long)now.tv_sec);
	return 0;
}
