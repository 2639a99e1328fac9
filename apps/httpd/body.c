/* SPDX-License-Identifier: MIT */
/*
 * The chunked coding (RFC 9112, 7.1) a byte at a time: it may be cut anywhere.
 * Sizes, extensions and trailers count as well, so that nothing goes on for ever.
 */
#include "body.h"

#define WRONG (CHUNK_DONE + 1u)

void body_start(struct body *body, bool chunked, uint64_t bytes)
{
	*body = (struct body){ .chunked = chunked, .left = bytes };
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static unsigned int after_size(struct body *body, char c)
{
	const int digit = hex_digit(c);

	if (digit >= 0) {
		body->left = body->left << 4 | (unsigned int)digit;
		return CHUNK_SIZE_MORE;
	}
	if (body->state == CHUNK_SIZE)
		return WRONG;
	if (c == ';' || c == ' ' || c == '\t')
		return CHUNK_EXTENSION;
	return c == '\r' ? CHUNK_SIZE_LF : WRONG;
}

/* Within a line that means nothing here: up to its CR; no LF alone, no NUL. */
static unsigned int in_line(char c, unsigned int same, unsigned int at_end)
{
	if (c == '\r')
		return at_end;
	return c == '\n' || c == '\0' ? WRONG : same;
}

static unsigned int only(char c, char wanted, unsigned int next)
{
	return c == wanted ? next : WRONG;
}

static unsigned int next_state(struct body *body, char c)
{
	switch (body->state) {
	case CHUNK_SIZE:
	case CHUNK_SIZE_MORE:
		return after_size(body, c);
	case CHUNK_EXTENSION:
		return in_line(c, CHUNK_EXTENSION, CHUNK_SIZE_LF);
	case CHUNK_SIZE_LF:
		return only(c, '\n', body->left ? CHUNK_DATA : CHUNK_TRAILER);
	case CHUNK_DATA:
		return --body->left ? CHUNK_DATA : CHUNK_DATA_CR;
	case CHUNK_DATA_CR:
		return only(c, '\r', CHUNK_DATA_LF);
	case CHUNK_DATA_LF:
		return only(c, '\n', CHUNK_SIZE);
	case CHUNK_TRAILER:
		return in_line(c, CHUNK_TRAILER_LINE, CHUNK_END_LF);
	case CHUNK_TRAILER_LINE:
		return in_line(c, CHUNK_TRAILER_LINE, CHUNK_TRAILER_LF);
	case CHUNK_TRAILER_LF:
		return only(c, '\n', CHUNK_TRAILER);
	case CHUNK_END_LF:
		return only(c, '\n', CHUNK_DONE);
	case CHUNK_DONE:
		break;
	}
	return WRONG;
}

static int take_chunks(struct body *body, const char *text, size_t length,
                       size_t *taken_out)
{
	size_t i;

	for (i = 0; i < length && body->state != CHUNK_DONE; i++) {
		const unsigned int next = next_state(body, text[i]);

		if (next == WRONG)
			return 400;
		if (++body->taken > BODY_MOST || body->left > BODY_MOST)
			return 413;
		body->state = (enum chunk_state)next;
	}
	*taken_out = i;
	return body->state == CHUNK_DONE ? 0 : 1;
}

int body_take(struct body *body, const char *text, size_t length,
              size_t *taken_out)
{
	if (body->chunked)
		return take_chunks(body, text, length, taken_out);
	if (body->left > BODY_MOST)
		return 413;
	*taken_out = length < body->left ? length : body->left;
	body->left -= *taken_out;
	return body->left ? 1 : 0;
}
