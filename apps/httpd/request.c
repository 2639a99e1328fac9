/* SPDX-License-Identifier: MIT */
/*
 * One pass over the bytes with a table of what each byte may be. A head that
 * is not whole yet is parsed again when another line has come: lines are limited
 * in number, so a sender of single bytes cannot make that dear.
 *
 * The NUL behind the text is of no class, so loops need not look for the end. What
 * nearly every request says is compared in place, byte by byte: a call of memcmp()
 * costs more than it finds.
 */
#include "request.h"

#include <string.h>
#include <strings.h>

#define TOKEN  1u /* RFC 9110, 5.6.2 */
#define TARGET 2u /* visible, as RFC 9112, 3.2, but for '#' */
#define HOST   4u /* RFC 3986, 3.2.2: of a name or an address with its port */

#define SYMBOLS_OF_HOST (TOKEN | TARGET | HOST)

static const unsigned char classes[256] = {
	['0' ... '9'] = SYMBOLS_OF_HOST,
	['A' ... 'Z'] = SYMBOLS_OF_HOST,
	['a' ... 'z'] = SYMBOLS_OF_HOST,
	['!'] = SYMBOLS_OF_HOST,
	['"'] = TARGET,
	['#'] = TOKEN,
	['$'] = SYMBOLS_OF_HOST,
	['%'] = SYMBOLS_OF_HOST,
	['&'] = SYMBOLS_OF_HOST,
	['\''] = SYMBOLS_OF_HOST,
	['('] = TARGET | HOST,
	[')'] = TARGET | HOST,
	['*'] = SYMBOLS_OF_HOST,
	['+'] = SYMBOLS_OF_HOST,
	[','] = TARGET | HOST,
	['-'] = SYMBOLS_OF_HOST,
	['.'] = SYMBOLS_OF_HOST,
	['/'] = TARGET,
	[':'] = TARGET | HOST,
	[';'] = TARGET | HOST,
	['<'] = TARGET,
	['='] = TARGET | HOST,
	['>'] = TARGET,
	['?'] = TARGET,
	['@'] = TARGET,
	['['] = TARGET | HOST,
	['\\'] = TARGET,
	[']'] = TARGET | HOST,
	['^'] = TOKEN | TARGET,
	['_'] = SYMBOLS_OF_HOST,
	['`'] = TOKEN | TARGET,
	['{'] = TARGET,
	['|'] = TOKEN | TARGET,
	['}'] = TARGET,
	['~'] = SYMBOLS_OF_HOST,
};

static const struct slice field_names[FIELDS] = {
	[FIELD_HOST] = { "host", 4 },
	[FIELD_RANGE] = { "range", 5 },
	[FIELD_EXPECT] = { "expect", 6 },
	[FIELD_IF_MATCH] = { "if-match", 8 },
	[FIELD_IF_RANGE] = { "if-range", 8 },
	[FIELD_CONNECTION] = { "connection", 10 },
	[FIELD_IF_NONE_MATCH] = { "if-none-match", 13 },
	[FIELD_CONTENT_LENGTH] = { "content-length", 14 },
	[FIELD_IF_MODIFIED_SINCE] = { "if-modified-since", 17 },
	[FIELD_TRANSFER_ENCODING] = { "transfer-encoding", 17 },
	[FIELD_IF_UNMODIFIED_SINCE] = { "if-unmodified-since", 19 },
};

struct reader {
	const char *at;
	const char *end;
};

static struct slice take(struct reader *reader, unsigned int class)
{
	const char *start = reader->at;
	const char *at = start;

	while (classes[(unsigned char)*at] & class)
		at++;
	reader->at = at;
	return (struct slice){ start, (size_t)(at - start) };
}

/* RFC 9110, 5.5: visible bytes, blanks, tabs, and what is not ASCII. */
static struct slice take_value(struct reader *reader)
{
	const char *start = reader->at;
	const char *at = start;

	do {
		while ((unsigned char)*at >= ' ' && *at != 0x7f)
			at++;
	} while (*at == '\t' && at++);
	reader->at = at;
	return (struct slice){ start, (size_t)(at - start) };
}

/* REQUEST_WHOLE: @text stood there and is passed. */
static int take_text(struct reader *reader, const char *text, size_t length)
{
	const size_t left = (size_t)(reader->end - reader->at);
	const size_t common = left < length ? left : length;

	if (memcmp(reader->at, text, common) != 0)
		return 400;
	if (common < length)
		return REQUEST_INCOMPLETE;
	reader->at += length;
	return REQUEST_WHOLE;
}

static inline int take_line_end(struct reader *reader)
{
	if (reader->at[0] != '\r' || reader->at[1] != '\n')
		return take_text(reader, "\r\n", 2);
	reader->at += 2;
	return REQUEST_WHOLE;
}

bool slice_is(struct slice slice, const char *word)
{
	return slice.length == strlen(word) &&
	       strncasecmp(slice.at, word, slice.length) == 0;
}

bool slice_lists(struct slice list, const char *word)
{
	while (list.length > 0) {
		const char *comma = memchr(list.at, ',', list.length);
		struct slice item = list;

		if (comma)
			item.length = (size_t)(comma - list.at);
		list.at += item.length + (comma != NULL);
		list.length -= item.length + (comma != NULL);
		while (item.length > 0 && strchr(" \t", *item.at))
			item.at++, item.length--;
		while (item.length > 0 &&
		       strchr(" \t", item.at[item.length - 1]))
			item.length--;
		if (slice_is(item, word))
			return true;
	}
	return false;
}

static enum method method_of(struct slice name)
{
	static const struct slice others[] = {
		{ "POST", 4 },  { "PUT", 3 },     { "DELETE", 6 },
		{ "TRACE", 5 }, { "CONNECT", 7 }, { "PATCH", 5 },
	};
	size_t i;

	if (name.length == 3 && name.at[0] == 'G' && name.at[1] == 'E' &&
	    name.at[2] == 'T')
		return METHOD_GET;
	if (name.length == 4 && memcmp(name.at, "HEAD", 4) == 0)
		return METHOD_HEAD;
	if (name.length == 7 && memcmp(name.at, "OPTIONS", 7) == 0)
		return METHOD_OPTIONS;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (name.length == others[i].length &&
		    memcmp(name.at, others[i].at, name.length) == 0)
			return METHOD_OTHER;
	}
	return METHOD_UNKNOWN;
}

/* Behind the scheme and the authority of an absolute target. */
static int strip_authority(struct slice *target)
{
	const char *const end = target->at + target->length;
	const char *at = memchr(target->at, ':', target->length);

	at += strlen("://");
	if (at == end || *at == '/' || *at == '?')
		return 400;
	while (at < end && *at != '/' && *at != '?')
		at++;
	*target = at == end ? (struct slice){ "/", 1 }
	                    : (struct slice){ at, (size_t)(end - at) };
	return REQUEST_WHOLE;
}

/* RFC 9112, 3.2: origin, absolute, asterisk; an authority is for CONNECT only. */
static int check_target(struct request *request)
{
	struct slice *target = &request->target;

	if (*target->at == '/')
		return REQUEST_WHOLE;
	if ((target->length > 7 &&
	     strncasecmp(target->at, "http://", 7) == 0) ||
	    (target->length > 8 && strncasecmp(target->at, "https://", 8) == 0))
		return strip_authority(target);
	if (target->length == 1 && *target->at == '*' &&
	    request->method == METHOD_OPTIONS)
		return REQUEST_WHOLE;
	return request->method == METHOD_OTHER ? REQUEST_WHOLE : 400;
}

static int take_protocol(struct reader *reader)
{
	const char *at = reader->at;

	if (at[0] != 'H' || at[1] != 'T' || at[2] != 'T' || at[3] != 'P' ||
	    at[4] != '/')
		return take_text(reader, "HTTP/", 5);
	reader->at += 5;
	return REQUEST_WHOLE;
}

/* "HTTP/1.1" CRLF; 505 for well-formed versions of other kinds. */
static int parse_version(struct request *request, struct reader *reader)
{
	const int err = take_protocol(reader);
	const char *version = reader->at;

	if (err)
		return err;
	if (reader->end - version < 3)
		return REQUEST_INCOMPLETE;
	if (version[0] < '0' || version[0] > '9' || version[1] != '.' ||
	    version[2] < '0' || version[2] > '9')
		return 400;
	if (version[0] != '1')
		return 505;
	request->http10 = version[2] == '0';
	request->keep_alive = !request->http10;
	reader->at += 3;
	return take_line_end(reader);
}

static int parse_line(struct request *request, struct reader *reader)
{
	struct slice name = take(reader, TOKEN);

	if (reader->at == reader->end)
		return REQUEST_INCOMPLETE;
	if (name.length == 0 || *reader->at++ != ' ')
		return 400;
	request->method = method_of(name);
	request->target = take(reader, TARGET);
	if (request->target.length > REQUEST_TARGET_MOST)
		return 414;
	if (reader->at == reader->end)
		return REQUEST_INCOMPLETE;
	if (request->target.length == 0 || *reader->at++ != ' ')
		return 400;
	return parse_version(request, reader);
}

/*
 * Names are kept in small letters; bit 5 makes a letter small, and of the bytes of
 * a token only '-' itself becomes a '-'.
 */
static bool is_name(struct slice name, const char *known)
{
	size_t i;

	for (i = 0; i < name.length; i++)
		if ((name.at[i] | 0x20) != known[i])
			return false;
	return true;
}

/* Fields are in order of the length of their names. */
static int keep_field(struct request *request, struct slice name,
                      struct slice value)
{
	static const unsigned char first[] = {
		[4] = FIELD_HOST + 1,
		[5] = FIELD_RANGE + 1,
		[6] = FIELD_EXPECT + 1,
		[8] = FIELD_IF_MATCH + 1,
		[10] = FIELD_CONNECTION + 1,
		[13] = FIELD_IF_NONE_MATCH + 1,
		[14] = FIELD_CONTENT_LENGTH + 1,
		[17] = FIELD_IF_MODIFIED_SINCE + 1,
		[19] = FIELD_IF_UNMODIFIED_SINCE + 1,
	};
	unsigned int i;

	if (name.length >= sizeof(first) || !first[name.length])
		return REQUEST_WHOLE;
	i = first[name.length] - 1u;
	for (; i < FIELDS && field_names[i].length == name.length; i++) {
		if (!is_name(name, field_names[i].at))
			continue;
		if (request->present >> i & 1)
			return 400;
		request->present |= 1u << i;
		request->fields[i] = value;
		break;
	}
	return REQUEST_WHOLE;
}

static int parse_field(struct request *request, struct reader *reader)
{
	struct slice name = take(reader, TOKEN);
	struct slice value;
	int err;

	if (reader->at == reader->end)
		return REQUEST_INCOMPLETE;
	if (name.length == 0 || *reader->at++ != ':')
		return 400;
	while (*reader->at == ' ' || *reader->at == '\t')
		reader->at++;
	value = take_value(reader);
	err = take_line_end(reader);
	if (err)
		return err;
	while (value.length > 0 && (value.at[value.length - 1] == ' ' ||
	                            value.at[value.length - 1] == '\t'))
		value.length--;
	return keep_field(request, name, value);
}

static int parse_fields(struct request *request, struct reader *reader)
{
	unsigned int count;

	for (count = 0;; count++) {
		int err;

		if (reader->at == reader->end)
			return REQUEST_INCOMPLETE;
		if (*reader->at == '\r')
			return take_line_end(reader);
		if (count == REQUEST_FIELDS_MOST)
			return 431;
		err = parse_field(request, reader);
		if (err)
			return err;
	}
}

static int check_host(const struct request *request)
{
	const struct slice *host = &request->fields[FIELD_HOST];
	size_t i;

	if (!request_has(request, FIELD_HOST))
		return request->http10 ? REQUEST_WHOLE : 400;
	for (i = 0; i < host->length; i++)
		if (!(classes[(unsigned char)host->at[i]] & HOST))
			return 400;
	return REQUEST_WHOLE;
}

static int read_length(struct slice text, uint64_t *bytes_out)
{
	uint64_t bytes = 0;
	size_t i;

	if (text.length == 0)
		return 400;
	for (i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return 400;
		if (bytes > (UINT64_MAX - 9) / 10)
			return 413;
		bytes = bytes * 10 + (uint64_t)(text.at[i] - '0');
	}
	*bytes_out = bytes;
	return REQUEST_WHOLE;
}

/*
 * RFC 9112, 6: both lengths together, or a coding other than chunked at the end,
 * are what smuggled requests are made of.
 */
static int check_body(struct request *request)
{
	const bool coded = request_has(request, FIELD_TRANSFER_ENCODING);
	const bool sized = request_has(request, FIELD_CONTENT_LENGTH);

	if (coded && (sized || request->http10))
		return 400;
	if (coded) {
		struct slice coding = request->fields[FIELD_TRANSFER_ENCODING];

		request->chunked = slice_is(coding, "chunked");
		if (!request->chunked)
			return slice_lists(coding, "chunked") ? 400 : 501;
	}
	if (sized)
		return read_length(request->fields[FIELD_CONTENT_LENGTH],
		                   &request->content_bytes);
	return REQUEST_WHOLE;
}

static int check_rest(struct request *request)
{
	if (request_has(request, FIELD_CONNECTION)) {
		struct slice list = request->fields[FIELD_CONNECTION];

		if (slice_lists(list, "close"))
			request->keep_alive = false;
		else if (slice_lists(list, "keep-alive"))
			request->keep_alive = true;
	}
	if (request_has(request, FIELD_EXPECT)) {
		if (!slice_is(request->fields[FIELD_EXPECT], "100-continue"))
			return 417;
		request->expects_continue = !request->http10;
	}
	return REQUEST_WHOLE;
}

static int check_fields(struct request *request)
{
	int err = check_host(request);

	if (!err && request->present & (1u << FIELD_CONTENT_LENGTH |
	                                1u << FIELD_TRANSFER_ENCODING))
		err = check_body(request);
	if (!err &&
	    request->present & (1u << FIELD_CONNECTION | 1u << FIELD_EXPECT))
		err = check_rest(request);
	return err;
}

int request_parse(struct request *request, const char *text, size_t length)
{
	struct reader reader = { text, text + length };
	int err;

	request->method = METHOD_GET;
	request->http10 = false;
	request->keep_alive = false;
	request->expects_continue = false;
	request->chunked = false;
	request->present = 0;
	request->content_bytes = 0;

	/* RFC 9112, 2.2: an empty line before the request is passed over. */
	if (text[0] == '\r') {
		err = take_line_end(&reader);
		if (err)
			return err;
	}
	err = parse_line(request, &reader);
	if (!err)
		err = check_target(request);
	if (!err)
		err = parse_fields(request, &reader);
	if (!err)
		err = check_fields(request);
	request->head_bytes = (size_t)(reader.at - text);
	return err;
}
