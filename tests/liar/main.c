/* SPDX-License-Identifier: MIT */
/*
 * `liar QUEUE LIE` plays a legacy virtio device: it writes what no device may write
 * into the used part of a driver's ring. The driver then has to reset the device,
 * say so once, give its memory back, and do without.
 */
#include <errno.h>
#include <linux/io.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/compiler.h"
#include "core/machine.h"
#include "core/random.h"
#include "drivers/virtio.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"

/* virtio 1.2, 4.2.2 and 4.2.4 */
#define REG_DEVICE_ID 0x008u
#define REG_QUEUE_SEL 0x030u
#define REG_QUEUE_PFN 0x040u
#define REG_STATUS    0x070u
#define CONSOLE_OUT   32u /* entries of its queue */
#define WAITS         300
#define WAIT_US       10000

struct available {
	uint16_t flags;
	uint16_t index;
	uint16_t ids[];
};

struct used {
	uint16_t flags;
	uint16_t index;
	struct {
		uint32_t id;
		uint32_t bytes;
	} elements[];
};

struct descriptor {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags;
	uint16_t next;
};

/* A driver's queue, and how the driver is brought to look at it. */
struct victim {
	const char *name;
	uint32_t kind;
	unsigned int queue;
	unsigned int entries;
	void (*provoke)(void);
	unsigned long pages; /* that come back at least */
};

struct ring {
	struct descriptor *descriptors;
	struct available *available;
	struct used *used;
	unsigned int mask;
};

static volatile char __iomem *registers;
static struct ring ring; /* the victim's */

static struct ring find_ring(unsigned int queue, unsigned int entries)
{
	const size_t before = sizeof(struct descriptor) * entries +
	                      sizeof(uint16_t) * (3 + entries);
	char *start;

	writel(queue, registers + REG_QUEUE_SEL);
	start = phys_to_virt((paddr_t)readl(registers + REG_QUEUE_PFN)
	                     << PAGE_SHIFT);
	return (struct ring){
		.descriptors = (void *)start,
		.available =
			(void *)(start + sizeof(struct descriptor) * entries),
		.used = (void *)(start + ALIGN_UP(before, PAGE_SIZE)),
		.mask = entries - 1,
	};
}

static void poll_network(void)
{
	struct pollfd entry = { .fd = socket(AF_INET, SOCK_DGRAM, 0),
		                .events = POLLIN };

	poll(&entry, 1, 5);
	close(entry.fd);
}

static void draw(void)
{
	static char some[4096];

	for (unsigned int i = 0; i <= RANDOM_STALE_BYTES / sizeof(some); i++)
		(void)!getrandom(some, sizeof(some), 0);
}

static void print(void)
{
	puts("liar: what is printed arrives");
	fflush(stdout);
}

/*
 * Input is looked at when somebody polls; or in an interrupt of the device, which
 * the driver wants of no output. The wish is written in its place (2.7.7).
 */
static void read_and_print(void)
{
	struct pollfd entry = { .fd = STDIN_FILENO, .events = POLLIN };
	const struct ring output = find_ring(1, CONSOLE_OUT);

	if (readl(registers + REG_STATUS) != 0) {
		output.available->ids[CONSOLE_OUT] = output.used->index;
		__atomic_store_n(&output.available->flags, 0, __ATOMIC_SEQ_CST);
		print();
	}
	poll(&entry, 1, 1);
}

static const struct victim victims[] = {
	{ "net-in", VIRTIO_ID_NET, 0, 256, poll_network, 200 },
	{ "net-out", VIRTIO_ID_NET, 1, 256, poll_network, 200 },
	{ "rng", VIRTIO_ID_RNG, 0, 1, draw, 0 },
	{ "console-in", VIRTIO_ID_CONSOLE, 0, 16, read_and_print, 0 },
	{ "console-out", VIRTIO_ID_CONSOLE, 1, CONSOLE_OUT, print, 0 },
};

static volatile char __iomem *find_device(uint32_t kind)
{
	for (unsigned int i = 0; i < machine.nr_virtio; i++) {
		const struct machine_device *place = &machine.virtio[i];
		volatile char __iomem *mapped =
			ioremap(place->base, place->size);

		if (mapped && readl(mapped + REG_DEVICE_ID) == kind)
			return mapped;
		iounmap(mapped);
	}
	return NULL;
}

/* The next chain that is used has this id and length, says the device. */
static void say_used(uint32_t id, uint32_t bytes)
{
	const uint16_t index = READ_ONCE(ring.used->index);

	ring.used->elements[index & ring.mask].id = id;
	ring.used->elements[index & ring.mask].bytes = bytes;
	__atomic_store_n(&ring.used->index, (uint16_t)(index + 1),
	                 __ATOMIC_RELEASE);
}

/* The chain that the device was given last, and has not used. */
static uint16_t newest(void)
{
	return ring.available->ids[(ring.available->index - 1) & ring.mask];
}

/* A frame of one buffer that says in how many it is. */
static void say_frame_in(uint16_t buffers)
{
	const uint16_t id = newest();
	uint16_t *header = phys_to_virt((paddr_t)ring.descriptors[id].address);

	header[5] = buffers; /* 5.1.6 */
	say_used(id, 100);
}

static void bad_id(void)
{
	say_used(60000, 1);
}

static void bad_length(void)
{
	say_used(newest(), 5000);
}

static void bad_index(void)
{
	ring.used->index += 1000;
}

static void no_buffers(void)
{
	say_frame_in(0);
}

static void missing_buffers(void)
{
	say_frame_in(3);
}

static const struct {
	const char *name;
	void (*tell)(void);
} lies[] = {
	{ "id", bad_id },
	{ "length", bad_length },
	{ "index", bad_index },
	{ "no-buffers", no_buffers },
	{ "missing-buffers", missing_buffers },
};

/* What an image does anyway. */
static int goes_on(const struct victim *victim)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		                        .sin_port = htons(9),
		                        .sin_addr.s_addr = htonl(0x0a000202) };
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	for (unsigned int i = 0; i < 20; i++)
		victim->provoke();
	if (victim->kind == VIRTIO_ID_NET &&
	    (sendto(fd, "", 0, 0, (const void *)&to, sizeof(to)) == 0 ||
	     errno != ENETUNREACH))
		return 5;
	close(fd);
	return 0;
}

/* Until the driver has reset the device. */
static int stopped(const struct victim *victim)
{
	for (unsigned int i = 0; i < WAITS; i++) {
		victim->provoke();
		if (readl(registers + REG_STATUS) == 0)
			return 0;
		usleep(WAIT_US);
	}
	printf("liar: the device goes on\n");
	return 3;
}

static int attack(const struct victim *victim, void (*tell)(void))
{
	unsigned long free_before;
	int status;

	registers = find_device(victim->kind);
	if (!registers)
		return 2;
	victim->provoke();
	ring = find_ring(victim->queue, victim->entries);
	usleep(100000);
	free_before = nr_free_pages();
	tell();
	status = stopped(victim);
	if (status == 0)
		status = goes_on(victim);
	printf("liar: %ld pages came back\n",
	       (long)(nr_free_pages() - free_before));
	if (nr_free_pages() + 8 < free_before + victim->pages)
		status = 4;
	return status;
}

static int find_and_attack(const char *name, const char *lie)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(victims); i++) {
		if (strcmp(victims[i].name, name) != 0)
			continue;
		for (unsigned int k = 0; k < ARRAY_SIZE(lies); k++) {
			if (strcmp(lies[k].name, lie) == 0)
				return attack(&victims[i], lies[k].tell);
		}
	}
	return 2;
}

/* It waits for a line when the device lies. */
static void *read_line(void *unused)
{
	char line[80];

	(void)unused;
	if (fgets(line, sizeof(line), stdin))
		printf("liar: read %s", line);
	return NULL;
}

/* VICTIM LIE [reader] */
int main(int argc, char **argv)
{
	const bool reads = argc == 4 && strcmp(argv[3], "reader") == 0;
	pthread_t reader;
	int status;

	if (argc != 3 && !reads)
		return 2;
	if (reads && pthread_create(&reader, NULL, read_line, NULL) != 0)
		return 2;
	status = find_and_attack(argv[1], argv[2]);
	if (reads)
		pthread_join(reader, NULL);
	return status;
}
