/* SPDX-License-Identifier: MIT */
/* Options of levels IPPROTO_IP and IPPROTO_IPV6 that streams and datagrams share. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>

#include "posix/socket/inet.h"

#define TTL_DEFAULT 64

static int set_byte(uint8_t *place, int number, int least, int otherwise,
                    bool *changed)
{
	if (number == -1)
		number = otherwise;
	if (number < least || number > 255)
		return -EINVAL;
	*place = (uint8_t)number;
	*changed = true;
	return 0;
}

/* IP_TOS may come as one byte. */
static int ip_number(const struct option *option, int *number_out)
{
	if (option->bytes < 1)
		return -EINVAL;
	*number_out =
		option->bytes >= sizeof(int) ? option->number : option->data[0];
	return 0;
}

static int set_ip(struct inet *inet, const struct option *option, bool *changed)
{
	int number, err = ip_number(option, &number);

	if (err)
		return err;
	switch (option->name) {
	case IP_TTL:
		return set_byte(&inet->ttl, number, 1, TTL_DEFAULT, changed);
	case IP_TOS:
		return set_byte(&inet->tos, number & 0xff, 0, 0, changed);
	case IP_RECVERR:
	case IP_MTU_DISCOVER:
	case IP_FREEBIND:
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

/* Only before it has a name. */
static int set_v6only(struct inet *inet, int number)
{
	if (inet->local.port)
		return -EINVAL;
	inet->only_v6 = number != 0;
	return 0;
}

static int set_ipv6(struct inet *inet, const struct option *option,
                    bool *changed)
{
	int number, err = option_number(option, &number);

	if (err)
		return err;
	switch (option->name) {
	case IPV6_V6ONLY:
		return set_v6only(inet, number);
	case IPV6_UNICAST_HOPS:
		return set_byte(&inet->ttl, number, 0, TTL_DEFAULT, changed);
	case IPV6_TCLASS:
		return set_byte(&inet->tos, number, 0, 0, changed);
	case IPV6_RECVERR:
	case IPV6_MTU_DISCOVER:
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int inet_set_option(struct inet *inet, const struct option *option,
                    bool *changed)
{
	if (option->level == SOL_SOCKET && option->name == SO_BINDTODEVICE)
		return interface_bind(inet, option);
	if (option->level == IPPROTO_IP)
		return set_ip(inet, option, changed);
	if (option->level == IPPROTO_IPV6 && inet->socket.family == AF_INET6)
		return set_ipv6(inet, option, changed);
	return -ENOPROTOOPT;
}

int inet_get_option(struct inet *inet, struct option *option)
{
	const bool v6 = option->level == IPPROTO_IPV6 &&
	                inet->socket.family == AF_INET6;

	if (option->level == IPPROTO_IP && option->name == IP_TTL)
		return option_put_number(option, inet->ttl);
	if (option->level == IPPROTO_IP && option->name == IP_TOS)
		return option_put_number(option, inet->tos);
	if (v6 && option->name == IPV6_UNICAST_HOPS)
		return option_put_number(option, inet->ttl);
	if (v6 && option->name == IPV6_TCLASS)
		return option_put_number(option, inet->tos);
	if (v6 && option->name == IPV6_V6ONLY)
		return option_put_number(option, inet->only_v6);
	return -ENOPROTOOPT;
}
