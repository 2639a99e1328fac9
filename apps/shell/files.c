/* SPDX-License-Identifier: MIT */
/* Commands that look at files: ls, cat, hexdump, df, pwd. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

#define COPY_BYTES 4096u
#define ROW_BYTES  16u

int file_error(const char *path)
{
	printf("%s: %s\n", path, strerror(errno));
	return 1;
}

static char kind_letter(mode_t mode)
{
	static const struct {
		mode_t kind;
		char letter;
	} kinds[] = {
		{ S_IFDIR, 'd' }, { S_IFLNK, 'l' }, { S_IFCHR, 'c' },
		{ S_IFBLK, 'b' }, { S_IFIFO, 'p' }, { S_IFSOCK, 's' },
	};
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if ((mode & S_IFMT) == kinds[i].kind)
			return kinds[i].letter;
	return '-';
}

static void print_mode(mode_t mode)
{
	static const char letters[] = "rwxrwxrwx";
	unsigned int i;

	putchar(kind_letter(mode));
	for (i = 0; i < 8; i++)
		putchar(mode >> (8 - i) & 1 ? letters[i] : '-');
	if (mode & S_ISVTX)
		putchar(mode & 1 ? 't' : 'T');
	else
		putchar(mode & 1 ? 'x' : '-');
}

static void print_long(int folder, const char *name, const struct stat *status)
{
	char text[PATH_MAX];
	struct tm tm;
	ssize_t length;

	print_mode(status->st_mode);
	if (S_ISCHR(status->st_mode)) {
		printf(" %3u %5u, %4u", (unsigned int)status->st_nlink,
		       major(status->st_rdev), minor(status->st_rdev));
	} else {
		printf(" %3u %11lld", (unsigned int)status->st_nlink,
		       (long long)status->st_size);
	}
	gmtime_r(&status->st_mtime, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	printf("  %s  %s", text, name);
	length = S_ISLNK(status->st_mode)
	                 ? readlinkat(folder, name, text, sizeof(text))
	                 : -1;
	if (length >= 0)
		printf(" -> %.*s", (int)length, text);
	putchar('\n');
}

/* @name in the open @folder. */
static int list_entry(int folder, const char *name, bool in_full)
{
	struct stat status;

	if (!in_full) {
		puts(name);
		return 0;
	}
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return file_error(name);
	print_long(folder, name, &status);
	return 0;
}

static int no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 &&
	       strcmp(entry->d_name, "..") != 0;
}

static int list_folder(const char *path, bool in_full)
{
	struct dirent **entries;
	const int count = scandir(path, &entries, no_dots, alphasort);
	const int folder = open(path, O_RDONLY | O_DIRECTORY);
	int status = 0;
	int i;

	if (count < 0 || folder < 0)
		return file_error(path);
	for (i = 0; i < count; i++) {
		status |= list_entry(folder, entries[i]->d_name, in_full);
		free(entries[i]);
	}
	free(entries);
	close(folder);
	return status;
}

static int list(const char *path, bool in_full)
{
	struct stat status;

	if (stat(path, &status) != 0 && lstat(path, &status) != 0)
		return file_error(path);
	return S_ISDIR(status.st_mode) ? list_folder(path, in_full)
	                               : list_entry(AT_FDCWD, path, in_full);
}

int files_ls(int argc, char **argv)
{
	const bool in_full = argc > 1 && strcmp(argv[1], "-l") == 0;
	const int first = in_full ? 2 : 1;
	int status = 0;
	int i;

	if (first == argc)
		return list(".", in_full);
	for (i = first; i < argc; i++) {
		if (argc - first > 1)
			printf("%s%s:\n", i > first ? "\n" : "", argv[i]);
		status |= list(argv[i], in_full);
	}
	return status;
}

static int print_file(const char *path)
{
	char bytes[COPY_BYTES];
	const int fd = open(path, O_RDONLY);
	ssize_t count;

	if (fd < 0)
		return file_error(path);
	while ((count = read(fd, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)count, stdout);
	if (count < 0)
		file_error(path);
	close(fd);
	return count < 0;
}

int files_cat(int argc, char **argv)
{
	int status = 0;
	int i;

	for (i = 1; i < argc; i++)
		status |= print_file(argv[i]);
	return status;
}

/* So many bytes at most that /dev/zero ends. */
int files_hexdump(int argc, char **argv)
{
	const long limit = argc == 3 ? strtol(argv[2], NULL, 0) : LONG_MAX;
	unsigned char row[ROW_BYTES];
	FILE *file = fopen(argv[1], "r");
	long at = 0;
	size_t count;

	if (!file)
		return file_error(argv[1]);
	while (at < limit && (count = fread(row, 1,
	                                    limit - at < (long)ROW_BYTES
	                                            ? (size_t)(limit - at)
	                                            : ROW_BYTES,
	                                    file)) > 0) {
		dump_row((unsigned long)at, row, ~0u, (unsigned int)count);
		at += (long)count;
	}
	fclose(file);
	return 0;
}

int files_df(int argc, char **argv)
{
	const char *path = argc == 2 ? argv[1] : "/";
	struct statvfs info;
	unsigned long kb;

	if (statvfs(path, &info) != 0)
		return file_error(path);
	kb = info.f_frsize / 1024;
	printf("%12s %12s %12s\n%12lu %12lu %12lu\n", "KiB", "used", "free",
	       info.f_blocks * kb, (info.f_blocks - info.f_bfree) * kb,
	       info.f_bavail * kb);
	return 0;
}

int files_pwd(int argc, char **argv)
{
	char path[PATH_MAX];

	(void)argc, (void)argv;
	if (!getcwd(path, sizeof(path)))
		return file_error(".");
	puts(path);
	return 0;
}
