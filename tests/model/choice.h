/* SPDX-License-Identifier: MIT */
/*
 * Where the model's decisions come from: a stream of bytes, made by a generator
 * from a seed, or given by a fuzzer. Equal streams make equal runs.
 */
#ifndef MODEL_CHOICE_H
#define MODEL_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Endless, by @seed and the number of the step. */
void choices_from_seed(uint64_t seed, unsigned long step);

/* What a fuzzer gave. Behind its end every choice is 0. */
void choices_from_bytes(const uint8_t *bytes, size_t count);
bool choices_left(void);

/* [0, bound); bound > 0 */
unsigned long choose(unsigned long bound);

/* [low, high] */
unsigned long choose_between(unsigned long low, unsigned long high);
bool one_in(unsigned long n);

#define CHOOSE_FROM(table) ((table)[choose(ARRAY_SIZE(table))])

/* A value that differs for nearly each pair: contents, positions. */
uint64_t mix(uint64_t a, uint64_t b);

#endif /* MODEL_CHOICE_H */
