/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets, and ping sockets (SOCK_DGRAM with ICMP), by lwIP's raw pcbs. A raw
 * pcb sees packets before the stack does; it gets copies, so that the stack goes
 * on answering. A ping socket sees answers to its own questions only: the
 * identifier in them is its port.
 */
#include "lwip/raw.h"

#include <errno.h>
#include <netinet/in.h>

#include "posix/socket/datagram.h"

#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/ip4.h"

#define RAW_MOST_BYTES 65507u

static struct pbuf *copy_of(struct pbuf *buffer, size_t skipped)
{
	struct pbuf *copy;

	if (skipped > buffer->tot_len)
		return NULL;
	copy = pbuf_clone(PBUF_RAW, PBUF_RAM, buffer);
	if (copy && skipped > 0)
		copy = pbuf_free_header(copy, (u16_t)skipped);
	return copy;
}

static void give_copy(struct datagram_socket *socket, struct pbuf *buffer,
                      const ip_addr_t *address, size_t skipped)
{
	const struct inet_end from = { .address = *address };
	struct pbuf *copy = copy_of(buffer, skipped);

	if (copy)
		datagram_arrived(socket, copy, &from);
	else
		socket->dropped++;
}

static bool is_from_peer(const struct datagram_socket *socket,
                         const ip_addr_t *address)
{
	return !socket->connected ||
	       ip_addr_cmp(&socket->inet.remote.address, address);
}

/* IPv4 with its header, IPv6 without, as Linux has it. 0: the stack goes on. */
static u8_t on_raw(void *arg, struct raw_pcb *pcb, struct pbuf *buffer,
                   const ip_addr_t *address)
{
	struct datagram_socket *socket = arg;
	const bool v6 = IP_IS_V6(address);

	(void)pcb;
	if (is_from_peer(socket, address))
		give_copy(socket, buffer, address,
		          v6 ? ip_current_header_tot_len() : 0);
	return 0;
}

static u8_t on_ping(void *arg, struct raw_pcb *pcb, struct pbuf *buffer,
                    const ip_addr_t *address)
{
	const u8_t answer = IP_IS_V6(address) ? ICMP6_TYPE_EREP : ICMP_ER;
	const u16_t skipped = ip_current_header_tot_len();
	struct datagram_socket *socket = arg;
	struct icmp_echo_hdr header;

	(void)pcb;
	if (pbuf_copy_partial(buffer, &header, sizeof(header), skipped) ==
	            sizeof(header) &&
	    header.type == answer && header.id == socket->echo_id &&
	    is_from_peer(socket, address))
		give_copy(socket, buffer, address, skipped);
	return 0;
}

static int open_raw(struct datagram_socket *socket, raw_recv_fn receive)
{
	const bool v6 = socket->inet.socket.family == AF_INET6;

	socket->raw = raw_new_ip_type(v6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4,
	                              (u8_t)socket->inet.socket.protocol);
	if (!socket->raw)
		return -ENOMEM;
	raw_recv(socket->raw, receive, socket);
	if (v6 && socket->inet.socket.protocol == IPPROTO_ICMPV6) {
		socket->raw->chksum_reqd = 1;
		socket->raw->chksum_offset = 2;
	}
	return 0;
}

static int raw_open(struct datagram_socket *socket)
{
	if (socket->inet.socket.protocol == IPPROTO_RAW)
		socket->with_header = true;
	return open_raw(socket, on_raw);
}

/* Not 0, and no other socket's for long. */
static u16_t new_echo_id(void)
{
	static u16_t last;

	if (++last == 0)
		last = 1;
	return lwip_htons(last);
}

static int ping_open(struct datagram_socket *socket)
{
	socket->echo_id = new_echo_id();
	return open_raw(socket, on_ping);
}

static void raw_close(struct datagram_socket *socket)
{
	raw_remove(socket->raw);
}

static int raw_bind_to(struct datagram_socket *socket,
                       const struct inet_end *to)
{
	const err_t err = raw_bind(socket->raw, &to->address);

	if (err == ERR_OK)
		socket->inet.local.address = to->address;
	return inet_errno(err);
}

static int ping_bind_to(struct datagram_socket *socket,
                        const struct inet_end *to)
{
	const int err = raw_bind_to(socket, to);

	if (err)
		return err;
	if (to->port)
		socket->echo_id = lwip_htons(to->port);
	socket->inet.local.port = lwip_htons(socket->echo_id);
	return 0;
}

static int raw_connect_to(struct datagram_socket *socket,
                          const struct inet_end *to)
{
	if (!to) {
		raw_disconnect(socket->raw);
		return 0;
	}
	return inet_errno(raw_connect(socket->raw, &to->address));
}

static int raw_send_to(struct datagram_socket *socket, struct pbuf *buffer,
                       const struct inet_end *to)
{
	struct raw_pcb *pcb = socket->raw;
	err_t err;

	if (socket->with_header)
		raw_set_flags(pcb, RAW_FLAGS_HDRINCL);
	else
		raw_clear_flags(pcb, RAW_FLAGS_HDRINCL);
	if (to)
		err = raw_sendto(pcb, buffer, &to->address);
	else
		err = raw_send(pcb, buffer);
	return inet_errno(err);
}

/* The identifier is ours, and so is the checksum; only questions are asked. */
static int ping_send_to(struct datagram_socket *socket, struct pbuf *buffer,
                        const struct inet_end *to)
{
	const bool v6 = socket->inet.socket.family == AF_INET6;
	struct icmp_echo_hdr *header = buffer->payload;

	if (buffer->tot_len < sizeof(*header))
		return -EINVAL;
	if (header->type != (v6 ? ICMP6_TYPE_EREQ : ICMP_ECHO) ||
	    header->code != 0)
		return -EINVAL;
	header->id = socket->echo_id;
	header->chksum = 0;
	if (!v6)
		header->chksum = inet_chksum_pbuf(buffer);
	socket->inet.local.port = lwip_htons(socket->echo_id);
	return raw_send_to(socket, buffer, to);
}

static void raw_apply(struct datagram_socket *socket)
{
	const unsigned int switches = socket->inet.socket.switches;
	struct raw_pcb *pcb = socket->raw;

	ip_reset_option(pcb, SOF_BROADCAST);
	if (switches & SWITCH_BROADCAST)
		ip_set_option(pcb, SOF_BROADCAST);
	pcb->ttl = socket->inet.ttl;
	pcb->tos = socket->inet.tos;
	raw_set_multicast_ttl(pcb, socket->multicast_ttl);
	raw_bind_netif(
		pcb, socket->inet.socket.interface ? netif_get_by_index(
							     (u8_t)socket->inet
								     .socket
								     .interface)
						   : NULL);
}

const struct datagram_kind raw_kind = {
	.open = raw_open,
	.close = raw_close,
	.bind = raw_bind_to,
	.connect = raw_connect_to,
	.send = raw_send_to,
	.apply = raw_apply,
	.most_bytes = RAW_MOST_BYTES,
};

const struct datagram_kind ping_kind = {
	.open = ping_open,
	.close = raw_close,
	.bind = ping_bind_to,
	.connect = raw_connect_to,
	.send = ping_send_to,
	.apply = raw_apply,
	.most_bytes = RAW_MOST_BYTES,
};
