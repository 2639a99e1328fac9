/* SPDX-License-Identifier: MIT */
/* Products of small matrices of integers, and fields of bits out of them. */
#include "coremark.h"

#define SIDE 16

typedef int16_t matrix[SIDE][SIDE];
typedef int32_t wide_matrix[SIDE][SIDE];

static void fill(matrix a, uint32_t *state)
{
	unsigned int row, column;

	for (row = 0; row < SIDE; row++) {
		for (column = 0; column < SIDE; column++)
			a[row][column] =
				(int16_t)(next_number(state) % 512) - 256;
	}
}

static void multiply(wide_matrix product, matrix a, matrix b)
{
	unsigned int row, column, i;

	for (row = 0; row < SIDE; row++) {
		for (column = 0; column < SIDE; column++) {
			int32_t sum = 0;

			for (i = 0; i < SIDE; i++)
				sum += a[row][i] * b[i][column];
			product[row][column] = sum;
		}
	}
}

/* The same with 7 bits in the middle of each product: shifts and masks. */
static void multiply_fields(wide_matrix product, matrix a, matrix b)
{
	unsigned int row, column, i;

	for (row = 0; row < SIDE; row++) {
		for (column = 0; column < SIDE; column++) {
			int32_t sum = 0;

			for (i = 0; i < SIDE; i++) {
				const uint32_t term = a[row][i] * b[i][column];

				sum += (term >> 2 & 0xf) * (term >> 5 & 0x7f);
			}
			product[row][column] = sum;
		}
	}
}

static uint16_t crc_of(uint16_t crc, wide_matrix a)
{
	unsigned int row, column;

	for (row = 0; row < SIDE; row++) {
		uint32_t sum = 0;

		for (column = 0; column < SIDE; column++)
			sum = sum * 3 + (uint32_t)a[row][column];
		crc = crc_add(crc_add(crc, sum & 0xffff), sum >> 16);
	}
	return crc;
}

uint16_t matrix_work(uint32_t seed)
{
	matrix a, b;
	wide_matrix product;
	uint16_t crc;

	fill(a, &seed);
	fill(b, &seed);
	multiply(product, a, b);
	crc = crc_of(0, product);
	multiply_fields(product, b, a);
	return crc_of(crc, product);
}
