/* SPDX-License-Identifier: MIT */
/*
 * A state machine reads a text character by character and tells integers,
 * fractions, exponents and hexadecimal numbers from what is none.
 */
#include <string.h>

#include "coremark.h"

#define WORDS      64
#define WORD_BYTES 9 /* the longest and its comma */

enum state {
	START,
	SIGN,
	ZERO,
	INTEGER,
	FRACTION,
	EXPONENT,
	EXPONENT_SIGN,
	SCIENTIFIC,
	HEX_MARK,
	HEX,
	INVALID,
	STATES
};

enum kind {
	DIGIT_ZERO,
	DIGIT,
	LETTER_E,
	LETTER_HEX,
	LETTER_X,
	PLUS,
	DOT,
	OTHER
};

static enum kind kind_of(char c)
{
	if (c == '0')
		return DIGIT_ZERO;
	if (c >= '1' && c <= '9')
		return DIGIT;
	if (c == 'e')
		return LETTER_E;
	if (c >= 'a' && c <= 'f')
		return LETTER_HEX;
	if (c == 'x')
		return LETTER_X;
	if (c == '+' || c == '-')
		return PLUS;
	return c == '.' ? DOT : OTHER;
}

static enum state after_digits(enum state same, enum kind kind)
{
	if (kind == DIGIT || kind == DIGIT_ZERO)
		return same;
	if (kind == LETTER_E)
		return EXPONENT;
	return kind == DOT && same == INTEGER ? FRACTION : INVALID;
}

static enum state start(enum kind kind)
{
	switch (kind) {
	case DIGIT_ZERO:
		return ZERO;
	case DIGIT:
		return INTEGER;
	case DOT:
		return FRACTION;
	default:
		return INVALID;
	}
}

static enum state step(enum state state, char c)
{
	const enum kind kind = kind_of(c);

	switch (state) {
	case START:
		return kind == PLUS ? SIGN : start(kind);
	case SIGN:
		return start(kind);
	case ZERO:
		return kind == LETTER_X ? HEX_MARK
		                        : after_digits(INTEGER, kind);
	case INTEGER:
	case FRACTION:
		return after_digits(state, kind);
	case EXPONENT:
		if (kind == PLUS)
			return EXPONENT_SIGN;
		return kind <= DIGIT ? SCIENTIFIC : INVALID;
	case EXPONENT_SIGN:
	case SCIENTIFIC:
		return kind <= DIGIT ? SCIENTIFIC : INVALID;
	case HEX_MARK:
	case HEX:
		return kind <= LETTER_HEX ? HEX : INVALID;
	default:
		return INVALID;
	}
}

static size_t make_text(char *text, uint32_t *state)
{
	static const char *const words[] = {
		"0",        "5012",     "-874",   "+12",    "35.54400",
		".1234500", "-110.",    "+0.644", "5.5e3",  "-.123e-2",
		"-87e+832", "+0.6e-12", "T0.3e",  "-T.T++", "1T3.4e4z",
		"0x7fe3",   "0x",       "12ab",
	};
	size_t length = 0;
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		const char *word = words[next_number(state) %
		                         (sizeof(words) / sizeof(words[0]))];

		length = stpcpy(text + length, word) - text;
		text[length++] = ',';
	}
	return length;
}

static uint16_t read_text(uint16_t crc, const char *text, size_t length)
{
	uint16_t ends[STATES] = { 0 }, steps[STATES] = { 0 };
	enum state state = START;
	size_t i;

	for (i = 0; i < length; i++) {
		if (text[i] == ',') {
			ends[state]++;
			state = START;
			continue;
		}
		state = step(state, text[i]);
		steps[state]++;
	}
	for (i = 0; i < STATES; i++)
		crc = crc_add(crc_add(crc, ends[i]), steps[i]);
	return crc;
}

uint16_t state_work(uint32_t seed)
{
	char text[WORDS * WORD_BYTES + 1];
	const size_t length = make_text(text, &seed);
	uint16_t crc = read_text(0, text, length);
	size_t i;

	/* Again, with characters that turned into others. */
	for (i = 0; i < length; i += 7) {
		if (text[i] != ',')
			text[i] ^= next_number(&seed) & 0xf;
	}
	return read_text(crc, text, length);
}
