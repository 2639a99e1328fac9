/* SPDX-License-Identifier: MIT */
/* The machine of an image: the processor that it runs on, one hart of it. */
#include <string.h>

#include "core/cmdline.h"
#include "core/trap.h"
#include "machine.h"

void machine_boot(void)
{
}

/* Arguments of the app: "model.seed=7". */
const char *machine_option(const char *key)
{
	size_t length = strlen(key);

	for (int i = 1; i < app_argc; i++) {
		if (strncmp(app_argv[i], key, length) == 0 &&
		    app_argv[i][length] == '=')
			return app_argv[i] + length + 1;
	}
	return NULL;
}

bool machine_load(vaddr_t va, uint64_t *value_out)
{
	return probe_read((const void *)va, value_out, sizeof(*value_out)) == 0;
}

bool machine_store(vaddr_t va, uint64_t value)
{
	return probe_write((void *)va, &value, sizeof(value)) == 0;
}

unsigned int machine_harts(void)
{
	return 1;
}

/* A processor cannot be asked what it remembers: contents must tell. */
void machine_switch(unsigned int hart)
{
	(void)hart;
}

void machine_check_fresh(vaddr_t va, unsigned long pages)
{
	(void)va;
	(void)pages;
}

void machine_check_flushed(void)
{
}

void machine_check_step(void)
{
}
