/* SPDX-License-Identifier: MIT */
/*
 * External interrupts. The source is the machine's clock: an alarm for a time that
 * is past interrupts at once, and until it is told to stop. What no device of
 * this machine would do is done by a controller that exists only here.
 */
#include <errno.h>
#include <linux/io.h>

#include "arch/csr.h"
#include "core/hart.h"
#include "core/irq.h"
#include "core/machine.h"
#include "core/thread.h"
#include "core/timer.h"
#include "test.h"

#define RTC_ALARM_LOW   0x08u
#define RTC_ALARM_HIGH  0x0cu
#define RTC_IRQ_ENABLED 0x10u
#define RTC_CLEAR       0x1cu

#define SOON_NS  200000u
#define LIMIT_NS 2000000000ul

/* What the handler saw, and what it is to do. */
static struct {
	volatile char __iomem *rtc;
	unsigned int number;
	unsigned int times; /* [A] */
	unsigned int hart;
	bool in_interrupt;
	bool refuse;  /* say "not mine" */
	bool disable; /* mask itself */
} seen;

static void raise(void)
{
	writel(0, seen.rtc + RTC_ALARM_HIGH);
	writel(0, seen.rtc + RTC_ALARM_LOW);
}

/*
 * Refused, it is raised anew: QEMU's PLIC asks a device that was not served no
 * second time.
 */
static bool take(void *argument)
{
	seen.hart = this_hart->index;
	seen.in_interrupt = in_interrupt() && argument == &seen;
	if (seen.disable)
		irq_disable(seen.number);
	writel(1, seen.rtc + RTC_CLEAR);
	if (seen.refuse && !seen.disable)
		raise();
	__atomic_fetch_add(&seen.times, 1, __ATOMIC_RELEASE);
	return !seen.refuse;
}

static unsigned int times(void)
{
	return __atomic_load_n(&seen.times, __ATOMIC_ACQUIRE);
}

static void wait_for_times(unsigned int count)
{
	uint64_t start_ns = timer_now_ns();

	while (times() < count)
		CHECK(timer_now_ns() - start_ns < LIMIT_NS);
}

/* Long enough for an interrupt that must not come. */
static void wait_a_little(void)
{
	uint64_t start_ns = timer_now_ns();

	while (timer_now_ns() - start_ns < SOON_NS)
		;
}

static void begin(void)
{
	int err;

	seen.number = machine_irq(&machine.rtc);
	if (seen.number == 0)
		test_skip("no clock whose interrupt the PLIC serves");
	seen.rtc = ioremap(machine.rtc.base, machine.rtc.size);
	CHECK(seen.rtc);
	seen.times = 0;
	seen.refuse = false;
	seen.disable = false;
	writel(1, seen.rtc + RTC_CLEAR);
	writel(1, seen.rtc + RTC_IRQ_ENABLED);
	err = irq_request(seen.number, take, &seen, "clock");
	if (err == -ENODEV) {
		iounmap(seen.rtc);
		test_skip("the PLIC does not start");
	}
	CHECK_EQ(err, 0);
}

static void end(void)
{
	CHECK_EQ(irq_free(seen.number), 0);
	writel(0, seen.rtc + RTC_IRQ_ENABLED);
	writel(1, seen.rtc + RTC_CLEAR);
	iounmap(seen.rtc);
}

static void find(const struct irq_info *info, void *context)
{
	struct irq_info *found = context;

	if (info->number == found->number)
		*found = *info;
}

static struct irq_info info_of(unsigned int number)
{
	struct irq_info found = { .number = number };

	irq_visit(find, &found);
	return found;
}

TEST(requested_interrupt_comes_once_for_each_cause)
{
	begin();
	wait_a_little();
	CHECK_EQ(times(), 0);
	for (unsigned int i = 1; i <= 20; i++) {
		raise();
		wait_for_times(i);
	}
	wait_a_little();
	CHECK_EQ(times(), 20);
	CHECK(seen.in_interrupt);
	CHECK_EQ(seen.hart, 0);
	CHECK_EQ(info_of(seen.number).counts[0], 20);
	end();
}

TEST(freed_interrupt_does_not_come)
{
	begin();
	CHECK_EQ(irq_free(seen.number), 0);
	raise();
	wait_a_little();
	CHECK_EQ(times(), 0);
	CHECK(!info_of(seen.number).name);
	CHECK_EQ(irq_free(seen.number), -ENOENT);
	/* It is still raised, so it comes with the next request. */
	CHECK_EQ(irq_request(seen.number, take, &seen, "clock"), 0);
	wait_for_times(1);
	end();
}

TEST(masked_interrupt_comes_when_it_is_unmasked)
{
	begin();
	CHECK_EQ(irq_disable(seen.number), 0);
	raise();
	wait_a_little();
	CHECK_EQ(times(), 0);
	CHECK(!info_of(seen.number).enabled);
	CHECK_EQ(irq_enable(seen.number), 0);
	wait_for_times(1);
	end();
}

/* Completing an interrupt that is masked must not lose those that follow. */
TEST(handler_may_mask_its_interrupt)
{
	begin();
	seen.disable = true;
	for (unsigned int i = 1; i <= 3; i++) {
		raise();
		wait_for_times(i);
		raise();
		wait_a_little();
		CHECK_EQ(times(), i);
		writel(1, seen.rtc + RTC_CLEAR);
		CHECK_EQ(irq_enable(seen.number), 0);
	}
	end();
}

TEST(wrong_requests_are_refused)
{
	begin();
	CHECK_EQ(irq_request(seen.number, take, &seen, "again"), -EBUSY);
	CHECK_EQ(irq_request(0, take, &seen, "none"), -EINVAL);
	CHECK_EQ(irq_request(machine.plic_sources + 1, take, &seen, "no such"),
	         -EINVAL);
	CHECK_EQ(irq_request(1, NULL, &seen, "no handler"), -EINVAL);
	CHECK_EQ(irq_free(0), -ENOENT);
	CHECK_EQ(irq_enable(machine.plic_sources), -ENOENT);
	CHECK_EQ(irq_disable(machine.plic_sources), -ENOENT);
	CHECK_EQ(irq_set_hart(machine.plic_sources, 0), -ENOENT);
	CHECK_EQ(irq_set_hart(seen.number, nr_harts), -EINVAL);
	raise();
	wait_for_times(1);
	end();
}

TEST(only_so_many_may_be_in_use)
{
	unsigned int free = machine.plic_sources;
	unsigned int taken = 0;
	int err = 0;

	begin();
	CHECK(free > 2 * IRQ_REQUESTS);
	for (; taken <= IRQ_REQUESTS && !err; taken += !err)
		err = irq_request(free - taken, take, &seen, "one of many");
	CHECK_EQ(err, -ENOSPC);
	while (taken > 0)
		CHECK_EQ(irq_free(free - --taken), 0);
	end();
}

TEST(interrupt_goes_to_the_hart_that_is_named)
{
	if (nr_harts < 2)
		test_skip("one hart");
	begin();
	for (unsigned int i = 0; i < 3 * nr_harts; i++) {
		const unsigned int hart = (i * 5 + 1) % nr_harts;

		CHECK_EQ(irq_set_hart(seen.number, hart), 0);
		CHECK_EQ(info_of(seen.number).hart, hart);
		raise();
		wait_for_times(i + 1);
		CHECK_EQ(seen.hart, hart);
	}
	end();
}

TEST(masked_interrupt_stays_masked_on_another_hart)
{
	if (nr_harts < 2)
		test_skip("one hart");
	begin();
	CHECK_EQ(irq_disable(seen.number), 0);
	CHECK_EQ(irq_set_hart(seen.number, 1), 0);
	raise();
	wait_a_little();
	CHECK_EQ(times(), 0);
	CHECK_EQ(irq_enable(seen.number), 0);
	wait_for_times(1);
	CHECK_EQ(seen.hart, 1);
	end();
}

/* The cause is never taken away: without the mask this would not end. */
TEST(interrupt_that_nobody_takes_is_masked)
{
	begin();
	seen.refuse = true;
	raise();
	wait_for_times(IRQ_UNTAKEN_MAX);
	wait_a_little();
	CHECK_EQ(times(), IRQ_UNTAKEN_MAX);
	CHECK(info_of(seen.number).stuck);
	seen.refuse = false;
	CHECK_EQ(irq_enable(seen.number), 0);
	wait_for_times(IRQ_UNTAKEN_MAX + 1);
	CHECK(!info_of(seen.number).stuck);
	end();
}

/* As many as are refused, but not in a row. */
TEST(interrupt_that_is_taken_now_and_then_is_not_masked)
{
	begin();
	seen.disable = true;
	for (unsigned int i = 1; i <= IRQ_UNTAKEN_MAX + 100; i++) {
		seen.refuse = i % 100 != 0;
		raise();
		wait_for_times(i);
		CHECK(!info_of(seen.number).stuck);
		CHECK_EQ(irq_enable(seen.number), 0);
	}
	end();
}

/* Changes on one hart while interrupts come on another: none is lost. */
TEST(moving_loses_no_interrupt)
{
	unsigned int count;

	if (nr_harts < 2)
		test_skip("one hart");
	begin();
	for (unsigned int i = 0; i < 300; i++) {
		raise();
		CHECK_EQ(irq_set_hart(seen.number, i % nr_harts), 0);
		if (i % 3 == 0) {
			CHECK_EQ(irq_disable(seen.number), 0);
			CHECK_EQ(irq_enable(seen.number), 0);
		}
	}
	wait_a_little();
	count = times();
	raise();
	wait_for_times(count + 1);
	end();
}

/* A controller that says what the test wants. */
static struct {
	unsigned int next; /* what claim() returns */
	unsigned int completed;
	unsigned int disabled;
	int start;
} fake;

static int fake_start(void)
{
	return fake.start;
}

static bool fake_reaches(unsigned int hart)
{
	return hart == 0;
}

static void fake_enable(unsigned int number, unsigned int hart)
{
	(void)number, (void)hart;
}

static void fake_disable(unsigned int number, unsigned int hart)
{
	(void)hart;
	fake.disabled = number;
}

static unsigned int fake_claim(void)
{
	return fake.next;
}

static void fake_complete(unsigned int number)
{
	fake.completed = number;
}

static struct irq_controller fake_controller = {
	.name = "fake",
	.start = fake_start,
	.reaches = fake_reaches,
	.enable = fake_enable,
	.disable = fake_disable,
	.set_priority = fake_enable,
	.claim = fake_claim,
	.complete = fake_complete,
};

/*
 * Nothing comes from the machine meanwhile: what the real one has enabled stays
 * so, and its devices are silent.
 */
static void fake_interrupt(unsigned int number)
{
	unsigned long flags = irq_save();

	fake.next = number;
	irq_interrupt();
	irq_restore(flags);
}

TEST(controller_that_cannot_start_is_told)
{
	struct irq_controller *real = irq_set_controller(&fake_controller);

	fake.start = -ENOMEM;
	fake_controller.last_number = 0;
	CHECK_EQ(irq_request(3, take, NULL, "fake"), -ENOMEM);
	fake_interrupt(3);
	irq_set_controller(NULL);
	CHECK_EQ(irq_request(3, take, NULL, "fake"), -ENODEV);
	irq_set_controller(real);
}

TEST(unknown_and_spurious_interrupts_are_counted_and_masked)
{
	struct irq_controller *real = irq_set_controller(&fake_controller);
	struct irq_totals before, after;

	fake.start = 40;
	fake_controller.last_number = 0;
	CHECK_EQ(irq_request(3, take, NULL, "fake"), 0);
	irq_read_totals(&before);
	CHECK(before.controller == fake_controller.name);
	fake_interrupt(0);
	fake_interrupt(5);
	CHECK_EQ(fake.completed, 5);
	CHECK_EQ(fake.disabled, 5);
	fake_interrupt(4000000); /* beyond what it has */
	CHECK_EQ(fake.completed, 4000000);
	CHECK_EQ(fake.disabled, 5);
	irq_read_totals(&after);
	CHECK_EQ(after.spurious - before.spurious, 1);
	CHECK_EQ(after.unknown - before.unknown, 2);
	CHECK_EQ(irq_free(3), 0);
	irq_set_controller(real);
}

TEST(endless_spurious_interrupts_are_switched_off)
{
	struct irq_controller *real = irq_set_controller(&fake_controller);
	unsigned long flags;
	bool on;

	fake.start = 40;
	fake_controller.last_number = 0;
	CHECK_EQ(irq_request(3, take, NULL, "fake"), 0);
	flags = irq_save();
	for (unsigned int i = 0; i < 2 * IRQ_UNTAKEN_MAX; i++)
		fake_interrupt(i % 2);
	on = (csr_read(sie) & SIE_SEIE) != 0;
	irq_init_hart();
	irq_restore(flags);
	CHECK(!on);
	CHECK_EQ(irq_free(3), 0);
	irq_set_controller(real);
}
