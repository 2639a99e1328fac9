/* SPDX-License-Identifier: MIT */
/*
 * The application's addresses and lwIP's. An IPv6 socket sees IPv4 as ::ffff:a.b.c.d
 * and lwIP sees IPv4 there.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "posix/socket/inet.h"

#define IN6_LEAST_BYTES offsetof(struct sockaddr_in6, sin6_scope_id)

static int get_v4(const struct address *address, struct inet_end *end_out)
{
	struct sockaddr_in in;

	if (address->bytes < sizeof(in))
		return -EINVAL;
	memcpy(&in, address->raw, sizeof(in));
	/* As Linux: the wildcard may come without a family. */
	if (in.sin_family != AF_INET &&
	    (in.sin_family != AF_UNSPEC || in.sin_addr.s_addr != 0))
		return -EAFNOSUPPORT;
	ip_addr_set_ip4_u32_val(end_out->address, in.sin_addr.s_addr);
	end_out->port = ntohs(in.sin_port);
	return 0;
}

static int get_v6(const struct inet *inet, const struct address *address,
                  struct inet_end *end_out)
{
	ip6_addr_t *v6 = ip_2_ip6(&end_out->address);
	struct sockaddr_in6 in = { 0 };
	uint32_t words[4];

	if (address->bytes < IN6_LEAST_BYTES)
		return address->any.sa_family == AF_INET6 ? -EINVAL
		                                          : -EAFNOSUPPORT;
	memcpy(&in, address->raw,
	       address->bytes < sizeof(in) ? address->bytes : sizeof(in));
	if (in.sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	end_out->port = ntohs(in.sin6_port);
	memcpy(words, &in.sin6_addr, sizeof(words));
	if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
		if (inet->only_v6)
			return -ENETUNREACH;
		ip_addr_set_ip4_u32_val(end_out->address, words[3]);
		return 0;
	}
	IP_SET_TYPE_VAL(end_out->address, IPADDR_TYPE_V6);
	memcpy(v6->addr, words, sizeof(words));
	ip6_addr_clear_zone(v6);
	if (ip6_addr_has_scope(v6, IP6_UNKNOWN))
		ip6_addr_set_zone(v6, (u8_t)in.sin6_scope_id);
	return 0;
}

int inet_end_get(const struct inet *inet, const struct address *address,
                 struct inet_end *end_out)
{
	if (address->bytes < sizeof(sa_family_t))
		return -EINVAL;
	if (inet->socket.family == AF_INET)
		return get_v4(address, end_out);
	return get_v6(inet, address, end_out);
}

static void put_v4(const struct inet_end *end, struct address *to)
{
	const struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(end->port),
		.sin_addr.s_addr = ip_addr_get_ip4_u32(&end->address),
	};

	memcpy(to->raw, &in, sizeof(in));
	to->bytes = sizeof(in);
}

static void put_v6(const struct inet_end *end, struct address *to)
{
	struct sockaddr_in6 in = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(end->port),
	};
	uint32_t words[4] = { 0, 0, htonl(0xffff), 0 };

	if (IP_IS_V6_VAL(end->address)) {
		memcpy(words, ip_2_ip6(&end->address)->addr, sizeof(words));
		in.sin6_scope_id = ip6_addr_zone(ip_2_ip6(&end->address));
	} else if (IP_GET_TYPE(&end->address) == IPADDR_TYPE_ANY) {
		words[2] = 0;
	} else {
		words[3] = ip_addr_get_ip4_u32(&end->address);
	}
	memcpy(&in.sin6_addr, words, sizeof(words));
	memcpy(to->raw, &in, sizeof(in));
	to->bytes = sizeof(in);
}

void inet_end_put(const struct inet *inet, const struct inet_end *end,
                  struct address *to)
{
	if (inet->socket.family == AF_INET)
		put_v4(end, to);
	else
		put_v6(end, to);
}

void inet_end_reachable(struct inet_end *end)
{
	if (!ip_addr_isany(&end->address))
		return;
	if (IP_IS_V6_VAL(end->address))
		ip_addr_set_loopback(true, &end->address);
	else
		ip_addr_set_loopback(false, &end->address);
}
