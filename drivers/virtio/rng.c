/* SPDX-License-Identifier: MIT */
/*
 * One buffer, one request at a time. The device answers when its host has entropy;
 * the interrupt mixes in what came. Without an interrupt an answer is taken when the
 * next one is asked for.
 *
 * A device that breaks the ring is given back by the worker, as that may wait.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/lock.h"
#include "core/mutex.h"
#include "core/random.h"
#include "core/work.h"
#include "drivers/virtio.h"
#include "drivers/virtio_rng.h"
#include "mm/kthread.h"

#define QUEUE         0u
#define QUEUE_ENTRIES 1u
#define ENTROPY_BYTES 64u

static struct mutex start_mutex = MUTEX_INIT("virtio_rng");
static bool is_started __guarded_by(start_mutex);

static struct spinlock rng_lock = SPINLOCK_INIT(LOCK_RANDOM, "virtio_rng");
static struct virtio_device *device;
static struct virtio_queue *queue __guarded_by(rng_lock); /* NULL: none */
static unsigned char entropy[ENTROPY_BYTES] __aligned(ENTROPY_BYTES);
static unsigned long bytes_given; /* [A] */

static void give_back(struct work *work);
static struct work give_back_work = { .function = give_back };

/* One aligned buffer in the image's data: one piece. */
static void ask_locked(void) __must_hold(rng_lock)
{
	struct virtio_piece piece = { 0 };

	if (virtio_ring_room(queue->ring) == 0 ||
	    virtio_pieces(entropy, sizeof(entropy), &piece, 1) != 1 ||
	    virtio_ring_add(queue->ring, &piece, 0, 1, entropy) != 0)
		return;
	virtio_queue_kick(queue);
}

/* Bytes copied to @to; 0: nothing has come. */
static uint32_t take_locked(unsigned char to[ENTROPY_BYTES])
	__must_hold(rng_lock)
{
	uint32_t count;

	if (!virtio_ring_take(queue->ring, &count))
		return 0;
	memcpy(to, entropy, count);
	return count;
}

/* Mix in what has come; @ask_again: and ask for more. */
static void collect(bool ask_again)
{
	unsigned char bytes[ENTROPY_BYTES];
	unsigned long flags = spin_lock_irqsave(&rng_lock);
	uint32_t count = queue ? take_locked(bytes) : 0;
	bool is_broken = queue && virtio_ring_broken(queue->ring);

	if (ask_again && queue)
		ask_locked();
	spin_unlock_irqrestore(&rng_lock, flags);
	if (is_broken)
		work_queue(&give_back_work);
	if (count == 0)
		return;
	random_add(bytes, count);
	__atomic_fetch_add(&bytes_given, count, __ATOMIC_RELAXED);
}

static void answer_came(void *unused)
{
	(void)unused;
	collect(false);
}

static void want_more(void)
{
	collect(true);
}

/* Stopped for good: it stays claimed, so that nobody tries it again. */
static void give_back(struct work *work)
{
	unsigned long flags = spin_lock_irqsave(&rng_lock);
	struct virtio_queue *broken = queue;

	(void)work;
	queue = NULL;
	spin_unlock_irqrestore(&rng_lock, flags);
	if (!broken)
		return;
	random_set_source(NULL);
	virtio_stop(device, virtio_ring_broken(broken->ring));
	while (virtio_ring_take_back(broken->ring))
		;
}

/* Polled is as good: -ENODEV of virtio_start(). */
static int start_device(void)
{
	struct virtio_queue *started;
	unsigned long flags;
	int err;

	err = virtio_negotiate(device, 0);
	if (!err)
		err = virtio_queue_start_plain(device, QUEUE, QUEUE_ENTRIES,
		                               &started);
	if (!err)
		err = kthread_work_init();
	if (err)
		return err;
	err = virtio_start(device, answer_came, NULL, NULL);
	if (err && err != -ENODEV)
		return err;
	flags = spin_lock_irqsave(&rng_lock);
	queue = started;
	spin_unlock_irqrestore(&rng_lock, flags);
	return 0;
}

static int rng_start(void)
{
	int err;

	device = virtio_claim(VIRTIO_ID_RNG, "virtio-rng");
	if (!device)
		return -ENODEV;
	err = start_device();
	if (err) {
		virtio_release(device);
		return err == -ENOMEM ? -ENOMEM : -ENODEV;
	}
	random_set_source(want_more);
	want_more();
	return 0;
}

int virtio_rng_start(void)
{
	int err = 0;

	mutex_lock(&start_mutex);
	if (!is_started)
		err = rng_start();
	if (!err)
		is_started = true;
	mutex_unlock(&start_mutex);
	return err;
}

unsigned long virtio_rng_bytes(void)
{
	return __atomic_load_n(&bytes_given, __ATOMIC_RELAXED);
}
