/* SPDX-License-Identifier: MIT */
/*
 * malloc() and free() of a block of the calling thread, by mimalloc's own
 * structures. What mimalloc does beside the list operation is left out where a
 * program that frees what it just took would pay for it each time:
 *
 * - A page whose free list is used up goes on with what was freed meanwhile. The
 *   generic way is for when it has nothing left.
 * - Up to 128 KiB: the page is found by the size at once, as for small blocks.
 * - A page that has become empty is not retired again when it still is.
 * - Larger, up to 4 MiB: a block is a page. Each thread keeps the one that it
 *   freed last, and hands it out for a size that fills it.
 *
 * Included by mimalloc.c, behind mimalloc's source.
 */
#define KEPT_BYTES (4ul << 20)

/* A block that mimalloc takes for a used one. */
static _Thread_local struct {
	void *block;
	size_t bytes;
} kept;

/* mimalloc's deferred free: it is short of memory, or the thread ends. */
static void drop_kept(bool needed, unsigned long long heartbeat, void *unused)
{
	void *block = kept.block;

	(void)heartbeat;
	(void)unused;
	if (!needed)
		return;
	kept.block = NULL;
	mi_free(block);
}

static __attribute__((noinline)) void *take_large(mi_heap_t *heap, size_t size)
{
	void *block = kept.block;

	if (!block || size > kept.bytes || kept.bytes - size > size / 8)
		return _mi_malloc_generic(heap, size, false, 0);
	kept.block = NULL;
	return block;
}

void *malloc(size_t size)
{
	mi_heap_t *heap = mi_get_default_heap();
	mi_page_t *page;
	mi_block_t *block;

	if (mi_likely(size <= MI_SMALL_SIZE_MAX)) {
		page = _mi_heap_get_free_small_page(heap, size);
	} else {
		if (size > MI_MEDIUM_OBJ_SIZE_MAX)
			return take_large(heap, size);
		page = mi_page_queue(heap, size)->first;
		if (!page)
			return _mi_malloc_generic(heap, size, false, 0);
	}
	block = page->free;
	if (mi_unlikely(!block)) {
		block = page->local_free;
		if (!block)
			return _mi_malloc_generic(heap, size, false, 0);
		page->local_free = NULL;
		page->is_zero = false;
	}
	page->used++;
	page->free = mi_block_next(page, block);
	return block;
}

static void put_back(mi_page_t *page, mi_block_t *block)
{
	mi_block_set_next(page, block, page->local_free);
	page->local_free = block;
	page->used--;
}

/* @block is the last of @page that is in use. */
static __attribute__((noinline)) void free_last(mi_page_t *page, void *block)
{
	const size_t bytes = page->xblock_size;

	if (bytes > MI_MEDIUM_OBJ_SIZE_MAX && bytes <= KEPT_BYTES) {
		void *before = kept.block;

		kept.block = block;
		kept.bytes = bytes;
		mi_free(before);
		return;
	}
	put_back(page, block);
	_mi_page_retire(page);
}

/* Retired pages are looked through only while they are alone in their queue. */
static bool is_retired(const mi_page_t *page)
{
	return page->retire_expire != 0 && !page->next && !page->prev;
}

void free(void *p)
{
	mi_segment_t *segment;
	mi_page_t *page;
	bool local;

	if (mi_unlikely(!p))
		return;
	segment = _mi_ptr_segment(p);
	local = mi_atomic_load_relaxed(&segment->thread_id) == _mi_thread_id();
	page = _mi_segment_page_of(segment, p);
	if (mi_unlikely(!local || page->flags.full_aligned != 0))
		_mi_free_generic(segment, page, local, p);
	else if (mi_unlikely(page->used == 1 && !is_retired(page)))
		free_last(page, p);
	else
		put_back(page, p);
}
