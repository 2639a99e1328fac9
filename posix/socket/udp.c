/* SPDX-License-Identifier: MIT */
/* Datagram sockets by lwIP's UDP. */
#include "lwip/udp.h"

#include <errno.h>
#include <netinet/in.h>

#include "posix/socket/datagram.h"

#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"

#define UDP_MOST_BYTES 65507u

static void on_receive(void *arg, struct udp_pcb *pcb, struct pbuf *buffer,
                       const ip_addr_t *address, u16_t port)
{
	const struct inet_end from = { .address = *address, .port = port };

	(void)pcb;
	datagram_arrived(arg, buffer, &from);
}

void udp_kind_refused(const struct udp_pcb *pcb)
{
	struct datagram_socket *socket;

	if (pcb->recv != on_receive)
		return; /* one of the stack's own */
	socket = pcb->recv_arg;
	WRITE_ONCE(socket->inet.socket.error, ECONNREFUSED);
	datagram_update(socket, true);
}

static int udp_open(struct datagram_socket *socket)
{
	socket->udp = udp_new_ip_type(inet_ip_type(&socket->inet));
	if (!socket->udp)
		return -ENOMEM;
	udp_recv(socket->udp, on_receive, socket);
	return 0;
}

static void udp_close(struct datagram_socket *socket)
{
	udp_remove(socket->udp);
}

static int udp_bind_to(struct datagram_socket *socket,
                       const struct inet_end *to)
{
	ip_addr_t address = to->address;
	err_t err;

	/* IPV6_V6ONLY came behind socket(). */
	IP_SET_TYPE_VAL(socket->udp->local_ip, inet_ip_type(&socket->inet));
	IP_SET_TYPE_VAL(socket->udp->remote_ip, inet_ip_type(&socket->inet));
	if (inet_ip_type(&socket->inet) == IPADDR_TYPE_ANY &&
	    ip_addr_isany(&address))
		IP_SET_TYPE_VAL(address, IPADDR_TYPE_ANY);
	err = udp_bind(socket->udp, &address, to->port);
	if (err != ERR_OK)
		return inet_errno(err);
	socket->inet.local.address = to->address;
	socket->inet.local.port = socket->udp->local_port;
	return 0;
}

static int udp_connect_to(struct datagram_socket *socket,
                          const struct inet_end *to)
{
	err_t err;

	if (!to) {
		udp_disconnect(socket->udp);
		return 0;
	}
	udp_watch_errors();
	err = udp_connect(socket->udp, &to->address, to->port);
	if (err == ERR_OK)
		socket->inet.local.port = socket->udp->local_port;
	return inet_errno(err);
}

static int udp_send_to(struct datagram_socket *socket, struct pbuf *buffer,
                       const struct inet_end *to)
{
	err_t err;

	if (to)
		err = udp_sendto(socket->udp, buffer, &to->address, to->port);
	else
		err = udp_send(socket->udp, buffer);
	socket->inet.local.port = socket->udp->local_port;
	return inet_errno(err);
}

static void udp_apply(struct datagram_socket *socket)
{
	const unsigned int switches = socket->inet.socket.switches;
	struct udp_pcb *pcb = socket->udp;

	ip_reset_option(pcb, SOF_REUSEADDR | SOF_REUSEPORT | SOF_BROADCAST);
	if (switches & SWITCH_REUSE_ADDRESS)
		ip_set_option(pcb, SOF_REUSEADDR);
	if (switches & SWITCH_REUSE_PORT)
		ip_set_option(pcb, SOF_REUSEPORT);
	if (switches & SWITCH_BROADCAST)
		ip_set_option(pcb, SOF_BROADCAST);
	pcb->ttl = socket->inet.ttl;
	pcb->tos = socket->inet.tos;
	udp_set_multicast_ttl(pcb, socket->multicast_ttl);
	udp_set_multicast_netif_index(pcb, socket->multicast_interface);
	if (socket->multicast_loop)
		udp_set_flags(pcb, UDP_FLAGS_MULTICAST_LOOP);
	else
		udp_clear_flags(pcb, UDP_FLAGS_MULTICAST_LOOP);
	udp_bind_netif(
		pcb, socket->inet.socket.interface ? netif_get_by_index(
							     (u8_t)socket->inet
								     .socket
								     .interface)
						   : NULL);
}

const struct datagram_kind udp_kind = {
	.open = udp_open,
	.close = udp_close,
	.bind = udp_bind_to,
	.connect = udp_connect_to,
	.send = udp_send_to,
	.apply = udp_apply,
	.most_bytes = UDP_MOST_BYTES,
};
