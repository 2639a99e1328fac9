/* SPDX-License-Identifier: MIT */
/*
 * Commands to a network device (5.1.6.5). There is one: use several pairs of queues.
 * It is waited for at the start, with a limit; nothing is sent before.
 */
#include <errno.h>

#include "core/timer.h"
#include "drivers/virtio/net_internal.h"
#include "mm/kmem.h"

#define CLASS_MQ         4u
#define COMMAND_MQ_PAIRS 0u
#define ANSWER_OK        0u
#define ANSWER_NONE      0xffu
#define PATIENCE_NS      100000000ul
#define NAP_NS           20000ul

struct command {
	uint8_t class;
	uint8_t command;
	uint16_t pairs;
	uint8_t answer;
};

static int wait_for_answer(struct virtio_net *net)
{
	const uint64_t until = timer_now_ns() + PATIENCE_NS;
	uint32_t written;

	while (!virtio_ring_take(net->control->ring, &written)) {
		if (virtio_ring_broken(net->control->ring) ||
		    timer_now_ns() > until)
			return -EIO;
		timer_nap(NAP_NS);
	}
	return 0;
}

static int ask(struct virtio_net *net, struct command *command)
{
	struct virtio_piece pieces[3];
	int err;

	/* The head, the data and the answer in pieces of their own (5.1.6.5). */
	if (virtio_pieces(&command->class, 2, &pieces[0], 1) != 1 ||
	    virtio_pieces(&command->pairs, 2, &pieces[1], 1) != 1 ||
	    virtio_pieces(&command->answer, 1, &pieces[2], 1) != 1)
		return -EIO;
	err = virtio_ring_add(net->control->ring, pieces, 2, 1, command);
	if (err)
		return err;
	virtio_queue_kick(net->control);
	err = wait_for_answer(net);
	return !err && READ_ONCE(command->answer) != ANSWER_OK ? -EIO : err;
}

int net_control_use_pairs(struct virtio_net *net)
{
	struct command *command = kmalloc(sizeof(*command), GFP_KERNEL);
	int err;

	if (!command)
		return -ENOMEM;
	*command = (struct command){
		.class = CLASS_MQ,
		.command = COMMAND_MQ_PAIRS,
		.pairs = (uint16_t)net->info.pairs,
		.answer = ANSWER_NONE,
	};
	err = ask(net, command);
	if (err) {
		/* It may write the answer still. */
		virtio_stop(net->device, "it does not use several queues");
	}
	kfree(command);
	return err;
}
