/* SPDX-License-Identifier: MIT */
/* Symbols that sv39.ld defines; the only place where they are declared. */
#ifndef ARCH_SECTIONS_H
#define ARCH_SECTIONS_H

extern char __image_start[], __image_end[];
extern char __text_start[], __text_end[];
extern char __string_start[], __string_end[]; /* of lib/string */
extern char __rodata_start[], __rodata_end[];
extern char __data_start[], __data_end[];
extern char __ksyms_start[], __ksyms_end[];
extern char __bss_start[], __bss_end[];

/* APP_FILES as a cpio archive; empty without any. Made with each image. */
extern char app_files[], app_files_end[];

/* Lists of LINKED_WITH(), which end in NULL. */
extern const void *const __linked_terminal_input[];
extern const void *const __linked_held_memory[];
extern const void *const __linked_network[];
extern const void *const __linked_proc_network[];

/* Thread-local storage template: sizes and alignment are absolute symbols. */
extern char __tdata_start[], __tdata_size[], __tls_size[], __tls_align[];

/* Room for main()'s, with its struct pthread. */
extern char __main_tls[], __main_tls_end[];

/* Likewise: the stack of main() in KiB, from the app or the configuration. */
extern char __app_stack_kb[];

#endif /* ARCH_SECTIONS_H */
