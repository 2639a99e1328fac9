/* SPDX-License-Identifier: MIT */
/*
 * The line is copied once and cut into words in place; values point into the
 * copy. Options are checked here by kind, so that a module which asks for its
 * own need not: a mistyped option must never be a silently ignored one.
 */
#include "core/cmdline.h"

#include <stddef.h>
#include <string.h>

#include "core/assert.h"
#include "core/machine.h"
#include "core/power.h"
#include "lib/number.h"
#include "lib/printf.h"

#define CMDLINE_BYTES 2048u

enum option_kind {
	OPTION_FLAG,   /* no value */
	OPTION_NUMBER, /* decimal or 0x */
	OPTION_CHOICE, /* one of ->choices, separated by | */
	OPTION_TEXT    /* checked by whoever asks */
};

struct option {
	const char *key;
	enum option_kind kind;
	const char *choices; /* of a choice; else what the value looks like */
	const char *help;
};

static const struct option options[] = {
	{ "console", OPTION_CHOICE,
	  CONFIG_VIRTIO_CONSOLE ? "uart|virtio" : "uart",
	  "what is written to and read from" },
	{ "fail", OPTION_TEXT, "KIND:N[+M]",
	  "fail the N-th request of page, table, slab or vspace" },
	{ "harts", OPTION_NUMBER, "N", "run at most N harts" },
	{ "hostname", OPTION_TEXT, "NAME",
	  "what DHCP and mDNS (NAME.local) know this machine by" },
	{ "ip", OPTION_TEXT,
	  "dhcp|none|ADDRESS/BITS[,gw=ADDRESS][,dns=ADDRESS]",
	  "the network device's addresses; dhcp when this is not given" },
	{ "isa", OPTION_TEXT, "-NAME,...",
	  "do without an ISA extension: svpbmt svnapot svinval sstc zicboz v" },
	{ "loglevel", OPTION_CHOICE, "0|1|2|3|4|5",
	  "print nothing, errors, warnings, notices, information, all" },
	{ "ntp", OPTION_TEXT, "SERVER|dhcp",
	  "where the time of day comes from" },
	{ "panic_on_report", OPTION_FLAG, "",
	  "a caller's bug ends the image instead of being counted" },
	{ "quiet", OPTION_FLAG, "", "as loglevel=1" },
	{ "seed", OPTION_NUMBER, "N", "fix what is random, to repeat a run" },
	{ "stdin", OPTION_CHOICE, "tty|pipe|file",
	  "what the console's input is: keys, bytes, or bytes with an end" },
	{ "vmap.flush", OPTION_CHOICE, "eager|lazy|ipi|rfence|svinval",
	  "when and how freed addresses leave the TLBs" },
	{ "vmap.huge", OPTION_CHOICE, "on|off", "2 MiB leaves in vmalloc()" },
	{ "vmap.lazy_max", OPTION_NUMBER, "PAGES",
	  "freed pages that wait before a purge" },
	{ "watchdog", OPTION_NUMBER, "SECONDS",
	  "say when a hart does not schedule for so long; 0: never" },
};

static char words[CMDLINE_BYTES];
static const char *values[ARRAY_SIZE(options)];

int app_argc = 1;
char *app_argv[CMDLINE_MAX_ARGS + 1];

/* Cut the next word off *@line, or NULL at the end. Quotes are taken away. */
static char *next_word(char **line)
{
	char *from = *line + strspn(*line, " \t\n");
	char *word = from;
	char *to = from;
	char quote = '\0';

	if (*from == '\0')
		return NULL;
	for (; *from && (quote || !strchr(" \t\n", *from)); from++) {
		if (quote ? *from == quote : *from == '"' || *from == '\'')
			quote = quote ? '\0' : *from;
		else
			*to++ = *from;
	}
	*line = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

static void refuse_unknown(const char *word)
{
	char known[256];
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options) && used < sizeof(known); i++)
		used += (size_t)ksnprintf(known + used, sizeof(known) - used,
		                          " %s", options[i].key);
	refuse_boot("unknown option \"%s\" on the command line (an argument "
	            "of the app goes behind \"--\"); known:%s",
	            word, known);
}

static bool is_choice(const char *choices, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		if (strncmp(choices, text, length) == 0 &&
		    (choices[length] == '|' || choices[length] == '\0'))
			return true;
		choices += strcspn(choices, "|");
		if (*choices++ == '\0')
			break;
	}
	return false;
}

static bool option_takes(const struct option *option, const char *value)
{
	unsigned long number;

	switch (option->kind) {
	case OPTION_FLAG:
		return value == NULL;
	case OPTION_NUMBER:
		return value && number_parse(value, &number);
	case OPTION_CHOICE:
		return value && is_choice(option->choices, value);
	case OPTION_TEXT:
		return value && *value;
	}
	return false;
}

static unsigned int option_index(const char *key, size_t length)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		if (options[i].key[0] == key[0] &&
		    strncmp(options[i].key, key, length) == 0 &&
		    options[i].key[length] == '\0')
			break;
	}
	return i;
}

static void parse_option(const char *word)
{
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	unsigned int index = option_index(word, length);
	const char *value = equals ? equals + 1 : NULL;

	if (index == ARRAY_SIZE(options))
		refuse_unknown(word);
	if (!option_takes(&options[index], value)) {
		refuse_boot("option \"%s\": want %s%s%s (%s)", word,
		            options[index].key,
		            options[index].kind == OPTION_FLAG ? "" : "=",
		            options[index].choices, options[index].help);
	}
	values[index] = value ? value : "";
}

void cmdline_init(void)
{
	size_t length = strlen(machine.command_line);
	char *line = words;
	char *word;

	if (length >= sizeof(words))
		refuse_boot("the command line has %zu bytes, %u are possible",
		            length, CMDLINE_BYTES - 1);
	memcpy(words, machine.command_line, length + 1);
	while ((word = next_word(&line)) && strcmp(word, "--") != 0)
		parse_option(word);
	app_argv[0] = app_name;
	while ((word = next_word(&line))) {
		if (app_argc == CMDLINE_MAX_ARGS)
			refuse_boot("more than %d arguments for the app",
			            CMDLINE_MAX_ARGS - 1);
		app_argv[app_argc++] = word;
	}
}

const char *cmdline_get(const char *key)
{
	unsigned int index = option_index(key, strlen(key));

	ASSERT(index < ARRAY_SIZE(options));
	return values[index];
}

unsigned long cmdline_number(const char *key, unsigned long otherwise)
{
	const char *value = cmdline_get(key);
	unsigned long number = otherwise;

	if (value)
		number_parse(value, &number);
	return number;
}

void cmdline_help(cmdline_emit *emit, void *context)
{
	char line[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *option = &options[i];

		ksnprintf(line, sizeof(line), "%s%s%s: %s", option->key,
		          option->kind == OPTION_FLAG ? "" : "=",
		          option->choices, option->help);
		emit(line, context);
	}
}
