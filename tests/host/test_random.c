/* SPDX-License-Identifier: MIT */
/*
 * core/random from one state twice: each stream comes from a process of its own,
 * where nothing has asked for bytes yet. The clock stands still, so whatever
 * differs comes from what went in.
 *
 * Sources: core/random.c
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/machine.h"
#include "core/random.h"
#include "tests/image/test.h"

#define STREAM_BYTES 200u

/* What goes in before the bytes come out. */
struct input {
	const void *seed;
	uint32_t seed_bytes;
	bool seed_fixed;
	bool fill_first;
	const void *added;
	size_t added_bytes;
};

static void make_stream(const struct input *input, unsigned char *stream)
{
	machine.rng_seed = input->seed;
	machine.rng_seed_bytes = input->seed_bytes;
	machine.seed_fixed = input->seed_fixed;
	if (input->fill_first)
		random_fill(stream, 1);
	random_add(input->added, input->added_bytes);
	random_fill(stream, STREAM_BYTES);
}

static const unsigned char *stream(const struct input *input)
{
	unsigned char *bytes = mmap(NULL, STREAM_BYTES, PROT_READ | PROT_WRITE,
	                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t child;

	CHECK(bytes != MAP_FAILED);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		make_stream(input, bytes);
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	return bytes;
}

static bool same(const struct input *a, const struct input *b)
{
	return memcmp(stream(a), stream(b), STREAM_BYTES) == 0;
}

static const unsigned char seed[64] = { 1, 2, 3 };

TEST(same_state_gives_the_same_bytes)
{
	struct input input = { .seed = seed, .seed_bytes = 32 };

	CHECK(same(&input, &input));
}

TEST(every_byte_of_the_seed_counts)
{
	for (unsigned int i = 0; i < 32; i++) {
		unsigned char other[32];
		struct input a = { .seed = seed, .seed_bytes = 32 };
		struct input b = { .seed = other, .seed_bytes = 32 };

		memcpy(other, seed, 32);
		other[i] ^= 0x80;
		CHECK(!same(&a, &b));
	}
}

TEST(seed_may_be_short_long_or_missing)
{
	struct input none = { 0 };
	struct input one = { .seed = seed, .seed_bytes = 1 };
	struct input two = { .seed = seed, .seed_bytes = 2 };
	struct input more = { .seed = seed, .seed_bytes = 64 };

	CHECK(!same(&none, &one));
	CHECK(!same(&one, &two));
	CHECK(!same(&two, &more));
}

TEST(every_byte_that_is_added_counts)
{
	unsigned char bytes[100] = { 0 };
	struct input a = { .added = bytes, .added_bytes = sizeof(bytes) };
	const unsigned char *before = stream(&a);

	for (unsigned int i = 0; i < sizeof(bytes); i++) {
		bytes[i] = 1;
		CHECK(memcmp(before, stream(&a), STREAM_BYTES) != 0);
		bytes[i] = 0;
	}
}

/* Zeros, or what is in the key already, take nothing away. */
TEST(what_was_there_still_counts_after_something_is_added)
{
	static const unsigned char zeros[32];
	struct input a = { .seed = seed,
		           .seed_bytes = 32,
		           .added = zeros,
		           .added_bytes = 32 };
	struct input b = a;

	b.added = seed;
	CHECK(!same(&a, &b));
	b = a;
	b.seed = zeros;
	CHECK(!same(&a, &b));
	b.added = seed;
	CHECK(!same(&a, &b));
}

TEST(adding_counts_before_and_after_the_first_bytes)
{
	struct input a = { .added = seed, .added_bytes = 5 };
	struct input b = { .fill_first = true };
	struct input c = b;

	c.added = seed;
	c.added_bytes = 5;
	CHECK(!same(&a, &c));
	CHECK(!same(&b, &c));
}

TEST(fixed_seed_fixes_the_bytes)
{
	struct input a = { .seed_fixed = true };
	struct input b = { .seed = seed,
		           .seed_bytes = 32,
		           .seed_fixed = true,
		           .added = seed,
		           .added_bytes = 64 };

	CHECK(same(&a, &b));
}

static unsigned int wanted;

static void want(void)
{
	wanted++;
}

TEST(source_is_asked_when_enough_was_given_out)
{
	random_count(2 * RANDOM_STALE_BYTES);
	random_set_source(want);
	CHECK_EQ(wanted, 0);
	for (unsigned int i = 0; i < RANDOM_STALE_BYTES - 1; i++)
		random_count(1);
	CHECK_EQ(wanted, 0);
	random_count(1);
	CHECK_EQ(wanted, 1);
	random_count(RANDOM_STALE_BYTES - 1);
	CHECK_EQ(wanted, 1);
	random_count(10);
	CHECK_EQ(wanted, 2);
	random_set_source(NULL);
	random_count(2 * RANDOM_STALE_BYTES);
	CHECK_EQ(wanted, 2);
}
