/* SPDX-License-Identifier: MIT */
/* What the suites about files share. */
#ifndef TESTS_POSIX_FILES_H
#define TESTS_POSIX_FILES_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

/* @call returns -1 and sets errno to @want. */
#define FAILS(call, want)              \
	do {                           \
		errno = 0;             \
		CHECK_EQ((call), -1);  \
		CHECK_EQ(errno, want); \
	} while (0)

/* A new file with @text in it, open for reading and writing. */
static inline int file_with(const char *path, const char *text)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

/* The same, closed. */
static inline void make_file(const char *path, const char *text)
{
	CHECK_EQ(close(file_with(path, text)), 0);
}

/* Does the file at @path hold @text and nothing else? */
static inline bool holds(const char *path, const char *text)
{
	char buffer[128];
	int fd = open(path, O_RDONLY);
	ssize_t bytes = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer));

	if (fd >= 0)
		close(fd);
	return bytes == (ssize_t)strlen(text) &&
	       memcmp(buffer, text, bytes) == 0;
}

static inline bool exists(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

static inline off_t size_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_size : -1;
}

#endif /* TESTS_POSIX_FILES_H */
