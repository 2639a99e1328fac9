/* SPDX-License-Identifier: MIT */
/*
 * Options of TCP sockets, and ioctl(). Values are kept in the stream, since its pcb
 * comes late and may go early, and are put into the pcb when there is one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "core/user_access.h"
#include "posix/socket/stream.h"

#include "lwip/priv/tcp_priv.h"

#define KEEP_MAX_S     32767
#define KEEP_MAX_COUNT 127

/* @number into *@place, within [1, @most]. */
static int set_within(unsigned int *place, int number, int most)
{
	if (number < 1 || number > most)
		return -EINVAL;
	*place = number;
	return 0;
}

static int set_locked(struct stream *stream, int name, int number)
{
	switch (name) {
	case TCP_NODELAY:
		stream->no_delay = number != 0;
		stream_apply(stream);
		if (number)
			stream_push(stream);
		return 0;
	case TCP_CORK:
		stream->cork = number != 0;
		if (!number)
			stream_push(stream);
		return 0;
	case TCP_KEEPIDLE:
		return set_within(&stream->keep_idle_s, number, KEEP_MAX_S);
	case TCP_KEEPINTVL:
		return set_within(&stream->keep_interval_s, number, KEEP_MAX_S);
	case TCP_KEEPCNT:
		return set_within(&stream->keep_count, number, KEEP_MAX_COUNT);
	case TCP_USER_TIMEOUT:
		if (number < 0)
			return -EINVAL;
		stream->user_timeout_ms = number;
		return 0;
	case TCP_MAXSEG:
		return number < 88 || number > 32767 ? -EINVAL : 0;
	case TCP_DEFER_ACCEPT:
	case TCP_QUICKACK:
	case TCP_SYNCNT:
	case TCP_LINGER2:
	case TCP_WINDOW_CLAMP:
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int stream_set_option(struct socket *socket, const struct option *option)
{
	struct stream *stream = stream_of(socket);
	bool changed = false;
	int number, err;

	if (option->level != IPPROTO_TCP) {
		net_lock();
		err = inet_set_option(&stream->inet, option, &changed);
		if (changed)
			stream_apply(stream);
		net_unlock();
		return err;
	}
	err = option_number(option, &number);
	if (err)
		return err;
	net_lock();
	err = set_locked(stream, option->name, number);
	if (!err)
		stream_apply(stream);
	net_unlock();
	return err;
}

/* lwIP's states are numbered as RFC 793 tells them, Linux's are not. */
static uint8_t linux_state(const struct stream *stream)
{
	static const uint8_t states[] = {
		[CLOSED] = TCP_CLOSE,
		[LISTEN] = TCP_LISTEN,
		[SYN_SENT] = TCP_SYN_SENT,
		[SYN_RCVD] = TCP_SYN_RECV,
		[ESTABLISHED] = TCP_ESTABLISHED,
		[FIN_WAIT_1] = TCP_FIN_WAIT1,
		[FIN_WAIT_2] = TCP_FIN_WAIT2,
		[CLOSE_WAIT] = TCP_CLOSE_WAIT,
		[CLOSING] = TCP_CLOSING,
		[LAST_ACK] = TCP_LAST_ACK,
		[TIME_WAIT] = TCP_TIME_WAIT,
	};

	return stream->pcb ? states[stream->pcb->state] : TCP_CLOSE;
}

static void get_info(const struct stream *stream, struct option *option)
{
	const struct tcp_pcb *pcb = stream->pcb;
	struct tcp_info info = { .tcpi_state = linux_state(stream) };

	if (pcb && stream->state != STREAM_LISTENS) {
		info.tcpi_snd_mss = info.tcpi_rcv_mss = pcb->mss;
		info.tcpi_snd_cwnd = pcb->cwnd / pcb->mss;
		info.tcpi_snd_ssthresh = pcb->ssthresh / pcb->mss;
		info.tcpi_rtt = (pcb->sa >> 3) * TCP_SLOW_INTERVAL * 1000;
		info.tcpi_rttvar = (pcb->sv >> 2) * TCP_SLOW_INTERVAL * 1000;
		info.tcpi_rto = pcb->rto * TCP_SLOW_INTERVAL * 1000;
		info.tcpi_retransmits = pcb->nrtx;
		info.tcpi_rcv_space = pcb->rcv_wnd;
		info.tcpi_unacked = pcb->snd_queuelen;
	}
	memcpy(option->data, &info, sizeof(info));
	if (option->bytes > sizeof(info))
		option->bytes = sizeof(info);
}

_Static_assert(sizeof(struct tcp_info) <= OPTION_BYTES, "");

static unsigned int or_default(unsigned int value, unsigned int otherwise)
{
	return value ? value : otherwise;
}

static int get_locked(struct stream *stream, struct option *option)
{
	switch (option->name) {
	case TCP_NODELAY:
		return option_put_number(option, stream->no_delay);
	case TCP_CORK:
		return option_put_number(option, stream->cork);
	case TCP_KEEPIDLE:
		return option_put_number(option,
		                         or_default(stream->keep_idle_s, 7200));
	case TCP_KEEPINTVL:
		return option_put_number(
			option, or_default(stream->keep_interval_s, 75));
	case TCP_KEEPCNT:
		return option_put_number(option,
		                         or_default(stream->keep_count, 9));
	case TCP_USER_TIMEOUT:
		return option_put_number(option, stream->user_timeout_ms);
	case TCP_MAXSEG:
		return option_put_number(
			option, stream->pcb && stream->state != STREAM_LISTENS
					? stream->pcb->mss
					: 536);
	case TCP_QUICKACK:
		return option_put_number(option, 1);
	case TCP_DEFER_ACCEPT:
		return option_put_number(option, 0);
	case TCP_INFO:
		get_info(stream, option);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int stream_get_option(struct socket *socket, struct option *option)
{
	struct stream *stream = stream_of(socket);
	int err;

	net_lock();
	if (option->level == IPPROTO_TCP)
		err = get_locked(stream, option);
	else
		err = inet_get_option(&stream->inet, option);
	net_unlock();
	return err;
}

void stream_option_changed(struct socket *socket, int name)
{
	(void)name;
	net_lock();
	stream_apply(stream_of(socket));
	net_unlock();
}

long stream_ioctl(struct socket *socket, unsigned long request, void *argument)
{
	struct stream *stream = stream_of(socket);
	long number = -ENOTTY;

	net_lock();
	if (request == FIONREAD || request == TIOCOUTQ) {
		number = request == FIONREAD
		                 ? stream->available
		                 : stream->sent - stream->acknowledged;
	}
	if (number >= 0 && stream->state == STREAM_LISTENS)
		number = -EINVAL;
	net_unlock();
	if (number == -ENOTTY)
		return interface_ioctl(request, argument);
	return number < 0 ? number : put_user((int)number, (int *)argument);
}
