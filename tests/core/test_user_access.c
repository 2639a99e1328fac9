/* SPDX-License-Identifier: MIT */
/* Memory that an application named may be anything. */
#include <errno.h>
#include <linux/vmalloc.h>
#include <stdint.h>
#include <string.h>

#include "core/user_access.h"
#include "test.h"

/* The compiler is not to know. */
static void *volatile nowhere = (void *)16;

/* Two pages, of which the second one is the guard page: nothing there. */
static char *end_of_page(void)
{
	char *page = vmalloc(PAGE_SIZE);

	CHECK(page);
	memset(page, 'x', PAGE_SIZE);
	return page + PAGE_SIZE;
}

TEST(each_width_is_read_and_written)
{
	uint8_t byte = 0xfe;
	int16_t half = -2;
	uint32_t word = 0xfffffffe;
	int64_t dword = -2;
	uint8_t a = 0;
	int16_t b = 0;
	uint32_t c = 0;
	int64_t d = 0;

	CHECK(!get_user(a, &byte) && a == 0xfe);
	CHECK(!get_user(b, &half) && b == -2);
	CHECK(!get_user(c, &word) && c == 0xfffffffe);
	CHECK(!get_user(d, &dword) && d == -2);
	CHECK(!put_user((uint8_t)1, &byte) && byte == 1);
	CHECK(!put_user((int16_t)-3, &half) && half == -3);
	CHECK(!put_user(5u, &word) && word == 5);
	CHECK(!put_user((int64_t)-7, &dword) && dword == -7);
}

TEST(each_width_fails_where_nothing_is)
{
	unsigned long value = 7;

	CHECK_EQ(get_user(value, (uint8_t *)nowhere), -EFAULT);
	CHECK_EQ(get_user(value, (uint16_t *)nowhere), -EFAULT);
	CHECK_EQ(get_user(value, (uint32_t *)nowhere), -EFAULT);
	CHECK_EQ(get_user(value, (uint64_t *)nowhere), -EFAULT);
	CHECK_EQ(put_user((uint8_t)1, (uint8_t *)nowhere), -EFAULT);
	CHECK_EQ(put_user((uint16_t)1, (uint16_t *)nowhere), -EFAULT);
	CHECK_EQ(put_user(1u, (uint32_t *)nowhere), -EFAULT);
	CHECK_EQ(put_user(1ul, (unsigned long *)nowhere), -EFAULT);
	CHECK_EQ(put_user(1ul, (unsigned long *)nowhere + 3), -EFAULT);
	CHECK(value != 8);
}

/* Every length, so that each loop of the copy meets the end. */
TEST(copies_fail_at_the_end_of_what_is_there)
{
	static char buffer[300];
	char *end = end_of_page();

	for (size_t bytes = 0; bytes < 200; bytes++) {
		CHECK_EQ(copy_from_user(buffer, end - bytes, bytes), 0);
		CHECK_EQ(copy_to_user(end - bytes, buffer, bytes), 0);
		CHECK_EQ(clear_user(end - bytes, bytes), 0);
		for (size_t more = 1; more < 70; more += 17) {
			CHECK_EQ(copy_from_user(buffer, end - bytes,
			                        bytes + more),
			         -EFAULT);
			CHECK_EQ(
				copy_to_user(end - bytes, buffer, bytes + more),
				-EFAULT);
			CHECK_EQ(clear_user(end - bytes, bytes + more),
			         -EFAULT);
		}
	}
	vfree(end - PAGE_SIZE);
}

TEST(strings_end_with_their_nul_or_an_error)
{
	char *end = end_of_page();
	char buffer[16];

	CHECK_EQ(strncpy_from_user(buffer, "", 1), 0);
	CHECK_EQ(strncpy_from_user(buffer, "seven b", sizeof(buffer)), 7);
	CHECK(strcmp(buffer, "seven b") == 0);
	CHECK_EQ(strncpy_from_user(buffer, "seven b", 7), -ENAMETOOLONG);
	CHECK_EQ(strncpy_from_user(buffer, "seven b", 8), 7);
	CHECK_EQ(strncpy_from_user(buffer, nowhere, sizeof(buffer)), -EFAULT);
	CHECK_EQ(strncpy_from_user(buffer, end - 4, sizeof(buffer)), -EFAULT);
	end[-1] = '\0';
	CHECK_EQ(strncpy_from_user(buffer, end - 4, sizeof(buffer)), 3);
	vfree(end - PAGE_SIZE);
}
