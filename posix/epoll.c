/* SPDX-License-Identifier: MIT */
/*
 * Which files an epoll watches. An item belongs to an open file and the descriptor
 * it was added under, and holds no reference: when the file's last user is gone,
 * file_put() has all its items forgotten before anything of the file goes.
 * Looking one up walks the items of the file, of which there is one for each epoll
 * that watches it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include "core/user_access.h"
#include "epoll_internal.h"
#include "mm/kmem.h"
#include "posix/poll.h"
#include "posix/syscalls.h"

/* What EPOLLEXCLUSIVE may be combined with. */
#define WITH_EXCLUSIVE                                                      \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | \
	 EPOLLEXCLUSIVE)

static struct mutex epoll_map_lock = MUTEX_INIT("epoll_map_lock");

static void forget(struct file *file);

static struct epoll_item *item_of(struct file_watcher *watcher)
{
	return watcher ? container_of(watcher, struct epoll_item, watcher)
	               : NULL;
}

static struct epoll_item *find(const struct epoll *epoll,
                               const struct file *file, int fd)
{
	struct file_watcher *watcher = file->watched_by;

	for (; watcher; watcher = watcher->next) {
		struct epoll_item *item = item_of(watcher);

		if (item->epoll == epoll && item->fd == fd)
			return item;
	}
	return NULL;
}

/* Say what is asked for from now on; it may be so already. */
static void arm(struct epoll_item *item, const struct epoll_event *event)
{
	struct epoll *epoll = item->epoll;
	bool ready;

	mutex_lock(&epoll->lock);
	item->events = event->events | POLL_ALWAYS;
	item->data = event->data.u64;
	ready = epoll_item_events(item) != 0;
	if (ready)
		epoll_item_arrive(item);
	mutex_unlock(&epoll->lock);
	if (ready)
		epoll_wake(epoll);
}

static void link_item(struct epoll_item *item)
{
	struct file *file = item->file;
	struct epoll *inner = epoll_of(file);

	item->watcher.next = file->watched_by;
	file->watched_by = &item->watcher;
	list_add_last(&item->epoll->items, &item->all);
	if (inner)
		epoll_nest(item, inner);
	else if (file->queue)
		wait_queue_watch(file->queue, &item->waiter);
}

static void unlink_from_file(struct epoll_item *item)
{
	struct file_watcher **at = &item->file->watched_by;

	while (*at != &item->watcher)
		at = &(*at)->next;
	*at = item->watcher.next;
}

/* No news come any more before those that have come are taken. */
static void remove_item(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;

	if (epoll_of(item->file))
		epoll_unnest(item);
	else
		wait_queue_unwatch(&item->waiter);

	mutex_lock(&epoll->lock);
	epoll_take_arrived(epoll);
	list_remove(&item->ready);
	mutex_unlock(&epoll->lock);
	list_remove(&item->all);
	unlink_from_file(item);
	epoll_item_free(item);
}

static void forget(struct file *file)
{
	mutex_lock(&epoll_map_lock);
	while (file->watched_by)
		remove_item(item_of(file->watched_by));
	mutex_unlock(&epoll_map_lock);
}

static void epoll_release(struct file *file)
{
	struct epoll *epoll = file->data;

	mutex_lock(&epoll_map_lock);
	while (!list_is_empty(&epoll->items))
		remove_item(
			list_member(epoll->items.next, struct epoll_item, all));
	mutex_unlock(&epoll_map_lock);
	kfree(epoll);
}

static const struct file_ops epoll_ops = {
	.ready = epoll_ready,
	.release = epoll_release,
};

struct epoll *epoll_of(const struct file *file)
{
	return file->ops == &epoll_ops ? file->data : NULL;
}

SYSCALL(epoll_create1, (unsigned int flags), a)
{
	struct epoll *epoll;
	struct file *file;

	if (flags & ~(unsigned int)EPOLL_CLOEXEC)
		return -EINVAL;
	epoll = kzalloc(sizeof(*epoll), GFP_KERNEL);
	if (!epoll)
		return -ENOMEM;
	mutex_init(&epoll->lock, "epoll");
	wait_queue_init_watcher(&epoll->queue, "epoll_wait");
	list_init(&epoll->ready);
	list_init(&epoll->items);
	list_init(&epoll->inside);
	list_init(&epoll->around);
	file = file_create(&epoll_ops, O_RDWR, epoll, &epoll->queue);
	if (!file)
		kfree(epoll);
	return fd_install_new(file, flags & EPOLL_CLOEXEC);
}

static int add(struct epoll *epoll, struct file *file, int fd,
               const struct epoll_event *event)
{
	struct epoll *inner = epoll_of(file);
	struct epoll_item *item;
	int err = 0;

	if (event->events & EPOLLEXCLUSIVE &&
	    (inner || event->events & ~WITH_EXCLUSIVE))
		return -EINVAL;
	if (find(epoll, file, fd))
		return -EEXIST;
	if (inner)
		err = epoll_nest_check(epoll, inner);
	if (err)
		return err;
	item = epoll_item_create(epoll, file, fd, forget);
	if (!item)
		return -ENOMEM;
	item->waiter.exclusive = event->events & EPOLLEXCLUSIVE;
	link_item(item);
	arm(item, event);
	return 0;
}

static int modify(struct epoll_item *item, const struct epoll_event *event)
{
	if ((item->events | event->events) & EPOLLEXCLUSIVE)
		return -EINVAL;
	arm(item, event);
	return 0;
}

static int control_locked(struct epoll *epoll, int operation, struct file *file,
                          int fd, const struct epoll_event *event)
{
	struct epoll_item *item;

	if (operation == EPOLL_CTL_ADD)
		return add(epoll, file, fd, event);
	item = find(epoll, file, fd);
	if (!item)
		return -ENOENT;
	if (operation == EPOLL_CTL_MOD)
		return modify(item, event);
	remove_item(item);
	return 0;
}

static int control(const struct file *epoll_file, int operation,
                   struct file *file, int fd, const struct epoll_event *event)
{
	struct epoll *epoll = epoll_of(epoll_file);
	int err;

	if (!file_can_be_watched(file))
		return -EPERM;
	if (!epoll || file == epoll_file)
		return -EINVAL;
	if (operation != EPOLL_CTL_ADD && operation != EPOLL_CTL_MOD &&
	    operation != EPOLL_CTL_DEL)
		return -EINVAL;
	mutex_lock(&epoll_map_lock);
	err = control_locked(epoll, operation, file, fd, event);
	mutex_unlock(&epoll_map_lock);
	return err;
}

SYSCALL(epoll_ctl,
        (int epoll_fd, int operation, int fd, struct epoll_event *event), a, b,
        c, (void *)d)
{
	struct epoll_event asked = { 0 };
	struct file *epoll_file, *file;
	int err = 0;

	if (operation != EPOLL_CTL_DEL)
		err = copy_from_user(&asked, event, sizeof(asked));
	if (err)
		return err;
	epoll_file = file_get(epoll_fd);
	if (!epoll_file)
		return -EBADF;
	file = file_get(fd);
	if (file)
		err = control(epoll_file, operation, file, fd, &asked);
	else
		err = -EBADF;
	if (file)
		file_put(file);
	file_put(epoll_file);
	return err;
}
