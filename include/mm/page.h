/* SPDX-License-Identifier: MIT */
/*
 * struct page: 16 bytes for each frame, in an array at VMEMMAP_BASE that is
 * backed when a 2 MiB chunk of RAM is first handed out. All conversions are
 * shifts: page -> PTE is one shift and one add.
 *
 * Blocks. Memory is cut into naturally aligned blocks of 2^order pages. The
 * state stands in the block's head, the first page; every other page of the
 * block, its tails, says RESERVED, as do pages that are not the allocator's. So
 * the block of any page is found by clearing low bits of its number until a
 * page that is not RESERVED turns up, and making, taking and freeing a block
 * writes one struct page whatever its size.
 *
 *     order 2        order 0  order 1
 *   | USED r r r   | FREE   | USED r   |        r = RESERVED
 *
 * A used block belongs to whoever got it, also its metadata. The owner may cut
 * it into smaller used blocks (page_split(), page_free_run() of a part); the
 * pages of one block are cut and freed by one hart at a time.
 *
 * References. `extra_refs` counts references beyond the owner's, so handing out
 * pages writes none. Any page of a used block may have some. When the block is
 * freed, such a page stays behind as a used block of order 0 and one of its
 * extra references becomes the owner's; put_page() of the last one frees it.
 * Each chunk's first page counts the pages of the chunk that have extra
 * references: a block whose chunk counts none is freed without looking further.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include <stdbool.h>

#include "mm/types.h"

enum page_state {
	PAGE_RESERVED = 0, /* a tail, or not the allocator's */
	PAGE_FREE,         /* head of a free block of the buddy */
	PAGE_CACHED,       /* head of a free block in a hart's cache */
	PAGE_USED,         /* head of a block that somebody owns */
	PAGE_SLAB,         /* kmem: one page of objects */
};

struct page {
	union {
		struct {
			uint32_t next; /* lists of the buddy and of kmem: */
			uint32_t prev; /* frame numbers, 0 = none */
		};
		uint64_t private; /* USED: of the owner; contents undefined */
	};
	union {
		struct {
			union {
				struct {
					uint8_t state; /* enum page_state */
					uint8_t order; /* of heads */
				};
				uint16_t kind; /* both: PAGE_KIND() */
				struct {
					uint8_t slab_state;
					int8_t cache; /* SLAB: negative */
				};
			};
			uint16_t chunk_refs; /* chunk's first page, see above */
			union {
				uint32_t extra_refs; /* [A] */
				/* SLAB: first free object, objects taken */
				struct {
					uint16_t slab_free;
					uint16_t slab_used;
				};
			};
		};
		uint32_t head_word; /* kind and chunk_refs [A] */
		uint64_t meta; /* all of it: one load tells the usual case */
	};
};

/* page->kind; also page->meta where nothing is referenced. */
#define PAGE_KIND(state_, order_) ((state_) | (order_) << 8)

#define PAGE_STRUCT_SHIFT 4
_Static_assert(sizeof(struct page) == 1 << PAGE_STRUCT_SHIFT, "struct page");

static inline unsigned long page_to_pfn(const struct page *page)
{
	return ((uintptr_t)page - VMEMMAP_BASE) >> PAGE_STRUCT_SHIFT;
}

static inline struct page *pfn_to_page(unsigned long pfn)
{
	return (struct page *)(VMEMMAP_BASE + (pfn << PAGE_STRUCT_SHIFT));
}

static inline paddr_t page_to_phys(const struct page *page)
{
	return PFN_PHYS(page_to_pfn(page));
}

static inline struct page *phys_to_page(paddr_t pa)
{
	return pfn_to_page(PFN_DOWN(pa));
}

/* The direct map, valid for RAM that memblock knows. */
static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(DIRECT_BASE + pa);
}

/* Only for direct-map addresses; debug images assert it (contract 1.19). */
paddr_t virt_to_phys(const void *address);

static inline void *page_address(const struct page *page)
{
	return phys_to_virt(page_to_phys(page));
}

static inline struct page *virt_to_page(const void *address)
{
	return phys_to_page((uintptr_t)address - DIRECT_BASE);
}

static inline pte_t page_to_pte(const struct page *page, pgprot_t prot)
{
	return (((uintptr_t)page - VMEMMAP_BASE)
	        << (PTE_PPN_SHIFT - PAGE_STRUCT_SHIFT)) |
	       pgprot_val(prot);
}

/*
 * Does @page point at the struct page of a frame in a chunk that the page
 * allocator has (aligned, inside the array, backed)? Any pointer may be asked.
 */
bool page_is_valid(const struct page *page);
bool pfn_is_valid(unsigned long pfn);

/*
 * Extra references to a page of a used block. get_page(): the caller knows that
 * the page stays used meanwhile. put_page() without extra references frees a
 * block of order 0. Both report and ignore pages that are not used.
 */
void get_page(struct page *page);
void put_page(struct page *page);
unsigned int page_count(const struct page *page); /* 1 + extra */

#endif /* MM_PAGE_H */
