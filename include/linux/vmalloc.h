/* SPDX-License-Identifier: MIT */
/*
 * The vmalloc API of Linux 3.7.1, by name and meaning, with what later kernels
 * added. docs/vmalloc.md holds the whole contract; this header says units,
 * contexts and errors. Sizes are bytes and are rounded up to pages; counts are
 * pages. Every area is followed by one guard page that is never mapped; size in
 * struct vm_struct includes it, get_vm_area_size() does not.
 *
 * Failure is NULL or a negative errno with nothing leaked. A caller's bug is
 * reported (core/report.h), counted, and changes nothing.
 *
 * Contexts: "thread" = not in an interrupt; "any" includes interrupts. Calls in
 * the wrong context report and return NULL, -EINVAL or nothing.
 */
#ifndef LINUX_VMALLOC_H
#define LINUX_VMALLOC_H

#include <linux/types.h>

#include "core/lock.h"

struct page;

#define VM_IOREMAP           0x00000001ul /* ioremap() and friends */
#define VM_ALLOC             0x00000002ul /* vmalloc() family: owns its pages */
#define VM_MAP               0x00000004ul /* vmap()ed pages */
#define VM_USERMAP           0x00000008ul /* remap_vmalloc_range() may */
#define VM_VPAGES            0x00000010ul /* ->pages itself came from vmalloc */
#define VM_UNLIST            0x00000020ul /* being built, not in vmlist */
#define VM_NO_GUARD          0x00000040ul /* refused: it is the next area's guard too */
#define VM_PLAIN             0x00000080ul /* internal: of mm/vmap_fast.h */
#define VM_FLUSH_RESET_PERMS 0x00000100ul /* set_memory_*() was here */
#define VM_MAP_PUT_PAGES     0x00000200ul /* vfree() puts the pages */
#define VM_ALLOW_HUGE_VMAP   0x00000400ul
#define VM_SPARSE            0x00001000ul /* vm_area_map_pages() fills it */
#define VM_DMA_COHERENT      0x00002000ul
#define VM_MAP_RAM           0x00004000ul /* internal: of vm_map_ram() */
#define VM_EARLY             0x00008000ul /* internal: from before init */

#define VM_PCPU     0x00010000ul /* internal: per-CPU ranges */
#define VM_SIMPLE   0x00020000ul /* internal: for the short path */
#define VM_WINDOW   0x00100000ul /* remap_vmalloc_range() into it */
#define VM_MMAP     0x00080000ul /* internal: made by mmap() */
#define VM_INTERNAL (VM_MAP_RAM | VM_EARLY | VM_PCPU | VM_MMAP)

/* vm_area_struct flags that remap_vmalloc_range() sets. */
#define VM_DONTEXPAND 0x00040000ul
#define VM_DONTDUMP   0x04000000ul

#define IOREMAP_MAX_ORDER 30 /* 1 GiB: an Sv39 root leaf (contract 1.1) */

/* The window; VMALLOC_START is fixed by vmalloc_init(). */
extern unsigned long vmalloc_window_start;
#define VMALLOC_START vmalloc_window_start
#define VMALLOC_END   (vmalloc_window_start + VMALLOC_SIZE)

struct vm_struct {
	struct vm_struct *next; /* in vmlist, under its lock */
	void *addr;
	unsigned long size; /* bytes, guard included */
	unsigned long flags;
	struct page **pages; /* see find_vm_area() */
	unsigned int nr_pages;
	phys_addr_t phys_addr; /* ioremap only */
	const void *caller;
	unsigned long requested_size; /* bytes as asked */
};

/* What remap_vmalloc_range() needs of Linux's vm_area_struct (contract 1.23). */
struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	pgprot_t vm_page_prot;
	const void *vm_ops;
	void *vm_private_data;
};

/* --- allocation: NULL on failure; thread; GFP_ATOMIC also in interrupts --- */
void *vmalloc(unsigned long size);
void *vzalloc(unsigned long size);
void *vmalloc_user(unsigned long size);
void *vmalloc_node(unsigned long size, int node);
void *vzalloc_node(unsigned long size, int node);
void *vmalloc_exec(unsigned long size);
void *vmalloc_32(unsigned long size);
void *vmalloc_32_user(unsigned long size);
void *__vmalloc(unsigned long size, gfp_t gfp_mask, pgprot_t prot);
void *__vmalloc_node_range(unsigned long size, unsigned long align,
                           unsigned long start, unsigned long end,
                           gfp_t gfp_mask, pgprot_t prot, int node,
                           const void *caller);
void *vmalloc_huge(unsigned long size, gfp_t gfp_mask);
void *vmalloc_array(size_t n, size_t size);
void *vcalloc(size_t n, size_t size);

/*
 * Resize: contents kept to min(old, new); NULL leaves @p untouched. @p NULL is
 * vmalloc, @size 0 is vfree. Growth moves pages, not bytes. gfp: __GFP_ZERO
 * zeroes what is new.
 */
void *vrealloc(const void *p, size_t size, gfp_t gfp_mask);

/* --- freeing --- */
void vfree(const void *addr); /* any; in interrupts the work is queued */
void vfree_atomic(const void *addr);
void kvfree(const void *addr); /* kfree() or vfree() by address */
void *kvmalloc(size_t size, gfp_t gfp_mask);

/* --- mapping given pages --- */
void *vmap(struct page **pages, unsigned int count, unsigned long flags,
           pgprot_t prot);
void vunmap(const void *addr); /* any; in interrupts the work is queued */
void *vmap_pfn(const unsigned long *pfns, unsigned int count, pgprot_t prot);

void *vm_map_ram(struct page **pages, unsigned int count, int node,
                 pgprot_t prot);
void vm_unmap_ram(const void *mem, unsigned int count); /* any */
void vm_unmap_aliases(void);                            /* thread */

/* --- address space only --- */
struct vm_struct *get_vm_area(unsigned long size, unsigned long flags);
struct vm_struct *get_vm_area_caller(unsigned long size, unsigned long flags,
                                     const void *caller);
struct vm_struct *__get_vm_area(unsigned long size, unsigned long flags,
                                unsigned long start, unsigned long end);
struct vm_struct *__get_vm_area_caller(unsigned long size, unsigned long flags,
                                       unsigned long start, unsigned long end,
                                       const void *caller);
struct vm_struct *find_vm_area(const void *addr); /* any; exact start */
struct vm_struct *find_vm_area_containing(const void *addr); /* any */
struct vm_struct *remove_vm_area(const void *addr);
void free_vm_area(struct vm_struct *vm);
struct vm_struct *alloc_vm_area(size_t size, pte_t **ptes);

static inline size_t get_vm_area_size(const struct vm_struct *area)
{
	return area->size - PAGE_SIZE;
}

/* --- mapping into an area --- */
int map_vm_area(struct vm_struct *area, pgprot_t prot, struct page ***pages);
int map_kernel_range_noflush(unsigned long start, unsigned long size,
                             pgprot_t prot, struct page **pages);
void unmap_kernel_range_noflush(unsigned long addr, unsigned long size);
void unmap_kernel_range(unsigned long addr, unsigned long size);
void vunmap_range(unsigned long addr, unsigned long end);
int vm_area_map_pages(struct vm_struct *area, unsigned long start,
                      unsigned long end, struct page **pages);
void vm_area_unmap_pages(struct vm_struct *area, unsigned long start,
                         unsigned long end);

int remap_vmalloc_range(struct vm_area_struct *vma, void *addr,
                        unsigned long pgoff);
void unmap_vmalloc_range(
	struct vm_area_struct *vma); /* ours: there is no munmap */

/* --- safe access --- */
long vread(char *buf, char *addr, unsigned long count);
long vwrite(char *buf, char *addr, unsigned long count);

/* --- boot --- */
void vm_area_add_early(struct vm_struct *vm);
void vm_area_register_early(struct vm_struct *vm, size_t align);
void vmalloc_init(void);

/* --- per-CPU address ranges --- */
struct vm_struct **pcpu_get_vm_areas(const unsigned long *offsets,
                                     const size_t *sizes, int nr_vms,
                                     size_t align);
void pcpu_free_vm_areas(struct vm_struct **vms, int nr_vms);

void vmalloc_sync_all(void);

/* --- questions --- */
struct page *vmalloc_to_page(const void *addr);
unsigned long vmalloc_to_pfn(const void *addr);
unsigned long vmalloc_nr_pages(void);
bool vmalloc_dump_obj(const void *object);

static inline bool is_vmalloc_addr(const void *p)
{
	return (unsigned long)p - VMALLOC_START < VMALLOC_SIZE;
}

/*
 * notify() is called with no lock held when no range fits; non-zero: something
 * was freed. It may free, also allocate, but not register or unregister, nor wait
 * for other harts. Once unregister returns it is not running any more. Thread.
 */
struct vmap_purge_notifier {
	int (*notify)(struct vmap_purge_notifier *self);
	struct vmap_purge_notifier *next;
};
int register_vmap_purge_notifier(struct vmap_purge_notifier *notifier);
int unregister_vmap_purge_notifier(struct vmap_purge_notifier *notifier);

/*
 * The published areas by ascending address, as Linux 3.7 had them: hold
 * vmlist_lock for reading and walk ->next from vmlist. The lock freezes every
 * area of every hart; the chain is made when vmlist is read.
 */
typedef struct {
	unsigned int unused;
} vmlist_lock_t;
extern vmlist_lock_t vmlist_lock;
struct vm_struct *vmlist_view(void);
#define vmlist vmlist_view()
void vmlist_read_lock(void);
void vmlist_read_unlock(void);
#define read_lock(lock)    ((void)(lock), vmlist_read_lock())
#define read_unlock(lock)  ((void)(lock), vmlist_read_unlock())
#define write_lock(lock)   ((void)(lock), vmlist_read_lock())
#define write_unlock(lock) ((void)(lock), vmlist_read_unlock())

/* /proc/vmallocinfo, a line a call without newline, totals last. Thread. */
typedef void vmallocinfo_emit(const char *line, void *context);
void vmallocinfo_show(vmallocinfo_emit *emit, void *context);

#endif /* LINUX_VMALLOC_H */
