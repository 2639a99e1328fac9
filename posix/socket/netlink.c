/* SPDX-License-Identifier: MIT */
/*
 * As much of netlink as getifaddrs() and if_nameindex() need: dumps of interfaces
 * and of their addresses. A request is answered at once, into one buffer, which
 * the next receives read message by message group.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>

#include "core/mutex.h"
#include "mm/kmem.h"
#include "posix/socket/family.h"
#include "posix/socket/inet.h"

#include "lwip/netif.h"

#define NETLINK_ROUTE 0
#define ANSWER_BYTES  8000u /* what a reader has room for */

enum {
	MESSAGE_ERROR = 2,
	MESSAGE_DONE = 3,
	NEW_LINK = 16,
	GET_LINK = 18,
	NEW_ADDRESS = 20,
	GET_ADDRESS = 22,
};

#define FLAG_MULTI 2
#define FLAG_DUMP  0x300

/* Linux's layouts. */
struct netlink_header {
	uint32_t bytes;
	uint16_t type, flags;
	uint32_t sequence, port;
};

struct netlink_name {
	sa_family_t family;
	uint16_t pad;
	uint32_t port, groups;
};

struct link_message {
	uint8_t family, pad;
	uint16_t type;
	int32_t index;
	uint32_t flags, change;
};

struct address_message {
	uint8_t family, prefix_bits, flags, scope;
	uint32_t index;
};

struct attribute {
	uint16_t bytes, type;
};

enum { LINK_ADDRESS = 1, LINK_BROADCAST = 2, LINK_NAME = 3, LINK_MTU = 4 };
enum { ADDRESS_ADDRESS = 1, ADDRESS_LOCAL = 2, ADDRESS_LABEL = 3 };

struct netlink {
	struct socket socket;
	struct mutex lock;
	char *answer;  /* [L] NULL: none */
	size_t bytes;  /* [L] of it */
	uint32_t port; /* [I] */
};

/* An answer that grows. */
struct writer {
	char *at, *end;
	struct netlink_header *message;
	uint32_t sequence, port;
};

static struct netlink *netlink_of(struct socket *socket)
{
	return container_of(socket, struct netlink, socket);
}

/* NULL: there is no room, and the dump ends early. */
static void *put(struct writer *writer, size_t bytes)
{
	const size_t padded = (bytes + 3) & ~3ul;
	char *here = writer->at;

	if (padded > (size_t)(writer->end - here))
		return NULL;
	memset(here, 0, padded);
	writer->at += padded;
	if (writer->message)
		writer->message->bytes = writer->at - (char *)writer->message;
	return here;
}

static void *begin(struct writer *writer, uint16_t type, size_t bytes)
{
	struct netlink_header *header;

	writer->message = NULL;
	header = put(writer, sizeof(*header) + bytes);
	if (!header)
		return NULL;
	*header = (struct netlink_header){
		.bytes = sizeof(*header) + bytes,
		.type = type,
		.flags = FLAG_MULTI,
		.sequence = writer->sequence,
		.port = writer->port,
	};
	writer->message = header;
	return header + 1;
}

static void put_attribute(struct writer *writer, uint16_t type,
                          const void *data, size_t bytes)
{
	struct attribute *attribute = put(writer, sizeof(*attribute) + bytes);

	if (!attribute)
		return;
	attribute->bytes = sizeof(*attribute) + bytes;
	attribute->type = type;
	memcpy(attribute + 1, data, bytes);
}

static void put_link(struct writer *writer, const struct netif *netif)
{
	static const uint8_t everybody[NETIF_MAX_HWADDR_LEN] = {
		255, 255, 255, 255, 255, 255
	};
	static const uint8_t nobody[NETIF_MAX_HWADDR_LEN];
	struct link_message *link = begin(writer, NEW_LINK, sizeof(*link));
	const uint32_t mtu = netif->mtu ? netif->mtu : 65535;
	char name[16];

	if (!link)
		return;
	interface_name(netif, name);
	link->type = netif->hwaddr_len ? ARPHRD_ETHER : ARPHRD_LOOPBACK;
	link->index = netif_get_index(netif);
	link->flags = interface_flags(netif);
	put_attribute(writer, LINK_NAME, name, strlen(name) + 1);
	put_attribute(writer, LINK_MTU, &mtu, sizeof(mtu));
	/* Loopback has six zeros, as on Linux. */
	put_attribute(writer, LINK_ADDRESS,
	              netif->hwaddr_len ? netif->hwaddr : nobody,
	              sizeof(nobody));
	put_attribute(writer, LINK_BROADCAST,
	              netif->hwaddr_len ? everybody : nobody, sizeof(nobody));
}

static void put_address(struct writer *writer, const struct netif *netif,
                        int family, const void *address, size_t bytes,
                        unsigned int prefix_bits)
{
	struct address_message *message =
		begin(writer, NEW_ADDRESS, sizeof(*message));
	char name[16];

	if (!message)
		return;
	interface_name(netif, name);
	message->family = (uint8_t)family;
	message->prefix_bits = (uint8_t)prefix_bits;
	message->index = netif_get_index(netif);
	put_attribute(writer, ADDRESS_ADDRESS, address, bytes);
	if (family == AF_INET)
		put_attribute(writer, ADDRESS_LOCAL, address, bytes);
	put_attribute(writer, ADDRESS_LABEL, name, strlen(name) + 1);
}

static void put_addresses(struct writer *writer, const struct netif *netif,
                          int family)
{
	const uint32_t mask = ntohl(netif_ip4_netmask(netif)->addr);
	unsigned int i;

	if (family != AF_INET6 && !ip4_addr_isany(netif_ip4_addr(netif)))
		put_address(writer, netif, AF_INET, netif_ip4_addr(netif), 4,
		            mask ? 32 - __builtin_ctz(mask) : 0);
	for (i = 0; family != AF_INET && i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		const ip6_addr_t *address = netif_ip6_addr(netif, i);

		if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)))
			put_address(writer, netif, AF_INET6, address->addr, 16,
			            ip6_addr_isloopback(address) ? 128 : 64);
	}
}

static void put_error(struct writer *writer, int error,
                      const struct netlink_header *request)
{
	int32_t *body = begin(writer, MESSAGE_ERROR, 4 + sizeof(*request));

	body[0] = error;
	memcpy(body + 1, request, sizeof(*request));
}

static void dump(struct writer *writer, int type, int family)
{
	const struct netif *netif;

	net_lock();
	NETIF_FOREACH(netif)
	{
		if (type == GET_LINK)
			put_link(writer, netif);
		else
			put_addresses(writer, netif, family);
	}
	net_unlock();
	(void)begin(writer, MESSAGE_DONE, sizeof(int32_t));
}

struct request {
	struct netlink_header header;
	uint8_t family;
};

static size_t answer(const struct request *request, char *buffer, uint32_t port)
{
	const int type = request->header.type;
	struct writer writer = {
		.at = buffer,
		.end = buffer + ANSWER_BYTES,
		.sequence = request->header.sequence,
		.port = port,
	};

	if ((type == GET_LINK || type == GET_ADDRESS) &&
	    (request->header.flags & FLAG_DUMP))
		dump(&writer, type, request->family);
	else
		put_error(&writer, -EOPNOTSUPP, &request->header);
	return writer.at - buffer;
}

static long netlink_send(struct socket *socket, struct message *message)
{
	struct netlink *netlink = netlink_of(socket);
	const size_t bytes = message->parts.left;
	struct request request = { 0 };
	char *buffer;

	if (bytes < sizeof(request.header))
		return -EINVAL;
	if (parts_take(&message->parts, &request,
	               bytes < sizeof(request) ? bytes : sizeof(request)))
		return -EFAULT;
	buffer = kmalloc(ANSWER_BYTES, GFP_KERNEL);
	if (!buffer)
		return -ENOBUFS;
	mutex_lock(&netlink->lock);
	kfree(netlink->answer);
	netlink->answer = buffer;
	netlink->bytes = answer(&request, buffer, netlink->port);
	socket_set_events(socket, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM,
	                  true);
	mutex_unlock(&netlink->lock);
	return bytes;
}

static int netlink_name(struct socket *socket, struct address *name_out)
{
	const struct netlink_name name = {
		.family = AF_NETLINK,
		.port = netlink_of(socket)->port,
	};

	memcpy(name_out->raw, &name, sizeof(name));
	name_out->bytes = sizeof(name);
	return 0;
}

/* From the kernel: port 0. */
static void put_sender(struct message *message)
{
	const struct netlink_name name = { .family = AF_NETLINK };

	if (!message->address)
		return;
	memcpy(message->address->raw, &name, sizeof(name));
	message->address->bytes = sizeof(name);
}

static long receive_locked(struct netlink *netlink, struct message *message)
{
	const size_t whole = netlink->bytes;
	size_t bytes = whole;

	if (!netlink->answer)
		return -EAGAIN;
	if (bytes > message->parts.left) {
		bytes = message->parts.left;
		message->result |= MSG_TRUNC;
	}
	if (parts_put(&message->parts, netlink->answer, bytes))
		return -EFAULT;
	put_sender(message);
	if (!(message->flags & MSG_PEEK)) {
		kfree(netlink->answer);
		netlink->answer = NULL;
		socket_set_events(&netlink->socket, POLLOUT | POLLWRNORM,
		                  false);
	}
	return message->flags & MSG_TRUNC ? (long)whole : (long)bytes;
}

static long netlink_receive(struct socket *socket, struct message *message)
{
	const uint64_t deadline =
		message->never_waits ? 0 : receive_deadline(socket);
	struct netlink *netlink = netlink_of(socket);

	for (;;) {
		long got;

		mutex_lock(&netlink->lock);
		got = receive_locked(netlink, message);
		mutex_unlock(&netlink->lock);
		if (got != -EAGAIN || message->never_waits)
			return got;
		got = socket_wait(socket, POLLIN, deadline);
		if (got)
			return got;
	}
}

static int netlink_bind(struct socket *socket, const struct address *address)
{
	(void)socket;
	return address->any.sa_family == AF_NETLINK &&
	                       address->bytes >= sizeof(struct netlink_name)
	               ? 0
	               : -EINVAL;
}

static void netlink_release(struct socket *socket)
{
	struct netlink *netlink = netlink_of(socket);

	kfree(netlink->answer);
	kfree(netlink);
}

static const struct socket_ops netlink_ops = {
	.bind = netlink_bind,
	.send = netlink_send,
	.receive = netlink_receive,
	.name = netlink_name,
	.release = netlink_release,
};

int netlink_make(int type, int protocol, struct socket **socket_out)
{
	struct netlink *netlink;
	int err;

	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol != NETLINK_ROUTE)
		return -EPROTONOSUPPORT;
	err = net_start();
	if (err)
		return err;
	netlink = kzalloc(sizeof(*netlink), GFP_KERNEL);
	if (!netlink)
		return -ENOMEM;
	socket_init(&netlink->socket, &netlink_ops, AF_NETLINK, type, protocol);
	mutex_init(&netlink->lock, "netlink");
	netlink->port = (uint32_t)netlink->socket.number;
	socket_set_events(&netlink->socket, POLLOUT | POLLWRNORM, false);
	*socket_out = &netlink->socket;
	return 0;
}
