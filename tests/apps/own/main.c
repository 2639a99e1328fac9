/* SPDX-License-Identifier: MIT */
/*
 * `own ADDRESS...`: bytes to an address of this machine, by TCP in both directions
 * and in the largest datagrams. Segments are as large as for the device, which never
 * sees them.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BYTES    (4u << 20)
#define DATAGRAM 60000u
#define MS_MOST  3000

static unsigned char out[BYTES], in[BYTES];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *send_all(void *fd)
{
	size_t done = 0;

	while (done < BYTES) {
		/* Of any size, up to more than a segment. */
		const size_t part = done % 99991 + 1;
		const ssize_t sent =
			write(*(int *)fd, out + done,
		              part < BYTES - done ? part : BYTES - done);

		if (sent < 0)
			fail("write");
		done += (size_t)sent;
	}
	shutdown(*(int *)fd, SHUT_WR);
	return NULL;
}

static void receive_all(int fd)
{
	size_t done = 0;
	ssize_t got;

	memset(in, 0, sizeof(in));
	while ((got = read(fd, in + done, BYTES - done)) > 0)
		done += (size_t)got;
	if (got < 0)
		fail("read");
	if (done != BYTES || memcmp(in, out, BYTES) != 0) {
		printf("own: %zu bytes came, or others than were sent\n", done);
		exit(1);
	}
}

/*
 * A socket that is bound to @info with a port of the system's choice. Whether an
 * IPv6 address is somebody else's is asked for the first second or two.
 */
static int bind_to(struct addrinfo *info, int type)
{
	const int fd = socket(info->ai_family, type, 0);
	const long begun = now_ms();

	while (bind(fd, info->ai_addr, info->ai_addrlen) != 0) {
		if (errno != EADDRNOTAVAIL || now_ms() - begun > MS_MOST)
			fail("bind");
		usleep(50000);
	}
	if (getsockname(fd, info->ai_addr, &info->ai_addrlen) != 0)
		fail("getsockname");
	return fd;
}

static void try_tcp(struct addrinfo *info)
{
	const int listener = bind_to(info, SOCK_STREAM);
	int ends[2] = { socket(info->ai_family, SOCK_STREAM, 0), -1 };
	unsigned int i;

	if (listen(listener, 1) != 0 ||
	    connect(ends[0], info->ai_addr, info->ai_addrlen) != 0 ||
	    (ends[1] = accept(listener, NULL, NULL)) < 0)
		fail("connect");
	for (i = 0; i < 2; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, send_all, &ends[i]) != 0)
			fail("thread");
		receive_all(ends[1 - i]);
		pthread_join(thread, NULL);
	}
	close(ends[0]);
	close(ends[1]);
	close(listener);
}

static void try_udp(struct addrinfo *info)
{
	const int to = bind_to(info, SOCK_DGRAM);
	const int from = socket(info->ai_family, SOCK_DGRAM, 0);

	if (sendto(from, out, DATAGRAM, 0, info->ai_addr, info->ai_addrlen) !=
	            (ssize_t)DATAGRAM ||
	    recv(to, in, sizeof(in), 0) != (ssize_t)DATAGRAM ||
	    memcmp(in, out, DATAGRAM) != 0)
		fail("datagram");
	close(from);
	close(to);
}

static void try_address(const char *address)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST };
	struct addrinfo *info;
	long begun;

	if (getaddrinfo(address, "0", &hints, &info) != 0)
		fail(address);
	close(bind_to(info, SOCK_DGRAM));
	begun = now_ms();
	((struct sockaddr_in *)info->ai_addr)->sin_port = 0;
	try_tcp(info);
	((struct sockaddr_in *)info->ai_addr)->sin_port = 0;
	try_udp(info);
	freeaddrinfo(info);
	printf("own: %s: all there, %s\n", address,
	       now_ms() - begun < MS_MOST ? "in time" : "late");
}

int main(int argc, char **argv)
{
	size_t at;
	int i;

	for (at = 0; at < BYTES; at++)
		out[at] = (unsigned char)(at * 7 + at / 251);
	for (i = 1; i < argc; i++)
		try_address(argv[i]);
	return 0;
}
