/* SPDX-License-Identifier: MIT */
/* In the order of RFC 9110, 13.2.2. A date that is none is ignored. */
#include "condition.h"

#include <string.h>

#include "cache.h"
#include "date.h"
#include "request.h"

static void skip(struct slice *list, const char *bytes)
{
	while (list->length > 0 && strchr(bytes, *list->at) && *list->at)
		list->at++, list->length--;
}

/* Of the tag at the start of @list, with its quotes; 0: none. */
static size_t tag_length(struct slice list)
{
	const char *end;

	if (list.length < 2 || *list.at != '"')
		return 0;
	end = memchr(list.at + 1, '"', list.length - 1);
	return end ? (size_t)(end - list.at) + 1 : 0;
}

/* Is @tag in the list? A weak one counts only where @weak_too. */
static bool list_has(struct slice list, const char *tag, bool weak_too)
{
	if (slice_is(list, "*"))
		return true;
	for (skip(&list, " \t,"); list.length > 0; skip(&list, " \t,")) {
		const bool weak =
			list.length > 2 && memcmp(list.at, "W/", 2) == 0;
		size_t length;

		if (weak)
			list.at += 2, list.length -= 2;
		length = tag_length(list);
		if (length == 0)
			return false;
		if ((!weak || weak_too) && length == strlen(tag) &&
		    memcmp(list.at, tag, length) == 0)
			return true;
		list.at += length;
		list.length -= length;
	}
	return false;
}

static bool changed_since(struct slice text, const struct entry *entry,
                          bool otherwise)
{
	time_t time;

	if (!date_parse(text, &time))
		return otherwise;
	return entry->modified.tv_sec > time;
}

unsigned int condition_status(const struct request *request,
                              const struct entry *entry)
{
	const struct slice *fields = request->fields;

	if (request_has(request, FIELD_IF_MATCH)) {
		if (!list_has(fields[FIELD_IF_MATCH], entry->tag, false))
			return 412;
	} else if (request_has(request, FIELD_IF_UNMODIFIED_SINCE) &&
	           changed_since(fields[FIELD_IF_UNMODIFIED_SINCE], entry,
	                         false)) {
		return 412;
	}
	if (request_has(request, FIELD_IF_NONE_MATCH)) {
		return list_has(fields[FIELD_IF_NONE_MATCH], entry->tag, true)
		               ? 304
		               : 200;
	}
	if (request_has(request, FIELD_IF_MODIFIED_SINCE) &&
	    !changed_since(fields[FIELD_IF_MODIFIED_SINCE], entry, true))
		return 304;
	return 200;
}

bool condition_range(const struct request *request, const struct entry *entry)
{
	const struct slice value = request->fields[FIELD_IF_RANGE];
	time_t time;

	if (!request_has(request, FIELD_IF_RANGE))
		return true;
	if (value.length > 0 && *value.at == '"')
		return value.length == strlen(entry->tag) &&
		       memcmp(value.at, entry->tag, value.length) == 0;
	return date_parse(value, &time) && time == entry->modified.tv_sec;
}
