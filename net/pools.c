/* SPDX-License-Identifier: MIT */
/*
 * In place of lwIP's memp.c, which has arrays of a size fixed when it is compiled:
 * objects come from kmalloc(), up to a limit by memory, and some stay here when
 * they are freed, so that the common pair is a pop and a push.
 *
 * Timers do not fail (lwIP asserts it): theirs are a static reserve. A kind's
 * limit is MEMP_NUM_* of lwipopts.h, or less where a rule below says so.
 */
#include "net/pools.h"

#include <stdbool.h>
#include <stdint.h>

#include "core/assert.h"
#include "mm/kmem.h"
#include "net/net_internal.h"
#include "netif/ppp/ppp_opts.h"

#include "lwip/etharp.h"
#include "lwip/igmp.h"
#include "lwip/ip4_frag.h"
#include "lwip/ip6_frag.h"
#include "lwip/memp.h"
#include "lwip/mld6.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/raw.h"
#include "lwip/timeouts.h"
#include "lwip/udp.h"

#define KIB        (1024ul)
#define MIB        (1024ul * KIB)
#define SPARES_MAX 64u /* free objects of one kind that stay here */

struct spare {
	struct spare *next;
};

struct pool {
	struct spare *spare;
	unsigned int spares;
	unsigned int used;
	unsigned int limit;
	unsigned int peak;
	unsigned long refused;
	unsigned int bytes;
	unsigned int most;
	const char *name;
} __aligned(64); /* a shift finds it */

#define LWIP_MEMPOOL(kind, count, size, text)                               \
	[MEMP_##kind] = { .name = (text),                                   \
		          .bytes = (unsigned int)LWIP_MEM_ALIGN_SIZE(size), \
		          .most = (count) },
static struct pool pools[MEMP_MAX] = {
#include "lwip/priv/memp_std.h"
};

/* One object for so many bytes of memory, but @least of them. */
static const struct rule {
	size_t memory_each;
	memp_t kind;
	unsigned int least;
} rules[] = {
	{ 64 * KIB, MEMP_TCP_PCB, 64 },
	{ 512 * KIB, MEMP_TCP_PCB_LISTEN, 32 },
	{ 8 * KIB, MEMP_TCP_SEG, TCP_SND_QUEUELEN },
	{ 8 * KIB, MEMP_PBUF, TCP_SND_QUEUELEN },
	{ 256 * KIB, MEMP_UDP_PCB, 32 },
	{ 1 * MIB, MEMP_RAW_PCB, 16 },
	{ 128 * KIB, MEMP_FRAG_PBUF, 64 },
};

static struct sys_timeo timers[MEMP_NUM_SYS_TIMEOUT];

static unsigned int limit_of(const struct rule *rule, size_t memory)
{
	const size_t count = memory / rule->memory_each;
	const unsigned int most = pools[rule->kind].most;

	if (count < rule->least)
		return rule->least;
	return count < most ? (unsigned int)count : most;
}

/* As windows go, so much may lie in buffers on one connection. */
static void set_windows(size_t memory)
{
	tcp_wnd_limit = TCP_WND / 16;
	tcp_snd_buf_limit = TCP_SND_BUF / 4;
	if (memory >= 40 * MIB) {
		tcp_wnd_limit = TCP_WND / 2;
		tcp_snd_buf_limit = TCP_SND_BUF;
	}
	if (memory >= 200 * MIB)
		tcp_wnd_limit = TCP_WND;
}

void net_pools_start(size_t free_bytes)
{
	unsigned int i;

	for (i = 0; i < MEMP_MAX; i++)
		pools[i].limit = pools[i].most;
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		pools[rules[i].kind].limit = limit_of(&rules[i], free_bytes);
	set_windows(free_bytes);
	net_memory_set_limit(free_bytes / 4);
}

static void push(struct pool *pool, void *object)
{
	struct spare *spare = object;

	spare->next = pool->spare;
	pool->spare = spare;
	pool->spares++;
}

/* Called by lwip_init(). */
void memp_init(void)
{
	struct pool *pool = &pools[MEMP_SYS_TIMEOUT];
	unsigned int i;

	ASSERT(pool->limit == ARRAY_SIZE(timers));
	for (i = 0; i < ARRAY_SIZE(timers); i++)
		push(pool, &timers[i]);
}

static void count_one(struct pool *pool)
{
	if (++pool->used > pool->peak)
		pool->peak = pool->used;
}

static __noinline void *take_slowly(struct pool *pool)
{
	void *object = NULL;

	if (pool->used < pool->limit)
		object = kmalloc(pool->bytes, GFP_KERNEL);
	if (object)
		count_one(pool);
	else
		pool->refused++;
	return object;
}

/* <= 25 instructions with one that was freed before */
void *memp_malloc(memp_t type)
{
	struct pool *pool = &pools[type];
	struct spare *spare = pool->spare;

	if (unlikely(!spare || pool->used >= pool->limit))
		return take_slowly(pool);
	pool->spare = spare->next;
	pool->spares--;
	count_one(pool);
	return spare;
}

void memp_free(memp_t type, void *mem)
{
	struct pool *pool = &pools[type];

	if (!mem)
		return;
	ASSERT(pool->used > 0);
	pool->used--;
	/* kmem is to look at each where it checks. */
	if (type == MEMP_SYS_TIMEOUT ||
	    (!CONFIG_CHECK && pool->spares < SPARES_MAX))
		push(pool, mem);
	else
		kfree(mem);
}

bool net_pools_give_back(void)
{
	bool gave = false;
	unsigned int i;

	for (i = 0; i < MEMP_MAX; i++) {
		struct pool *pool = &pools[i];

		while (i != MEMP_SYS_TIMEOUT && pool->spare) {
			struct spare *next = pool->spare->next;

			kfree(pool->spare);
			pool->spare = next;
			pool->spares--;
			gave = true;
		}
	}
	return gave;
}

unsigned int net_pools_count(void)
{
	return MEMP_MAX;
}

void net_pools_usage(unsigned int index, struct net_pool_usage *out)
{
	const struct pool *pool = &pools[index];

	ASSERT(index < MEMP_MAX);
	*out = (struct net_pool_usage){
		.name = pool->name,
		.bytes = pool->bytes,
		.used = pool->used,
		.peak = pool->peak,
		.limit = pool->limit,
		.refused = pool->refused,
	};
}

unsigned int net_free_out_of_order(void)
{
	struct tcp_pcb *pcb;
	unsigned int freed = 0;

	for (pcb = tcp_active_pcbs; pcb; pcb = pcb->next) {
		if (!pcb->ooseq)
			continue;
		tcp_free_ooseq(pcb);
		freed++;
	}
	return freed;
}
