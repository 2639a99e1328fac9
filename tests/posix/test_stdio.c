/* SPDX-License-Identifier: MIT */
/* The C library over the console: formats, errors, arguments. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

TEST(formats_print_what_c_says)
{
	const char *volatile word = "longer";
	char text[200];

	snprintf(text, sizeof(text), "%d %5u|%-4s|%c %x %#lx %lld %%", -7, 42u,
	         "ab", 'z', 255u, 0xffffffff80200000ul, -(1ll << 40));
	CHECK_EQ(strcmp(text, "-7    42|ab  |z ff 0xffffffff80200000 "
	                      "-1099511627776 %"),
	         0);
	snprintf(text, sizeof(text), "%.3f %g %e %a", 2.5, 1e100, 12345.678,
	         1.0);
	CHECK_EQ(strcmp(text, "2.500 1e+100 1.234568e+04 0x1p+0"), 0);
	CHECK_EQ(snprintf(text, 4, "%s", word), 6);
	CHECK_EQ(strcmp(text, "lon"), 0);
}

TEST(numbers_are_read_back)
{
	int a;
	unsigned long b;
	double c;
	char word[8];

	CHECK_EQ(
		sscanf("12 0xff 2.5e3 end", "%d %lx %lf %7s", &a, &b, &c, word),
		4);
	CHECK(a == 12 && b == 255 && c == 2500.0);
	CHECK_EQ(strcmp(word, "end"), 0);
	CHECK_EQ(strtoul("0x10", NULL, 0), 16);
	errno = 0;
	CHECK_EQ(strtoul("99999999999999999999", NULL, 10), ~0ul);
	CHECK_EQ(errno, ERANGE);
}

TEST(output_goes_to_the_console)
{
	char text[] = "# written with writev\n";
	struct iovec parts[2] = { { text, 10 },
		                  { text + 10, sizeof(text) - 11 } };

	CHECK_EQ(fflush(stdout), 0);
	CHECK_EQ(writev(1, parts, 2), sizeof(text) - 1);
	CHECK_EQ(write(2, "# to stderr\n", 12), 12);
	CHECK(fputs("# from fputs\n", stdout) >= 0);
	CHECK_EQ(fflush(stdout), 0);
}

TEST(what_does_not_exist_is_an_error)
{
	char byte;

	CHECK(!fopen("/no/such/file", "r"));
	CHECK(errno == ENOENT || errno == ENOSYS);
	CHECK_EQ(write(99, "x", 1), -1);
	CHECK_EQ(errno, EBADF);
	CHECK_EQ(read(99, &byte, 1), -1);
	CHECK_EQ(errno, EBADF);
	CHECK_EQ(write(1, (void *)8, 4), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(lseek(1, 0, SEEK_SET), -1);
	CHECK_EQ(errno, ESPIPE);
}

TEST(unknown_system_call_is_enosys)
{
	CHECK_EQ(acct("/"), -1);
	CHECK_EQ(errno, ENOSYS);
}

TEST(clock_advances_and_sleep_sleeps)
{
	const struct timespec pause = { 0, 2000000 };
	struct timespec before, after;

	CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &before), 0);
	CHECK_EQ(nanosleep(&pause, NULL), 0);
	CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &after), 0);
	CHECK((after.tv_sec - before.tv_sec) * 1000000000l + after.tv_nsec -
	              before.tv_nsec >=
	      2000000);
}

TEST(errno_is_a_thread_variable_that_works)
{
	errno = 0;
	CHECK_EQ(sqrt(-1.0) == sqrt(-1.0), 0);
	errno = EDOM;
	CHECK_EQ(strcmp(strerror(errno), strerror(EDOM)), 0);
	CHECK(strlen(strerror(ENOMEM)) > 5);
}

static __thread int counter = 41;
static __thread char zeroes[100];

TEST(thread_local_variables_start_with_their_values)
{
	CHECK_EQ(counter, 41);
	counter++;
	CHECK_EQ(counter, 42);
	counter = 41;
	for (unsigned int i = 0; i < sizeof(zeroes); i++)
		CHECK_EQ(zeroes[i], 0);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

TEST(library_functions_over_memory_work)
{
	int numbers[200], key = 77;

	for (int i = 0; i < 200; i++)
		numbers[i] = i * 73 % 200;
	qsort(numbers, 200, sizeof(int), compare);
	for (int i = 0; i < 200; i++)
		CHECK_EQ(numbers[i], i);
	CHECK_EQ(bsearch(&key, numbers, 200, sizeof(int), compare),
	         &numbers[77]);
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	signals += number;
}

TEST(raised_signal_calls_its_handler)
{
	struct sigaction action = { .sa_handler = on_signal }, before;

	signals = 0;
	CHECK_EQ(sigaction(SIGUSR1, &action, &before), 0);
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_EQ(signals, SIGUSR1);
	CHECK_EQ(sigaction(SIGUSR1, &before, NULL), 0);
}
