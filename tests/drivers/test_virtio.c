/* SPDX-License-Identifier: MIT */
/*
 * The transport against QEMU's entropy device, whose one queue takes whatever has
 * room. Without such a device most of this is skipped: tests/plan.py boots with
 * legacy and with modern ones.
 */
#include <errno.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/machine.h"
#include "core/timer.h"
#include "drivers/virtio.h"
#include "mm/fault_inject.h"
#include "mm/pgtable.h"
#include "pages.h"
#include "state.h"
#include "test.h"

#define NO_SUCH_KIND 1000u
#define ENTRIES      16u
#define LIMIT_NS     2000000000ul
#define QUIET_NS     20000000ul
#define PIECES       20u

static struct virtio_device *device;
static struct virtio_queue *queue;
static unsigned int interrupts; /* [A] */

static void count_interrupt(void *argument)
{
	if (argument == &interrupts)
		__atomic_fetch_add(&interrupts, 1, __ATOMIC_RELEASE);
}

static void end(void)
{
	virtio_release(device);
	device = NULL;
}

/* What a test that failed left is given back first. */
static void claim(void)
{
	end();
	device = virtio_claim(VIRTIO_ID_RNG, "test");
	if (!device)
		test_skip("no free virtio entropy device");
	CHECK_EQ(virtio_negotiate(device, 0), 0);
}

/* Polled too where no interrupt can be had. */
static int start(void)
{
	int err;

	interrupts = 0;
	err = virtio_queue_start(device, 0, ENTRIES, &queue);
	if (!err)
		err = virtio_start(device, count_interrupt, NULL, &interrupts);
	return err == -ENODEV ? 0 : err;
}

static void begin(void)
{
	claim();
	CHECK_EQ(start(), 0);
}

static void *wait_for_chain(uint32_t *written)
{
	uint64_t deadline_ns = timer_now_ns() + LIMIT_NS;

	while (!virtio_ring_has_used(queue->ring))
		if (timer_now_ns() > deadline_ns)
			return NULL;
	return virtio_ring_take(queue->ring, written);
}

/* Let the device fill @count bytes; how many it did. */
static uint32_t read_entropy(void *to, size_t count)
{
	struct virtio_piece pieces[PIECES] = { 0 };
	unsigned int nr = virtio_pieces(to, count, pieces, PIECES);
	uint32_t written = 0;

	CHECK(nr > 0);
	CHECK_EQ(virtio_ring_add(queue->ring, pieces, 0, nr, to), 0);
	virtio_queue_kick(queue);
	CHECK_EQ(wait_for_chain(&written), to);
	return written;
}

TEST(device_that_is_not_there_is_not_had)
{
	CHECK(!virtio_claim(NO_SUCH_KIND, "test"));
	CHECK(!virtio_claim(0, "test"));
	virtio_release(NULL);
}

TEST(device_is_one_drivers_until_it_gives_it_back)
{
	struct virtio_device *again;

	claim();
	again = virtio_claim(VIRTIO_ID_RNG, "test");
	CHECK(again != device);
	virtio_release(again);
	end();
	device = virtio_claim(VIRTIO_ID_RNG, "test");
	CHECK(device);
	end();
}

TEST(features_are_those_that_both_have)
{
	claim();
	CHECK_EQ(virtio_has(device, VIRTIO_F_VERSION_1),
	         virtio_is_modern(device));
	CHECK(virtio_has(device, VIRTIO_F_INDIRECT_DESC));
	CHECK(virtio_has(device, VIRTIO_F_EVENT_IDX));
	CHECK(!virtio_has(device, 0));
	end();
	device = virtio_claim(VIRTIO_ID_RNG, "test");
	CHECK(device);
	/* Bits that it does not offer are not asked for. */
	CHECK_EQ(virtio_negotiate(device, ~0ul), 0);
	CHECK(!virtio_has(device, 0));
	CHECK(!virtio_has(device, 63));
	end();
}

TEST(queue_that_the_device_has_not_is_refused)
{
	claim();
	CHECK_EQ(virtio_queue_start(device, 7, ENTRIES, &queue), -ENOENT);
	CHECK_EQ(virtio_queue_start(device, 0, ENTRIES, &queue), 0);
	CHECK_EQ(virtio_queue_start(device, 0, ENTRIES, &queue), -EIO);
	end();
}

TEST(queue_may_be_of_any_size_up_to_the_largest)
{
	for (unsigned int entries = 1; entries <= VIRTIO_RING_ENTRIES_MAX;
	     entries *= 2) {
		claim();
		CHECK_EQ(virtio_queue_start(device, 0, entries, &queue), 0);
		CHECK_EQ(virtio_ring_room(queue->ring), entries);
		end();
	}
}

TEST(device_fills_memory_and_interrupts)
{
	char *first = kzalloc(64, GFP_KERNEL),
	     *second = kzalloc(64, GFP_KERNEL);
	uint64_t deadline_ns;

	begin();
	CHECK_EQ(read_entropy(first, 64), 64);
	CHECK_EQ(read_entropy(second, 64), 64);
	CHECK(memcmp(first, second, 64) != 0);
	CHECK(queue->kicks >= 1);
	if (machine_irq(&machine.virtio[0]) != 0) {
		deadline_ns = timer_now_ns() + LIMIT_NS;
		while (virtio_interrupts(device) == 0)
			CHECK(timer_now_ns() < deadline_ns);
		CHECK(__atomic_load_n(&interrupts, __ATOMIC_ACQUIRE) > 0);
	}
	end();
	kfree(first);
	kfree(second);
}

/* More chains than fit at once, and the index comes round. */
TEST(ring_goes_on_for_more_than_65536_chains)
{
	char *bytes = kmalloc(PIECES, GFP_KERNEL);
	struct virtio_piece piece = { 0 };
	unsigned long taken = 0, added = 0;
	uint32_t written;

	begin();
	virtio_ring_disable_interrupt(queue->ring);
	CHECK_EQ(virtio_pieces(bytes, 1, &piece, 1), 1);
	while (taken < 66000) {
		while (virtio_ring_room(queue->ring) > 0 && added < 66000) {
			CHECK_EQ(virtio_ring_add(queue->ring, &piece, 0, 1,
			                         bytes),
			         0);
			added++;
		}
		virtio_queue_kick(queue);
		CHECK_EQ(wait_for_chain(&written), bytes);
		CHECK_EQ(written, 1);
		taken++;
	}
	CHECK_EQ(virtio_ring_outstanding(queue->ring), 0);
	end();
	kfree(bytes);
}

TEST(device_fills_scattered_pages_by_indirect_descriptors)
{
	char *bytes = vmalloc(PIECES * PAGE_SIZE);
	uint32_t written;

	CHECK(bytes);
	begin();
	for (unsigned int i = 0; i < 3 * ENTRIES; i++) {
		memset(bytes, 0, PIECES * PAGE_SIZE);
		written = read_entropy(bytes + 100, 3 * PAGE_SIZE);
		CHECK(written > 0 && written <= 3 * PAGE_SIZE);
		CHECK(is_all(bytes, 100, 0));
		CHECK(!is_all(bytes + 100, written, 0));
		CHECK(is_all(bytes + 100 + 3 * PAGE_SIZE, PAGE_SIZE, 0));
	}
	end();
	vfree(bytes);
}

TEST(stopped_device_writes_nothing_and_gives_back_what_is_out)
{
	char *bytes = kzalloc(64, GFP_KERNEL);
	struct virtio_piece piece = { 0 };
	uint32_t written;
	uint64_t until_ns;

	begin();
	CHECK_EQ(virtio_pieces(bytes, 64, &piece, 1), 1);
	CHECK_EQ(virtio_ring_add(queue->ring, &piece, 0, 1, bytes), 0);
	CHECK(!virtio_is_stopped(device));
	virtio_stop(device, NULL);
	CHECK(virtio_is_stopped(device));
	virtio_queue_kick(queue);
	until_ns = timer_now_ns() + QUIET_NS;
	while (timer_now_ns() < until_ns)
		CHECK(is_all(bytes, 64, 0));
	CHECK(virtio_ring_has_used(queue->ring));
	CHECK(!virtio_ring_take(queue->ring, &written));
	CHECK(virtio_ring_broken(queue->ring));
	CHECK_EQ(virtio_ring_add(queue->ring, &piece, 0, 1, bytes), -EIO);
	CHECK_EQ(virtio_ring_take_back(queue->ring), bytes);
	CHECK(!virtio_ring_take_back(queue->ring));
	virtio_stop(device, NULL);
	end();
	kfree(bytes);
}

/* Claim, start and give back; false: an error, and nothing is left. */
static bool cycle(void)
{
	int err;

	device = virtio_claim(VIRTIO_ID_RNG, "test");
	if (!device)
		return false;
	err = virtio_negotiate(device, 0);
	if (!err)
		err = start();
	end();
	return err == 0;
}

TEST(every_failure_of_memory_leaves_nothing)
{
	struct mm_state before, after;
	unsigned long failures = 0;
	bool hit;

	begin();
	end();
	for (enum fault_kind kind = 0; kind < FAULT_KINDS; kind++) {
		unsigned long nth = 0;

		do {
			bool worked;

			mm_state_settled(&before);
			fault_inject_set(kind, ++nth);
			worked = cycle();
			hit = fault_inject_seen(kind) >= nth;
			fault_inject_set(kind, 0);
			mm_state_settled(&after);
			mm_state_check_equal(&after, &before);
			CHECK(worked || hit);
			failures += !worked;
		} while (hit);
		CHECK(cycle());
	}
	CHECK(failures > 4);
}

/* --- where memory is ----------------------------------------------------- */

static void check_pieces(const void *address, size_t bytes,
                         const struct virtio_piece *pieces, unsigned int count)
{
	vaddr_t va = (vaddr_t)address;

	for (unsigned int i = 0; i < count; i++) {
		for (uint32_t at = 0; at < pieces[i].bytes;
		     at++, va++, bytes--) {
			paddr_t phys;

			CHECK(pgtable_translate(va, &phys, NULL));
			CHECK_EQ(pieces[i].phys + at, phys);
		}
		CHECK(i == 0 || pieces[i - 1].phys + pieces[i - 1].bytes !=
		                        pieces[i].phys);
	}
	CHECK_EQ(bytes, 0);
}

static void check_memory(const void *address, size_t bytes)
{
	struct virtio_piece pieces[PIECES] = { 0 };
	unsigned int count = virtio_pieces(address, bytes, pieces, PIECES);

	CHECK(count > 0);
	check_pieces(address, bytes, pieces, count);
	CHECK_EQ(virtio_pieces(address, bytes, pieces, count), count);
	CHECK_EQ(virtio_pieces(address, bytes, pieces, count - 1), 0);
}

TEST(pieces_of_kmalloc_are_one)
{
	struct virtio_piece pieces[2] = { 0 };
	char *bytes = kmalloc(3000, GFP_KERNEL);

	CHECK(bytes);
	CHECK_EQ(virtio_pieces(bytes, 3000, pieces, 2), 1);
	CHECK_EQ(pieces[0].phys, virt_to_phys(bytes));
	CHECK_EQ(pieces[0].bytes, 3000);
	kfree(bytes);
}

TEST(pieces_of_vmalloc_are_what_the_page_table_says)
{
	char *bytes = vmalloc(12 * PAGE_SIZE);
	char *huge = vmalloc_huge(4ul << 20, GFP_KERNEL);

	CHECK(bytes && huge);
	check_memory(bytes, 12 * PAGE_SIZE);
	check_memory(bytes + 4090, 10);
	check_memory(bytes + 1, 3 * PAGE_SIZE);
	check_memory(huge + (2ul << 20) - 5000, 10000);
	vfree(bytes);
	vfree(huge);
}

TEST(pieces_of_mapped_pages_follow_the_pages)
{
	struct page **pages = pages_alloc(6);
	struct page *mixed[6] = { pages[3], pages[4], pages[0],
		                  pages[0], pages[5], pages[1] };
	char *bytes = vm_map_ram(mixed, 6, -1, PAGE_KERNEL);
	struct virtio_piece pieces[6] = { 0 };
	unsigned int count;

	CHECK(bytes);
	check_memory(bytes + 77, 5 * PAGE_SIZE);
	count = virtio_pieces(bytes + 2 * PAGE_SIZE, 2 * PAGE_SIZE, pieces, 6);
	CHECK_EQ(count, 2);
	CHECK_EQ(pieces[0].phys, page_to_phys(pages[0]));
	CHECK_EQ(pieces[1].phys, page_to_phys(pages[0]));
	vm_unmap_ram(bytes, 6);
	pages_free(pages, 6);
}

static char in_data[3 * PAGE_SIZE] = { 1 };

TEST(pieces_of_the_image)
{
	char on_stack[100];

	check_memory(in_data, sizeof(in_data));
	check_memory(&interrupts, sizeof(interrupts));
	check_memory("of the image", 8);
	check_memory(on_stack, sizeof(on_stack));
}

TEST(pieces_of_what_is_not_mapped_are_none)
{
	struct virtio_piece pieces[PIECES] = { 0 };
	char *bytes = vmalloc(2 * PAGE_SIZE);

	CHECK(bytes);
	CHECK_EQ(virtio_pieces(bytes, 0, pieces, PIECES), 0);
	CHECK_EQ(virtio_pieces(bytes, 2 * PAGE_SIZE + 1, pieces, PIECES), 0);
	CHECK_EQ(virtio_pieces(bytes - 1, 10, pieces, PIECES), 0);
	CHECK_EQ(virtio_pieces(NULL, 1, pieces, PIECES), 0);
	CHECK_EQ(virtio_pieces((void *)(1ul << 50), 1, pieces, PIECES), 0);
	CHECK_EQ(virtio_pieces((void *)DIRECT_BASE, 1, pieces, PIECES), 0);
	vfree(bytes);
}
