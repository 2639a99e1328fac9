/* SPDX-License-Identifier: MIT */
/*
 * Who takes bytes from the console to the line discipline: whoever holds the
 * mutex. When something comes, the interrupt wakes those that wait for input; the
 * first of them takes it. When nobody waits the worker does, so that a Ctrl-C is
 * seen while all threads compute.
 *
 *      interrupt --> readers, pollers --\
 *          \-------> worker ------------+--> take_input(): echo, lines, signals
 *
 * Where no interrupt serves the console, a timer stands in for it while somebody
 * waits.
 */
#include "posix/terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include "arch/sections.h"
#include "core/cmdline.h"
#include "core/console.h"
#include "core/log.h"
#include "core/mutex.h"
#include "core/timer.h"
#include "core/user_access.h"
#include "core/wait.h"
#include "core/work.h"
#include "mm/kthread.h"
#include "posix/discipline.h"
#include "posix/signal.h"

#define LOOK_EVERY_NS 10000000ul
#define CTRL(c)       ((c)&0x1f)
#define DELETE        0x7f

static struct mutex terminal_mutex = MUTEX_INIT("terminal");
struct wait_queue terminal_input_queue = WAIT_QUEUE_INIT("terminal input");

/* [L] terminal_mutex: these four */
static struct line_discipline line = {
	.settings = {
		.iflag = ICRNL | IUTF8,
		.oflag = OPOST | ONLCR,
		.cflag = B38400 | CS8 | CREAD | CLOCAL,
		.lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL |
		         ECHOKE,
		.cc = {
			[VINTR] = CTRL('C'), [VQUIT] = CTRL('\\'),
			[VERASE] = DELETE, [VKILL] = CTRL('U'),
			[VEOF] = CTRL('D'), [VMIN] = 1,
			[VWERASE] = CTRL('W'),
		},
	},
};
static struct winsize window = { .ws_row = 24, .ws_col = 80 };
static uint64_t signals; /* that were typed: a bit for each */

static unsigned int arrivals; /* [A] times that something may have come */
static unsigned int looking;  /* [A] 1: look_timer is pending */

static void input_worked(struct work *work);
static void look(struct timer *timer);
static struct work input_work = { .function = input_worked };
static struct timer look_timer = { .function = look };

void terminal_init(void)
{
	const char *kind = cmdline_get("stdin");

	line.pipe = kind && strcmp(kind, "tty") != 0;
	line.has_end = kind && strcmp(kind, "file") == 0;
}

bool terminal_input_is_tty(void)
{
	return !line.pipe;
}

/* Context: interrupt. */
static void input_arrived(void)
{
	__atomic_fetch_add(&arrivals, 1, __ATOMIC_RELEASE);
	if (wait_queue_wake_all(&terminal_input_queue) == 0)
		work_queue(&input_work);
}

static void look(struct timer *timer)
{
	(void)timer;
	__atomic_store_n(&looking, 0, __ATOMIC_RELEASE);
	input_arrived();
}

/* Somebody is going to wait: see to it that input is noticed. */
static void look_out(void)
{
	if (!console_listen() &&
	    !__atomic_exchange_n(&looking, 1, __ATOMIC_ACQUIRE))
		timer_start(&look_timer, timer_now_ns() + LOOK_EVERY_NS);
}

/* False: no memory. Without the worker only a Ctrl-C when nobody reads is lost. */
static bool start_input(void)
{
	if (discipline_init(&line) != 0)
		return false;
	if (kthread_work_init() != 0)
		log_info("terminal: no memory for a thread that looks for "
		         "Ctrl-C while nobody reads");
	console_on_input(input_arrived);
	(void)console_listen();
	return true;
}

/* True: something came, which those that wait for input are told. */
static bool take_input(void)
{
	bool taken = false;
	int byte;

	while (discipline_has_room(&line) && (byte = console_poll()) >= 0) {
		signals |= 1ull
		           << discipline_accept(&line, (unsigned char)byte);
		taken = true;
	}
	if (taken) {
		__atomic_fetch_add(&arrivals, 1, __ATOMIC_RELEASE);
		wait_queue_wake_all(&terminal_input_queue);
	}
	return taken;
}

/*
 * Take the mutex and what has come. What comes from here on changes @seen_out,
 * for wait_for_input(). False: no memory, and the mutex is not taken.
 */
static bool input_lock(unsigned int *seen_out)
	__try_acquires(terminal_mutex) __no_lock_analysis
{
	mutex_lock(&terminal_mutex);
	if (!line.bytes && !start_input()) {
		mutex_unlock(&terminal_mutex);
		return false;
	}
	*seen_out = __atomic_load_n(&arrivals, __ATOMIC_ACQUIRE);
	*seen_out += take_input();
	return true;
}

/*
 * Signals that were typed are sent when the mutex is free. Whichever thread takes
 * one is interrupted, this one too.
 */
static void input_unlock(void) __releases(terminal_mutex)
{
	uint64_t typed = signals & ~1ull;

	signals = 0;
	mutex_unlock(&terminal_mutex);
	for (; typed != 0; typed &= typed - 1)
		(void)signal_send_process(__builtin_ctzll(typed), NULL);
}

static void input_worked(struct work *work)
{
	unsigned int seen;

	(void)work;
	if (!input_lock(&seen))
		return;
	input_unlock();
	if (READ_ONCE(terminal_input_queue.watchers))
		look_out();
}

/* 0, -EINTR, or -ETIMEDOUT. */
static int wait_for_input(unsigned int seen, uint64_t deadline_ns)
{
	look_out();
	return wait_for(&terminal_input_queue,
	                __atomic_load_n(&arrivals, __ATOMIC_ACQUIRE) != seen,
	                deadline_ns, THREAD_INTERRUPTIBLE);
}

static uint64_t deadline_after(uint64_t patience_ns)
{
	return patience_ns == UINT64_MAX ? UINT64_MAX
	                                 : timer_now_ns() + patience_ns;
}

/*
 * A step of terminal_read(): -EAGAIN: nothing came; else as discipline_read().
 * @until_ns: 0 when the read is over, else how long to wait for more, which begins
 * anew when something came.
 */
static long read_step(char *to, size_t count, size_t have, unsigned int *seen,
                      uint64_t *until_ns)
{
	uint64_t patience_ns;
	long part;

	if (!input_lock(seen))
		return -ENOMEM;
	part = discipline_read(&line, to + have, count - have);
	if (part > 0)
		have += (size_t)part;
	patience_ns = discipline_patience_ns(&line, have, count, part >= 0);
	if (patience_ns == 0)
		*until_ns = 0;
	else if (part > 0 || *until_ns == 0)
		*until_ns = deadline_after(patience_ns);
	input_unlock();
	return part;
}

/* After a wait that ended for another reason than input, one more step. */
long terminal_read(void *to, size_t count, bool nonblock)
{
	size_t have = 0;
	int wait_error = nonblock ? -EAGAIN : 0;
	uint64_t until_ns = 0;

	while (count > 0) {
		unsigned int seen = 0;
		long part = read_step(to, count, have, &seen, &until_ns);

		if (part < 0 && part != -EAGAIN)
			return have > 0 ? (long)have : part;
		if (part > 0)
			have += (size_t)part;
		if (until_ns == 0)
			break;
		if (wait_error == -ETIMEDOUT)
			break;
		if (wait_error)
			return have > 0 ? (long)have : wait_error;
		wait_error = wait_for_input(seen, until_ns);
	}
	return (long)have;
}

unsigned int terminal_ready(void)
{
	unsigned int ready = POLLOUT | POLLWRNORM;
	unsigned int seen;

	if (!input_lock(&seen))
		return ready;
	if (discipline_can_read(&line))
		ready |= POLLIN | POLLRDNORM;
	look_out();
	input_unlock();
	return ready;
}

static void drop_input(void) __must_hold(terminal_mutex)
{
	do {
		discipline_flush(&line);
	} while (console_poll() >= 0);
}

/* What has come until now was typed for the old settings. */
static long set_settings(unsigned long request, const void *argument)
{
	struct terminal_settings settings;
	unsigned int seen;

	if (copy_from_user(&settings, argument, sizeof(settings)) != 0)
		return -EFAULT;
	if (!input_lock(&seen))
		return -ENOMEM;
	if (request == TCSETSF)
		drop_input();
	discipline_set(&line, &settings);
	input_unlock();
	return 0;
}

static long flush(unsigned long which)
{
	unsigned int seen;

	if (which > TCIOFLUSH)
		return -EINVAL;
	if (which == TCOFLUSH)
		return 0;
	if (!input_lock(&seen))
		return -ENOMEM;
	drop_input();
	input_unlock();
	return 0;
}

static long readable_bytes(int *to)
{
	unsigned int seen;
	int bytes;

	if (!input_lock(&seen))
		return -ENOMEM;
	bytes = (int)discipline_readable(&line);
	input_unlock();
	return put_user(bytes, to);
}

static long get_settings(void *to)
{
	struct terminal_settings settings;

	mutex_lock(&terminal_mutex);
	settings = line.settings;
	mutex_unlock(&terminal_mutex);
	return copy_to_user(to, &settings, sizeof(settings));
}

static long keep_settings(const void *from)
{
	struct terminal_settings settings;

	if (copy_from_user(&settings, from, sizeof(settings)) != 0)
		return -EFAULT;
	mutex_lock(&terminal_mutex);
	line.settings = settings;
	mutex_unlock(&terminal_mutex);
	return 0;
}

static long window_size(bool set, struct winsize *user)
{
	struct winsize size;

	if (set && copy_from_user(&size, user, sizeof(size)) != 0)
		return -EFAULT;
	mutex_lock(&terminal_mutex);
	if (set)
		window = size;
	else
		size = window;
	mutex_unlock(&terminal_mutex);
	return set ? 0 : copy_to_user(user, &size, sizeof(size));
}

/* What changes input, or asks for it. */
static long input_ioctl(unsigned long request, void *argument)
{
	switch (request) {
	case TCSETS:
	case TCSETSW: /* output is never behind */
	case TCSETSF:
		return set_settings(request, argument);
	case TCFLSH:
		return flush((unsigned long)argument);
	default: /* FIONREAD */
		return readable_bytes(argument);
	}
}

/* The same where nobody reads. */
static long no_input_ioctl(unsigned long request, void *argument)
{
	switch (request) {
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return keep_settings(argument);
	case TCFLSH:
		return (unsigned long)argument > TCIOFLUSH ? -EINVAL : 0;
	default: /* FIONREAD */
		return put_user(0, (int *)argument);
	}
}

const struct terminal_input terminal_input = {
	.read = terminal_read,
	.ready = terminal_ready,
	.ioctl = input_ioctl,
};

long terminal_ioctl(unsigned long request, void *argument)
{
	const struct terminal_input *input = __linked_terminal_input[0];

	switch (request) {
	case TCGETS:
		return get_settings(argument);
	case TIOCGWINSZ:
	case TIOCSWINSZ:
		return window_size(request == TIOCSWINSZ, argument);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
	case TCFLSH:
	case FIONREAD:
		return (input ? input->ioctl : no_input_ioctl)(request,
		                                               argument);
	default:
		return -ENOTTY;
	}
}
