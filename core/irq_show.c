/* SPDX-License-Identifier: MIT */
/* Interrupts as a table, in the form that Linux gives /proc/interrupts. */
#include <stddef.h>

#include "core/hart.h"
#include "core/irq.h"
#include "lib/printf.h"

struct output {
	void (*emit)(const char *text, void *context);
	void *context;
};

static void say(const struct output *out, const char *format, ...)
	__printf_like(2, 3);

static void say(const struct output *out, const char *format, ...)
{
	char text[64];
	va_list args;

	va_start(args, format);
	kvsnprintf(text, sizeof(text), format, args);
	va_end(args);
	out->emit(text, out->context);
}

static void show_line(const struct irq_info *info, void *context)
{
	const struct output *out = context;
	struct irq_totals totals;
	unsigned int i;

	irq_read_totals(&totals);
	say(out, "%4u:", info->number);
	for (i = 0; i < nr_harts; i++)
		say(out, " %10u", info->counts[i]);
	say(out, "  %s %u  %s", totals.controller ? totals.controller : "none",
	    info->hart, info->name);
	if (info->stuck)
		say(out, " (masked: nobody took it)");
	else if (!info->enabled)
		say(out, " (masked)");
	say(out, "\n");
}

/* A counter of struct hart, on every hart. */
static void show_hart_counter(const struct output *out, const char *name,
                              size_t offset, const char *meaning)
{
	unsigned int i;

	say(out, "%4s:", name);
	for (i = 0; i < nr_harts; i++) {
		const char *hart = (const char *)harts[i];

		say(out, " %10lu",
		    READ_ONCE(*(const unsigned long *)(hart + offset)));
	}
	say(out, "  %s\n", meaning);
}

void irq_show(void (*emit)(const char *text, void *context), void *context)
{
	struct output out = { emit, context };
	struct irq_totals totals;
	unsigned int i;

	say(&out, "     ");
	for (i = 0; i < nr_harts; i++)
		say(&out, " %7sCPU%-2u", "", i);
	say(&out, "\n");
	irq_visit(show_line, &out);
	show_hart_counter(&out, "TIM", offsetof(struct hart, timer_ticks),
	                  "timer");
	show_hart_counter(&out, "IPI", offsetof(struct hart, ipis),
	                  "calls between harts");
	irq_read_totals(&totals);
	say(&out, " SPU: %10lu\n", totals.spurious);
	say(&out, " ERR: %10lu\n", totals.unknown);
}
