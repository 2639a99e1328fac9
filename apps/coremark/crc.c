/* SPDX-License-Identifier: MIT */
/* Bit by bit: branches that depend on data are what is measured. */
#include "coremark.h"

#define POLYNOMIAL 0x1021u
#define TOP        0x8000u

static uint16_t add_byte(uint16_t crc, uint8_t byte)
{
	int bit;

	crc ^= byte << 8;
	for (bit = 0; bit < 8; bit++)
		crc = crc << 1 ^ (crc & TOP ? POLYNOMIAL : 0);
	return crc;
}

uint16_t crc_add(uint16_t crc, uint16_t value)
{
	return add_byte(add_byte(crc, value & 0xff), value >> 8);
}
