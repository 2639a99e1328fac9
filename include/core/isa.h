/* SPDX-License-Identifier: MIT */
/*
 * ISA extensions that this image can use, as the device tree names them
 * (unprivileged spec, ISA naming conventions). Sets are bit masks, a bit per
 * enum isa_extension. Context: any.
 */
#ifndef CORE_ISA_H
#define CORE_ISA_H

#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"

enum isa_extension {
	ISA_SVPBMT,
	ISA_SVNAPOT,
	ISA_SVINVAL,
	ISA_SSTC,
	ISA_ZICBOZ,
	ISA_V,
	ISA_EXTENSIONS
};

/* "rv64imafdc_zicsr_sstc..." (property riscv,isa) */
uint32_t isa_parse_string(const char *isa, size_t bytes);

/* "i\0m\0...sstc\0" (property riscv,isa-extensions) */
uint32_t isa_parse_list(const char *list, size_t bytes);

/*
 * The extensions that "-svnapot,-sstc" takes away. Returns 0, or -EINVAL when a
 * word is not '-' and the name of one of the above.
 */
int isa_parse_option(const char *option, uint32_t *removed_out) __must_check;

/* In lower case. */
const char *isa_extension_name(enum isa_extension extension);

#endif /* CORE_ISA_H */
