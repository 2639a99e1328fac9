/* SPDX-License-Identifier: MIT */
#include "status.h"

static const struct {
	unsigned int status;
	const char *line;
} statuses[] = {
	{ 200, "200 OK" },
	{ 204, "204 No Content" },
	{ 206, "206 Partial Content" },
	{ 301, "301 Moved Permanently" },
	{ 304, "304 Not Modified" },
	{ 400, "400 Bad Request" },
	{ 403, "403 Forbidden" },
	{ 404, "404 Not Found" },
	{ 405, "405 Method Not Allowed" },
	{ 408, "408 Request Timeout" },
	{ 412, "412 Precondition Failed" },
	{ 413, "413 Content Too Large" },
	{ 414, "414 URI Too Long" },
	{ 416, "416 Range Not Satisfiable" },
	{ 417, "417 Expectation Failed" },
	{ 431, "431 Request Header Fields Too Large" },
	{ 501, "501 Not Implemented" },
	{ 503, "503 Service Unavailable" },
	{ 505, "505 HTTP Version Not Supported" },
	{ 500, "500 Internal Server Error" }, /* and whatever is not above */
};

#define COUNT ((unsigned int)(sizeof(statuses) / sizeof(statuses[0])))

unsigned int status_index(unsigned int status)
{
	unsigned int i = 0;

	while (i < COUNT - 1 && statuses[i].status != status)
		i++;
	return i;
}

const char *status_line(unsigned int status)
{
	return statuses[status_index(status)].line;
}

unsigned int status_at(unsigned int index)
{
	return index < COUNT ? statuses[index].status : 0;
}
