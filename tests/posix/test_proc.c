/* SPDX-License-Identifier: MIT */
/*
 * /proc: each file has the form of Linux's, which is read here as programs read
 * it, and says what is so.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/hart.h"
#include "mm/fault_inject.h"
#include "posix/syscalls.h"
#include "test.h"

static char text[1 << 16];

/* A whole file into text[]; its length. */
static size_t read_file(const char *path)
{
	const int fd = open(path, O_RDONLY);
	size_t length = 0;
	ssize_t part;

	if (fd < 0)
		test_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	while ((part = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)part;
	close(fd);
	CHECK_EQ(part, 0);
	text[length] = '\0';
	return length;
}

/* The number behind "NAME:" at the start of a line. */
static unsigned long number_of(const char *name)
{
	const char *line = text;
	const size_t length = strlen(name);

	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			return strtoul(line + length + 1, NULL, 10);
	}
	test_fail(__FILE__, __LINE__, "no %s in:\n%s", name, text);
}

static unsigned int lines(void)
{
	unsigned int count = 0;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		count++;
	return count;
}

static void check_line(const char *path, const char *want)
{
	read_file(path);
	if (strcmp(text, want) != 0)
		test_fail(__FILE__, __LINE__, "%s: %s", path, text);
}

TEST(meminfo_agrees_with_sysinfo)
{
	struct sysinfo info;

	CHECK_EQ(sysinfo(&info), 0);
	read_file("/proc/meminfo");
	CHECK_EQ(number_of("MemTotal"), info.totalram * info.mem_unit / 1024);
	CHECK(number_of("MemFree") <= number_of("MemTotal"));
	CHECK(number_of("MemAvailable") > 0);
	CHECK_EQ(number_of("VmallocTotal"), 64ul << 20);
	CHECK(strstr(text, " kB\n"));
}

TEST(buddyinfo_has_a_number_for_each_order)
{
	unsigned long blocks[10];

	read_file("/proc/buddyinfo");
	CHECK_EQ(sscanf(text,
	                "Node 0, zone Normal %lu %lu %lu %lu %lu %lu %lu %lu "
	                "%lu %lu",
	                &blocks[0], &blocks[1], &blocks[2], &blocks[3],
	                &blocks[4], &blocks[5], &blocks[6], &blocks[7],
	                &blocks[8], &blocks[9]),
	         10);
	CHECK_EQ(lines(), 1);
}

TEST(slabinfo_has_the_fields_of_version_2_1)
{
	unsigned long used, all, size, per_slab;
	const char *line;
	char name[32];

	read_file("/proc/slabinfo");
	CHECK(strncmp(text, "slabinfo - version: 2.1\n# name ", 31) == 0);
	line = strstr(text, "\nkmalloc-64 ");
	CHECK(line);
	CHECK_EQ(sscanf(line, "\n%31s %lu %lu %lu %lu 1 : tunables", name,
	                &used, &all, &size, &per_slab),
	         5);
	CHECK_EQ(size, 64);
	CHECK(used <= all);
}

TEST(vmallocinfo_names_the_areas)
{
	unsigned long start, end, bytes;

	read_file("/proc/vmallocinfo");
	CHECK_EQ(sscanf(text, "0x%lx-0x%lx %lu", &start, &end, &bytes), 3);
	CHECK_EQ(end - start, bytes);
}

TEST(uptime_goes_on)
{
	double first, second, idle;

	read_file("/proc/uptime");
	CHECK_EQ(sscanf(text, "%lf %lf\n", &first, &idle), 2);
	CHECK(first > 0 && idle >= 0 && idle <= first * nr_harts);
	usleep(20000);
	read_file("/proc/uptime");
	CHECK_EQ(sscanf(text, "%lf", &second), 1);
	CHECK(second > first && second < first + 30);
}

TEST(cpuinfo_has_a_block_for_each_hart)
{
	unsigned int count = 0;

	read_file("/proc/cpuinfo");
	for (const char *at = text; (at = strstr(at, "processor\t: ")); at++)
		count++;
	CHECK_EQ(count, nr_harts);
	CHECK(strstr(text, "isa\t\t: rv64imafdc"));
	CHECK(strstr(text, "mmu\t\t: sv39\n"));
}

TEST(stat_and_interrupts_have_a_column_for_each_hart)
{
	unsigned long user, idle;
	char last[16];

	read_file("/proc/stat");
	CHECK_EQ(sscanf(text, "cpu  %lu 0 0 %lu 0", &user, &idle), 2);
	snprintf(last, sizeof(last), "\ncpu%u ", nr_harts - 1);
	CHECK(strstr(text, last));
	CHECK(strstr(text, "\nctxt ") && strstr(text, "\nbtime ") &&
	      strstr(text, "\nprocs_running "));

	read_file("/proc/interrupts");
	snprintf(last, sizeof(last), "CPU%u", nr_harts - 1);
	CHECK(strstr(text, last) && strstr(text, "timer\n"));
}

TEST(what_uname_says_is_in_files_too)
{
	struct utsname name;
	char want[200];

	CHECK_EQ(uname(&name), 0);
	snprintf(want, sizeof(want), "%s\n", name.sysname);
	check_line("/proc/sys/kernel/ostype", want);
	snprintf(want, sizeof(want), "%s\n", name.release);
	check_line("/proc/sys/kernel/osrelease", want);
	snprintf(want, sizeof(want), "%s\n", name.nodename);
	check_line("/proc/sys/kernel/hostname", want);
	read_file("/proc/version");
	snprintf(want, sizeof(want), "%s version %s", name.sysname,
	         name.release);
	CHECK(strncmp(text, want, strlen(want)) == 0);
}

TEST(small_files_say_what_linux_says)
{
	unsigned int running, all;

	check_line("/proc/filesystems", "nodev\ttmpfs\n");
	check_line("/proc/mounts", "tmpfs / tmpfs rw 0 0\n");
	check_line("/proc/sys/vm/overcommit_memory", "2\n");
	read_file("/proc/loadavg");
	CHECK_EQ(sscanf(text, "%*f %*f %*f %u/%u 1\n", &running, &all), 2);
	CHECK(running >= 1 && running <= all);
	read_file("/proc/cmdline");
	CHECK(strstr(text, "seed=") || strstr(text, "--"));
}

TEST(cmdline_is_argv)
{
	const size_t length = read_file("/proc/self/cmdline");

	CHECK(length > 0 && text[length - 1] == '\0');
	CHECK(strcmp(text, program_invocation_name) == 0);
}

TEST(status_and_stat_know_the_process)
{
	unsigned long pages;
	int pid;
	char state;

	read_file("/proc/self/status");
	CHECK_EQ(number_of("Pid"), getpid());
	CHECK(number_of("Threads") >= 1);
	CHECK(number_of("VmSize") >= number_of("VmExe"));
	CHECK(number_of("VmRSS") > 0);

	read_file("/proc/self/stat");
	CHECK_EQ(sscanf(text, "%d (%*[^)]) %c ", &pid, &state), 2);
	CHECK_EQ(pid, getpid());
	CHECK_EQ(state, 'R');
	pages = 0;
	for (const char *at = text; (at = strchr(at, ' ')); at++)
		pages++;
	CHECK_EQ(pages, 51); /* 52 fields */

	read_file("/proc/self/statm");
	CHECK_EQ(sscanf(text, "%lu", &pages), 1);
	CHECK(pages > 0);
	check_line("/proc/1/comm", "image\n");
}

/* The line of /proc/self/maps that @address lies in, or NULL. */
static const char *maps_line(const void *address, char permissions[5])
{
	const char *line = text;
	unsigned long start, end;

	while (sscanf(line, "%lx-%lx %4s", &start, &end, permissions) == 3) {
		if ((unsigned long)address >= start &&
		    (unsigned long)address < end)
			return line;
		line = strchr(line, '\n') + 1;
	}
	return NULL;
}

TEST(maps_has_code_data_stack_and_mappings)
{
	char *mapping = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char permissions[5];
	const char *line;
	int local;

	CHECK(mapping != MAP_FAILED);
	read_file("/proc/self/maps");
	CHECK(maps_line((const void *)read_file, permissions));
	CHECK(strcmp(permissions, "r-xp") == 0);
	CHECK(maps_line(text, permissions));
	CHECK(strcmp(permissions, "rw-p") == 0);
	CHECK(maps_line("constant", permissions));
	CHECK(strcmp(permissions, "r--p") == 0);
	CHECK(maps_line(mapping + 8191, permissions));
	CHECK(strcmp(permissions, "rw-p") == 0);
	line = maps_line(&local, permissions);
	CHECK(line && strstr(line, "[stack]\n") < strchr(line, '\n'));

	CHECK_EQ(mprotect(mapping + 4096, 4096, PROT_NONE), 0);
	read_file("/proc/self/maps");
	CHECK(maps_line(mapping, permissions));
	CHECK(strcmp(permissions, "rw-p") == 0);
	CHECK(maps_line(mapping + 4096, permissions));
	CHECK(strcmp(permissions, "---p") == 0);
	munmap(mapping, 8192);
	read_file("/proc/self/maps");
	CHECK(!maps_line(mapping, permissions));
}

TEST(maps_names_files_and_what_brk_moves)
{
	const int fd = open("/tmp/mapped", O_CREAT | O_RDWR, 0600);
	char permissions[5], want[64];
	struct stat stat;
	char *mapping, *heap;
	const char *line;

	test_may_keep_areas(1); /* the break's */
	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, 8192), 0);
	CHECK_EQ(fstat(fd, &stat), 0);
	mapping = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 4096);
	CHECK(mapping != MAP_FAILED);
	heap = (char *)sys_brk(0, 0, 0, 0, 0, 0);
	CHECK_EQ(sys_brk((long)(heap + 4096), 0, 0, 0, 0, 0), heap + 4096);
	read_file("/proc/self/maps");
	line = maps_line(mapping, permissions);
	CHECK(line && strcmp(permissions, "r--s") == 0);
	snprintf(want, sizeof(want),
	         "r--s 00001000 %02x:%02x %-12lu /tmp/mapped\n",
	         major(stat.st_dev), minor(stat.st_dev), stat.st_ino);
	CHECK(strstr(line, want) && strstr(line, want) < strchr(line, '\n'));
	line = maps_line(heap, permissions);
	CHECK(line && strstr(line, "[heap]\n") < strchr(line, '\n'));

	CHECK_EQ(sys_brk((long)heap, 0, 0, 0, 0, 0), heap);
	CHECK_EQ(munmap(mapping, 4096), 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/tmp/mapped"), 0);
}

/* Addresses that a program compares must ascend. */
TEST(maps_is_in_order)
{
	unsigned long start, end, last = 0;
	const char *line = text;

	read_file("/proc/self/maps");
	for (; sscanf(line, "%lx-%lx", &start, &end) == 2;
	     line = strchr(line, '\n') + 1) {
		CHECK(start >= last && end > start);
		last = end;
	}
	CHECK(last > 0);
}

static void check_target(int fd, const char *want)
{
	char path[32], target[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, target, sizeof(target) - 1);
	CHECK(length > 0);
	target[length] = '\0';
	if (strcmp(target, want) != 0)
		test_fail(__FILE__, __LINE__, "%s: %s", path, target);
}

TEST(fd_links_lead_to_what_is_open)
{
	const int fd = open("/tmp/one", O_CREAT | O_RDWR, 0600);
	char path[32], bytes[8] = "";
	int again;

	CHECK(fd > 2);
	CHECK_EQ(write(fd, "text", 4), 4);
	check_target(0, "/dev/console");
	check_target(fd, "/tmp/one");
	/* To follow the link opens the file anew, at its beginning. */
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	again = open(path, O_RDONLY);
	CHECK(again >= 0);
	CHECK_EQ(read(again, bytes, sizeof(bytes)), 4);
	CHECK(strcmp(bytes, "text") == 0);
	close(again);

	/* Another name, another file, none. */
	CHECK_EQ(rename("/tmp/one", "/tmp/two"), 0);
	check_target(fd, "/tmp/two");
	CHECK_EQ(unlink("/tmp/two"), 0);
	check_target(fd, "anon_inode:[file]");
	CHECK_EQ(dup2(1, fd), fd);
	check_target(fd, "/dev/console");
	close(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_EQ(readlink(path, bytes, sizeof(bytes)), -1);
	CHECK_EQ(errno, ENOENT);
}

/* Kind and number are what fstat() says. */
TEST(fd_links_name_sockets_and_pipes)
{
	int fds[2], pipes[2];
	struct stat status;
	char want[64];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_EQ(fstat(fds[0], &status), 0);
	snprintf(want, sizeof(want), "socket:[%lu]", status.st_ino);
	check_target(fds[0], want);
	CHECK_EQ(fstat(pipes[1], &status), 0);
	snprintf(want, sizeof(want), "pipe:[%lu]", status.st_ino);
	check_target(pipes[1], want);
	close(fds[0]);
	close(fds[1]);
	close(pipes[0]);
	close(pipes[1]);
	CHECK_EQ(access("/proc/self/fd/99", F_OK), -1);
}

TEST(an_open_file_is_one_moment)
{
	const int fd = open("/proc/uptime", O_RDONLY);
	char first[64], again[64];
	ssize_t length, i;

	length = read(fd, first, sizeof(first));
	CHECK(length > 4);
	usleep(20000);
	/* Byte by byte from the second on: the same text. */
	for (i = 1; i < length; i++)
		CHECK_EQ(pread(fd, &again[i], 1, i), 1);
	CHECK_EQ(memcmp(first + 1, again + 1, (size_t)length - 1), 0);
	CHECK_EQ(pread(fd, again, 1, length + 100), 0);
	/* From the beginning: made anew. */
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK(read(fd, again, sizeof(again)) > 4);
	CHECK(strcmp(strtok(first, " "), strtok(again, " ")) != 0);
	close(fd);
}

TEST(bad_pointers_and_writing_are_told)
{
	const int fd = open("/proc/uptime", O_RDONLY);

	CHECK_EQ(read(fd, (void *)8, 4), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(write(fd, "x", 1), -1);
	CHECK_EQ(errno, EBADF);
	close(fd);
}

TEST(a_file_says_no_size)
{
	struct stat status;

	CHECK_EQ(stat("/proc/meminfo", &status), 0);
	CHECK_EQ(status.st_mode, S_IFREG | 0444);
	CHECK_EQ(status.st_size, 0);
	CHECK_EQ(stat("/proc/self", &status), 0);
	CHECK(S_ISDIR(status.st_mode));
}

/* Memory runs out while a text is made: the read says so, nothing is lost. */
TEST(a_text_without_memory_is_told)
{
	const int fd = open("/proc/meminfo", O_RDONLY);
	char byte;

	fault_inject_repeat(FAULT_SLAB, 1, 1);
	CHECK_EQ(pread(fd, &byte, 1, 0), -1);
	fault_inject_set(FAULT_SLAB, 0);
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(pread(fd, &byte, 1, 0), 1);
	CHECK_EQ(byte, 'M');
	close(fd);

	fault_inject_repeat(FAULT_SLAB, 1, 1);
	CHECK_EQ(open("/proc/meminfo", O_RDONLY), -1);
	fault_inject_set(FAULT_SLAB, 0);
	CHECK_EQ(errno, ENOMEM);
}
