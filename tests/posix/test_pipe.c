/* SPDX-License-Identifier: MIT */
/* Pipes: order, capacity, atomic writes, ends that go, waiting. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beside.h"
#include "posix/syscalls.h"
#include "test.h"

#define CAPACITY 65536

static int fds[2];
static void *const volatile nowhere = (void *)8;
static unsigned char out[CAPACITY + PIPE_BUF], in[CAPACITY + PIPE_BUF];

static void check_errno(long result, int want)
{
	CHECK_EQ(result, -1);
	CHECK_EQ(errno, want);
}

static void open_pipe(int flags)
{
	CHECK_EQ(pipe2(fds, flags), 0);
}

static void close_pipe(void)
{
	CHECK_EQ(close(fds[0]), 0);
	CHECK_EQ(close(fds[1]), 0);
}

static int ready_now(int fd)
{
	struct pollfd entry = { .fd = fd,
		                .events = POLLIN | POLLOUT | POLLRDHUP };

	CHECK(poll(&entry, 1, 0) >= 0);
	return entry.revents;
}

/* Bytes that do not repeat with a period of the ring. */
static void make_bytes(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + i / 251;
}

TEST(bytes_come_out_as_they_went_in)
{
	int waiting = 0;

	open_pipe(0);
	CHECK_EQ(write(fds[1], "hello", 5), 5);
	CHECK_EQ(write(fds[1], " world", 6), 6);
	CHECK_EQ(ioctl(fds[0], FIONREAD, &waiting), 0);
	CHECK_EQ(waiting, 11);
	CHECK_EQ(read(fds[0], in, 3), 3);
	CHECK_EQ(read(fds[0], in + 3, sizeof(in)), 8);
	CHECK_EQ(memcmp(in, "hello world", 11), 0);
	CHECK_EQ(write(fds[1], "", 0), 0);
	CHECK_EQ(read(fds[0], in, 0), 0);
	close_pipe();
}

/* A piece at the ring's end, a page given back too early, a lost byte. */
TEST(pieces_of_every_size_wrap_around_the_ring)
{
	size_t written = 0, taken = 0;
	unsigned int round;

	make_bytes();
	open_pipe(O_NONBLOCK);
	for (round = 0; round < 400; round++) {
		const size_t most = test_random() % 9000 + 1;
		const size_t from = written % CAPACITY;
		long n = write(fds[1], out + from,
		               from + most > CAPACITY ? CAPACITY - from : most);

		CHECK(n > 0 || errno == EAGAIN);
		written += n > 0 ? n : 0;
		n = read(fds[0], in, test_random() % 9000 + 1);
		CHECK(n > 0);
		while (n > 0) {
			const size_t at = taken % CAPACITY;
			const size_t part =
				at + n > CAPACITY ? CAPACITY - at : (size_t)n;

			CHECK_EQ(memcmp(in, out + at, part), 0);
			memmove(in, in + part, n - part);
			taken += part;
			n -= part;
		}
	}
	close_pipe();
}

TEST(a_full_pipe_takes_no_more_and_an_empty_one_gives_none)
{
	make_bytes();
	open_pipe(O_NONBLOCK);
	check_errno(read(fds[0], in, 1), EAGAIN);
	CHECK_EQ(write(fds[1], out, sizeof(out)), CAPACITY);
	check_errno(write(fds[1], out, 1), EAGAIN);
	CHECK_EQ(read(fds[0], in, 100), 100);
	/* Not divided: 100 bytes of room are none for a write of 200. */
	check_errno(write(fds[1], out, 200), EAGAIN);
	check_errno(write(fds[1], out, PIPE_BUF), EAGAIN);
	CHECK_EQ(write(fds[1], out, 50), 50);
	/* More than PIPE_BUF may be divided. */
	CHECK_EQ(write(fds[1], out + 50, PIPE_BUF + 1), 50);
	CHECK_EQ(read(fds[0], in, sizeof(in)), CAPACITY);
	CHECK_EQ(memcmp(in, out + 100, CAPACITY - 100), 0);
	CHECK_EQ(memcmp(in + CAPACITY - 100, out, 100), 0);
	close_pipe();
}

TEST(readiness_follows_bytes_room_and_ends)
{
	make_bytes();
	open_pipe(O_NONBLOCK);
	CHECK_EQ(ready_now(fds[0]), 0);
	CHECK_EQ(ready_now(fds[1]), POLLOUT);
	CHECK_EQ(write(fds[1], out, CAPACITY), CAPACITY);
	CHECK_EQ(ready_now(fds[0]), POLLIN);
	CHECK_EQ(ready_now(fds[1]), 0);
	CHECK_EQ(read(fds[0], in, PIPE_BUF - 1), PIPE_BUF - 1);
	CHECK_EQ(ready_now(fds[1]), 0);
	CHECK_EQ(read(fds[0], in, 1), 1);
	CHECK_EQ(ready_now(fds[1]), POLLOUT);
	CHECK_EQ(close(fds[1]), 0);
	CHECK_EQ(ready_now(fds[0]), POLLIN | POLLHUP);
	CHECK_EQ(read(fds[0], in, sizeof(in)), CAPACITY - PIPE_BUF);
	CHECK_EQ(ready_now(fds[0]), POLLHUP);
	CHECK_EQ(read(fds[0], in, 1), 0);
	CHECK_EQ(close(fds[0]), 0);
}

static volatile int signals;

static void on_signal(int signal)
{
	(void)signal;
	signals++;
}

TEST(writing_without_readers_is_told_by_signal_and_error)
{
	signals = 0;
	signal(SIGPIPE, on_signal);
	open_pipe(0);
	CHECK_EQ(close(fds[0]), 0);
	CHECK_EQ(ready_now(fds[1]), POLLOUT | POLLERR);
	check_errno(write(fds[1], "x", 1), EPIPE);
	CHECK_EQ(signals, 1);
	CHECK_EQ(write(fds[1], "", 0), 0);
	CHECK_EQ(signals, 1);
	CHECK_EQ(close(fds[1]), 0);
	signal(SIGPIPE, SIG_DFL);
}

TEST(an_end_lives_as_long_as_a_descriptor_of_it)
{
	int copy;

	open_pipe(0);
	copy = dup(fds[1]);
	CHECK(copy >= 0);
	CHECK_EQ(close(fds[1]), 0);
	CHECK_EQ(write(copy, "x", 1), 1);
	CHECK_EQ(close(copy), 0);
	CHECK_EQ(read(fds[0], in, 2), 1);
	CHECK_EQ(read(fds[0], in, 2), 0);
	CHECK_EQ(close(fds[0]), 0);
}

TEST(wrong_arguments_are_refused_and_leave_nothing)
{
	struct stat status;
	char byte;

	check_errno(pipe2(fds, 0x40000000), EINVAL);
	check_errno(pipe2(nowhere, 0), EFAULT);
	open_pipe(O_CLOEXEC);
	CHECK_EQ(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fstat(fds[0], &status), 0);
	CHECK(S_ISFIFO(status.st_mode));
	check_errno(write(fds[0], "x", 1), EBADF);
	check_errno(read(fds[1], &byte, 1), EBADF);
	check_errno(lseek(fds[0], 0, SEEK_SET), ESPIPE);
	check_errno(write(fds[1], nowhere, 1), EFAULT);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	check_errno(read(fds[0], nowhere, 1), EFAULT);
	/* The byte that could not be told is not lost. */
	CHECK_EQ(read(fds[0], &byte, 1), 1);
	CHECK_EQ(byte, 'x');
	check_errno(ioctl(fds[0], FIONREAD, nowhere), EFAULT);
	check_errno(ioctl(fds[0], TIOCGWINSZ, &status), ENOTTY);
	close_pipe();
}

TEST(capacity_is_changed_with_the_bytes_kept)
{
	make_bytes();
	open_pipe(O_NONBLOCK);
	CHECK_EQ(fcntl(fds[0], F_GETPIPE_SZ), CAPACITY);
	/* A ring that begins and ends in the middle of one page. */
	CHECK_EQ(write(fds[1], out, CAPACITY), CAPACITY);
	CHECK_EQ(read(fds[0], in, 5000), 5000);
	CHECK_EQ(write(fds[1], out, 5000), 5000);
	check_errno(fcntl(fds[1], F_SETPIPE_SZ, 4096), EBUSY);
	CHECK_EQ(fcntl(fds[1], F_SETPIPE_SZ, CAPACITY + 1), 2 * CAPACITY);
	CHECK_EQ(read(fds[0], in, sizeof(in)), CAPACITY);
	CHECK_EQ(memcmp(in, out + 5000, CAPACITY - 5000), 0);
	CHECK_EQ(memcmp(in + CAPACITY - 5000, out, 5000), 0);
	CHECK_EQ(fcntl(fds[1], F_SETPIPE_SZ, 1), 4096);
	CHECK_EQ(write(fds[1], out, 4097), 4096);
	check_errno(fcntl(fds[1], F_SETPIPE_SZ, 1 << 21), EPERM);
	check_errno(fcntl(fds[1], F_SETPIPE_SZ, -1), EINVAL);
	close_pipe();
}

static char byte_read;

static long read_byte(void *unused)
{
	(void)unused;
	return sys_read(fds[0], (long)&byte_read, 1, 0, 0, 0);
}

static long write_all(void *count)
{
	return sys_write(fds[1], (long)out, (long)count, 0, 0, 0);
}

TEST(a_reader_sleeps_until_bytes_come)
{
	struct beside *reader;

	open_pipe(0);
	reader = beside_start(read_byte, NULL);
	beside_waits(reader);
	CHECK_EQ(write(fds[1], "a", 1), 1);
	CHECK_EQ(beside_join(reader), 1);
	CHECK_EQ(byte_read, 'a');
	close_pipe();
}

TEST(a_reader_sleeps_until_the_last_writer_goes)
{
	struct beside *reader;

	open_pipe(0);
	reader = beside_start(read_byte, NULL);
	beside_waits(reader);
	CHECK_EQ(close(fds[1]), 0);
	CHECK_EQ(beside_join(reader), 0);
	CHECK_EQ(close(fds[0]), 0);
}

TEST(an_interrupted_reader_and_writer_say_so)
{
	struct beside *thread;

	make_bytes();
	open_pipe(0);
	thread = beside_start(read_byte, NULL);
	beside_waits(thread);
	beside_interrupt(thread);
	CHECK_EQ(beside_join(thread), -EINTR);

	/* What was written counts. */
	thread = beside_start(write_all, (void *)(long)(CAPACITY + 1));
	beside_waits(thread);
	beside_interrupt(thread);
	CHECK_EQ(beside_join(thread), CAPACITY);
	thread = beside_start(write_all, (void *)1);
	beside_waits(thread);
	beside_interrupt(thread);
	CHECK_EQ(beside_join(thread), -EINTR);
	close_pipe();
}

/* One sleeper is woken at a time; each must wake the next. */
TEST(every_reader_gets_its_byte)
{
	struct beside *readers[8];
	unsigned int i;

	open_pipe(0);
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		readers[i] = beside_start(read_byte, NULL);
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		beside_waits(readers[i]);
	CHECK_EQ(write(fds[1], "12345678", 8), 8);
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		CHECK_EQ(beside_join(readers[i]), 1);
	close_pipe();
}

TEST(every_writer_gets_its_room)
{
	struct beside *writers[4];
	unsigned int i;
	long left = CAPACITY + 4 * 1000;

	make_bytes();
	open_pipe(0);
	CHECK_EQ(write(fds[1], out, CAPACITY), CAPACITY);
	for (i = 0; i < ARRAY_SIZE(writers); i++)
		writers[i] = beside_start(write_all, (void *)1000);
	for (i = 0; i < ARRAY_SIZE(writers); i++)
		beside_waits(writers[i]);
	while (left > 0) {
		const long n = read(fds[0], in, 5000);

		CHECK(n > 0);
		left -= n;
	}
	for (i = 0; i < ARRAY_SIZE(writers); i++)
		CHECK_EQ(beside_join(writers[i]), 1000);
	close_pipe();
}

/* A write of more than the capacity goes on while somebody reads. */
TEST(a_long_write_is_one_stream)
{
	struct beside *writer;
	size_t got = 0;

	make_bytes();
	open_pipe(0);
	writer = beside_start(write_all, (void *)(long)sizeof(out));
	while (got < sizeof(in)) {
		const long n = read(fds[0], in + got, 3000);

		CHECK(n > 0);
		got += n;
	}
	CHECK_EQ(beside_join(writer), sizeof(out));
	CHECK_EQ(memcmp(in, out, sizeof(in)), 0);
	close_pipe();
}

#define RECORDS      2000
#define RECORD_BYTES 100

static long write_records(void *mark)
{
	unsigned char record[RECORD_BYTES];
	unsigned int i;
	long err = 0;

	memset(record, (int)(long)mark, sizeof(record));
	for (i = 0; i < RECORDS && err >= 0; i++)
		err = sys_write(fds[1], (long)record, sizeof(record), 0, 0, 0);
	return err;
}

TEST(records_of_several_writers_are_not_mixed)
{
	struct beside *writers[3];
	unsigned int counts[3] = { 0 };
	unsigned char record[RECORD_BYTES];
	unsigned int i, j;

	open_pipe(0);
	for (i = 0; i < ARRAY_SIZE(writers); i++)
		writers[i] = beside_start(write_records, (void *)(long)i);
	for (i = 0; i < RECORDS * ARRAY_SIZE(writers); i++) {
		CHECK_EQ(read(fds[0], record, sizeof(record)), sizeof(record));
		CHECK(record[0] < ARRAY_SIZE(writers));
		for (j = 1; j < sizeof(record); j++)
			CHECK_EQ(record[j], record[0]);
		counts[record[0]]++;
	}
	for (i = 0; i < ARRAY_SIZE(writers); i++) {
		CHECK_EQ(beside_join(writers[i]), RECORD_BYTES);
		CHECK_EQ(counts[i], RECORDS);
	}
	close_pipe();
}

static const char *const fifo = "/test-fifo";
static int opened;

static long open_fifo(void *flags)
{
	return sys_openat(AT_FDCWD, (long)fifo, (long)flags, 0, 0, 0);
}

TEST(opening_a_fifo_waits_for_the_other_end)
{
	struct beside *thread;
	int other;

	CHECK_EQ(mkfifo(fifo, 0600), 0);
	thread = beside_start(open_fifo, (void *)O_RDONLY);
	beside_waits(thread);
	other = open(fifo, O_WRONLY);
	CHECK(other >= 0);
	opened = beside_join(thread);
	CHECK(opened >= 0);
	close(other);
	close(opened);

	thread = beside_start(open_fifo, (void *)O_WRONLY);
	beside_waits(thread);
	/* Gone before the writer looks: it was there. */
	other = open(fifo, O_RDONLY | O_NONBLOCK);
	CHECK(other >= 0);
	close(other);
	opened = beside_join(thread);
	CHECK(opened >= 0);
	close(opened);

	thread = beside_start(open_fifo, (void *)O_WRONLY);
	beside_waits(thread);
	beside_interrupt(thread);
	CHECK_EQ(beside_join(thread), -EINTR);
	CHECK_EQ(unlink(fifo), 0);
}

TEST(opening_a_fifo_without_waiting)
{
	int reader, writer, both;
	struct stat status;

	CHECK_EQ(mkfifo(fifo, 0600), 0);
	check_errno(open(fifo, O_WRONLY | O_NONBLOCK), ENXIO);
	reader = open(fifo, O_RDONLY | O_NONBLOCK);
	CHECK(reader >= 0);
	CHECK_EQ(fstat(reader, &status), 0);
	CHECK(S_ISFIFO(status.st_mode));
	/* No writer yet: the end for read(), but nothing that poll() tells. */
	CHECK_EQ(ready_now(reader), 0);
	CHECK_EQ(read(reader, in, 1), 0);
	writer = open(fifo, O_WRONLY | O_NONBLOCK);
	CHECK(writer >= 0);
	check_errno(read(reader, in, 1), EAGAIN);
	CHECK_EQ(write(writer, "abc", 3), 3);
	close(writer);
	CHECK_EQ(read(reader, in, 2), 2);
	CHECK_EQ(ready_now(reader), POLLIN | POLLHUP);
	close(reader);

	/* What nobody can read any more is gone. */
	both = open(fifo, O_RDWR);
	CHECK(both >= 0);
	CHECK_EQ(ready_now(both), POLLOUT);
	CHECK_EQ(write(both, "x", 1), 1);
	CHECK_EQ(read(both, in, 2), 1);
	CHECK_EQ(in[0], 'x');
	CHECK_EQ(unlink(fifo), 0);
	close(both);
}
