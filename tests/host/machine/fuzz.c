/* SPDX-License-Identifier: MIT */
/*
 * The model driven by libFuzzer: the input is the choices. The machine stays on
 * from input to input; each run ends by giving everything back.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "test.h"
#include "tests/model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	printf("# %s:%d: ", file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model_run run = { .check_every = 400, .bytes = true };

	machine_boot();
	if (size == 0)
		return 0;
	run.small_window = data[0] % 16 == 15; /* dear to set up */
	choices_from_bytes(data + 1, size - 1);
	model_run(&run);
	return 0;
}
