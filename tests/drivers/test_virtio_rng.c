/* SPDX-License-Identifier: MIT */
/* The entropy device feeds the generator: at the start, and when it is asked. */
#include <errno.h>
#include <linux/vmalloc.h>
#include <sys/random.h>

#include "core/random.h"
#include "core/timer.h"
#include "drivers/virtio_rng.h"
#include "test.h"

#define LIMIT_NS 2000000000ul

static void begin(void)
{
	int err = virtio_rng_start();

	if (err == -ENODEV)
		test_skip("no virtio entropy device");
	CHECK_EQ(err, 0);
}

/* An application gets bytes until more has come from the device. */
static void draw_until_more_than(unsigned long bytes)
{
	uint64_t deadline_ns = timer_now_ns() + LIMIT_NS;
	char *some = vmalloc(RANDOM_STALE_BYTES);

	CHECK(some);
	while (virtio_rng_bytes() <= bytes) {
		CHECK_EQ(getrandom(some, RANDOM_STALE_BYTES, 0),
		         RANDOM_STALE_BYTES);
		CHECK(timer_now_ns() < deadline_ns);
	}
	vfree(some);
}

TEST(device_is_started_once)
{
	begin();
	CHECK_EQ(virtio_rng_start(), 0);
}

TEST(device_gives_entropy_again_and_again)
{
	begin();
	for (unsigned int i = 0; i < 5; i++)
		draw_until_more_than(virtio_rng_bytes());
	CHECK(virtio_rng_bytes() >= 5 * 32);
}
