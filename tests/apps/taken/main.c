/* SPDX-License-Identifier: MIT */
/*
 * iperf where somebody listens at its port already: before main(), as nothing else
 * runs in an image with one application.
 */
#include "apps/iperf/main.c" // NOLINT(bugprone-suspicious-include): its main()

#include <arpa/inet.h>

__attribute__((constructor)) static void take_port(void)
{
	const struct sockaddr_in taken = { .sin_family = AF_INET,
		                           .sin_port = htons(5001) };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (const struct sockaddr *)&taken, sizeof(taken)) != 0 ||
	    listen(fd, 1) != 0)
		perror("taken");
}
