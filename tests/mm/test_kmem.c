/* SPDX-License-Identifier: MIT */
/* Small objects: contents, alignment, every size, refusals, giving back. */
#include <limits.h>
#include <linux/slab.h>
#include <stdint.h>
#include <string.h>

#include "core/report.h"
#include "mm/page_alloc.h"
#include "pages.h"
#include "test.h"

TEST(objects_of_every_size_hold_what_is_stored)
{
	static unsigned char *object[260];
	size_t size[260];

	for (unsigned int i = 0; i < 260; i++) {
		size[i] = i < 200 ? i + 1 : i * i / 8;
		object[i] = kmalloc(size[i], GFP_KERNEL);
		CHECK(object[i] && ksize(object[i]) >= size[i]);
		memset(object[i], (int)i, size[i]);
	}
	for (unsigned int i = 0; i < 260; i++) {
		CHECK(is_all(object[i], size[i], (unsigned char)i));
		kfree(object[i]);
	}
}

TEST(powers_of_two_are_naturally_aligned)
{
	for (size_t size = 8; size <= 2ul << 20; size *= 2) {
		char *p = kmalloc(size, GFP_KERNEL);

		CHECK(p && IS_ALIGNED((uintptr_t)p, size));
		p[0] = p[size - 1] = 1;
		kfree(p);
	}
}

TEST(sizes_without_answer_give_null)
{
	CHECK(!kmalloc(0, GFP_KERNEL));
	CHECK(!kmalloc((2ul << 20) + 1, GFP_KERNEL));
	CHECK(!kmalloc(ULONG_MAX, GFP_KERNEL));
	CHECK(!kcalloc(ULONG_MAX / 2, 3, GFP_KERNEL));
	CHECK(!kcalloc(1ul << 32, 1ul << 32, GFP_KERNEL));
}

TEST(zeroing_calls_zero_reused_memory)
{
	for (unsigned int i = 0; i < 50; i++) {
		unsigned char *p = kmalloc(300, GFP_KERNEL);

		CHECK(p);
		memset(p, 0xff, 300);
		kfree(p);
		p = i & 1 ? kzalloc(300, GFP_KERNEL)
		          : kcalloc(3, 100, GFP_KERNEL);
		CHECK(p && is_all(p, 300, 0));
		kfree(p);
	}
}

TEST(krealloc_keeps_contents)
{
	static const size_t sizes[] = { 10, 20, 500, 5000, 100000, 300, 8 };
	char *p = NULL;
	size_t old = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = krealloc(p, sizes[i], GFP_KERNEL);
		CHECK(p);
		CHECK(pattern_holds(
			p, ALIGN_DOWN(old < sizes[i] ? old : sizes[i], 8), 1));
		pattern_fill(p, sizes[i], 1);
		old = sizes[i];
	}
	CHECK(!krealloc(p, 0, GFP_KERNEL));
}

TEST(cache_objects_meet_size_and_align)
{
	static const size_t aligns[] = { 0, 8, 64, 256, 1024 };
	void *object[70];

	for (unsigned int a = 0; a < ARRAY_SIZE(aligns); a++) {
		struct kmem_cache *cache =
			kmem_cache_create("test", 72, aligns[a]);

		CHECK(cache);
		for (unsigned int i = 0; i < 70; i++) {
			object[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			CHECK(object[i]);
			CHECK(!aligns[a] ||
			      IS_ALIGNED((uintptr_t)object[i], aligns[a]));
			memset(object[i], (int)i, 72);
		}
		for (unsigned int i = 0; i < 70; i++) {
			CHECK(is_all(object[i], 72, (unsigned char)i));
			kmem_cache_free(cache, object[i]);
		}
		kmem_cache_destroy(cache);
	}
}

TEST(empty_slabs_go_back)
{
	static void *object[2000];
	unsigned long before;

	kmem_shrink();
	before = kmem_slab_pages();
	for (unsigned int i = 0; i < 2000; i++)
		CHECK((object[i] = kmalloc(512, GFP_KERNEL)) != NULL);
	CHECK(kmem_slab_pages() >= before + 200);
	for (unsigned int i = 0; i < 2000; i++)
		kfree(object[i]);
	kmem_shrink();
	CHECK(kmem_slab_pages() <= before + 4);
}

TEST(frees_of_strangers_are_reported)
{
	static char in_image[64];
	char *p = kmalloc(100, GFP_KERNEL);
	struct page *page = alloc_pages(GFP_KERNEL, 0);

	CHECK(p && page);
	CHECK_REPORTS(1, kfree(in_image));
	CHECK_REPORTS(1, kfree((void *)16));
	CHECK_REPORTS(1, kfree((char *)page_address(page) + 8));
	CHECK_REPORTS(1, kfree(p + 1));
	kfree(NULL);
	kfree(p);
	__free_pages(page, 0);
}

TEST(random_traffic_keeps_every_object_apart)
{
	enum { LIVE = 200 };
	static unsigned char *live[LIVE];
	static size_t size[LIVE];

	memset(live, 0, sizeof(live));
	for (unsigned int step = 0; step < 5000; step++) {
		unsigned int i = test_random() % LIVE;

		if (live[i]) {
			CHECK(is_all(live[i], size[i], (unsigned char)i));
			kfree(live[i]);
			live[i] = NULL;
			continue;
		}
		size[i] = test_random() % 3000 + 1;
		live[i] = kmalloc(size[i], GFP_KERNEL);
		CHECK(live[i]);
		memset(live[i], (int)i, size[i]);
	}
	for (unsigned int i = 0; i < LIVE; i++)
		kfree(live[i]);
}

static unsigned int slab_lines;

static void count_line(const char *line, void *context)
{
	(void)context;
	slab_lines += line[0] != '\0';
}

TEST(slabinfo_prints_a_line_for_each_cache)
{
	slab_lines = 0;
	kmem_show(count_line, NULL);
	CHECK(slab_lines >= 8);
}
