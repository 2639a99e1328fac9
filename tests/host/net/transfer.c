/* SPDX-License-Identifier: MIT */
/*
 * What to send next is a window into one array, which is longer than 64 KiB by a
 * period that no segment size divides: a byte at the wrong place is noticed.
 */
#include "transfer.h"

#include <string.h>

#include "lwip_port.h"
#include "tests/image/test.h"
#include "wire.h"

#define PERIOD 65521u /* a prime */
#define PORT   7

static unsigned char pattern[2 * PERIOD];

static void make_pattern(void)
{
	size_t i;

	for (i = 0; i < PERIOD; i++)
		pattern[i] = pattern[i + PERIOD] = (unsigned char)net_random();
}

static void send_more(struct transfer *transfer)
{
	struct tcp_pcb *pcb = transfer->sender;

	while (transfer->sent < transfer->bytes) {
		size_t part = transfer->bytes - transfer->sent;

		if (part > tcp_sndbuf(pcb))
			part = tcp_sndbuf(pcb);
		if (part > 65000)
			part = 65000;
		if (transfer->chunk > 0 && part > transfer->chunk)
			part = transfer->chunk;
		if (part == 0 ||
		    tcp_write(pcb, &pattern[transfer->sent % PERIOD],
		              (u16_t)part, transfer->flags) != ERR_OK)
			break;
		transfer->sent += part;
	}
	tcp_output(pcb);
	if (transfer->sent == transfer->bytes && tcp_close(pcb) == ERR_OK) {
		tcp_arg(pcb, NULL);
		transfer->sender = NULL;
	}
}

/* As sockets do: when a third of the room is free. */
static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t bytes)
{
	struct transfer *transfer = arg;

	(void)bytes;
	if (transfer && transfer->sender &&
	    pcb->snd_buf >= tcp_snd_buf_limit / 3)
		send_more(transfer);
	return ERR_OK;
}

/* Memory was short when it was asked for last, and nothing is to be acked. */
static err_t on_poll(void *arg, struct tcp_pcb *pcb)
{
	return on_sent(arg, pcb, 0);
}

static void on_error(void *arg, err_t err)
{
	struct transfer *transfer = arg;

	(void)err;
	if (!transfer)
		return;
	transfer->errors++;
	transfer->sender = NULL;
}

static void on_receiver_error(void *arg, err_t err)
{
	struct transfer *transfer = arg;

	(void)err;
	transfer->errors++;
	transfer->receiver = NULL;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct transfer *transfer = arg;

	CHECK_EQ(err, ERR_OK);
	transfer->is_connected = true;
	tcp_sent(pcb, on_sent);
	tcp_poll(pcb, on_poll, 1);
	send_more(transfer);
	return ERR_OK;
}

static void check_bytes(struct transfer *transfer, const struct pbuf *p)
{
	for (; p; p = p->next) {
		size_t done, part;

		for (done = 0; done < p->len; done += part) {
			const size_t at = transfer->received % PERIOD;

			part = p->len - done < PERIOD ? p->len - done : PERIOD;
			CHECK(memcmp((char *)p->payload + done, &pattern[at],
			             part) == 0);
			transfer->received += part;
		}
	}
}

static void take(struct transfer *transfer, size_t bytes)
{
	transfer->held -= bytes;
	while (bytes > 0 && transfer->receiver) {
		const u16_t part = bytes < 0xffff ? (u16_t)bytes : 0xffff;

		tcp_recved(transfer->receiver, part);
		bytes -= part;
	}
}

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                         err_t err)
{
	struct transfer *transfer = arg;

	CHECK_EQ(err, ERR_OK);
	if (!p) {
		transfer->is_closed = true;
		take(transfer, transfer->held);
		transfer->receiver = NULL;
		tcp_arg(pcb, NULL);
		tcp_err(pcb, NULL);
		return tcp_close(pcb);
	}
	check_bytes(transfer, p);
	transfer->held += p->tot_len;
	if (transfer->slow_bytes == 0)
		take(transfer, transfer->held);
	pbuf_free(p);
	return ERR_OK;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct transfer *transfer = arg;

	if (err != ERR_OK || !pcb)
		return ERR_VAL;
	CHECK(!transfer->receiver);
	transfer->receiver = pcb;
	tcp_arg(pcb, transfer);
	tcp_recv(pcb, on_received);
	tcp_err(pcb, on_receiver_error);
	return ERR_OK;
}

static err_t listen_at(struct transfer *transfer, const ip_addr_t *address)
{
	struct tcp_pcb *pcb = tcp_new();
	struct tcp_pcb *listener;
	err_t err;

	if (!pcb)
		return ERR_MEM;
	ip_set_option(pcb, SOF_REUSEADDR);
	tcp_bind_netif(pcb, &wire_ends[1]);
	err = tcp_bind(pcb, address, PORT);
	CHECK_EQ(err, ERR_OK);
	listener = tcp_listen_with_backlog_and_err(pcb, 1, &err);
	if (!listener) {
		tcp_close(pcb);
		return err;
	}
	transfer->listener = listener;
	tcp_arg(listener, transfer);
	tcp_accept(listener, on_accept);
	return ERR_OK;
}

static err_t connect_to(struct transfer *transfer, const ip_addr_t *from,
                        const ip_addr_t *to)
{
	struct tcp_pcb *pcb = tcp_new();
	err_t err;

	if (!pcb)
		return ERR_MEM;
	tcp_bind_netif(pcb, &wire_ends[0]);
	ip_addr_copy(pcb->local_ip, *from);
	tcp_arg(pcb, transfer);
	tcp_err(pcb, on_error);
	err = tcp_connect(pcb, to, PORT, on_connected);
	if (err != ERR_OK) {
		tcp_arg(pcb, NULL);
		tcp_abort(pcb);
		return err;
	}
	transfer->sender = pcb;
	return ERR_OK;
}

err_t transfer_open(struct transfer *transfer)
{
	const ip_addr_t *ends = transfer->is_v6 ? wire_address6 : wire_address;
	err_t err;

	if (pattern[0] == pattern[1])
		make_pattern();
	err = listen_at(transfer, &ends[1]);
	if (err != ERR_OK)
		return err;
	err = connect_to(transfer, &ends[0], &ends[1]);
	if (err != ERR_OK)
		transfer_close(transfer);
	return err;
}

void transfer_run(struct transfer *transfer, unsigned int ms)
{
	while (ms-- > 0 && !transfer->is_closed && transfer->errors == 0) {
		const size_t slow = transfer->slow_bytes;

		wire_run(1, NULL);
		if (transfer->held > 0)
			take(transfer,
			     slow < transfer->held ? slow : transfer->held);
	}
}

void transfer_close(struct transfer *transfer)
{
	if (transfer->listener)
		tcp_close(transfer->listener);
	transfer->listener = NULL;
	if (transfer->sender)
		tcp_abort(transfer->sender);
	if (transfer->receiver)
		tcp_abort(transfer->receiver);
	CHECK(!transfer->sender && !transfer->receiver);
}
