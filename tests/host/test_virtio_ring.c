/* SPDX-License-Identifier: MIT */
/*
 * drivers/virtio/ring against a device in software. The honest one does what the
 * specification says, in any order; whatever the driver then gets must be what
 * the device did. The hostile one writes what it likes: the ring breaks, says why,
 * and every token comes back once.
 *
 * Sources: drivers/virtio/ring.c drivers/virtio/ring_setup.c tests/host/ring_device.c
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring_device.h"
#include "tests/image/test.h"

#define MEMORY_BYTES 100000u /* that pieces name; nobody touches it */
#define CHAINS       70000u  /* the index comes round */

static struct ring_device *device;
static struct virtio_ring *ring;

/* What the driver knows of a chain; its address is the token. */
struct note {
	struct virtio_piece pieces[VIRTIO_CHAIN_MAX];
	unsigned int readable, writable;
	uint32_t writable_bytes;
	bool is_out;
};

static struct note notes[VIRTIO_RING_ENTRIES_MAX + 1];

static void begin(unsigned int entries, unsigned int flags)
{
	memset(notes, 0, sizeof(notes));
	device = ring_device_make(entries, flags);
	ring = device->ring;
}

static void end(void)
{
	ring_device_free(device);
}

static struct note *free_note(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(notes); i++)
		if (!notes[i].is_out)
			return &notes[i];
	abort();
}

/* A chain of its own sizes: 0 or what add says. */
static int add(unsigned int readable, unsigned int writable)
{
	struct note *note = free_note();
	int err;

	note->readable = readable;
	note->writable = writable;
	note->writable_bytes = 0;
	for (unsigned int i = 0; i < readable + writable; i++) {
		note->pieces[i].phys = test_random() % (1ul << 40);
		note->pieces[i].bytes = 1 + test_random() % MEMORY_BYTES;
		if (i >= readable)
			note->writable_bytes += note->pieces[i].bytes;
	}
	err = virtio_ring_add(ring, note->pieces, readable, writable, note);
	note->is_out = !err;
	return err;
}

static int add_any(void)
{
	unsigned int count = 1 + test_random() % VIRTIO_CHAIN_MAX;
	unsigned int readable = test_random() % (count + 1);

	if (test_random() % 2)
		count = 1 + test_random() % 2, readable = test_random() % 2;
	return add(readable, count - readable);
}

/* The device sees what was added, piece by piece. */
static void check_chain(const struct device_chain *chain)
{
	unsigned int readable = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(notes); i++) {
		const struct note *note = &notes[i];

		if (!note->is_out ||
		    note->readable + note->writable != chain->count ||
		    note->pieces[0].phys != chain->pieces[0].phys)
			continue;
		for (unsigned int j = 0; j < chain->count; j++) {
			CHECK_EQ(chain->pieces[j].phys, note->pieces[j].phys);
			CHECK_EQ(chain->pieces[j].bytes, note->pieces[j].bytes);
			readable += !chain->is_writable[j];
			CHECK_EQ(chain->is_writable[j], j >= note->readable);
		}
		CHECK_EQ(readable, note->readable);
		return;
	}
	test_fail(__FILE__, __LINE__, "the device got a chain that is not out");
}

static struct note *take(uint32_t *written)
{
	struct note *note = virtio_ring_take(ring, written);

	if (!note)
		return NULL;
	CHECK(note >= notes && note < notes + ARRAY_SIZE(notes));
	CHECK(note->is_out && *written <= note->writable_bytes);
	note->is_out = false;
	return note;
}

static unsigned int count_out(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(notes); i++)
		count += notes[i].is_out;
	return count;
}

/* Every token that is out comes back once, and then no more. */
static void check_take_back(void)
{
	unsigned int out = count_out();
	uint32_t written;
	struct note *note;

	CHECK_EQ(virtio_ring_outstanding(ring), out);
	while ((note = virtio_ring_take_back(ring))) {
		CHECK(note->is_out);
		note->is_out = false;
		CHECK(!virtio_ring_take(ring, &written));
		CHECK_EQ(virtio_ring_outstanding(ring), --out);
	}
	CHECK_EQ(out, 0);
	CHECK_EQ(count_out(), 0);
	CHECK_EQ(virtio_ring_outstanding(ring), 0);
	CHECK(virtio_ring_broken(ring));
	CHECK_EQ(add(1, 0), -EIO);
	CHECK_EQ(virtio_ring_room(ring), 0);
}

/* --- honest -------------------------------------------------------------- */

struct figures {
	unsigned long added, taken, full;
};

static void driver_step(struct figures *figures)
{
	uint32_t written;
	int err = add_any();

	figures->added += !err;
	figures->full += err == -ENOSPC;
	CHECK(!err || err == -ENOSPC);
	CHECK(!err || virtio_ring_room(ring) < VIRTIO_CHAIN_MAX);
	if (test_random() % 3 == 0)
		device->is_awake |= virtio_ring_publish(ring);
	if (test_random() % 3 == 0)
		while (virtio_ring_has_used(ring) && take(&written))
			figures->taken++;
}

/* Nothing is waited for that will not come: whoever sleeps is woken. */
static void run_honestly(unsigned int entries, unsigned int flags)
{
	struct figures figures = { 0 };
	uint32_t written;

	begin(entries, flags);
	for (unsigned int i = 0; figures.added < CHAINS; i++) {
		CHECK(i < 50 * CHAINS); /* whoever waits is told */
		driver_step(&figures);
		if (test_random() % 2)
			ring_device_look(device, check_chain);
		if (test_random() % 2)
			ring_device_use_any(device);
	}
	(void)virtio_ring_publish(ring);
	device->is_awake = true;
	do {
		ring_device_look(device, check_chain);
		while (ring_device_use_any(device))
			;
		while (take(&written))
			figures.taken++;
	} while (virtio_ring_outstanding(ring) > 0);
	CHECK(!virtio_ring_broken(ring));
	CHECK_EQ(figures.taken, figures.added);
	CHECK_EQ(count_out(), 0);
	CHECK_EQ(virtio_ring_room(ring), entries);
	CHECK(figures.full > 0);
	end();
}

TEST(honest_device_of_one_entry)
{
	run_honestly(1, DEVICE_TABLES);
}

TEST(honest_device_without_features)
{
	run_honestly(64, 0);
}

TEST(honest_device_with_event_indexes)
{
	run_honestly(32, DEVICE_EVENTS);
}

TEST(honest_device_with_tables)
{
	run_honestly(128, DEVICE_TABLES | DEVICE_LEGACY);
}

TEST(honest_device_with_everything)
{
	run_honestly(8, DEVICE_EVENTS | DEVICE_TABLES);
	run_honestly(1024, DEVICE_EVENTS | DEVICE_TABLES);
}

/* A ring has room for as many chains of any length as it has entries. */
TEST(with_tables_every_chain_takes_one_entry_at_most_when_it_is_short_of_them)
{
	begin(16, DEVICE_TABLES);
	for (unsigned int i = 0; virtio_ring_room(ring) > 0; i++)
		CHECK_EQ(add(VIRTIO_CHAIN_MAX / 2, i % 2), 0);
	CHECK_EQ(virtio_ring_outstanding(ring), 16);
	CHECK_EQ(add(1, 0), -ENOSPC);
	end();
	begin(16, DEVICE_TABLES);
	while (virtio_ring_room(ring) > 0)
		CHECK_EQ(add(1, 1), 0);
	CHECK_EQ(virtio_ring_outstanding(ring), 4 + 8);
	end();
}

TEST(without_tables_a_chain_takes_an_entry_a_piece)
{
	begin(16, 0);
	CHECK_EQ(add(5, 5), 0);
	CHECK_EQ(virtio_ring_room(ring), 6);
	CHECK_EQ(add(7, 0), -ENOSPC);
	CHECK_EQ(add(0, 6), 0);
	CHECK_EQ(virtio_ring_room(ring), 0);
	CHECK_EQ(virtio_ring_outstanding(ring), 2);
	end();
}

/* From every state of a ring: so many more are taken, whatever they look like. */
static void check_fits(unsigned int flags, unsigned int begun)
{
	begin(64, flags);
	while (begun-- > 0)
		CHECK_EQ(add(1 + begun % 3, 0), 0);
	for (unsigned int fits = virtio_ring_fits(ring); fits > 0; fits--) {
		unsigned int pieces = 1 + test_random() % VIRTIO_CHAIN_MAX;

		CHECK_EQ(add(test_random() % 2 ? 2 : pieces, 0), 0);
		CHECK(virtio_ring_fits(ring) >= fits - 1);
	}
	end();
}

TEST(what_is_said_to_fit_does)
{
	for (unsigned int begun = 0; begun < 30; begun++) {
		check_fits(DEVICE_TABLES, begun);
		check_fits(0, begun);
	}
	begin(64, DEVICE_TABLES);
	CHECK_EQ(virtio_ring_fits(ring), 32 + 16);
	end();
	begin(64, 0);
	CHECK_EQ(virtio_ring_fits(ring), 64 / VIRTIO_CHAIN_MAX);
	end();
}

/* --- who notifies whom --------------------------------------------------- */

TEST(nothing_added_is_nothing_to_notify)
{
	begin(8, 0);
	CHECK(!virtio_ring_publish(ring));
	CHECK_EQ(add(1, 0), 0);
	CHECK(virtio_ring_publish(ring));
	CHECK(!virtio_ring_publish(ring));
	end();
}

TEST(device_that_wants_no_notice_gets_none)
{
	begin(8, 0);
	device->used->flags = 1;
	CHECK_EQ(add(1, 0), 0);
	CHECK(!virtio_ring_publish(ring));
	end();
	/* With event indexes it is the index that counts. */
	begin(8, DEVICE_EVENTS);
	device->used->flags = 1;
	CHECK_EQ(add(1, 0), 0);
	CHECK(virtio_ring_publish(ring));
	end();
}

/* Its wish is seen too late: the fence between was none. */
static void check_forgotten(unsigned int flags)
{
	const bool events = flags & DEVICE_EVENTS;

	begin(8, flags);
	CHECK(!virtio_ring_is_untold(ring) && !virtio_ring_is_forgotten(ring));
	CHECK_EQ(virtio_ring_unused(ring), 0);
	*device->avail_event = 7;
	device->used->flags = 1;
	CHECK_EQ(add(1, 0), 0);
	CHECK_EQ(add(1, 0), 0);
	CHECK_EQ(virtio_ring_unused(ring), 0);
	CHECK(!virtio_ring_publish(ring));
	CHECK_EQ(virtio_ring_unused(ring), 2);
	CHECK(virtio_ring_is_untold(ring) && !virtio_ring_is_forgotten(ring));

	/* It sleeps before the first, and before the second of them. */
	*device->avail_event = 0;
	CHECK_EQ(virtio_ring_is_forgotten(ring), events);
	device->used->flags = 0;
	CHECK(virtio_ring_is_forgotten(ring));
	device->is_awake = true;
	ring_device_look(device, check_chain);
	CHECK(ring_device_use_any(device));
	CHECK_EQ(virtio_ring_is_forgotten(ring), !events);
	*device->avail_event = 1;
	CHECK(virtio_ring_is_forgotten(ring));
	CHECK_EQ(virtio_ring_unused(ring), 1);
	CHECK(ring_device_use_any(device));
	CHECK(virtio_ring_is_untold(ring) && !virtio_ring_is_forgotten(ring));

	/* Told once, it comes. */
	*device->avail_event = 2;
	CHECK_EQ(add(1, 0), 0);
	CHECK(virtio_ring_publish(ring));
	CHECK(!virtio_ring_is_untold(ring) && !virtio_ring_is_forgotten(ring));

	/* A broken one is told nothing. */
	*device->avail_event = 7;
	device->used->flags = 1;
	CHECK_EQ(add(1, 0), 0);
	CHECK(!virtio_ring_publish(ring));
	device->used->flags = 0;
	*device->avail_event = 2;
	CHECK(virtio_ring_is_forgotten(ring));
	virtio_ring_break(ring, "a test");
	CHECK(!virtio_ring_is_forgotten(ring));
	end();
}

TEST(device_that_sleeps_all_the_same_is_seen)
{
	check_forgotten(0);
	check_forgotten(DEVICE_EVENTS);
}

/* At every place of the index, also where it comes round. */
static void check_notice_after(unsigned int count, unsigned int event)
{
	uint16_t index = device->avail->index;

	*device->avail_event = (uint16_t)(index + event);
	for (unsigned int i = 0; i < count; i++)
		CHECK_EQ(add(0, 1), 0);
	CHECK_EQ(virtio_ring_publish(ring), event < count);
	device->is_awake = true;
	ring_device_look(device, check_chain);
	while (ring_device_use_any(device))
		;
	for (uint32_t written; take(&written);)
		;
}

TEST(device_is_notified_when_the_index_passes_its_event)
{
	begin(8, DEVICE_EVENTS);
	for (unsigned int i = 0; i < 30000; i++)
		check_notice_after(1 + test_random() % 8, test_random() % 10);
	end();
}

static void use(unsigned int count)
{
	device->is_awake = true;
	ring_device_look(device, check_chain);
	while (count-- > 0)
		CHECK(ring_device_use_any(device));
}

static void add_and_publish(unsigned int count)
{
	while (count-- > 0)
		CHECK_EQ(add(0, 1), 0);
	(void)virtio_ring_publish(ring);
}

static void check_interrupts(unsigned int flags, bool late, unsigned int first)
{
	uint32_t written;

	begin(16, flags);
	for (unsigned int round = 0; round < 10000; round++) {
		unsigned long before = device->interrupts;

		add_and_publish(8);
		if (late)
			CHECK(virtio_ring_enable_interrupt_late(ring));
		else
			CHECK(virtio_ring_enable_interrupt(ring));
		use(first - 1);
		CHECK_EQ(device->interrupts, before);
		use(1);
		CHECK_EQ(device->interrupts, before + 1);
		virtio_ring_disable_interrupt(ring);
		use(8 - first);
		CHECK_EQ(device->interrupts, before + 1);
		CHECK(!virtio_ring_enable_interrupt(ring));
		while (take(&written))
			;
	}
	end();
}

TEST(interrupt_comes_with_the_next_used_chain)
{
	check_interrupts(0, false, 1);
	check_interrupts(DEVICE_EVENTS, false, 1);
}

TEST(no_interrupt_comes_when_none_is_wanted)
{
	for (unsigned int flags = 0; flags <= DEVICE_EVENTS; flags++) {
		uint32_t written;

		begin(16, flags);
		for (unsigned int round = 0; round < 1000; round++) {
			add_and_publish(8);
			virtio_ring_disable_interrupt(ring);
			use(8);
			while (take(&written))
				;
		}
		CHECK_EQ(device->interrupts, 0);
		end();
	}
}

TEST(late_interrupt_comes_after_three_quarters)
{
	check_interrupts(DEVICE_EVENTS, true, 7);
	check_interrupts(0, true, 1);
}

TEST(late_interrupt_that_would_not_come_is_told)
{
	begin(16, DEVICE_EVENTS);
	add_and_publish(8);
	use(6);
	CHECK(virtio_ring_enable_interrupt_late(ring));
	use(1);
	CHECK(!virtio_ring_enable_interrupt_late(ring));
	end();
}

/* --- what add refuses ---------------------------------------------------- */

TEST(chains_that_cannot_be_are_refused_and_change_nothing)
{
	static struct virtio_piece pieces[2 * VIRTIO_CHAIN_MAX];
	int token;

	for (unsigned int i = 0; i < ARRAY_SIZE(pieces); i++)
		pieces[i].bytes = 1;
	for (unsigned int flags = 0; flags < 2; flags++) {
		begin(64, flags ? DEVICE_TABLES : 0);
		CHECK_EQ(virtio_ring_add(ring, pieces, 0, 0, &token), -EINVAL);
		CHECK_EQ(virtio_ring_add(ring, pieces, 21, 0, &token), -EINVAL);
		CHECK_EQ(virtio_ring_add(ring, pieces, 0, 21, &token), -EINVAL);
		CHECK_EQ(virtio_ring_add(ring, pieces, 11, 10, &token),
		         -EINVAL);
		CHECK_EQ(virtio_ring_add(ring, pieces, -1u, 2, &token),
		         -EINVAL);
		CHECK_EQ(virtio_ring_add(ring, pieces, 2, -1u, &token),
		         -EINVAL);
		pieces[3].bytes = 0;
		CHECK_EQ(virtio_ring_add(ring, pieces, 2, 2, &token), -EINVAL);
		CHECK_EQ(virtio_ring_add(ring, pieces, 4, 0, &token), -EINVAL);
		pieces[3].bytes = 1;
		CHECK_EQ(virtio_ring_room(ring), 64);
		CHECK_EQ(virtio_ring_outstanding(ring), 0);
		CHECK(!virtio_ring_publish(ring));
		CHECK_EQ(virtio_ring_add(ring, pieces, 10, 10, &token), 0);
		end();
	}
}

TEST(pieces_of_4_gib_and_more_together_hold_what_the_device_may_say)
{
	struct virtio_piece pieces[2] = { { 0, UINT32_MAX }, { 0, 5 } };
	uint32_t written;
	int token;

	begin(4, 0);
	CHECK_EQ(virtio_ring_add(ring, pieces, 0, 2, &token), 0);
	(void)virtio_ring_publish(ring);
	ring_device_say_used(device, 0, UINT32_MAX);
	CHECK_EQ(virtio_ring_take(ring, &written), &token);
	CHECK_EQ(written, UINT32_MAX);
	end();
}

/* --- hostile ------------------------------------------------------------- */

static void check_breaks(const char *why)
{
	uint32_t written;

	CHECK(virtio_ring_has_used(ring));
	CHECK(!take(&written));
	CHECK(virtio_ring_broken(ring));
	if (!strstr(virtio_ring_broken(ring), why))
		test_fail(__FILE__, __LINE__, "\"%s\", not \"%s\"",
		          virtio_ring_broken(ring), why);
	CHECK(virtio_ring_has_used(ring));
	CHECK(!virtio_ring_enable_interrupt(ring));
	CHECK(!virtio_ring_enable_interrupt_late(ring));
	CHECK(!virtio_ring_publish(ring));
	CHECK_EQ(virtio_ring_room(ring), 0);
	CHECK_EQ(add(1, 0), -EIO);
	CHECK_EQ(add(0, 5), -EIO);
	check_take_back();
	end();
}

static void begin_hostile(unsigned int flags)
{
	begin(8, flags);
	add_and_publish(3);
}

TEST(index_that_jumps_breaks_the_ring)
{
	static const uint16_t jumps[] = { 4, 8, 9, 255, 32768, 65535 };

	for (unsigned int i = 0; i < ARRAY_SIZE(jumps); i++) {
		begin_hostile(0);
		device->used->index = jumps[i];
		check_breaks("more chains than it had");
	}
}

TEST(index_that_goes_back_breaks_the_ring)
{
	uint32_t written;

	begin_hostile(0);
	use(2);
	CHECK(take(&written) && take(&written));
	device->used->index--;
	check_breaks("more chains than it had");
}

TEST(id_out_of_range_breaks_the_ring)
{
	static const uint32_t ids[] = { 8, 0x10000, 0x80000000, UINT32_MAX };

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		begin_hostile(0);
		ring_device_say_used(device, ids[i], 0);
		check_breaks("cannot be");
	}
}

TEST(id_that_is_free_breaks_the_ring)
{
	begin_hostile(0);
	ring_device_say_used(device, 5, 0);
	check_breaks("that it had not");
}

TEST(id_used_twice_breaks_the_ring)
{
	uint32_t written;

	begin_hostile(0);
	ring_device_say_used(device, 1, 0);
	CHECK(take(&written));
	ring_device_say_used(device, 1, 0);
	check_breaks("that it had not");
}

TEST(id_in_the_middle_of_a_chain_breaks_the_ring)
{
	begin(8, 0);
	CHECK_EQ(add(2, 3), 0);
	(void)virtio_ring_publish(ring);
	ring_device_say_used(device, 2, 0);
	check_breaks("that it had not");
}

TEST(id_that_is_not_published_breaks_the_ring)
{
	begin_hostile(0);
	CHECK_EQ(add(0, 1), 0);
	ring_device_say_used(device, 3, 0);
	check_breaks("that it had not");
}

TEST(more_bytes_than_a_chain_holds_break_the_ring)
{
	begin_hostile(DEVICE_TABLES);
	ring_device_say_used(device, 0, notes[0].writable_bytes + 1);
	check_breaks("more bytes");
	begin(8, 0);
	CHECK_EQ(add(3, 0), 0);
	(void)virtio_ring_publish(ring);
	ring_device_say_used(device, 0, 1);
	check_breaks("more bytes");
}

/* It is all written anew, and nothing of it is read. */
TEST(scribbled_descriptors_and_heads_change_nothing)
{
	uint32_t written;

	for (unsigned int flags = 0; flags < 8; flags++) {
		begin(32, flags);
		for (unsigned int i = 0; i < 20000; i++) {
			int err = add_any();

			CHECK(!err || err == -ENOSPC);
			device->is_awake |= virtio_ring_publish(ring);
			ring_device_look(device, NULL);
			ring_device_scribble(device);
			if (i % 3 == 0 || err)
				ring_device_use_any(device);
			while (take(&written))
				;
			CHECK(!virtio_ring_broken(ring));
		}
		check_take_back();
		end();
	}
}

/* While somebody else uses it: a device that is stopped. */
TEST(broken_from_outside_gives_nothing_any_more)
{
	begin_hostile(0);
	use(2);
	virtio_ring_break(ring, "stopped");
	virtio_ring_break(ring, "again");
	check_breaks("stopped");
}

TEST(what_is_out_comes_back_from_a_ring_that_works)
{
	begin_hostile(DEVICE_TABLES);
	CHECK_EQ(add(5, 5), 0);
	check_take_back();
	end();
}

/* Rubbish in everything that is shared, at any time. */
TEST(no_rubbish_takes_a_token_twice)
{
	for (unsigned int round = 0; round < 3000; round++) {
		uint32_t written;

		begin(1u << test_random() % 5, test_random() % 8);
		for (unsigned int i = 0; i < 100; i++) {
			(void)add_any();
			(void)virtio_ring_publish(ring);
			ring_device_rubbish(device);
			for (unsigned int j = 0; j < 5; j++)
				(void)take(&written);
		}
		check_take_back();
		end();
	}
}
