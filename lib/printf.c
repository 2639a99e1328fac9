/* SPDX-License-Identifier: MIT */
/*
 * A conversion is read into a struct, its argument becomes a piece of text with
 * a prefix (a sign, 0x), and one function lays both out in the field's width.
 */
#include "lib/printf.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define DIGITS_AT_MOST 20u /* 2^64 in decimal */

struct output {
	char *buf;
	size_t size;
	size_t length; /* of the whole text */
	va_list args;  /* what is not printed yet */
};

struct conversion {
	bool left;
	bool plus;
	bool alternate;
	bool zeros;
	bool is_long;
	unsigned int width;
	unsigned int precision; /* UINT_MAX: none */
	char type;
};

struct piece {
	const char *prefix;
	const char *text;
	size_t length; /* of the text */
};

static void put(struct output *out, const char *text, size_t length)
{
	for (; length > 0; length--, text++, out->length++) {
		if (out->length + 1 < out->size)
			out->buf[out->length] = *text;
	}
}

static void put_repeated(struct output *out, char c, size_t count)
{
	while (count-- > 0)
		put(out, &c, 1);
}

/* spaces, prefix, zeros, text, spaces: one of the three is the filling. */
static void put_field(struct output *out, const struct conversion *c,
                      const struct piece *piece)
{
	size_t prefix = strlen(piece->prefix);
	size_t wanted = prefix + piece->length;
	size_t fill = c->width > wanted ? c->width - wanted : 0;
	bool zeros = c->zeros && !c->left;

	put_repeated(out, ' ', zeros || c->left ? 0 : fill);
	put(out, piece->prefix, prefix);
	put_repeated(out, '0', zeros ? fill : 0);
	put(out, piece->text, piece->length);
	put_repeated(out, ' ', c->left ? fill : 0);
}

static unsigned int read_number(struct output *out, const char **at)
{
	unsigned int value = 0;

	if (**at == '*') {
		++*at;
		return va_arg(out->args, unsigned int);
	}
	for (; **at >= '0' && **at <= '9'; ++*at)
		value = value * 10 + (unsigned int)(**at - '0');
	return value;
}

/* From behind the % to the type; returns what follows. */
static const char *read_conversion(struct output *out, const char *at,
                                   struct conversion *c)
{
	*c = (struct conversion){ .precision = UINT_MAX };
	for (;; at++) {
		if (*at == '-')
			c->left = true;
		else if (*at == '+')
			c->plus = true;
		else if (*at == '#')
			c->alternate = true;
		else if (*at == '0')
			c->zeros = true;
		else
			break;
	}
	c->width = read_number(out, &at);
	if (*at == '.') {
		at++;
		c->precision = read_number(out, &at);
	}
	for (; *at == 'l' || *at == 'z'; at++)
		c->is_long = true;
	c->type = *at;
	return at + (*at != '\0');
}

static unsigned long unsigned_argument(struct output *out,
                                       const struct conversion *c)
{
	return c->is_long ? va_arg(out->args, unsigned long)
	                  : va_arg(out->args, unsigned int);
}

static void put_digits(struct output *out, const struct conversion *c,
                       const char *prefix, unsigned long value)
{
	const unsigned int base = c->type == 'x' ? 16 : 10;
	char digits[DIGITS_AT_MOST];
	char *first = digits + sizeof(digits);

	do {
		*--first = "0123456789abcdef"[value % base];
		value /= base;
	} while (value > 0);
	put_field(out, c,
	          &(struct piece){ prefix, first,
	                           (size_t)(digits + sizeof(digits) - first) });
}

static void put_signed(struct output *out, const struct conversion *c)
{
	long value =
		c->is_long ? va_arg(out->args, long) : va_arg(out->args, int);

	if (value < 0)
		put_digits(out, c, "-", -(unsigned long)value);
	else
		put_digits(out, c, c->plus ? "+" : "", (unsigned long)value);
}

static void put_hex(struct output *out, const struct conversion *c)
{
	unsigned long value = unsigned_argument(out, c);

	put_digits(out, c, c->alternate && value > 0 ? "0x" : "", value);
}

/* All 16 digits: addresses under each other are easy to compare. */
static void put_pointer(struct output *out)
{
	static const struct conversion all_digits = { .type = 'x',
		                                      .zeros = true,
		                                      .width = 18 };

	put_digits(out, &all_digits, "0x",
	           (unsigned long)va_arg(out->args, void *));
}

static void put_text(struct output *out, const struct conversion *c,
                     const char *text)
{
	if (!text)
		text = "(null)";
	put_field(out, c,
	          &(struct piece){ "", text, strnlen(text, c->precision) });
}

static void put_char(struct output *out, const struct conversion *c)
{
	char text = (char)va_arg(out->args, int);

	put_field(out, c, &(struct piece){ "", &text, 1 });
}

static void put_converted(struct output *out, const struct conversion *c)
{
	switch (c->type) {
	case 'd':
	case 'i':
		put_signed(out, c);
		break;
	case 'u':
		put_digits(out, c, "", unsigned_argument(out, c));
		break;
	case 'x':
		put_hex(out, c);
		break;
	case 'p':
		put_pointer(out);
		break;
	case 's':
		put_text(out, c, va_arg(out->args, const char *));
		break;
	case 'c':
		put_char(out, c);
		break;
	default:
		put(out, "%", 1);
		put(out, &c->type, c->type != '\0' && c->type != '%');
	}
}

int kvsnprintf(char *buf, size_t size, const char *format, va_list args)
{
	struct output out = { .buf = buf, .size = size };
	struct conversion c;

	va_copy(out.args, args);
	while (*format) {
		if (*format == '%') {
			format = read_conversion(&out, format + 1, &c);
			put_converted(&out, &c);
		} else {
			put(&out, format++, 1);
		}
	}
	va_end(out.args);
	if (size > 0)
		buf[out.length < size ? out.length : size - 1] = '\0';
	return (int)out.length;
}

int ksnprintf(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = kvsnprintf(buf, size, format, args);
	va_end(args);
	return length;
}
