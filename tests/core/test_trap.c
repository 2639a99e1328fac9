/* SPDX-License-Identifier: MIT */
/* Probing accesses, the log, reports, the boot timeline. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/bootchart.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/report.h"
#include "core/trap.h"
#include "pages.h"
#include "test.h"

TEST(probe_copies_or_says_efault)
{
	static char bytes[20] = "abcdefghijklmnop";
	char to[20];

	for (unsigned int count = 1; count <= 16; count++) {
		memset(to, 0, sizeof(to));
		CHECK_EQ(probe_read(bytes, to, count), 0);
		CHECK(memcmp(bytes, to, count) == 0 && to[count] == '\0');
	}
	CHECK_EQ(probe_read(NULL, to, 1), -EFAULT);
	CHECK_EQ(probe_read((char *)8, to, 8), -EFAULT);
	CHECK_EQ(probe_read((char *)0x8000000000000000ul, to, 1), -EFAULT);
	CHECK_EQ(probe_read((char *)~0ul, to, 1), -EFAULT);
	CHECK_EQ(probe_write(NULL, to, 1), -EFAULT);
	CHECK_EQ(probe_write((void *)probe_read, to, 4), -EFAULT);
	CHECK_EQ(probe_write(bytes + 3, "X", 1), 0);
	CHECK_EQ(bytes[3], 'X');
	bytes[3] = 'd';
}

/* Memory that is not there at all: an access fault, not a page fault. */
TEST(probe_survives_access_faults)
{
	char byte;

	CHECK_EQ(probe_read((char *)DIRECT_BASE + DIRECT_SIZE - 8, &byte, 1),
	         -EFAULT);
}

static char log_lines[8][160];
static unsigned int log_count;

static void keep_line(const char *line, void *context)
{
	(void)context;
	if (log_count < ARRAY_SIZE(log_lines))
		snprintf(log_lines[log_count++], sizeof(log_lines[0]), "%s",
		         line);
}

TEST(log_keeps_what_it_does_not_print)
{
	log_info("first %d", 1);
	log_info("second %s", "two");
	log_count = 0;
	log_tail(2, keep_line, NULL);
	CHECK_EQ(log_count, 2);
	CHECK(strstr(log_lines[0], "first 1"));
	CHECK(strstr(log_lines[1], "second two"));
}

TEST(log_line_too_long_is_cut_not_spilled)
{
	static char text[2000];

	memset(text, 'w', sizeof(text) - 1);
	log_info("%s", text);
	log_info("after");
	log_count = 0;
	log_tail(2, keep_line, NULL);
	CHECK(strstr(log_lines[1], "after"));
}

static void report_thrice(void)
{
	for (unsigned int i = 0; i < 3; i++)
		report("number %u of %s", i, "three");
}

TEST(reports_are_all_counted_and_the_last_is_kept)
{
	CHECK_REPORTS(3, report_thrice());
	CHECK_EQ(strcmp(report_last(), "number 2 of three"), 0);
}

TEST(boot_timeline_moves_forward)
{
	const struct boot_mark *marks;
	unsigned int count = bootchart_marks(&marks);

	CHECK(count >= 5);
	for (unsigned int i = 0; i < count; i++) {
		CHECK(marks[i].phase && marks[i].phase[0]);
		CHECK(i == 0 || marks[i].ns >= marks[i - 1].ns);
		CHECK(i == 0 ||
		      marks[i].instructions >= marks[i - 1].instructions);
	}
	CHECK(bootchart_firmware_ns() > 0);
}

TEST(machine_is_described)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < machine.nr_memory; i++) {
		CHECK(machine.memory[i].start < machine.memory[i].end);
		sum += machine.memory[i].end - machine.memory[i].start;
	}
	CHECK_EQ(sum, machine.memory_bytes);
	CHECK(machine.timebase_hz >= 1000000);
	CHECK(machine.uart.base && machine.finisher.base);
	CHECK(machine.nr_virtio == 8);
	CHECK(machine.seed != 0);
	CHECK(machine.nr_hart_ids >= 1);
}

TEST(firmware_is_reserved)
{
	bool covered = false;

	for (unsigned int i = 0; i < machine.nr_reserved; i++)
		covered |= machine.reserved[i].start <= 0x80000000 &&
		           machine.reserved[i].end >= 0x80040000;
	CHECK(covered);
}

TEST(app_arguments_are_a_terminated_vector)
{
	CHECK(app_argc >= 1 && app_argv[0]);
	CHECK(!app_argv[app_argc]);
}
