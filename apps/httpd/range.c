/* SPDX-License-Identifier: MIT */
/*
 * A field that is not understood is ignored, so the worst that a strange one gets
 * is the whole file. Ranges that overlap so much that they are more than the file
 * are a way to make a server work for little; they get the file once.
 */
#include "range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct reader {
	const char *at;
	const char *end;
};

static void skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end &&
	       (*reader->at == ' ' || *reader->at == '\t'))
		reader->at++;
}

static bool take(struct reader *reader, char c)
{
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	return true;
}

/* Values beyond 64 bits are as good as the largest. */
static bool take_number(struct reader *reader, uint64_t *number_out)
{
	const char *start = reader->at;
	uint64_t number = 0;

	for (; reader->at < reader->end; reader->at++) {
		const unsigned int digit = (unsigned char)*reader->at - '0';

		if (digit > 9)
			break;
		number = number > (UINT64_MAX - 9) / 10 ? UINT64_MAX
		                                        : number * 10 + digit;
	}
	*number_out = number;
	return reader->at > start;
}

/* One of "a-b", "a-", "-n"; bytes is 0 when it lies behind the file. */
static bool take_range(struct reader *reader, uint64_t size,
                       struct range *range)
{
	uint64_t first, last;
	const bool has_first = take_number(reader, &first);
	bool has_last;

	if (!take(reader, '-'))
		return false;
	has_last = take_number(reader, &last);
	if (!has_first) {
		range->bytes = last < size ? last : size;
		range->start = size - range->bytes;
		return has_last;
	}
	if (has_last && last < first)
		return false;
	if (!has_last || last >= size)
		last = size - 1;
	range->start = first;
	range->bytes = first < size ? last - first + 1 : 0;
	return true;
}

static int parse_list(struct reader *reader, uint64_t size,
                      struct range ranges[RANGES_MOST], unsigned int *count_out)
{
	uint64_t sum = 0;
	unsigned int count = 0;

	do {
		struct range range;

		skip_blanks(reader);
		if (!take_range(reader, size, &range))
			return 200;
		skip_blanks(reader);
		if (range.bytes == 0)
			continue;
		if (count == RANGES_MOST || range.bytes > size - sum)
			return 200;
		sum += range.bytes;
		ranges[count++] = range;
	} while (take(reader, ','));
	*count_out = count;
	if (reader->at != reader->end)
		return 200;
	return count > 0 ? 206 : 416;
}

int range_parse(struct slice field, uint64_t size,
                struct range ranges[RANGES_MOST], unsigned int *count_out)
{
	struct reader reader = { field.at, field.at + field.length };

	if (field.length < 6 || strncasecmp(field.at, "bytes=", 6) != 0)
		return 200;
	reader.at += 6;
	return parse_list(&reader, size, ranges, count_out);
}
