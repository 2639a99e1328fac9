/* SPDX-License-Identifier: MIT */
/*
 * Device memory. ioremap() maps [phys, phys + size) uncached (Svpbmt IO where
 * the machine has it; else the platform's PMAs decide), never executable, and
 * returns the address of phys, or NULL: size 0, wrap-around, beyond 56 bits,
 * RAM that the page allocator owns, user or executable protection, no memory.
 * Context: thread. (contract 1.17)
 */
#ifndef LINUX_IO_H
#define LINUX_IO_H

#include <linux/types.h>

void __iomem *ioremap(phys_addr_t phys, size_t size);
void __iomem *ioremap_nocache(phys_addr_t phys, size_t size);
void __iomem *ioremap_prot(phys_addr_t phys, size_t size, unsigned long prot);
void __iomem *ioremap_wc(phys_addr_t phys, size_t size);
void __iomem *ioremap_wt(phys_addr_t phys, size_t size);
void __iomem *ioremap_cache(phys_addr_t phys, size_t size);
void __iomem *ioremap_uc(phys_addr_t phys,
                         size_t size); /* NULL: not on RISC-V */
void __iomem *ioremap_np(phys_addr_t phys,
                         size_t size); /* NULL: not on RISC-V */

/* @prot with the memory type of a device, where the machine can say it. */
pgprot_t pgprot_noncached(pgprot_t prot);

/* NULL and addresses outside the window are ignored; else the first page of an
 * ioremap area, or a report. Any context; in interrupts the work is queued. */
void iounmap(volatile void __iomem *addr);

/* Map into a VM_IOREMAP area: -EINVAL other area, -ERANGE not its whole range. */
int ioremap_page_range(unsigned long addr, unsigned long end, phys_addr_t phys,
                       pgprot_t prot);

/* The next iounmap() purges at once. */
void set_iounmap_nonlazy(void);

#define IO_ACCESSORS(bits, type, load, store)                            \
	static inline type read##bits(const volatile void __iomem *addr) \
	{                                                                \
		type value;                                              \
		__asm__ volatile(load " %0, 0(%1)\n\tfence i, ir"        \
		                 : "=r"(value)                           \
		                 : "r"(addr)                             \
		                 : "memory");                            \
		return value;                                            \
	}                                                                \
	static inline void write##bits(type value,                       \
	                               volatile void __iomem *addr)      \
	{                                                                \
		__asm__ volatile("fence w, o\n\t" store " %0, 0(%1)"     \
		                 :                                       \
		                 : "r"(value), "r"(addr)                 \
		                 : "memory");                            \
	}
IO_ACCESSORS(b, u8, "lbu", "sb")
IO_ACCESSORS(w, u16, "lhu", "sh")
IO_ACCESSORS(l, u32, "lwu", "sw")
IO_ACCESSORS(q, u64, "ld", "sd")

#endif /* LINUX_IO_H */
