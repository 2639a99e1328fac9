/* SPDX-License-Identifier: MIT */
/*
 * realloc() by page-table entries. A block beyond 16 MiB is alone in a segment of
 * mimalloc, a mapping with a header: the mapping grows, where it is or elsewhere,
 * and the header is told. Smaller blocks change places with what is at the new
 * one. Included by mimalloc.c, behind mimalloc's source.
 */
#define PAGE        4096ul
#define MOVED_BYTES (256ul << 10) /* less is sooner copied */

/* Segments are aligned, and that has to be known before anything is moved. */
static mi_segment_t *resize_mapping(mi_segment_t *segment, size_t old,
                                    size_t size)
{
	void *target;

	if (mremap(segment, old, size, 0, NULL) != MAP_FAILED)
		return segment;
	target =
		mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (target == MAP_FAILED)
		return NULL;
	if (((uintptr_t)target & MI_SEGMENT_MASK) == 0 &&
	    mremap(segment, old, size, MREMAP_MAYMOVE | MREMAP_FIXED, target) !=
	            MAP_FAILED)
		return target;
	munmap(target, size);
	return NULL;
}

static void set_slices(mi_segment_t *segment, mi_page_t *page, size_t slices)
{
	const size_t entries =
		slices < MI_SLICES_PER_SEGMENT ? slices : MI_SLICES_PER_SEGMENT;
	size_t bytes;

	segment->segment_slices = slices;
	segment->slice_entries = entries;
	segment->cookie = _mi_ptr_cookie(segment);
	page->slice_count = slices - segment->segment_info_slices;
	bytes = page->slice_count * MI_SEGMENT_SLICE_SIZE;
	page->xblock_size =
		bytes < MI_HUGE_BLOCK_SIZE ? bytes : MI_HUGE_BLOCK_SIZE;
}

static bool is_alone(const mi_segment_t *segment, const mi_page_t *page)
{
	return segment->kind == MI_SEGMENT_HUGE &&
	       segment->memid == MI_MEMID_OS &&
	       segment->mem_align_offset == 0 &&
	       mi_atomic_load_relaxed(&segment->thread_id) == _mi_thread_id() &&
	       !mi_page_has_aligned(page);
}

/* NULL: @p is what it was, and another way has to be found. */
static void *resize_alone(void *p, size_t size)
{
	mi_segment_t *segment = _mi_ptr_segment(p);
	mi_page_t *page = _mi_segment_page_of(segment, p);
	const size_t in_segment = (char *)p - (char *)segment;
	const size_t old = mi_segment_size(segment);
	mi_page_queue_t *queue;
	mi_segment_t *moved;
	mi_heap_t *heap;
	size_t slices;

	if (size <= MI_LARGE_OBJ_SIZE_MAX || size > PTRDIFF_MAX ||
	    !is_alone(segment, page))
		return NULL;
	slices = mi_segment_calculate_slices(_mi_os_good_alloc_size(size), NULL,
	                                     NULL);
	heap = mi_page_heap(page);
	queue = mi_page_queue_of(page);
	mi_page_queue_remove(queue, page);
	moved = resize_mapping(segment, old, slices * MI_SEGMENT_SLICE_SIZE);
	if (moved) {
		page = (void *)((char *)moved +
		                ((char *)page - (char *)segment));
		set_slices(moved, page, slices);
		heap->tld->segments.current_size +=
			mi_segment_size(moved) - old;
	}
	mi_page_queue_push(heap, queue, page);
	return moved ? (char *)moved + in_segment : NULL;
}

/*
 * The whole pages of @bytes at @from become those of @to, which is alike modulo
 * the page; what is at @from reads as zero then. The ends are copied.
 */
static void move_bytes(char *to, char *from, size_t bytes)
{
	const size_t head = -(uintptr_t)from & (PAGE - 1);
	const size_t whole = (bytes - head) & ~(PAGE - 1);
	const size_t tail = bytes - head - whole;

	if (mremap(from + head, whole, whole,
	           MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
	           to + head) == MAP_FAILED) {
		memcpy(to, from, bytes);
		return;
	}
	memcpy(to, from, head);
	memcpy(to + head + whole, from + head + whole, tail);
}

void *realloc(void *p, size_t size)
{
	const size_t old = p ? mi_usable_size(p) : 0;
	char *new;

	if (old < MOVED_BYTES || (size <= old && size >= old / 2))
		return mi_realloc(p, size);
	new = resize_alone(p, size);
	if (new)
		return new;
	if (size <= old)
		return mi_realloc(p, size);
	new = mi_malloc(size);
	if (!new)
		return NULL;
	if (((uintptr_t) new ^ (uintptr_t)p) & (PAGE - 1))
		memcpy(new, p, old);
	else
		move_bytes(new, p, old);
	mi_free(p);
	return new;
}
