/* SPDX-License-Identifier: MIT */
/* A number that C proves for posix/glue/syscall.S. */
#ifndef POSIX_GLUE_GLUE_ASM_H
#define POSIX_GLUE_GLUE_ASM_H

#define SYSCALL_TABLE_SIZE 447

#endif /* POSIX_GLUE_GLUE_ASM_H */
