/* SPDX-License-Identifier: MIT */
/*
 * A linear pass over the function that tracks sp, the slot of ra, s0 as a frame
 * pointer, and constants that large frames are made of. Code after an early
 * return has the frame of whoever branches there: the state at each forward
 * branch is kept for its target, and failing that the state before the epilogue
 * is taken. Positions are counted from the caller's sp (the CFA) downward.
 */
#include "lib/prologue.h"

#include "core/compiler.h"

#define REG_RA 1u
#define REG_SP 2u
#define REG_T0 5u
#define REG_T2 7u
#define REG_S0 8u

#define TARGETS_MAX 32u

struct state {
	bool known;
	bool ra_saved;
	bool fp_known;
	int32_t depth;    /* CFA - sp */
	int32_t ra_below; /* CFA - slot of ra */
	int32_t fp_below; /* CFA - s0 */
};

struct target {
	uint32_t at;
	struct state state;
};

struct scan {
	struct state now;
	struct state body; /* after the prologue, before an epilogue */
	bool fell_off;     /* no way here from the instruction before */
	int32_t constant[REG_T2 + 1]; /* large frames go through t0 to t2 */
	struct target targets[TARGETS_MAX];
	unsigned int nr_targets;
	size_t at;
};

static uint32_t bits(uint32_t word, unsigned int high, unsigned int low)
{
	return word >> low & ((1u << (high - low + 1)) - 1);
}

static int32_t sign_extend(uint32_t value, unsigned int width)
{
	return (int32_t)(value << (32 - width)) >> (32 - width);
}

static void scan_branch(struct scan *scan, int32_t offset)
{
	if (offset <= 0 || scan->nr_targets == TARGETS_MAX)
		return;
	scan->targets[scan->nr_targets].at =
		(uint32_t)scan->at + (uint32_t)offset;
	scan->targets[scan->nr_targets].state = scan->now;
	scan->nr_targets++;
}

static void scan_jump(struct scan *scan, int32_t offset)
{
	scan_branch(scan, offset);
	scan->fell_off = true;
}

static void scan_move_sp(struct scan *scan, int32_t bytes)
{
	scan->now.depth -= bytes;
	if (bytes < 0)
		scan->body = scan->now;
}

static void scan_store(struct scan *scan, unsigned int reg, int32_t offset)
{
	if (reg != REG_RA || scan->now.ra_saved)
		return;
	scan->now.ra_saved = true;
	scan->now.ra_below = scan->now.depth - offset;
	scan->body = scan->now;
}

static void scan_load(struct scan *scan, unsigned int reg)
{
	if (reg == REG_RA)
		scan->now.ra_saved = false;
}

static void scan_constant(struct scan *scan, unsigned int rd, int32_t value)
{
	if (rd >= REG_T0 && rd <= REG_T2)
		scan->constant[rd] = value;
}

static int32_t scan_value(const struct scan *scan, unsigned int reg)
{
	return reg <= REG_T2 ? scan->constant[reg] : 0;
}

static void scan_addi(struct scan *scan, unsigned int rd, unsigned int rs,
                      int32_t value)
{
	struct state *now = &scan->now;

	if (rd == REG_SP && rs == REG_SP) {
		scan_move_sp(scan, value);
	} else if (rd == REG_SP && rs == REG_S0) {
		now->known = now->fp_known;
		now->depth = now->fp_below - value;
	} else if (rd == REG_SP) {
		now->known = false;
	} else if (rd == REG_S0 && rs == REG_SP) {
		now->fp_known = now->known;
		now->fp_below = now->depth - value;
		scan->body = *now;
	} else {
		scan_constant(scan, rd, scan_value(scan, rs) + value);
	}
}

/* add (@sign 1) or sub (@sign -1) */
static void scan_add(struct scan *scan, unsigned int rd, unsigned int rs1,
                     unsigned int rs2, int32_t sign)
{
	int32_t value = scan_value(scan, rs2);

	if (rd != REG_SP)
		return;
	if (rs1 == REG_SP && value != 0)
		scan_move_sp(scan, sign * value);
	else if (rs1 == 0 && rs2 == REG_S0)
		scan_addi(scan, REG_SP, REG_S0, 0);
	else
		scan->now.known = false; /* alloca() */
}

static int32_t branch_offset(uint32_t word)
{
	return sign_extend(bits(word, 31, 31) << 12 | bits(word, 7, 7) << 11 |
	                           bits(word, 30, 25) << 5 |
	                           bits(word, 11, 8) << 1,
	                   13);
}

static int32_t jump_offset(uint32_t word)
{
	return sign_extend(bits(word, 31, 31) << 20 | bits(word, 19, 12) << 12 |
	                           bits(word, 20, 20) << 11 |
	                           bits(word, 30, 21) << 1,
	                   21);
}

static int32_t store_offset(uint32_t word)
{
	return sign_extend(bits(word, 31, 25) << 5 | bits(word, 11, 7), 12);
}

static void scan_word(struct scan *scan, uint32_t word)
{
	unsigned int rd = bits(word, 11, 7);
	unsigned int rs1 = bits(word, 19, 15);
	unsigned int rs2 = bits(word, 24, 20);
	unsigned int funct3 = bits(word, 14, 12);
	int32_t immediate = sign_extend(word >> 20, 12);

	switch (word & 0x7f) {
	case 0x13: /* addi */
	case 0x1b: /* addiw */
		if (funct3 == 0)
			scan_addi(scan, rd, rs1, immediate);
		break;
	case 0x33: /* add, sub */
		if (funct3 == 0 && bits(word, 29, 25) == 0)
			scan_add(scan, rd, rs1, rs2, word >> 30 ? -1 : 1);
		break;
	case 0x37: /* lui */
		scan_constant(scan, rd, (int32_t)(word & 0xfffff000u));
		break;
	case 0x23: /* sd */
		if (funct3 == 3 && rs1 == REG_SP)
			scan_store(scan, rs2, store_offset(word));
		break;
	case 0x03: /* ld */
		if (funct3 == 3 && rs1 == REG_SP)
			scan_load(scan, rd);
		break;
	case 0x63:
		scan_branch(scan, branch_offset(word));
		break;
	case 0x6f: /* jal */
		if (rd == 0)
			scan_jump(scan, jump_offset(word));
		break;
	case 0x67: /* jalr */
		if (rd == 0)
			scan_jump(scan, 0);
		break;
	default:
		break;
	}
}

static int32_t compressed_jump_offset(uint32_t half)
{
	return sign_extend(
		bits(half, 12, 12) << 11 | bits(half, 8, 8) << 10 |
			bits(half, 10, 9) << 8 | bits(half, 6, 6) << 7 |
			bits(half, 7, 7) << 6 | bits(half, 2, 2) << 5 |
			bits(half, 11, 11) << 4 | bits(half, 5, 3) << 1,
		12);
}

static int32_t compressed_branch_offset(uint32_t half)
{
	return sign_extend(bits(half, 12, 12) << 8 | bits(half, 6, 5) << 6 |
	                           bits(half, 2, 2) << 5 |
	                           bits(half, 11, 10) << 3 |
	                           bits(half, 4, 3) << 1,
	                   9);
}

static int32_t addi16sp_value(uint32_t half)
{
	return sign_extend(bits(half, 12, 12) << 9 | bits(half, 4, 3) << 7 |
	                           bits(half, 5, 5) << 6 |
	                           bits(half, 2, 2) << 5 |
	                           bits(half, 6, 6) << 4,
	                   10);
}

static uint32_t addi4spn_value(uint32_t half)
{
	return bits(half, 10, 7) << 6 | bits(half, 12, 11) << 4 |
	       bits(half, 5, 5) << 3 | bits(half, 6, 6) << 2;
}

/* Quadrant 1: immediates, jumps, branches. */
static void scan_quadrant1(struct scan *scan, uint32_t half)
{
	unsigned int rd = bits(half, 11, 7);
	int32_t immediate =
		sign_extend(bits(half, 12, 12) << 5 | bits(half, 6, 2), 6);

	switch (bits(half, 15, 13)) {
	case 0: /* c.addi */
	case 1: /* c.addiw */
		scan_addi(scan, rd, rd, immediate);
		break;
	case 2: /* c.li */
		scan_addi(scan, rd, 0, immediate);
		break;
	case 3: /* c.addi16sp, c.lui */
		if (rd == REG_SP)
			scan_move_sp(scan, addi16sp_value(half));
		else
			scan_constant(scan, rd, immediate * 4096);
		break;
	case 5: /* c.j */
		scan_jump(scan, compressed_jump_offset(half));
		break;
	case 6: /* c.beqz */
	case 7: /* c.bnez */
		scan_branch(scan, compressed_branch_offset(half));
		break;
	default:
		break;
	}
}

/* Quadrant 2: sp-relative loads and stores, moves, jumps to registers. */
static void scan_quadrant2(struct scan *scan, uint32_t half)
{
	unsigned int rd = bits(half, 11, 7);
	unsigned int rs2 = bits(half, 6, 2);

	switch (bits(half, 15, 13)) {
	case 3: /* c.ldsp */
		scan_load(scan, rd);
		break;
	case 4:
		if (rs2 != 0) /* c.mv, c.add */
			scan_add(scan, rd, bits(half, 12, 12) ? rd : 0, rs2, 1);
		else if (!bits(half, 12, 12)) /* c.jr */
			scan_jump(scan, 0);
		break;
	case 7: /* c.sdsp */
		scan_store(scan, rs2,
		           (int32_t)(bits(half, 9, 7) << 6 | bits(half, 12, 10)
		                                                     << 3));
		break;
	default:
		break;
	}
}

static void scan_half(struct scan *scan, uint32_t half)
{
	switch (half & 3) {
	case 0: /* c.addi4spn: s0 as a frame pointer */
		if (bits(half, 15, 13) == 0 && half != 0)
			scan_addi(scan, 8 + bits(half, 4, 2), REG_SP,
			          (int32_t)addi4spn_value(half));
		break;
	case 1:
		scan_quadrant1(scan, half);
		break;
	default:
		scan_quadrant2(scan, half);
		break;
	}
}

/* What do those who branch here know of the frame? */
static void scan_land(struct scan *scan)
{
	unsigned int i;

	if (scan->fell_off)
		scan->now = scan->body;
	scan->fell_off = false;
	for (i = 0; i < scan->nr_targets; i++) {
		if (scan->targets[i].at == scan->at)
			scan->now = scan->targets[i].state;
	}
}

void prologue_scan(const uint8_t *code, size_t code_bytes,
                   struct prologue_frame *frame_out)
{
	struct scan scan = { .now.known = true, .body.known = true };

	while (scan.at + 2 <= code_bytes) {
		uint32_t half = (uint32_t)code[scan.at] |
		                (uint32_t)code[scan.at + 1] << 8;
		size_t length = (half & 3) == 3 ? 4 : 2;

		scan_land(&scan);
		if (scan.at + length > code_bytes)
			break;
		if (length == 4) {
			scan_word(&scan,
			          half | (uint32_t)code[scan.at + 2] << 16 |
			                  (uint32_t)code[scan.at + 3] << 24);
		} else {
			scan_half(&scan, half);
		}
		scan.at += length;
	}
	scan_land(&scan);
	frame_out->known = scan.now.known;
	frame_out->ra_saved = scan.now.ra_saved;
	frame_out->frame_bytes = scan.now.depth;
	frame_out->ra_offset = scan.now.depth - scan.now.ra_below;
}
