/* SPDX-License-Identifier: MIT */
/*
 * Signals that the application sends itself: raise(), kill(), abort(), Ctrl-C. A
 * handler is an ordinary call, made before the system call that sent the signal
 * returns. Nothing arrives between two instructions: hardware faults end in
 * panic, and there are no timers or children that signal.
 *
 * Context: the thread of main().
 */
#ifndef POSIX_SIGNAL_H
#define POSIX_SIGNAL_H

enum signal_result {
	SIGNAL_IGNORED, /* or left pending */
	SIGNAL_RESTART, /* a handler ran; the call may go on (SA_RESTART) */
	SIGNAL_HANDLED, /* a handler ran; the call returns -EINTR */
};

/*
 * pre:  1 <= signal <= 64
 * Ends the image, with exit status 128 + signal, where Linux ends the process.
 */
enum signal_result signal_send(int signal);

#endif /* POSIX_SIGNAL_H */
