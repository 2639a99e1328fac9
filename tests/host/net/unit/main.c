/* SPDX-License-Identifier: MIT */
/*
 * lwIP's own unit tests (test/unit of its source) on our memory: those of mem.c,
 * which is not used, of mqtt and of lwIP's sockets are left out. They look at
 * counters that our pools do not keep, so calls are counted on their way there.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/panic.h"
#include "core/test_def.h"
#include "core/test_netif.h"
#include "core/test_pbuf.h"
#include "core/test_timers.h"
#include "dhcp/test_dhcp.h"
#include "etharp/test_etharp.h"
#include "ip4/test_ip4.h"
#include "ip6/test_ip6.h"
#include "lwip_check.h"
#include "mdns/test_mdns.h"
#include "net/pools.h"
#include "tcp/test_tcp.h"
#include "tcp/test_tcp_oos.h"
#include "udp/test_udp.h"

#include "lwip/init.h"
#include "lwip/mem.h"
#include "lwip/memp.h"
#include "lwip/netif.h"
#include "lwip/stats.h"

void *__real_memp_malloc(memp_t kind);
void *__wrap_memp_malloc(memp_t kind);
void __real_memp_free(memp_t kind, void *object);
void __wrap_memp_free(memp_t kind, void *object);
void *__real_mem_malloc(mem_size_t size);
void *__wrap_mem_malloc(mem_size_t size);
void __real_mem_free(void *data);
void __wrap_mem_free(void *data);

int tcpip_thread_poll_one(void);

static struct stats_mem pools[MEMP_MAX];

void *__wrap_memp_malloc(memp_t kind)
{
	void *object = __real_memp_malloc(kind);

	if (object)
		pools[kind].used++;
	else
		pools[kind].err++;
	return object;
}

void __wrap_memp_free(memp_t kind, void *object)
{
	if (object)
		pools[kind].used--;
	__real_memp_free(kind, object);
}

static void count_memory(void)
{
	struct net_memory_usage usage;

	net_memory_usage(&usage);
	lwip_stats.mem.used = usage.used_bytes;
}

void *__wrap_mem_malloc(mem_size_t size)
{
	void *data = __real_mem_malloc(size);

	count_memory();
	return data;
}

void __wrap_mem_free(void *data)
{
	__real_mem_free(data);
	count_memory();
}

/* There is no thread: what waits is what an interface sent to itself. */
int tcpip_thread_poll_one(void)
{
	netif_poll_all();
	return 0;
}

void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	abort();
}

Suite *create_suite(const char *name, testfunc *tests, size_t count, SFun setup,
                    SFun teardown)
{
	Suite *suite = suite_create(name);
	size_t i;

	for (i = 0; i < count; i++) {
		TCase *tcase = tcase_create(name);

		tcase_add_checked_fixture(tcase, setup, teardown);
		tcase_add_test(tcase, tests[i]);
		suite_add_tcase(suite, tcase);
	}
	return suite;
}

void lwip_check_ensure_no_alloc(unsigned int skip)
{
	unsigned int i;

	if (!(skip & SKIP_HEAP))
		ck_assert(lwip_stats.mem.used == 0);
	for (i = 0; i < MEMP_MAX; i++)
		if (!(skip & 1u << i))
			ck_assert_msg(pools[i].used == 0, "pool %u", i);
}

int main(void)
{
	suite_getter_fn *suites[] = { ip4_suite,    ip6_suite,     udp_suite,
		                      tcp_suite,    tcp_oos_suite, def_suite,
		                      netif_suite,  pbuf_suite,    timers_suite,
		                      etharp_suite, dhcp_suite,    mdns_suite };
	SRunner *runner = srunner_create(NULL);
	unsigned int i;
	int failed;

	net_pools_start(256ul << 20);
	for (i = 0; i < MEMP_MAX; i++)
		lwip_stats.memp[i] = &pools[i];
	lwip_init();
	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		srunner_add_suite(runner, suites[i]());
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
