/* SPDX-License-Identifier: MIT */
/*
 * An ISA string is single letters, then names joined by '_'. Old strings put
 * privilege letters (su) among the first; only a letter of ours counts there.
 */
#include "core/isa.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const char *const extension_names[ISA_EXTENSIONS] = {
	[ISA_SVPBMT] = "svpbmt",   [ISA_SVNAPOT] = "svnapot",
	[ISA_SVINVAL] = "svinval", [ISA_SSTC] = "sstc",
	[ISA_ZICBOZ] = "zicboz",   [ISA_V] = "v",
};

const char *isa_extension_name(enum isa_extension extension)
{
	return extension_names[extension];
}

/* The bit of the extension of this name, or 0. */
static uint32_t isa_bit(const char *name, size_t length)
{
	unsigned int i;

	for (i = 0; i < ISA_EXTENSIONS; i++) {
		if (strncmp(extension_names[i], name, length) == 0 &&
		    extension_names[i][length] == '\0')
			return 1u << i;
	}
	return 0;
}

uint32_t isa_parse_string(const char *isa, size_t bytes)
{
	const char *end = isa + strnlen(isa, bytes);
	uint32_t found = 0;

	if (end - isa < 4 || strncmp(isa, "rv64", 4) != 0)
		return 0;
	for (isa += 4; isa < end && *isa != '_'; isa++)
		found |= isa_bit(isa, 1);
	while (isa < end) {
		const char *name = ++isa;

		while (isa < end && *isa != '_')
			isa++;
		if (isa > name)
			found |= isa_bit(name, (size_t)(isa - name));
	}
	return found;
}

uint32_t isa_parse_list(const char *list, size_t bytes)
{
	uint32_t found = 0;

	while (bytes > 0) {
		size_t length = strnlen(list, bytes);

		if (length == bytes)
			break;
		if (length > 0)
			found |= isa_bit(list, length);
		list += length + 1;
		bytes -= length + 1;
	}
	return found;
}

int isa_parse_option(const char *option, uint32_t *removed_out)
{
	uint32_t removed = 0;

	for (;;) {
		size_t length = strcspn(option, ",");
		uint32_t bit = 0;

		if (length > 1 && option[0] == '-')
			bit = isa_bit(option + 1, length - 1);
		if (!bit)
			return -EINVAL;
		removed |= bit;
		if (option[length] == '\0')
			break;
		option += length + 1;
	}
	*removed_out = removed;
	return 0;
}
