/* SPDX-License-Identifier: MIT */
/* Files in memory, pipes, epoll. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "soak.h"

#define PART 3000u

static void name_of(struct soaker *soaker, const char *what, char *name)
{
	snprintf(name, 64, "/tmp/%s-%u", what, soaker->id);
}

void deed_file(struct soaker *soaker)
{
	unsigned int parts = 1 + soak_choose(soaker, 20), i;
	char name[64], other[64], buffer[PART];
	struct stat stat;
	int fd;

	name_of(soaker, "file", name);
	name_of(soaker, "renamed", other);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0) {
		SOAK_CHECK(errno == ENOSPC || errno == ENOMEM);
		return;
	}
	for (i = 0; i < parts; i++) {
		soak_fill(buffer, PART, soaker->id + i);
		if (write(fd, buffer, PART) != PART)
			break;
	}
	parts = i;
	SOAK_CHECK(rename(name, other) == 0);
	SOAK_CHECK(fstat(fd, &stat) == 0 && stat.st_nlink == 1);
	SOAK_CHECK(stat.st_size >= (off_t)parts * PART);
	if (soak_choose(soaker, 2))
		SOAK_CHECK(unlink(other) == 0);
	for (i = 0; i < parts; i++) {
		SOAK_CHECK(pread(fd, buffer, PART, (off_t)i * PART) == PART);
		soak_expect(buffer, PART, soaker->id + i);
	}
	SOAK_CHECK(ftruncate(fd, 10) == 0);
	SOAK_CHECK(close(fd) == 0);
	SOAK_CHECK(unlink(other) == 0 || errno == ENOENT);
}

void deed_directory(struct soaker *soaker)
{
	unsigned int count = 1 + soak_choose(soaker, 12), i, seen = 0;
	char name[64], file[96];
	struct dirent *entry;
	DIR *directory;

	name_of(soaker, "folder", name);
	if (mkdir(name, 0700) != 0)
		return;
	for (i = 0; i < count; i++) {
		snprintf(file, sizeof(file), "%s/%u", name, i);
		SOAK_CHECK(symlink("nowhere", file) == 0 || errno == ENOSPC ||
		           errno == ENOMEM);
	}
	directory = opendir(name);
	while (directory && (entry = readdir(directory)))
		seen += entry->d_name[0] != '.';
	SOAK_CHECK(!directory || seen <= count);
	if (directory)
		closedir(directory);
	for (i = 0; i < count; i++) {
		snprintf(file, sizeof(file), "%s/%u", name, i);
		unlink(file);
	}
	SOAK_CHECK(rmdir(name) == 0);
}

/* All soakers append to one file; whoever makes it large empties it. */
void deed_shared_file(struct soaker *soaker)
{
	int fd = open("/tmp/shared", O_RDWR | O_CREAT | O_APPEND, 0600);
	char line[64];
	off_t size;
	char *at;

	if (fd < 0)
		return;
	snprintf(line, sizeof(line), "%010u\n", soaker->id);
	(void)!write(fd, line, 11);
	size = lseek(fd, 0, SEEK_END);
	SOAK_CHECK(size % 11 == 0);
	at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	SOAK_CHECK(at != MAP_FAILED || errno == ENOMEM);
	if (at != MAP_FAILED)
		munmap(at, 4096);
	if (size > 100000)
		SOAK_CHECK(ftruncate(fd, 0) == 0);
	close(fd);
}

static void *write_much(void *argument)
{
	int *ends = argument;
	char buffer[700];
	unsigned int i;

	for (i = 0; i < 200; i++) {
		soak_fill(buffer, sizeof(buffer), i);
		SOAK_CHECK(write(ends[1], buffer, sizeof(buffer)) ==
		           sizeof(buffer));
	}
	close(ends[1]);
	return NULL;
}

void deed_pipe(struct soaker *soaker)
{
	char buffer[700];
	pthread_t writer;
	unsigned int i = 0;
	int ends[2];

	(void)soaker;
	if (pipe(ends) != 0)
		return;
	if (pthread_create(&writer, NULL, write_much, ends) != 0) {
		close(ends[0]);
		close(ends[1]);
		return;
	}
	for (;;) {
		size_t have = 0;

		while (have < sizeof(buffer)) {
			ssize_t part = read(ends[0], buffer + have,
			                    sizeof(buffer) - have);

			SOAK_CHECK(part >= 0);
			if (part == 0)
				break;
			have += (size_t)part;
		}
		if (have == 0)
			break;
		SOAK_CHECK(have == sizeof(buffer));
		soak_expect(buffer, sizeof(buffer), i++);
	}
	SOAK_CHECK(i == 200);
	pthread_join(writer, NULL);
	close(ends[0]);
}

void deed_epoll(struct soaker *soaker)
{
	struct epoll_event event = { .events = EPOLLIN }, got[8];
	int set = epoll_create1(EPOLL_CLOEXEC);
	unsigned int count = 1 + soak_choose(soaker, 8), i;
	int fds[8] = { 0 };

	if (set < 0)
		return;
	for (i = 0; i < count; i++) {
		fds[i] = eventfd(0, EFD_NONBLOCK);
		event.data.u32 = i;
		SOAK_CHECK(fds[i] >= 0);
		SOAK_CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &event) == 0);
	}
	SOAK_CHECK(epoll_wait(set, got, 8, 0) == 0);
	SOAK_CHECK(eventfd_write(fds[count - 1], 5) == 0);
	SOAK_CHECK(epoll_wait(set, got, 8, -1) == 1);
	SOAK_CHECK(got[0].data.u32 == count - 1);
	for (i = 0; i < count; i++)
		close(fds[i]);
	close(set);
}
