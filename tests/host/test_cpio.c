/* SPDX-License-Identifier: MIT */
/*
 * lib/cpio on sound archives, on every kind of damage by name, and on random
 * damage under ASan: it ends, inside the bytes that it was given.
 *
 * Sources: lib/cpio.c tests/image/archive.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cpio.h"
#include "tests/image/archive.h"
#include "tests/image/test.h"

#define FILE_MODE (S_IFREG | 0644)
#define LINK_MODE (S_IFLNK | 0777)

static struct archive made;

/* In memory of just its size: what reads outside of it is found. */
static const char *walk(const char *bytes, size_t size, unsigned int *entries)
{
	char *exact = malloc(size ? size : 1);
	struct cpio_entry entry;
	unsigned long sum = 0;
	const char *problem;
	struct cpio cpio;

	memcpy(exact, bytes, size);
	cpio_start(&cpio, exact, size);
	*entries = 0;
	while (cpio_next(&cpio, &entry)) {
		(*entries)++;
		sum += strlen(entry.name);
		for (size_t i = 0; i < entry.bytes; i++)
			sum += entry.data[i];
		CHECK(entry.bytes == 0 ||
		      (entry.data >= exact &&
		       entry.data + entry.bytes <= exact + size));
		CHECK(!strstr(entry.name, "../") && entry.name[0] != '/');
	}
	problem = cpio.problem;
	CHECK(!cpio_next(&cpio, &entry));
	CHECK(cpio.problem == problem);
	free(exact);
	return sum == ~0ul ? "" : problem;
}

static void make_sound(void)
{
	archive_start(&made);
	archive_put(&made, S_IFDIR | 0755, ".", "");
	archive_put(&made, S_IFDIR | 0755, "./bin", "");
	archive_put(&made, FILE_MODE, "./bin/a", "12345");
	archive_put(&made, LINK_MODE, "bin/b", "/bin/a");
	made.major = 5;
	made.minor = 1;
	archive_put(&made, S_IFCHR | 0600, "console", "");
	archive_end(&made);
}

TEST(entries_come_as_they_were_packed)
{
	struct cpio_entry entry;
	struct cpio cpio;

	make_sound();
	cpio_start(&cpio, made.bytes, made.size);
	CHECK(cpio_next(&cpio, &entry));
	CHECK(strcmp(entry.name, "") == 0 && S_ISDIR(entry.mode));
	CHECK(cpio_next(&cpio, &entry));
	CHECK(strcmp(entry.name, "bin") == 0);
	CHECK(cpio_next(&cpio, &entry));
	CHECK(strcmp(entry.name, "bin/a") == 0);
	CHECK_EQ(entry.mode, FILE_MODE);
	CHECK_EQ(entry.bytes, 5);
	CHECK_EQ(memcmp(entry.data, "12345", 5), 0);
	CHECK_EQ(entry.inode, 7);
	CHECK_EQ(entry.links, 1);
	CHECK_EQ(entry.mtime, 0x5e);
	CHECK_EQ(entry.device_minor, 0xabc);
	CHECK(cpio_next(&cpio, &entry));
	CHECK_EQ(memcmp(entry.data, "/bin/a", 6), 0);
	CHECK(cpio_next(&cpio, &entry));
	CHECK_EQ(entry.node_major, 5);
	CHECK_EQ(entry.node_minor, 1);
	CHECK(!cpio_next(&cpio, &entry));
	CHECK(!cpio.problem);
}

TEST(archives_may_follow_one_another)
{
	unsigned int entries;

	archive_start(&made);
	archive_put(&made, FILE_MODE, "a", "1");
	archive_end(&made);
	memset(made.bytes + made.size, 0, 512);
	made.size += 512;
	archive_put(&made, FILE_MODE, "b", "2");
	archive_end(&made);
	memset(made.bytes + made.size, 0, 77);
	made.size += 77;
	CHECK(!walk(made.bytes, made.size, &entries));
	CHECK_EQ(entries, 2);
	CHECK(!walk(made.bytes, 0, &entries));
}

/* Each: what one archive holds behind a good first entry, and its problem. */
static void check_problem(const char *part)
{
	unsigned int entries;
	const char *problem = walk(made.bytes, made.size, &entries);

	if (!problem || !strstr(problem, part))
		test_fail(__FILE__, __LINE__, "\"%s\", not \"%s\"",
		          problem ? problem : "no problem", part);
	CHECK_EQ(entries, 1);
}

TEST(each_damage_has_its_name)
{
	static const struct {
		unsigned int mode;
		const char *name;
		size_t name_bytes;
		const char *data;
		size_t bytes;
		const char *problem;
	} cases[] = {
		{ FILE_MODE, "x", 2, "12", 0xffffffff, "cut off in a file" },
		{ FILE_MODE, "x", 2, "12", 1000, "cut off in a file" },
		{ FILE_MODE, "x", 0xffffffff, "", 0, "cut off in a name" },
		{ FILE_MODE, "x", 5000, "", 0, "cut off in a name" },
		{ FILE_MODE, "xyzt", 3, "", 0, "too long or does not end" },
		{ FILE_MODE, "", 1, "", 0, "without a name" },
		{ FILE_MODE, "x", 0, "", 0, "without a name" },
		{ FILE_MODE, "/etc/x", 7, "", 0, "absolute name" },
		{ FILE_MODE, "..", 3, "", 0, "name with .." },
		{ FILE_MODE, "../x", 5, "", 0, "name with .." },
		{ FILE_MODE, "a/../../x", 10, "", 0, "name with .." },
		{ FILE_MODE, "./..", 5, "", 0, "name with .." },
		{ FILE_MODE, ".//..", 6, "", 0, "name with .." },
		{ 0070000, "x", 2, "", 0, "no known kind" },
		{ 0, "x", 2, "", 0, "no known kind" },
		{ LINK_MODE, "x", 2, "", 0, "link to nowhere" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		archive_start(&made);
		archive_put(&made, FILE_MODE, "good", "good");
		archive_claim(&made, cases[i].mode, cases[i].name,
		              cases[i].name_bytes, cases[i].data,
		              cases[i].bytes);
		archive_end(&made);
		check_problem(cases[i].problem);
	}
}

TEST(damage_beside_the_fields_has_its_name_too)
{
	size_t second;

	archive_start(&made);
	archive_put(&made, FILE_MODE, "good", "good");
	check_problem("ends without its trailer");

	second = made.size;
	archive_put(&made, FILE_MODE, "x", "12");
	archive_end(&made);
	made.bytes[second + 20] = 'g';
	check_problem("something else than digits");
	made.bytes[second + 20] = '\0';
	check_problem("something else than digits");
	made.bytes[second] = 'x';
	check_problem("no header where one should be");

	/* A target with NUL in it is none that anybody could follow. */
	made.size = second;
	archive_put(&made, LINK_MODE, "x", "abcd");
	made.bytes[made.size - 2] = '\0';
	check_problem("link to nowhere");

	made.size = second;
	archive_put(&made, FILE_MODE, "x", "12");
	made.size = second + 60;
	check_problem("cut off in a header");

	/* A name that is there, ends, and is longer than any path. */
	made.size = second;
	archive_claim(&made, FILE_MODE, "x", 4200, "", 0);
	memset(made.bytes + made.size, 0, 8192);
	made.size += 8192;
	check_problem("too long or does not end");
}

TEST(other_formats_are_named)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *problem;
	} cases[] = {
		{ "\x1f\x8b\x08\0\0\0\0\0", 8, "by gzip" },
		{ "\xfd\x37zXZ\0\0", 7, "by xz" },
		{ "\x28\xb5\x2f\xfd", 4, "by zstd" },
		{ "BZh91AY", 7, "by bzip2" },
		{ "\x02\x21\x4c\x18", 4, "by lz4" },
		{ "070707000000", 12, "of the old kind" },
		{ "070702000000", 12, "with checksums" },
		{ "\x1f", 1, "no header" },
		{ "07070", 5, "no header" },
		{ "ELF, or whatever it is", 22, "no header" },
	};
	unsigned int entries;

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *problem =
			walk(cases[i].bytes, cases[i].size, &entries);

		CHECK(problem && strstr(problem, cases[i].problem));
		CHECK_EQ(entries, 0);
	}
}

TEST(an_archive_cut_off_anywhere_is_told)
{
	unsigned int entries;

	make_sound();
	for (size_t size = 1; size < made.size; size++) {
		const bool whole = size >= made.size - 3;

		/* Three bytes behind the trailer's name are padding. */
		CHECK_EQ(!walk(made.bytes, size, &entries), whole);
		CHECK(entries <= 5);
	}
}

TEST(random_damage_stays_inside)
{
	unsigned int entries, bad = 0;

	for (unsigned int round = 0; round < 40000; round++) {
		make_sound();
		for (unsigned long n = 1 + test_random() % 4; n > 0; n--) {
			const size_t at = test_random() % made.size;
			const char digits[] = "0123456789abcdefABCDEF/.\0\xff";

			made.bytes[at] = test_random() % 2
			                         ? (char)test_random()
			                         : digits[test_random() %
			                                  sizeof(digits)];
		}
		if (walk(made.bytes, 1 + test_random() % made.size, &entries))
			bad++;
		CHECK(entries <= 6);
	}
	CHECK(bad > 1000);
}
