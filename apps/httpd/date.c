/* SPDX-License-Identifier: MIT */
/* strptime() knows English names only in the C locale, which nobody leaves. */
#define _GNU_SOURCE /* strptime(), timegm() */
#include "date.h"

#include <string.h>

void date_format(time_t time, char out[DATE_BYTES + 1])
{
	struct tm parts;

	if (!gmtime_r(&time, &parts) ||
	    strftime(out, DATE_BYTES + 1, "%a, %d %b %Y %H:%M:%S GMT",
	             &parts) != DATE_BYTES)
		memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", DATE_BYTES + 1);
}

bool date_parse(struct slice text, time_t *time_out)
{
	static const char *const formats[] = {
		"%a, %d %b %Y %H:%M:%S GMT",
		"%A, %d-%b-%y %H:%M:%S GMT",
		"%a %b %d %H:%M:%S %Y",
	};
	char copy[64];
	size_t i;

	if (text.length >= sizeof(copy))
		return false;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct tm parts = { 0 };
		const char *end = strptime(copy, formats[i], &parts);

		if (end && !*end) {
			*time_out = timegm(&parts);
			return true;
		}
	}
	return false;
}
