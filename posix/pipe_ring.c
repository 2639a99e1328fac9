/* SPDX-License-Identifier: MIT */
/*
 * Bytes are counted piece by piece, a page at a time: an access that traps in the
 * middle leaves the pieces before it moved and the others not.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/user_access.h"
#include "mm/kmem.h"
#include "mm/page_alloc.h"
#include "pipe_internal.h"

static unsigned char *new_page(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);

	return page ? page_address(page) : NULL;
}

static void give_page(struct pipe *pipe, unsigned int number)
{
	unsigned char *page = pipe->pages[number];

	if (!page)
		return;
	pipe->pages[number] = NULL;
	__free_pages(virt_to_page(page), 0);
}

/* The bytes from @at on that @count has in one page. */
static unsigned int piece_at(unsigned int at, size_t count)
{
	const unsigned int left = PAGE_SIZE - at % PAGE_SIZE;

	return count < left ? (unsigned int)count : left;
}

static __noinline int add_page(unsigned char **page)
{
	*page = new_page();
	return *page ? 0 : -ENOMEM;
}

static __always_inline long put_piece(struct pipe *pipe, const char *from,
                                      size_t count)
{
	const unsigned int at =
		(pipe->start + pipe->bytes) & (pipe->capacity - 1);
	const unsigned int piece = piece_at(at, count);
	unsigned char **page = &pipe->pages[at / PAGE_SIZE];
	int err = 0;

	if (unlikely(!*page))
		err = add_page(page);
	if (likely(!err))
		err = copy_from_user(*page + at % PAGE_SIZE, from, piece);
	if (unlikely(err))
		return err;
	WRITE_ONCE(pipe->bytes, pipe->bytes + piece);
	return piece;
}

/* A byte alone wakes somebody more often than not: it is not worth a call. */
static __always_inline long put_byte(struct pipe *pipe, const char *from)
{
	const unsigned int at =
		(pipe->start + pipe->bytes) & (pipe->capacity - 1);
	unsigned char *page = pipe->pages[at / PAGE_SIZE];
	unsigned char byte;

	if (unlikely(!page))
		return 0;
	if (unlikely(get_user(byte, (const unsigned char *)from)))
		return -EFAULT;
	page[at % PAGE_SIZE] = byte;
	WRITE_ONCE(pipe->bytes, pipe->bytes + 1);
	return 1;
}

static __noinline long put_pieces(struct pipe *pipe, const char *from,
                                  size_t count)
{
	size_t done = 0;

	while (done < count) {
		const long piece = put_piece(pipe, from + done, count - done);

		if (piece < 0)
			return done > 0 ? (long)done : piece;
		done += piece;
	}
	return done;
}

long pipe_ring_put(struct pipe *pipe, const char *from, size_t count)
{
	const long put = count == 1 ? put_byte(pipe, from) : 0;

	return put ? put : put_pieces(pipe, from, count);
}

/*
 * The bytes up to @end are gone. The page before it may hold the last ones of a
 * ring that is nearly full.
 */
static __always_inline void move_start(struct pipe *pipe, unsigned int start,
                                       unsigned int end)
{
	if (pipe->bytes == 0) {
		pipe->start = ALIGN_DOWN(start, PAGE_SIZE);
		return;
	}
	if (end % PAGE_SIZE == 0 && pipe->bytes <= pipe->capacity - PAGE_SIZE)
		give_page(pipe, start / PAGE_SIZE);
	pipe->start = end & (pipe->capacity - 1);
}

static __always_inline long take_piece(struct pipe *pipe, char *to,
                                       size_t count)
{
	const unsigned int at = pipe->start;
	const unsigned int piece = piece_at(at, count);
	const unsigned char *from =
		pipe->pages[at / PAGE_SIZE] + at % PAGE_SIZE;
	const int err = copy_to_user(to, from, piece);

	if (unlikely(err))
		return err;
	WRITE_ONCE(pipe->bytes, pipe->bytes - piece);
	move_start(pipe, at, at + piece);
	return piece;
}

/* The only byte there is. */
static __always_inline long take_byte(struct pipe *pipe, char *to)
{
	const unsigned int at = pipe->start;
	const unsigned char *page = pipe->pages[at / PAGE_SIZE];

	if (unlikely(put_user(page[at % PAGE_SIZE], (unsigned char *)to)))
		return -EFAULT;
	WRITE_ONCE(pipe->bytes, 0);
	pipe->start = ALIGN_DOWN(at, PAGE_SIZE);
	return 1;
}

static __noinline long take_pieces(struct pipe *pipe, char *to, size_t count)
{
	size_t done = 0;

	while (done < count) {
		const long piece = take_piece(pipe, to + done, count - done);

		if (piece < 0)
			return done > 0 ? (long)done : piece;
		done += piece;
	}
	return done;
}

long pipe_ring_take(struct pipe *pipe, char *to, size_t count)
{
	if (count == 1 && pipe->bytes == 1)
		return take_byte(pipe, to);
	return take_pieces(pipe, to, count);
}

/* Pages from the first byte's to the last one's, both included. */
static unsigned int pages_spanned(const struct pipe *pipe)
{
	return PFN_UP(pipe->start % PAGE_SIZE + pipe->bytes);
}

/* The pages of the bytes, in their order, to the beginning of @to. */
static void move_pages(struct pipe *pipe, unsigned char **to)
{
	const unsigned int old = pipe->capacity / PAGE_SIZE;
	const unsigned int first = pipe->start / PAGE_SIZE;
	const unsigned int spanned = pages_spanned(pipe);
	unsigned int i;

	for (i = 0; i < spanned && i < old; i++) {
		const unsigned int from = (first + i) % old;

		to[i] = pipe->pages[from];
		pipe->pages[from] = NULL;
	}
	for (i = 0; i < old; i++)
		give_page(pipe, i);
}

/* A full ring may begin and end in one page: its end gets a page of its own. */
static int split_ends(const struct pipe *pipe, unsigned char **to)
{
	const unsigned int old = pipe->capacity / PAGE_SIZE;

	if (pages_spanned(pipe) <= old)
		return 0;
	to[old] = new_page();
	if (!to[old])
		return -ENOMEM;
	memcpy(to[old], pipe->pages[pipe->start / PAGE_SIZE],
	       pipe->start % PAGE_SIZE);
	return 0;
}

int pipe_ring_resize(struct pipe *pipe, unsigned int pages)
{
	unsigned char **new;

	if (pages * PAGE_SIZE == pipe->capacity)
		return 0;
	if (pages_spanned(pipe) > pages)
		return -EBUSY;
	new = kzalloc(pages * sizeof(new[0]), GFP_KERNEL);
	if (!new || split_ends(pipe, new) != 0) {
		kfree(new);
		return -ENOMEM;
	}
	move_pages(pipe, new);
	kfree(pipe->pages);
	pipe->pages = new;
	pipe->start %= PAGE_SIZE;
	WRITE_ONCE(pipe->capacity, pages * PAGE_SIZE);
	return 0;
}

void pipe_ring_clear(struct pipe *pipe)
{
	unsigned int i;

	for (i = 0; i < pipe->capacity / PAGE_SIZE; i++)
		give_page(pipe, i);
	pipe->start = 0;
	WRITE_ONCE(pipe->bytes, 0);
}
