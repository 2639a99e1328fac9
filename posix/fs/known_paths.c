/* SPDX-License-Identifier: MIT */
/*
 * Programs ask for the same paths again and again. Each short path that led
 * somewhere is remembered, whole, with the generation of the tree: a number that
 * every change of a name makes another. So nothing is ever to be forgotten, and
 * nothing here needs a reference: while the generation is the same, the name and
 * what it leads to are there.
 */
#include <errno.h>
#include <fcntl.h>

#include "core/user_access.h"
#include "posix/fs/fs_internal.h"

#define PATHS_SHIFT 5u
#define PATHS       (1u << PATHS_SHIFT)

struct known_path {
	uint64_t generation;
	const struct inode *start;
	struct inode *inode;
	unsigned int wanted;
	int nr_words;
	uint64_t words[KNOWN_WORDS];
};

uint64_t tree_generation = 1;
static struct known_path paths[PATHS] __guarded_by(tree_lock);

#define EACH_BYTE(x) ((x)*0x0101010101010101ul)

/* The bit 7 of each byte that is 0; those above the lowest are not exact. */
static uint64_t zero_bytes(uint64_t word)
{
	return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

/*
 * A path that begins at a bound of 8 bytes is read by words: one that holds a
 * byte of the path lies in the same page. The words, -EFAULT, -ENAMETOOLONG.
 */
static __always_inline long copy_words(struct walk *walk, const uint64_t *path)
{
	uint64_t hash = 0;
	unsigned int i;

	for (i = 0; i < WALK_SHORT_WORDS; i++) {
		uint64_t word, zeros;

		if (get_user(word, path + i))
			return -EFAULT;
		zeros = zero_bytes(word);
		if (zeros)
			word &= ((zeros & -zeros) >> 7) - 1;
		walk->words[i] = word;
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ul;
		if (zeros) {
			walk->known_hash = hash >> 32;
			return i + 1;
		}
	}
	return -ENAMETOOLONG;
}

static __noinline long copy_bytes(struct walk *walk, const char *path)
{
	long length = strncpy_from_user(walk->text, path, WALK_SHORT_BYTES);

	if (length < 0)
		return length;
	while (++length % 8 != 0)
		walk->text[length] = '\0';
	return copy_words(walk, walk->words);
}

void walk_copy_path(struct walk *walk, const char *path)
{
	walk->may_be_known = false;
	walk->nr_words = copy_bytes(walk, path);
}

static bool is_same(const struct known_path *path, const struct walk *walk,
                    int nr_words) __must_hold(&tree_lock)
{
	int i;

	for (i = 1; i < nr_words; i++) {
		if (path->words[i] != walk->words[i])
			return false;
	}
	return path->words[0] == walk->words[0];
}

/* NULL: it is not known. With a reference. */
static __always_inline struct inode *find(struct walk *walk, int fd,
                                          int nr_words, unsigned int wanted)
{
	const bool from_root = walk->text[0] == '/';
	const struct known_path *known =
		&paths[walk->known_hash >> (32 - PATHS_SHIFT)];
	struct inode *inode = NULL;
	unsigned long flags;

	if (unlikely((unsigned int)nr_words - 1 >= KNOWN_WORDS ||
	             !(from_root || fd == AT_FDCWD)))
		return NULL;
	flags = spin_lock_irqsave(&tree_lock);
	if (known->generation == tree_generation && known->wanted == wanted &&
	    known->nr_words == nr_words &&
	    known->start == (from_root ? NULL : fs_working_directory()) &&
	    is_same(known, walk, nr_words))
		inode = inode_hold(known->inode);
	spin_unlock_irqrestore(&tree_lock, flags);
	walk->may_be_known = !inode;
	return inode;
}

/* About 100 instructions for a path of 7 bytes that is known */
int walk_path(int fd, const char *path, unsigned int wanted,
              struct inode **inode_out)
{
	struct inode *known;
	struct walk walk;

	walk.may_be_known = false;
	walk.nr_words = likely((uintptr_t)path % 8 == 0)
	                        ? copy_words(&walk, (const uint64_t *)path)
	                        : copy_bytes(&walk, path);
	known = find(&walk, fd, walk.nr_words, wanted);
	if (unlikely(!known))
		return walk_slowly(&walk, fd, path, wanted, inode_out);
	*inode_out = known;
	return 0;
}

/* The walk may have let the lock go: was it one tree all the way? */
void known_path_keep(const struct walk *walk, unsigned int wanted,
                     struct inode *inode)
{
	struct known_path *path =
		&paths[walk->known_hash >> (32 - PATHS_SHIFT)];
	int i;

	if (walk->generation != tree_generation)
		return;
	path->generation = walk->generation;
	path->start = walk->start;
	path->inode = inode;
	path->wanted = wanted;
	path->nr_words = walk->nr_words;
	for (i = 0; i < walk->nr_words; i++)
		path->words[i] = walk->words[i];
}
