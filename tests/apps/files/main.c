/* SPDX-License-Identifier: MIT */
/*
 * What is in the root file system, a line a name: mode, size, path, and what a
 * link leads to or a file begins with. `files PATH...`: only below these.
 */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void show_first_line(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[80] = "";

	if (file && fgets(line, sizeof(line), file))
		line[strcspn(line, "\n")] = '\0';
	printf(": %s", line);
	if (file)
		fclose(file);
}

static void show_target(const char *path)
{
	char target[PATH_MAX];
	const ssize_t length = readlink(path, target, sizeof(target));

	printf(" -> %.*s", length > 0 ? (int)length : 0, target);
}

static int show(const char *path, const struct stat *status, int kind,
                struct FTW *place)
{
	(void)kind, (void)place;
	if (strncmp(path, "/proc", 5) == 0 || strncmp(path, "/dev", 4) == 0)
		return 0;
	printf("%06o %lld %s", (unsigned int)status->st_mode,
	       S_ISDIR(status->st_mode) ? 0 : (long long)status->st_size, path);
	if (S_ISLNK(status->st_mode))
		show_target(path);
	else if (S_ISREG(status->st_mode))
		show_first_line(path);
	putchar('\n');
	return 0;
}

int main(int argc, char **argv)
{
	int result = 0;
	int i;

	for (i = 1; i < argc; i++)
		result |= nftw(argv[i], show, 8, FTW_PHYS);
	if (argc == 1)
		result = nftw("/", show, 8, FTW_PHYS);
	printf("end %d\n", result);
	return result ? 1 : 0;
}
