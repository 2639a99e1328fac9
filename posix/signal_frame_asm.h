/* SPDX-License-Identifier: MIT */
/* Offsets in struct signal_frame, proved in posix/signal_deliver.c. */
#ifndef POSIX_SIGNAL_FRAME_ASM_H
#define POSIX_SIGNAL_FRAME_ASM_H

#define SIGNAL_FRAME_UC      128
#define SIGNAL_FRAME_GREGS   304 /* pc, then x1 to x31 */
#define SIGNAL_FRAME_FPREGS  560 /* f0 to f31, then fcsr */
#define SIGNAL_FRAME_FCSR    816
#define SIGNAL_FRAME_SIGNAL  1088
#define SIGNAL_FRAME_HANDLER 1096
#define SIGNAL_FRAME_SP      1104
#define SIGNAL_FRAME_HAS_FPU 1112
#define SIGNAL_FRAME_VECTOR  1120
#define SIGNAL_FRAME_BYTES   1152

#endif /* POSIX_SIGNAL_FRAME_ASM_H */
