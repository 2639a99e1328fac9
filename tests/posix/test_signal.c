/* SPDX-License-Identifier: MIT */
/* Signals that a program sends itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "test.h"

static volatile int count;
static volatile int last_code;

static void on_signal(int signal)
{
	(void)signal;
	count++;
}

static void on_signal_info(int signal, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	last_code = info->si_signo == signal ? info->si_code : -1;
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	count = 0;
	CHECK_EQ(sigaction(signal, &action, NULL), 0);
}

TEST(a_handler_runs_before_raise_returns)
{
	handle(SIGUSR1, on_signal, 0);
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_EQ(count, 1);
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	CHECK_EQ(count, 2);
	handle(SIGUSR1, SIG_DFL, 0);
}

TEST(a_blocked_signal_waits)
{
	sigset_t set, old, pending;

	handle(SIGUSR2, on_signal, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK_EQ(sigprocmask(SIG_BLOCK, &set, &old), 0);
	CHECK_EQ(raise(SIGUSR2), 0);
	CHECK_EQ(count, 0);
	CHECK_EQ(sigpending(&pending), 0);
	CHECK(sigismember(&pending, SIGUSR2));
	CHECK_EQ(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	CHECK_EQ(count, 1);
	handle(SIGUSR2, SIG_DFL, 0);
}

TEST(ignored_and_harmless_signals_do_nothing)
{
	handle(SIGUSR1, SIG_IGN, 0);
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_EQ(raise(SIGCHLD), 0);
	CHECK_EQ(kill(0, 0), 0);
	handle(SIGUSR1, SIG_DFL, 0);
}

TEST(an_action_is_reset_and_told_as_asked)
{
	struct sigaction action = { .sa_sigaction = on_signal_info,
		                    .sa_flags = SA_SIGINFO | SA_RESETHAND };
	struct sigaction old;

	count = 0;
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_EQ(count, 1);
	CHECK_EQ(last_code, SI_TKILL);
	CHECK_EQ(sigaction(SIGUSR1, NULL, &old), 0);
	CHECK(old.sa_handler == SIG_DFL);
}

TEST(wrong_signals_and_processes_are_refused)
{
	struct sigaction action = { .sa_handler = on_signal };

	CHECK_EQ(kill(getpid(), 65), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(kill(getpid() + 1, 0), -1);
	CHECK_EQ(errno, ESRCH);
	CHECK_EQ(sigaction(SIGKILL, &action, NULL), -1);
	CHECK_EQ(errno, EINVAL);
}
