/* SPDX-License-Identifier: MIT */
/* Pages that no file holds. */
#include <string.h>

#include "answer.h"
#include "kernel.h"
#include "map.h"
#include "metrics.h"
#include "serve.h"

static void say_line(const char *line, void *context)
{
	struct text *text = context;

	text_string(text, line);
	text_string(text, "\n");
}

static void vmallocinfo_write(struct text *text)
{
	kernel_vmallocinfo(say_line, text);
}

bool serve_page(struct conn *conn, const char *path)
{
	static const struct {
		const char *path;
		const char *type;
		void (*write)(struct text *text);
	} pages[] = {
		{ "/api/map", "application/json", map_write },
		{ "/metrics", "text/plain; version=0.0.4; charset=utf-8",
		  metrics_write },
		{ "/vmallocinfo", "text/plain; charset=utf-8",
		  vmallocinfo_write },
	};
	size_t i;

	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct text text = { 0 };

		if (strcmp(path, pages[i].path) != 0)
			continue;
		pages[i].write(&text);
		answer_text(conn, pages[i].type, &text);
		return true;
	}
	return false;
}
