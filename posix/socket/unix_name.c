/* SPDX-License-Identifier: MIT */
/*
 * Names of Unix-domain sockets. One in the file system is an inode, and who owns it
 * is found by that inode, so it may be renamed and linked; an abstract one (first
 * byte 0) is found by its bytes. Both are in one table. A name outlives its owner
 * where sockets that were accepted by it are asked for it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "lib/printf.h"
#include "mm/kmem.h"
#include "posix/socket/unix.h"

#define BUCKETS     64u
#define FAMILY_ONLY offsetof(struct sockaddr_un, sun_path)
#define AUTO_NAMES  0x100000u /* five digits, as Linux */

static struct unix_name *buckets[BUCKETS] __guarded_by(unix_lock);
static unsigned int last_auto __guarded_by(unix_lock);

static struct unix_name **bucket_of_bytes(const char *bytes, size_t count)
{
	uint32_t hash = 0;

	while (count-- > 0)
		hash = hash * 31 + (unsigned char)*bytes++;
	return &buckets[hash % BUCKETS];
}

static struct unix_name **bucket_of(const struct unix_name *name)
{
	if (name->inode)
		return &buckets[name->inode->number % BUCKETS];
	return bucket_of_bytes(name->address.sun_path,
	                       name->bytes - FAMILY_ONLY);
}

static bool is_same(const struct unix_name *a, const struct unix_name *b)
{
	if (a->inode || b->inode)
		return a->inode == b->inode;
	return a->bytes == b->bytes &&
	       memcmp(&a->address, &b->address, a->bytes) == 0;
}

/* NULL: nobody has it. */
static struct unix_name *look_up(const struct unix_name *like)
	__must_hold(&unix_lock)
{
	struct unix_name *name = *bucket_of(like);

	while (name && !is_same(name, like))
		name = name->next;
	return name;
}

void unix_name_put(struct unix_name *name)
{
	if (__atomic_fetch_sub(&name->references, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	if (name->inode)
		inode_put(name->inode);
	kfree(name);
}

void unix_name_leave(struct unix_socket *unix)
{
	struct unix_name **at;

	if (!unix->name || unix->name->owner != unix)
		return;
	at = bucket_of(unix->name);
	while (*at != unix->name)
		at = &(*at)->next;
	*at = unix->name->next;
	unix->name->owner = NULL;
}

/* @name, whose reference it takes over, is @unix's. */
static void own(struct unix_socket *unix, struct unix_name *name)
	__must_hold(&unix_lock)
{
	struct unix_name **bucket = bucket_of(name);

	name->owner = unix;
	name->next = *bucket;
	*bucket = name;
	unix->name = name;
}

/*
 * A copy of @address: the path ends with NUL, which counts, as Linux has it.
 * -EINVAL.
 */
static int copy_address(const struct address *address,
                        struct unix_name **name_out)
{
	const size_t bytes = address->bytes;
	struct unix_name *name;

	if (bytes <= FAMILY_ONLY || bytes > sizeof(struct sockaddr_un) ||
	    address->any.sa_family != AF_UNIX)
		return -EINVAL;
	name = kzalloc(sizeof(*name) + 1, GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	name->references = 1;
	name->bytes = bytes;
	memcpy(&name->address, address->raw, bytes);
	if (name->address.sun_path[0]) {
		name->bytes =
			FAMILY_ONLY + 1 +
			strnlen(name->address.sun_path, bytes - FAMILY_ONLY);
	}
	*name_out = name;
	return 0;
}

static int make_inode(struct unix_name *name)
{
	const int err = inode_make_socket(name->address.sun_path, &name->inode);

	return err == -EEXIST ? -EADDRINUSE : err;
}

/* The name in the file system stays when somebody else was quicker. */
static int bind_name(struct unix_socket *unix, struct unix_name *name)
{
	int err = 0;

	mutex_lock(&unix_lock);
	if (unix->name)
		err = -EINVAL;
	else if (look_up(name))
		err = -EADDRINUSE;
	else
		own(unix, name);
	mutex_unlock(&unix_lock);
	return err;
}

int unix_autobind(struct unix_socket *unix)
{
	struct address address = { .any.sa_family = AF_UNIX };
	struct unix_name *name;
	unsigned int tries;
	int err = 0;

	if (READ_ONCE(unix->name))
		return 0;
	address.bytes = FAMILY_ONLY + 6;
	err = copy_address(&address, &name);
	if (err)
		return err;
	mutex_lock(&unix_lock);
	for (tries = 0; tries < AUTO_NAMES && !unix->name; tries++) {
		last_auto = (last_auto + 1) % AUTO_NAMES;
		ksnprintf(name->address.sun_path + 1, 6, "%05x", last_auto);
		if (!look_up(name)) {
			own(unix, name);
			name = NULL;
		}
	}
	err = unix->name ? 0 : -ENOSPC;
	mutex_unlock(&unix_lock);
	if (name)
		unix_name_put(name);
	return err;
}

int unix_bind(struct socket *socket, const struct address *address)
{
	struct unix_socket *unix = unix_of(socket);
	struct unix_name *name;
	int err;

	if (address->bytes == FAMILY_ONLY && address->any.sa_family == AF_UNIX)
		return READ_ONCE(unix->name) ? -EINVAL : unix_autobind(unix);
	err = copy_address(address, &name);
	if (err)
		return err;
	if (READ_ONCE(unix->name))
		err = -EINVAL;
	if (!err && name->address.sun_path[0])
		err = make_inode(name);
	if (!err)
		err = bind_name(unix, name);
	if (err)
		unix_name_put(name);
	return err;
}

static int find_inode(struct unix_name *like)
{
	const int err = inode_find(like->address.sun_path, &like->inode);

	if (!err && !S_ISSOCK(like->inode->mode))
		return -ECONNREFUSED;
	return err;
}

int unix_find(const struct address *address, struct unix_socket **found)
{
	struct unix_name *like;
	int err = copy_address(address, &like);

	if (err)
		return err;
	if (like->address.sun_path[0])
		err = find_inode(like);
	if (!err) {
		struct unix_name *name;

		mutex_lock(&unix_lock);
		name = look_up(like);
		if (name)
			*found = unix_hold(name->owner);
		else
			err = -ECONNREFUSED;
		mutex_unlock(&unix_lock);
	}
	unix_name_put(like);
	return err;
}

void unix_address_of(const struct unix_socket *unix, struct address *to)
{
	const struct unix_name *name = unix->name;

	to->bytes = FAMILY_ONLY;
	to->any.sa_family = AF_UNIX;
	if (!name)
		return;
	to->bytes = name->bytes;
	memcpy(to->raw, &name->address, name->bytes);
}

int unix_name(struct socket *socket, struct address *name_out)
{
	mutex_lock(&unix_lock);
	unix_address_of(unix_of(socket), name_out);
	mutex_unlock(&unix_lock);
	return 0;
}

int unix_peer_name(struct socket *socket, struct address *name_out)
{
	struct unix_socket *unix = unix_of(socket);
	int err = 0;

	mutex_lock(&unix_lock);
	if (unix->peer)
		unix_address_of(unix->peer, name_out);
	else
		err = -ENOTCONN;
	mutex_unlock(&unix_lock);
	return err;
}
