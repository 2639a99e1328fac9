/* SPDX-License-Identifier: MIT */
/*
 * Options of level SOL_SOCKET. What is kept is kept here; the family is told, and
 * asked for what only it knows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/time.h>

#include "posix/clock.h"
#include "posix/socket/socket_internal.h"

#define SEND_LEAST_BYTES    4608u
#define RECEIVE_LEAST_BYTES 2304u

static const struct {
	int name;
	enum socket_switch bit;
} switches[] = {
	{ SO_REUSEADDR, SWITCH_REUSE_ADDRESS },
	{ SO_REUSEPORT, SWITCH_REUSE_PORT },
	{ SO_KEEPALIVE, SWITCH_KEEP_ALIVE },
	{ SO_BROADCAST, SWITCH_BROADCAST },
	{ SO_OOBINLINE, SWITCH_OUT_OF_BAND_INLINE },
	{ SO_PASSCRED, SWITCH_PASS_CREDENTIALS },
	{ SO_DONTROUTE, SWITCH_DONT_ROUTE },
	{ SO_TIMESTAMP, SWITCH_TIMESTAMP },
};

#define SWITCHES (sizeof(switches) / sizeof(switches[0]))

int option_number(const struct option *option, int *number_out)
{
	if (option->bytes < sizeof(int))
		return -EINVAL;
	*number_out = option->number;
	return 0;
}

int option_put_number(struct option *option, int number)
{
	option->number = number;
	option->bytes =
		option->bytes < sizeof(int) ? option->bytes : sizeof(int);
	return 0;
}

/* 0: it is no switch. */
static unsigned int switch_bit(int name)
{
	unsigned int i;

	for (i = 0; i < SWITCHES; i++) {
		if (switches[i].name == name)
			return switches[i].bit;
	}
	return 0;
}

static void set_switch(struct socket *socket, unsigned int bit, bool on)
{
	if (on)
		__atomic_fetch_or(&socket->switches, bit, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&socket->switches, ~bit, __ATOMIC_RELAXED);
}

/* Told doubled, as Linux does, within limits. */
static unsigned int buffer_bytes(int asked, unsigned int least)
{
	unsigned int bytes = asked < 0 ? BUFFER_BYTES : (unsigned int)asked;

	if (bytes > BUFFER_BYTES)
		bytes = BUFFER_BYTES;
	return bytes * 2 > least ? bytes * 2 : least;
}

static int set_timeout(const struct option *option, uint64_t *timeout_ns)
{
	struct timeval time;
	uint64_t ns = 0;

	if (option->bytes < sizeof(time))
		return -EINVAL;
	memcpy(&time, option->data, sizeof(time));
	if (time.tv_usec < 0 || time.tv_usec >= 1000000)
		return -EDOM;
	if (time.tv_sec < 0)
		ns = 1; /* as Linux: it is over at once */
	else if (__builtin_mul_overflow((uint64_t)time.tv_sec, 1000000000ul,
	                                &ns) ||
	         __builtin_add_overflow(ns, (uint64_t)time.tv_usec * 1000, &ns))
		ns = 0;
	WRITE_ONCE(*timeout_ns, ns);
	return 0;
}

static int set_linger(struct socket *socket, const struct option *option)
{
	if (option->bytes < sizeof(socket->linger))
		return -EINVAL;
	memcpy(&socket->linger, option->data, sizeof(socket->linger));
	return 0;
}

static int ask_family(struct socket *socket, const struct option *option)
{
	if (!socket->ops->set_option)
		return -ENOPROTOOPT;
	return socket->ops->set_option(socket, option);
}

static int set_socket_number(struct socket *socket, int name, int number,
                             const struct option *option)
{
	switch (name) {
	case SO_SNDBUF:
	case SO_SNDBUFFORCE:
		WRITE_ONCE(socket->send_bytes,
		           buffer_bytes(number, SEND_LEAST_BYTES));
		return 0;
	case SO_RCVBUF:
	case SO_RCVBUFFORCE:
		WRITE_ONCE(socket->receive_bytes,
		           buffer_bytes(number, RECEIVE_LEAST_BYTES));
		return 0;
	case SO_PRIORITY:
	case SO_RCVLOWAT:
		return 0;
	case SO_TYPE:
	case SO_PROTOCOL:
	case SO_DOMAIN:
	case SO_ERROR:
	case SO_ACCEPTCONN:
		return -ENOPROTOOPT;
	default:
		return ask_family(socket, option);
	}
}

static int set_at_socket(struct socket *socket, const struct option *option)
{
	const unsigned int bit = switch_bit(option->name);
	int number, err;

	switch (option->name) {
	case SO_BINDTODEVICE:
		return ask_family(socket, option);
	case SO_LINGER:
		return set_linger(socket, option);
	case SO_RCVTIMEO:
		return set_timeout(option, &socket->receive_timeout_ns);
	case SO_SNDTIMEO:
		return set_timeout(option, &socket->send_timeout_ns);
	}
	err = option_number(option, &number);
	if (err)
		return err;
	if (!bit)
		return set_socket_number(socket, option->name, number, option);
	set_switch(socket, bit, number != 0);
	return 0;
}

int socket_set_option(struct socket *socket, const struct option *option)
{
	int err;

	if (option->level != SOL_SOCKET)
		return ask_family(socket, option);
	err = set_at_socket(socket, option);
	if (!err && socket->ops->option_changed)
		socket->ops->option_changed(socket, option->name);
	return err;
}

/* @bytes of @value, as far as there is room. */
static int put_value(struct option *option, const void *value, size_t bytes)
{
	memcpy(option->data, value, bytes);
	if (option->bytes > bytes)
		option->bytes = bytes;
	return 0;
}

static int put_timeout(struct option *option, uint64_t ns)
{
	const struct timeval time = {
		.tv_sec = ns / 1000000000,
		.tv_usec = ns % 1000000000 / 1000,
	};

	return put_value(option, &time, sizeof(time));
}

static int get_from_family(struct socket *socket, struct option *option)
{
	if (!socket->ops->get_option)
		return -ENOPROTOOPT;
	return socket->ops->get_option(socket, option);
}

static int get_at_socket(struct socket *socket, struct option *option)
{
	switch (option->name) {
	case SO_TYPE:
		return option_put_number(option, socket->type);
	case SO_PROTOCOL:
		return option_put_number(option, socket->protocol);
	case SO_DOMAIN:
		return option_put_number(option, socket->family);
	case SO_ERROR:
		return option_put_number(option, -socket_take_error(socket));
	case SO_ACCEPTCONN:
		return option_put_number(option, READ_ONCE(socket->listens));
	case SO_SNDBUF:
		return option_put_number(option, READ_ONCE(socket->send_bytes));
	case SO_RCVBUF:
		return option_put_number(option,
		                         READ_ONCE(socket->receive_bytes));
	case SO_RCVLOWAT:
	case SO_SNDLOWAT:
		return option_put_number(option, 1);
	case SO_PRIORITY:
		return option_put_number(option, 0);
	case SO_LINGER:
		return put_value(option, &socket->linger,
		                 sizeof(socket->linger));
	case SO_RCVTIMEO:
		return put_timeout(option, socket->receive_timeout_ns);
	case SO_SNDTIMEO:
		return put_timeout(option, socket->send_timeout_ns);
	default:
		return get_from_family(socket, option);
	}
}

int socket_get_option(struct socket *socket, struct option *option)
{
	const unsigned int bit = switch_bit(option->name);

	if (option->level != SOL_SOCKET)
		return get_from_family(socket, option);
	if (bit)
		return option_put_number(
			option, (READ_ONCE(socket->switches) & bit) != 0);
	return get_at_socket(socket, option);
}
