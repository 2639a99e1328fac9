/* SPDX-License-Identifier: MIT */
/*
 * vmallocinfo and vmlist (contract 1.3, 1.18; I-16): every line parses back to
 * a live area, in order, complete; the list agrees.
 */
#include <linux/io.h>
#include <linux/vmalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hart.h"
#include "core/machine.h"
#include "core/report.h"
#include "mm/vm_area.h"
#include "mm/vminfo.h"
#include "pages.h"
#include "test.h"

struct line {
	unsigned long start, end, size, pages;
	char text[200];
};

static struct line lines[200];
static unsigned int nr_lines;
static char totals[300];
static bool damaged;

static void parse_line(const char *text, void *context)
{
	struct line *line = &lines[nr_lines];
	const char *pages = strstr(text, " pages=");

	(void)context;
	if (strncmp(text, "0x", 2) != 0) {
		snprintf(totals, sizeof(totals), "%s", text);
		return;
	}
	if (nr_lines == ARRAY_SIZE(lines) ||
	    sscanf(text, "0x%lx-0x%lx %lu", &line->start, &line->end,
	           &line->size) != 3) {
		damaged = true;
		return;
	}
	line->pages = pages ? strtoul(pages + 7, NULL, 10) : 0;
	snprintf(line->text, sizeof(line->text), "%s", text);
	nr_lines++;
}

static void dump(void)
{
	nr_lines = 0;
	totals[0] = '\0';
	damaged = false;
	vmallocinfo_show(parse_line, NULL);
}

static const struct line *find_line(const void *addr)
{
	for (unsigned int i = 0; i < nr_lines; i++)
		if (lines[i].start == (unsigned long)addr)
			return &lines[i];
	return NULL;
}

static const struct line *line_of(const void *addr)
{
	const struct line *line = find_line(addr);

	if (!line)
		test_fail(__FILE__, __LINE__, "no line for %p", addr);
	return line;
}

TEST(every_line_parses_and_the_order_ascends)
{
	char *p[20];

	for (unsigned int i = 0; i < 20; i++)
		p[i] = vmalloc((test_random() % 9 + 1) * PAGE_SIZE);
	dump();
	CHECK(!damaged && nr_lines >= 20);
	for (unsigned int i = 0; i < nr_lines; i++) {
		CHECK_EQ(lines[i].end - lines[i].start, lines[i].size);
		CHECK(i == 0 || lines[i - 1].end <= lines[i].start);
	}
	for (unsigned int i = 0; i < 20; i++) {
		struct vm_struct *vm = find_vm_area(p[i]);

		CHECK_EQ(line_of(p[i])->size, vm->size);
		/* B28: usable pages, not the guard's too. */
		CHECK_EQ(line_of(p[i])->pages, vm->size / PAGE_SIZE - 1);
		vfree(p[i]);
	}
	dump();
	CHECK(!find_line(p[0]));
}

TEST(words_of_a_line_are_those_of_linux)
{
	struct page **pages = pages_alloc(2);
	char *a = vmalloc(PAGE_SIZE), *u = vmalloc_user(PAGE_SIZE);
	char *m = vmap(pages, 2, VM_MAP, PAGE_KERNEL);
	char *io = ioremap(machine.uart.base, 0x100);
	char *big = vmalloc(600 * PAGE_SIZE), phys[40];

	CHECK(a && u && m && io && big);
	dump();
	CHECK(strstr(line_of(a)->text, " vmalloc"));
	CHECK(strstr(line_of(a)->text, " words_of_a_line_are_those_of_linux+"));
	CHECK(strstr(line_of(u)->text, " user"));
	CHECK(strstr(line_of(m)->text, " vmap"));
	CHECK(!strstr(line_of(m)->text, " vmalloc"));
	CHECK(strstr(line_of(io)->text, " ioremap"));
	snprintf(phys, sizeof(phys), " phys=%lx", machine.uart.base);
	CHECK(strstr(line_of(io)->text, phys));
	CHECK(!strstr(line_of(big)->text, " vpages"));
	CHECK(find_vm_area(big)->flags & VM_VPAGES); /* filled when asked for */
	dump();
	CHECK(strstr(line_of(big)->text, " vpages"));
	vfree(a);
	vfree(u);
	vunmap(m);
	iounmap(io);
	vfree(big);
	pages_free(pages, 2);
}

TEST(words_of_rarer_kinds)
{
	struct page **pages = pages_alloc(70);
	struct vm_struct *sparse = get_vm_area(PAGE_SIZE, VM_SPARSE);
	char *coherent = vmap(pages, 1, VM_MAP | VM_DMA_COHERENT, PAGE_KERNEL);
	char *ram[2] = { vm_map_ram(pages, 3, -1, PAGE_KERNEL),
		         vm_map_ram(pages, 2, -1, PAGE_KERNEL) };
	char *large = vm_map_ram(pages, 70, -1, PAGE_KERNEL);
	const struct line *block;

	CHECK(sparse && coherent && ram[0] && ram[1] && large);
	dump();
	CHECK(strstr(line_of(sparse->addr)->text, " sparse"));
	CHECK(strstr(line_of(coherent)->text, " dma-coherent"));
	CHECK(strstr(line_of(large)->text, " vm_map_ram"));
	CHECK_EQ(line_of(large)->pages, 70);
	CHECK_EQ(line_of(large)->size, 70 * PAGE_SIZE);
	block = line_of(
		(char *)ALIGN_DOWN((unsigned long)ram[0], LEAF_TABLE_SIZE));
	CHECK(strstr(block->text, " vm_map_ram"));
	CHECK_EQ(block->pages, 5);
	vm_unmap_ram(ram[0], 3);
	vm_unmap_ram(ram[1], 2);
	vm_unmap_ram(large, 70);
	vunmap(coherent);
	free_vm_area(sparse);
	pages_free(pages, 70);
}

TEST(totals_line_ends_the_output)
{
	unsigned long areas;

	dump();
	CHECK(totals[0] != '\0');
	CHECK(strstr(totals, "busy") && strstr(totals, "lazy"));
	CHECK(strstr(totals, "free") && strstr(totals, "largest"));
	CHECK_EQ(sscanf(totals, "total: busy %lu areas", &areas), 1);
	CHECK_EQ(areas, nr_lines);
}

TEST(vmlist_is_for_who_holds_its_lock)
{
	CHECK_REPORTS(1, CHECK(!vmlist));
	CHECK_REPORTS(1, read_unlock(&vmlist_lock));
}

/* vm_map_ram() and what is lazy or reserved elsewhere are not in the list. */
TEST(vmlist_holds_published_areas_and_no_others)
{
	struct page **pages = pages_alloc(70);
	char *ram = vm_map_ram(pages, 70, -1, PAGE_KERNEL);
	char *gone = vmalloc(3 * PAGE_SIZE), *last = vmalloc(PAGE_SIZE);
	struct vm_struct *top = __get_vm_area(
		PAGE_SIZE, VM_MAP, VMALLOC_END - 4 * PAGE_SIZE, VMALLOC_END);
	bool found = false, wrong = false;

	CHECK(ram && gone && last && top);
	read_lock(&vmlist_lock);
	for (struct vm_struct *vm = vmlist; vm; vm = vm->next)
		found |= vm == top; /* linked behind the others */
	read_unlock(&vmlist_lock);
	CHECK(found);
	free_vm_area(top);
	vfree(gone);
	found = false;
	read_lock(&vmlist_lock);
	for (struct vm_struct *vm = vmlist; vm; vm = vm->next) {
		wrong |= vm->addr == ram || vm->addr == gone || vm == top;
		found |= vm->addr == last;
	}
	read_unlock(&vmlist_lock);
	CHECK(found && !wrong);
	vm_unmap_ram(ram, 70);
	vfree(last);
	pages_free(pages, 70);
}

TEST(vmlist_holds_the_same_areas_in_the_same_order)
{
	char *p = vmalloc(PAGE_SIZE);
	struct vm_struct *previous = NULL;
	unsigned int count = 0;
	bool found = false, ascends = true;

	read_lock(&vmlist_lock);
	for (struct vm_struct *vm = vmlist; vm; vm = vm->next) {
		count++;
		found |= vm->addr == p;
		ascends &= !previous || previous->addr < vm->addr;
		previous = vm;
	}
	read_unlock(&vmlist_lock);
	dump();
	CHECK(found && ascends);
	/* vm_map_ram mappings are lines, but no list entries. */
	CHECK(count <= nr_lines && count > 0);
	vfree(p);
}

struct churn {
	bool stop;            /* [A] */
	unsigned long rounds; /* [A] */
	bool failed;          /* [A] */
};

static void churn_areas(void *argument)
{
	struct churn *churn = argument;

	while (!__atomic_load_n(&churn->stop, __ATOMIC_ACQUIRE)) {
		char *a = vmalloc(3 * PAGE_SIZE), *b = vmalloc_user(PAGE_SIZE);

		if (!a || !b)
			__atomic_store_n(&churn->failed, true,
			                 __ATOMIC_RELEASE);
		vfree(a);
		vfree(b);
		__atomic_fetch_add(&churn->rounds, 1, __ATOMIC_RELAXED);
	}
}

/* B13, B29, B30, B55: no half-built area is ever shown. */
TEST(dump_during_churn_shows_only_finished_areas)
{
	struct churn churn = { 0 };

	if (nr_harts < 2)
		test_skip("needs two harts");
	hart_call_start(1, churn_areas, &churn);
	for (unsigned int i = 0;
	     i < 60 || __atomic_load_n(&churn.rounds, __ATOMIC_RELAXED) < 50;
	     i++) {
		dump();
		if (damaged)
			break;
		for (unsigned int n = 0; n < nr_lines; n++) {
			const char *text = lines[n].text;
			bool by_churn = strstr(text, " churn_areas+");

			if (!by_churn)
				continue;
			damaged |= !strstr(text, " vmalloc");
			damaged |= lines[n].size == 4 * PAGE_SIZE
			                   ? lines[n].pages != 3
			                   : lines[n].pages != 1;
			damaged |= lines[n].size == 2 * PAGE_SIZE &&
			           !strstr(text, " user");
		}
	}
	__atomic_store_n(&churn.stop, true, __ATOMIC_RELEASE);
	hart_call_wait(1);
	CHECK(!damaged);
	CHECK(!churn.failed);
}

struct text {
	char bytes[8000];
	size_t length;
};

static void collect(const char *line, void *context)
{
	struct text *text = context;

	text->length += (size_t)snprintf(text->bytes + text->length,
	                                 sizeof(text->bytes) - text->length,
	                                 "%s\n", line);
}

static void collect_all(void *argument)
{
	for (unsigned int i = 0; i < 20; i++) {
		((struct text *)argument)->length = 0;
		vmallocinfo_show(collect, argument);
	}
}

/* B18: readers share no counters. */
TEST(two_dumps_at_once_of_a_still_state_are_equal)
{
	static struct text mine, theirs;

	if (nr_harts < 2)
		test_skip("needs two harts");
	hart_call_start(1, collect_all, &theirs);
	collect_all(&mine);
	hart_call_wait(1);
	CHECK(mine.length > 0 && mine.length == theirs.length);
	CHECK(memcmp(mine.bytes, theirs.bytes, mine.length) == 0);
}

TEST(leak_finder_names_what_was_kept_since_the_mark)
{
	static struct text text;
	char *old = vmalloc(PAGE_SIZE), *kept;

	leak_mark();
	kept = vmalloc(3 * PAGE_SIZE);
	vfree(vmalloc(PAGE_SIZE));
	text.length = 0;
	leak_show(collect, &text);
	CHECK(strstr(text.bytes, "leak_finder_names_what"));
	vfree(old);
	vfree(kept);
	text.length = 0;
	leak_show(collect, &text);
	CHECK(!strstr(text.bytes, "leak_finder_names_what"));
}

TEST(summaries_print_lines)
{
	static struct text text;

	text.length = 0;
	meminfo_show(collect, &text);
	CHECK(strncmp(text.bytes, "MemTotal: ", 10) == 0);
	CHECK(strstr(text.bytes, "VmallocTotal:   67108864 kB"));
	text.length = 0;
	buddyinfo_show(collect, &text);
	CHECK(strncmp(text.bytes, "Node 0, zone   Normal ", 22) == 0);
	text.length = 0;
	counters_show(collect, &text);
	CHECK(strstr(text.bytes, "purges") && strstr(text.bytes, "maps"));
	text.length = 0;
	addrmap_show(64, collect, &text);
	CHECK(text.length > 200);
}
