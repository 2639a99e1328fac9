/* SPDX-License-Identifier: MIT */
/*
 * What a chain is, which descriptors are free and what follows which stands in
 * memory of the driver's own, so that a device which writes where it should not
 * cannot make it free or hand out the wrong thing. Descriptors are written and
 * never read.
 *
 * Every chain gets a serial number. The device has it when the number is below
 * ->published; a descriptor that begins no chain has a number above all. So one
 * comparison refuses ids that are free, in the middle of a chain, used twice or
 * not given out yet.
 *
 * Chains of one or two pieces are written into the ring, the device reads one
 * thing less; when the ring gets full, and for longer ones, each descriptor has an
 * indirect table of its own, so that a ring holds as many chains as it has
 * descriptors, whatever they are.
 *
 * Devices that share memory with harts order it as harts do: fences of harts serve.
 */
#include <errno.h>

#include "core/assert.h"
#include "drivers/virtio_ring.h"
#include "drivers/virtio_ring_setup.h"
#include "ring_internal.h"

#define NEXT  ((uint64_t)DESCRIPTOR_NEXT << 32)
#define WRITE ((uint64_t)DESCRIPTOR_WRITE << 32)

static __cold int no_room(const struct virtio_ring *ring)
{
	return ring_broken(ring) ? -EIO : -ENOSPC;
}

static bool has_tables(const struct virtio_ring *ring)
{
	return ring->nr_tables > ring->mask;
}

static __always_inline uint64_t kind_of(unsigned int i, unsigned int readable)
{
	return i < readable ? NEXT : NEXT | WRITE;
}

static __always_inline void write_descriptor(struct ring_descriptor *to,
                                             const struct virtio_piece *piece,
                                             uint64_t rest)
{
	to->address = piece->phys;
	to->rest = piece->bytes | rest;
}

/*
 * Descriptors from ->free to @last are written, of which nothing counts before this.
 */
static __always_inline void add_chain(struct virtio_ring *ring,
                                      struct ring_chain *last,
                                      uint64_t descriptors, uint32_t writable,
                                      void *token)
{
	struct ring_chain *chain = ring->free;
	uint64_t added = ring->added;

	chain->token = token;
	chain->serial = added;
	chain->last = last;
	chain->descriptors = descriptors;
	chain->writable = writable;
	ring->free = last->next;
	ring->avail->heads[added & ring->mask] = (uint16_t)(chain->named >> 48);
	ring->added = added + 1;
	ring->room -= descriptors;
}

/* All but the last is followed by another. */
static struct ring_chain *fill_plain(struct ring_chain *chain,
                                     const struct virtio_piece *pieces,
                                     unsigned int readable, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count - 1; i++, chain = chain->next)
		write_descriptor(chain->descriptor, &pieces[i],
		                 kind_of(i, readable) | chain->next->named);
	write_descriptor(chain->descriptor, &pieces[i],
	                 kind_of(i, readable) & ~NEXT);
	return chain;
}

static struct ring_chain *fill_table(const struct virtio_ring *ring,
                                     const struct virtio_piece *pieces,
                                     unsigned int readable, unsigned int count)
{
	struct ring_chain *chain = ring->free;
	struct ring_descriptor *table = ring->tables[chain - ring->chains];
	unsigned int i;

	for (i = 0; i < count - 1; i++) {
		write_descriptor(&table[i], &pieces[i],
		                 kind_of(i, readable) |
		                         DESCRIPTOR_NAMED(i + 1));
	}
	write_descriptor(&table[i], &pieces[i], kind_of(i, readable) & ~NEXT);
	chain->descriptor->address = ring_phys(ring, table);
	chain->descriptor->rest =
		count * sizeof(*table) | (uint64_t)DESCRIPTOR_INDIRECT << 32;
	return chain;
}

/* Bytes in all, at most UINT32_MAX; -EINVAL: a piece is empty. */
static int64_t count_bytes(const struct virtio_piece *pieces,
                           unsigned int count)
{
	int64_t sum = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (pieces[i].bytes == 0)
			return -EINVAL;
		sum += pieces[i].bytes;
	}
	return sum < UINT32_MAX ? sum : UINT32_MAX;
}

/* A chain of any length, or one that cannot be. */
static __noinline int add_any(struct virtio_ring *ring,
                              const struct virtio_piece *pieces,
                              unsigned int readable, unsigned int writable,
                              void *token)
{
	unsigned int count = readable + writable;
	unsigned int descriptors = has_tables(ring) ? 1 : count;
	struct ring_chain *last;
	int64_t bytes;

	if (readable > VIRTIO_CHAIN_MAX || writable > VIRTIO_CHAIN_MAX ||
	    count - 1 >= VIRTIO_CHAIN_MAX)
		return -EINVAL;
	bytes = count_bytes(pieces + readable, writable);
	if (count_bytes(pieces, readable) < 0 || bytes < 0)
		return -EINVAL;
	if (ring->room < descriptors)
		return no_room(ring);
	if (descriptors == count)
		last = fill_plain(ring->free, pieces, readable, count);
	else
		last = fill_table(ring, pieces, readable, count);
	add_chain(ring, last, descriptors, (uint32_t)bytes, token);
	return 0;
}

static __always_inline int add_one(struct virtio_ring *ring,
                                   const struct virtio_piece *piece,
                                   unsigned int readable, void *token)
{
	struct ring_chain *chain = ring->free;
	uint32_t bytes = piece->bytes;

	write_descriptor(chain->descriptor, piece,
	                 kind_of(0, readable) & ~NEXT);
	add_chain(ring, chain, 1, readable ? 0 : bytes, token);
	return 0;
}

static __always_inline int add_two(struct virtio_ring *ring,
                                   const struct virtio_piece *pieces,
                                   unsigned int readable, void *token)
{
	struct ring_chain *chain = ring->free;
	struct ring_chain *last = chain->next;
	uint64_t bytes = readable == 2 ? 0 : pieces[1].bytes;

	if (readable == 0)
		bytes += pieces[0].bytes;
	write_descriptor(chain->descriptor, &pieces[0],
	                 kind_of(0, readable) | last->named);
	write_descriptor(last->descriptor, &pieces[1],
	                 kind_of(1, readable) & ~NEXT);
	if (unlikely(bytes > UINT32_MAX))
		bytes = UINT32_MAX;
	add_chain(ring, last, 2, (uint32_t)bytes, token);
	return 0;
}

/* The short ones are most of them: written out, and nothing is checked twice. */
int virtio_ring_add(struct virtio_ring *ring, const struct virtio_piece *pieces,
                    unsigned int readable, unsigned int writable, void *token)
{
	unsigned int count = readable + writable;

	DEBUG_ASSERT(token);
	if (likely(readable <= count)) {
		if (count == 1 && ring->room > 0 && pieces[0].bytes)
			return add_one(ring, pieces, readable, token);
		if (count == 2 && ring->room > ring->plain_room &&
		    pieces[0].bytes && pieces[1].bytes)
			return add_two(ring, pieces, readable, token);
	}
	return add_any(ring, pieces, readable, writable, token);
}

bool virtio_ring_publish(struct virtio_ring *ring)
{
	uint64_t added = ring->added;
	uint64_t count = added - ring->published;
	bool wanted;

	if (count == 0)
		return false;
	ring->published = added;
	__atomic_store_n(&ring->avail->index, (uint16_t)added,
	                 __ATOMIC_RELEASE);
	/* The device writes its wish, then looks at the index again. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (likely(ring->event_index)) {
		/* Did the index get past it? 2.7.10.1 */
		const uint16_t event = READ_ONCE(*ring->avail_event);

		wanted = (uint16_t)(added - event - 1) < count;
	} else {
		wanted = !(READ_ONCE(ring->used->flags) & USED_NO_NOTIFY);
	}
	ring->view.is_untold = !wanted;
	return wanted;
}

/*
 * It waits at the last chain that it has used, so it will not come by itself. That
 * it is about to come is possible: then it is told once too often.
 */
bool virtio_ring_is_forgotten(const struct virtio_ring *ring)
{
	const uint16_t used = READ_ONCE(*READ_ONCE(ring->view.used_index));

	if (!ring->view.is_untold || used == (uint16_t)ring->published ||
	    ring_broken(ring))
		return false;
	if (!ring->event_index)
		return !(READ_ONCE(ring->used->flags) & USED_NO_NOTIFY);
	return READ_ONCE(*ring->avail_event) == used;
}

/* Chains that the device has finished; what it says. */
static __always_inline uint16_t ring_pending(const struct virtio_ring *ring,
                                             uint64_t taken)
{
	const uint16_t *index =
		__atomic_load_n(&ring->view.used_index, __ATOMIC_RELAXED);

	return (uint16_t)(__atomic_load_n(index, __ATOMIC_ACQUIRE) - taken);
}

void ring_free_chain(struct virtio_ring *ring, struct ring_chain *chain)
{
	chain->serial = SERIAL_NONE;
	chain->last->next = ring->free;
	ring->free = chain;
	ring->room += chain->descriptors;
	ring->view.taken++;
}

static __cold __noinline void *refuse(struct virtio_ring *ring, const char *why)
{
	virtio_ring_break(ring, why);
	return NULL;
}

void *virtio_ring_take(struct virtio_ring *ring, uint32_t *written_out)
{
	const struct ring_used *used = ring->used;
	uint64_t taken = ring->view.taken;
	uint64_t published = ring->published;
	uint64_t mask = ring->mask;
	uint64_t pending = ring_pending(ring, taken);
	struct ring_chain *chain;
	uint32_t written;
	uint32_t id;

	if (pending == 0)
		return NULL;
	if (unlikely(pending > published - taken))
		return refuse(ring, "it used more chains than it had");
	id = READ_ONCE(used->elements[taken & mask].id);
	written = READ_ONCE(used->elements[taken & mask].bytes);
	if (unlikely(id > (uint32_t)mask))
		return refuse(ring, "it used a chain that cannot be");
	chain = &ring->chains[id];
	if (unlikely(chain->serial >= published))
		return refuse(ring, "it used a chain that it had not");
	if (unlikely(written > chain->writable))
		return refuse(ring, "it wrote more bytes than a chain holds");
	*written_out = written;
	ring_free_chain(ring, chain);
	return chain->token;
}

void virtio_ring_disable_interrupt(struct virtio_ring *ring)
{
	/* An event that is past comes again after 65,535 more. */
	if (ring->event_index)
		WRITE_ONCE(*ring->used_event, (uint16_t)(ring->view.taken - 1));
	else
		WRITE_ONCE(ring->avail->flags, AVAIL_NO_INTERRUPT);
}

/* Interrupt when @count more than the next are used. False: they are. */
static bool enable_interrupt(struct virtio_ring *ring, unsigned int count)
{
	if (ring->event_index) {
		WRITE_ONCE(*ring->used_event,
		           (uint16_t)(ring->view.taken + count));
	} else {
		WRITE_ONCE(ring->avail->flags, 0);
	}
	/* The device writes its index, then looks at the wish. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return ring_pending(ring, ring->view.taken) <= count;
}

bool virtio_ring_enable_interrupt(struct virtio_ring *ring)
{
	return enable_interrupt(ring, 0);
}

bool virtio_ring_enable_interrupt_late(struct virtio_ring *ring)
{
	unsigned int out = (unsigned int)(ring->published - ring->view.taken);

	return enable_interrupt(ring, ring->event_index ? out * 3 / 4 : 0);
}

unsigned int virtio_ring_room(const struct virtio_ring *ring)
{
	return (unsigned int)ring->room;
}

/* Above ->plain_room each takes two descriptors. */
unsigned int virtio_ring_fits(const struct virtio_ring *ring)
{
	const uint64_t plain = ring->plain_room;

	if (!has_tables(ring))
		return (unsigned int)(ring->room / VIRTIO_CHAIN_MAX);
	if (ring->room <= plain)
		return (unsigned int)ring->room;
	return (unsigned int)(plain + (ring->room - plain) / 2);
}

unsigned int virtio_ring_outstanding(const struct virtio_ring *ring)
{
	return (unsigned int)(ring->added - ring->view.taken);
}

unsigned int virtio_ring_unused(const struct virtio_ring *ring)
{
	const uint16_t used = READ_ONCE(*READ_ONCE(ring->view.used_index));

	return (uint16_t)(ring->published - used);
}

const char *virtio_ring_broken(const struct virtio_ring *ring)
{
	return ring_broken(ring);
}
