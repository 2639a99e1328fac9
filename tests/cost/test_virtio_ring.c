/* SPDX-License-Identifier: MIT */
/*
 * What a chain costs, in instructions: added, published, used by a device that is a
 * few lines here, and taken back. What the device and the loop cost is counted
 * apart and taken away.
 */
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <stdio.h>
#include <string.h>

#include "arch/csr.h"
#include "drivers/virtio.h"
#include "drivers/virtio_ring_setup.h"
#include "pages.h"
#include "test.h"

#define ENTRIES 64u
#define ROUNDS  1000u

/* 2.7.8 */
struct used {
	uint16_t flags;
	uint16_t index;
	struct {
		uint32_t id;
		uint32_t bytes;
	} elements[ENTRIES];
};

struct avail {
	uint16_t flags;
	uint16_t index;
	uint16_t heads[ENTRIES];
};

static struct virtio_ring *ring;
static void *private_memory;
static unsigned long shared, tables;
static struct used *used;
static const struct avail *avail;

static void begin(void)
{
	const struct virtio_ring_shape shape = {
		.entries = ENTRIES,
		.align = 64,
		.event_index = true,
		.phys_offset = -DIRECT_BASE,
	};
	struct virtio_ring_parts parts;

	if (CONFIG_CHECK)
		test_skip("counted in the release configuration");
	private_memory = kmalloc(virtio_ring_private_bytes(&shape), GFP_KERNEL);
	shared = __get_free_pages(GFP_KERNEL, 1);
	tables = __get_free_pages(GFP_KERNEL, 3);
	CHECK(private_memory && shared && tables);
	ring = virtio_ring_init(&shape, private_memory, (void *)shared);
	CHECK_EQ(virtio_ring_add_tables(ring, (void *)tables, PAGE_SIZE << 3),
	         0);
	parts = virtio_ring_parts(ring);
	used = phys_to_virt(parts.used);
	avail = phys_to_virt(parts.available);
}

static void end(void)
{
	kfree(private_memory);
	free_pages(shared, 1);
	free_pages(tables, 3);
}

/* What the loop costs with calls that do nothing. */
static __noipa int nothing(const void *a, const void *b, unsigned int c,
                           unsigned int d, const void *e)
{
	(void)a, (void)b, (void)c, (void)d, (void)e;
	return 0;
}

static __noipa void use_one(void)
{
	unsigned int at = used->index % ENTRIES;

	used->elements[at].id = avail->heads[at];
	used->elements[at].bytes = 0;
	WRITE_ONCE(used->index, (uint16_t)(used->index + 1));
}

static unsigned long cost_of_use(void)
{
	unsigned long start = read_instret();
	uint16_t index = used->index;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		(void)nothing(ring, ring, i, 0, ring);
		(void)nothing(ring, ring, i, 0, ring);
		(void)nothing(ring, ring, i, 0, ring);
		use_one();
	}
	start = read_instret() - start;
	used->index = index;
	return start;
}

static unsigned long cost_of_chain(unsigned int readable, unsigned int writable)
{
	struct virtio_piece pieces[VIRTIO_CHAIN_MAX];
	unsigned long device = cost_of_use(), start, cost;
	bool right = true;
	uint32_t written;

	for (unsigned int i = 0; i < VIRTIO_CHAIN_MAX; i++)
		pieces[i] = (struct virtio_piece){ i * PAGE_SIZE, 100 };
	start = read_instret();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		right &= virtio_ring_add(ring, pieces, readable, writable,
		                         pieces) == 0;
		(void)virtio_ring_publish(ring);
		use_one();
		right &= virtio_ring_take(ring, &written) == pieces;
	}
	cost = (read_instret() - start - device) / ROUNDS;
	CHECK(right);
	printf("# a chain of %u pieces: %lu instructions\n",
	       readable + writable, cost);
	return cost;
}

TEST(chain_of_two_pieces_costs_little)
{
	begin();
	CHECK(cost_of_chain(1, 0) <= 105);
	CHECK(cost_of_chain(1, 1) <= 125);
	CHECK(cost_of_chain(2, 0) <= 125);
	end();
}

TEST(chain_of_twenty_pieces_costs_a_little_more_a_piece)
{
	begin();
	CHECK(cost_of_chain(20, 0) <= 120 + 20 * 20);
	end();
}

static unsigned long cost_of_pieces(const void *address, size_t bytes)
{
	struct virtio_piece pieces[VIRTIO_CHAIN_MAX];
	unsigned int count = 0;
	unsigned long start = read_instret();

	for (unsigned int i = 0; i < ROUNDS; i++)
		count = virtio_pieces(address, bytes, pieces, VIRTIO_CHAIN_MAX);
	start = (read_instret() - start) / ROUNDS;
	printf("# %zu bytes in %u pieces: %lu instructions\n", bytes, count,
	       start);
	CHECK(count > 0);
	return start;
}

/*
 * Where the hart's kmalloc() is at home nothing is looked up. Next to the image the
 * direct map is of pages, else of large leaves.
 */
TEST(pieces_of_a_frame_cost_little)
{
	unsigned long block;
	char *area;

	if (CONFIG_CHECK)
		test_skip("counted in the release configuration");
	block = __get_free_pages(GFP_KERNEL, MAX_ORDER);
	area = vmalloc(17 * PAGE_SIZE);
	CHECK(block && leaf_level((void *)block) > 0 && area);
	CHECK(cost_of_pieces((void *)kmem_own()->direct_start, 1514) <= 40);
	CHECK(cost_of_pieces((void *)block, 1514) <= 240);
	CHECK(cost_of_pieces(area, 1514) <= 180);
	CHECK(cost_of_pieces(area, 16 * PAGE_SIZE) <= 180 + 16 * 50);
	free_pages(block, MAX_ORDER);
	vfree(area);
}
