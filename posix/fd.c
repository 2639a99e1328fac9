/* SPDX-License-Identifier: MIT */
/*
 * The table of descriptors: segments of 64, of which the first is in the image;
 * others are made when needed and stay. A slot holds the address of its file,
 * and in the bits below that
 *
 *         bit 0   locked: somebody is about to take a reference or to change it
 *         bit 1   the file was opened with O_PATH
 *
 * Whoever looks a descriptor up locks its slot for the three instructions in
 * which it takes the reference, so no lock is shared by descriptors, and the
 * file cannot end in between. Which descriptors are free, a bit says for each,
 * under one lock.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "core/lock.h"
#include "core/pause.h"
#include "lib/bits.h"
#include "mm/kmem.h"
#include "posix/file.h"

#define SEGMENT_FDS 64u
#define SEGMENTS    (FD_MAX / SEGMENT_FDS)
#define SLOT_LOCKED 1ul
#define SLOT_PATH   2ul
#define SLOT_BITS   3ul

struct fd_segment {
	uintptr_t slots[SEGMENT_FDS]; /* [A] */
	uint64_t taken;               /* [L] fd_lock */
	uint64_t close_on_exec;       /* [L] */
};

static struct spinlock fd_lock = SPINLOCK_INIT(LOCK_FD, "fd");
static struct fd_segment first_segment;
static struct fd_segment *segments[SEGMENTS]; /* [A] */
/* All below are full; < SEGMENTS, as the last one never counts. */
static unsigned int full_segments __guarded_by(fd_lock);

unsigned int fd_limit = 1024;

void fd_init(void)
{
	unsigned int fd;

	for (fd = 0; fd < ARRAY_SIZE(console_files); fd++)
		first_segment.slots[fd] = (uintptr_t)&console_files[fd];
	first_segment.taken = (1u << ARRAY_SIZE(console_files)) - 1;
	segments[0] = &first_segment;
}

static struct fd_segment *segment_of(unsigned int fd)
{
	if (fd >= FD_MAX)
		return NULL;
	return READ_ONCE(segments[fd / SEGMENT_FDS]);
}

static __noinline void slot_wait(uintptr_t *slot)
{
	struct pause pause = { 0 };

	while (__atomic_load_n(slot, __ATOMIC_RELAXED) & SLOT_LOCKED)
		pause_before_next_look(&pause);
}

/* Interrupts are off. What was in it. */
static __always_inline uintptr_t slot_lock(uintptr_t *slot)
{
	uintptr_t word;

	while (unlikely((word = __atomic_fetch_or(slot, SLOT_LOCKED,
	                                          __ATOMIC_ACQUIRE)) &
	                SLOT_LOCKED))
		slot_wait(slot);
	return word;
}

static void slot_unlock(uintptr_t *slot, uintptr_t word)
{
	(void)lock_word_release_to(slot, word);
}

static struct file *slot_file(uintptr_t word)
{
	return (struct file *)(word & ~SLOT_BITS);
}

static uintptr_t slot_word(const struct file *file)
{
	return (uintptr_t)file | (file->flags & O_PATH ? SLOT_PATH : 0);
}

/* With a reference in *@file_out, or NULL. False: somebody has the slot. */
static __always_inline bool look_in(uintptr_t *slot, uintptr_t hidden,
                                    struct file **file_out)
{
	unsigned long flags = irq_save();
	uintptr_t word = __atomic_fetch_or(slot, SLOT_LOCKED, __ATOMIC_ACQUIRE);
	struct file *file = NULL;

	if (unlikely(word & SLOT_LOCKED)) {
		irq_restore(flags);
		return false;
	}
	if (likely(word && !(word & hidden))) {
		file = slot_file(word);
		__atomic_fetch_add(&file->references, 1, __ATOMIC_RELAXED);
	}
	slot_unlock(slot, word);
	irq_restore(flags);
	*file_out = file;
	return true;
}

static __noinline struct file *look_again(uintptr_t *slot, uintptr_t hidden)
{
	struct file *file;

	do {
		slot_wait(slot);
	} while (!look_in(slot, hidden, &file));
	return file;
}

/*
 * With a reference. The segment is made whole before its address is there, and
 * loads by an address come after that of the address.
 */
static __always_inline struct file *look_up(int fd, uintptr_t hidden)
{
	struct fd_segment *segment = segment_of(fd);
	struct file *file;
	uintptr_t *slot;

	if (unlikely(!segment))
		return NULL;
	slot = &segment->slots[fd % SEGMENT_FDS];
	if (unlikely(!look_in(slot, hidden, &file)))
		return look_again(slot, hidden);
	return file;
}

struct file *file_get(int fd)
{
	return look_up(fd, SLOT_PATH);
}

struct file *file_get_any(int fd)
{
	return look_up(fd, 0);
}

bool file_is_open(int fd)
{
	const struct fd_segment *segment = segment_of(fd);

	return segment && __atomic_load_n(&segment->slots[fd % SEGMENT_FDS],
	                                  __ATOMIC_RELAXED);
}

/* Make the segment of @fd. */
static int make_segment(unsigned int fd)
{
	struct fd_segment *segment = kzalloc(sizeof(*segment), GFP_KERNEL);
	struct fd_segment **place = &segments[fd / SEGMENT_FDS];
	unsigned long flags;

	if (!segment)
		return -ENOMEM;
	flags = spin_lock_irqsave(&fd_lock);
	if (!*place) {
		__atomic_store_n(place, segment, __ATOMIC_RELEASE);
		segment = NULL;
	}
	spin_unlock_irqrestore(&fd_lock, flags);
	kfree(segment);
	return 0;
}

/* The lowest free descriptor from @least on, whether its segment exists or not. */
static __noinline unsigned int search_locked(unsigned int least)
	__must_hold(&fd_lock)
{
	unsigned int number = least / SEGMENT_FDS;
	uint64_t skipped = (1ul << least % SEGMENT_FDS) - 1;

	if (number < full_segments) {
		number = full_segments;
		skipped = 0;
	}
	for (; number < SEGMENTS; number++) {
		const struct fd_segment *segment = segments[number];
		uint64_t free = ~(segment ? segment->taken : 0);

		if (free == 0 && number == full_segments &&
		    number < SEGMENTS - 1)
			full_segments++;
		free &= ~skipped;
		if (free != 0)
			return number * SEGMENT_FDS + bits_lowest(free);
		skipped = 0;
	}
	return FD_MAX;
}

static __always_inline unsigned int lowest_free_locked(unsigned int least)
	__must_hold(&fd_lock)
{
	const struct fd_segment *first = segments[full_segments];

	if (likely(least == 0 && first && ~first->taken != 0))
		return full_segments * SEGMENT_FDS + bits_lowest(~first->taken);
	return search_locked(least);
}

static __always_inline void set_bit_locked(uint64_t *word, unsigned int fd,
                                           bool on)
{
	uint64_t bit = 1ul << fd % SEGMENT_FDS;

	*word = on ? *word | bit : *word & ~bit;
}

/* What was in the slot. */
static __always_inline uintptr_t put_locked(struct fd_segment *segment,
                                            unsigned int fd, uintptr_t word,
                                            bool taken, bool close_on_exec)
{
	uintptr_t *slot = &segment->slots[fd % SEGMENT_FDS];
	uintptr_t old = slot_lock(slot);

	set_bit_locked(&segment->taken, fd, taken);
	set_bit_locked(&segment->close_on_exec, fd, close_on_exec);
	slot_unlock(slot, word);
	return old;
}

/*
 * 0 with *@fd_out, or -errno; -EAGAIN: the segment of *@fd_out is missing. @word
 * 0: it is taken and leads nowhere yet.
 */
static __always_inline int try_install(uintptr_t word, unsigned int least,
                                       bool close_on_exec, unsigned int *fd_out)
{
	unsigned long flags = spin_lock_irqsave(&fd_lock);
	unsigned int fd = lowest_free_locked(least);
	int err = 0;

	if (unlikely(fd >= READ_ONCE(fd_limit)))
		err = -EMFILE;
	else if (unlikely(!segments[fd / SEGMENT_FDS]))
		err = -EAGAIN;
	else
		put_locked(segments[fd / SEGMENT_FDS], fd, word, true,
		           close_on_exec);
	spin_unlock_irqrestore(&fd_lock, flags);
	*fd_out = fd;
	return err;
}

static __noinline int install_slowly(uintptr_t word, int least,
                                     bool close_on_exec)
{
	unsigned int fd;
	int err;

	while ((err = try_install(word, least, close_on_exec, &fd)) ==
	       -EAGAIN) {
		err = make_segment(fd);
		if (err)
			return err;
	}
	return err ? err : (int)fd;
}

/* <= 60 instructions below 64 descriptors */
static __always_inline int install(uintptr_t word, int least,
                                   bool close_on_exec)
{
	unsigned int fd;
	int err = try_install(word, least, close_on_exec, &fd);

	if (unlikely(err == -EAGAIN))
		return install_slowly(word, least, close_on_exec);
	return unlikely(err) ? err : (int)fd;
}

int fd_install(struct file *file, int least, bool close_on_exec)
{
	return install(slot_word(file), least, close_on_exec);
}

int fd_reserve(bool close_on_exec)
{
	return install(0, 0, close_on_exec);
}

void fd_fill(int fd, struct file *file)
{
	uintptr_t *slot = &segment_of(fd)->slots[fd % SEGMENT_FDS];
	unsigned long flags = irq_save();

	slot_lock(slot);
	slot_unlock(slot, slot_word(file));
	irq_restore(flags);
}

int fd_install_new(struct file *file, bool close_on_exec)
{
	int fd;

	if (!file)
		return -ENOMEM;
	fd = fd_install(file, 0, close_on_exec);
	if (fd < 0)
		file_put(file);
	return fd;
}

/* Somebody is about to open it. */
static bool is_reserved(const struct fd_segment *segment, unsigned int fd)
	__must_hold(&fd_lock)
{
	return segment->taken >> fd % SEGMENT_FDS & 1 &&
	       !segment->slots[fd % SEGMENT_FDS];
}

/* Its last use was as the descriptor that is closed, perhaps. */
static void file_closed(struct file *file)
{
	if (file->ops->closed)
		file->ops->closed(file);
	file_put(file);
}

int fd_replace(int fd, struct file *file, bool close_on_exec)
{
	unsigned long flags;
	uintptr_t old;

	if ((unsigned int)fd >= READ_ONCE(fd_limit) ||
	    (unsigned int)fd >= FD_MAX)
		return -EBADF;
	if (!segment_of(fd)) {
		int err = make_segment(fd);

		if (err)
			return err;
	}
	flags = spin_lock_irqsave(&fd_lock);
	if (is_reserved(segment_of(fd), fd)) {
		spin_unlock_irqrestore(&fd_lock, flags);
		return -EBUSY;
	}
	old = put_locked(segment_of(fd), fd, slot_word(file), true,
	                 close_on_exec);
	spin_unlock_irqrestore(&fd_lock, flags);
	if (old)
		file_closed(slot_file(old));
	return fd;
}

static void free_locked(struct fd_segment *segment, unsigned int fd)
	__must_hold(&fd_lock)
{
	set_bit_locked(&segment->taken, fd, false);
	if (full_segments > fd / SEGMENT_FDS)
		full_segments = fd / SEGMENT_FDS;
}

void fd_unreserve(int fd)
{
	unsigned long flags = spin_lock_irqsave(&fd_lock);

	free_locked(segment_of(fd), fd);
	spin_unlock_irqrestore(&fd_lock, flags);
}

int fd_close(int fd)
{
	struct fd_segment *segment = segment_of(fd);
	unsigned long flags;
	uintptr_t old, *slot;

	if (!segment)
		return -EBADF;
	slot = &segment->slots[fd % SEGMENT_FDS];
	flags = spin_lock_irqsave(&fd_lock);
	old = slot_lock(slot);
	slot_unlock(slot, 0);
	if (old)
		free_locked(segment, fd);
	spin_unlock_irqrestore(&fd_lock, flags);
	if (!old)
		return -EBADF;
	file_closed(slot_file(old));
	return 0;
}

void fd_close_all(void)
{
	int fd;

	for (fd = 0; fd < (int)FD_MAX; fd++) {
		if (file_is_open(fd))
			fd_close(fd);
	}
}

int fd_close_on_exec(int fd)
{
	const struct fd_segment *segment = segment_of(fd);

	if (!file_is_open(fd))
		return -EBADF;
	return segment->close_on_exec >> fd % SEGMENT_FDS & 1 ? FD_CLOEXEC : 0;
}

int fd_set_close_on_exec(int fd, bool close_on_exec)
{
	struct fd_segment *segment = segment_of(fd);
	unsigned long flags = spin_lock_irqsave(&fd_lock);
	int err = -EBADF;

	if (file_is_open(fd)) {
		set_bit_locked(&segment->close_on_exec, fd, close_on_exec);
		err = 0;
	}
	spin_unlock_irqrestore(&fd_lock, flags);
	return err;
}
