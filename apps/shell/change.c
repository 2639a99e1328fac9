/* SPDX-License-Identifier: MIT */
/* Commands that change files: cp, mv, ln, rm, mkdir, cd. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

#define COPY_BYTES 4096u

static bool is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* @to, or what @from is called in it when it is a folder. */
static const char *target(const char *from, const char *to, char *path)
{
	const char *slash = strrchr(from, '/');

	if (!is_folder(to))
		return to;
	snprintf(path, PATH_MAX, "%s/%s", to, slash ? slash + 1 : from);
	return path;
}

/* 0, or -1 and errno. */
static int copy_bytes(int from, int to)
{
	char bytes[COPY_BYTES];
	ssize_t count;

	while ((count = read(from, bytes, sizeof(bytes))) > 0) {
		ssize_t at = 0;

		while (at < count) {
			const ssize_t part =
				write(to, bytes + at, (size_t)(count - at));

			if (part < 0)
				return -1;
			at += part;
		}
	}
	return (int)count;
}

int change_cp(int argc, char **argv)
{
	char path[PATH_MAX];
	const char *to = target(argv[1], argv[2], path);
	struct stat status;
	int from_fd, to_fd, result;

	(void)argc;
	from_fd = open(argv[1], O_RDONLY);
	if (from_fd < 0 || fstat(from_fd, &status) != 0)
		return file_error(argv[1]);
	to_fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, status.st_mode & 0777);
	if (to_fd < 0) {
		close(from_fd);
		return file_error(to);
	}
	result = copy_bytes(from_fd, to_fd);
	if (result != 0)
		file_error(to);
	close(from_fd);
	close(to_fd);
	return result != 0;
}

int change_mv(int argc, char **argv)
{
	char path[PATH_MAX];

	(void)argc;
	return rename(argv[1], target(argv[1], argv[2], path)) == 0
	               ? 0
	               : file_error(argv[1]);
}

int change_ln(int argc, char **argv)
{
	char path[PATH_MAX];
	int err;

	if (argc == 4 && strcmp(argv[1], "-s") != 0) {
		puts("usage: ln [-s] TARGET NAME");
		return 2;
	}
	err = argc == 4 ? symlink(argv[2], target(argv[2], argv[3], path))
	                : link(argv[1], target(argv[1], argv[2], path));
	return err == 0 ? 0 : file_error(argv[argc - 1]);
}

/* Files, and folders with nothing in them. */
int change_rm(int argc, char **argv)
{
	int status = 0;
	int i;

	for (i = 1; i < argc; i++)
		if (remove(argv[i]) != 0)
			status = file_error(argv[i]);
	return status;
}

int change_mkdir(int argc, char **argv)
{
	int status = 0;
	int i;

	for (i = 1; i < argc; i++)
		if (mkdir(argv[i], 0777) != 0)
			status = file_error(argv[i]);
	return status;
}

int change_cd(int argc, char **argv)
{
	const char *path = argc == 2 ? argv[1] : "/";

	return chdir(path) == 0 ? 0 : file_error(path);
}
