/* SPDX-License-Identifier: MIT */
/*
 * One lock and one thread. Whoever has the lock may do all the stack's work, so a
 * thread that is about to sleep looks for frames itself (net_poll()), and under load
 * nothing interrupts and the thread "net" does not run:
 *
 *     interrupt, and its hart idles --> a thread that waits for the network: takes
 *         what came, most often its own (net_poll_asked())
 *     interrupt, and its hart computes, or none waits --> thread net: takes what
 *         came, wakes the application
 *     application: answers; before it sleeps it sends what it queued and takes
 *         what came meanwhile, as often as there is some
 *     a hart has nothing to do: sends what is queued, and only then the device is
 *         asked to interrupt again
 *
 * While nobody has asked it to (->polling), the device is told of frames in batches:
 * telling it costs more than all instructions of a frame. When nobody has looked for
 * POLL_NS then, the thread does: everybody computes, or who was asked does not come.
 */
#include "net/stack.h"

#include <errno.h>
#include <stdint.h>

#include "core/cmdline.h"
#include "core/hart.h"
#include "core/log.h"
#include "core/mutex.h"
#include "core/sched.h"
#include "core/thread.h"
#include "core/timer.h"
#include "core/wait.h"
#include "drivers/virtio_rng.h"
#include "mm/kthread.h"
#include "mm/page_alloc.h"
#include "net/config.h"
#include "net/frame.h"
#include "net/interface.h"
#include "net/net_internal.h"
#include "net/pools.h"
#include "net/transmit.h"

#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"

/* What somebody was woken for and has not begun; bits of ->events. */
#define EVENT_DEVICE 1u
#define EVENT_CLOCK  2u

#define POLL_NS   1000000ul
#define BREATH_NS 50000ul /* others run for so long under a flood of frames */
#define BUDGET    64u     /* frames, then the lock is let go */
#define NS_PER_MS 1000000ul

static struct mutex stack_lock = MUTEX_INIT("network");
static struct wait_queue events = WAIT_QUEUE_INIT("network events");
struct wait_queue net_pollers = WAIT_QUEUE_INIT("network pollers");

static struct {
	unsigned int events; /* [A] */
	unsigned int looks;  /* [A] look_timer is pending */
	bool looked;         /* [A] somebody did, since it was started */
	bool polling;        /* [A] somebody looks for frames: it shall not */
	bool started;        /* [A] */
} stack;

struct net_counters net_counters;

u32_t sys_now(void)
{
	return (u32_t)(timer_now_ns() / NS_PER_MS);
}

static void wake(unsigned int event)
{
	__atomic_fetch_or(&stack.events, event, __ATOMIC_RELEASE);
	wait_queue_wake(&events, 1);
}

static void on_clock(struct timer *timer)
{
	(void)timer;
	wake(EVENT_CLOCK);
}

static void on_look(struct timer *timer);

/* lwIP's next timeout. */
static struct timer clock_timer = { .function = on_clock };
/* While the device does not interrupt; its first interrupt is early. */
static struct timer look_timer = { .function = on_look };

/* If nobody looks meanwhile, the thread does. */
static void look_later(void)
{
	if (READ_ONCE(stack.looks) ||
	    __atomic_exchange_n(&stack.looks, 1u, __ATOMIC_ACQ_REL))
		return;
	WRITE_ONCE(stack.looked, false);
	timer_start(&look_timer, timer_now_ns() + POLL_NS);
}

static void on_look(struct timer *timer)
{
	bool polling;

	(void)timer;
	__atomic_store_n(&stack.looks, 0u, __ATOMIC_RELEASE);
	/* Partner: on_event(). Who begins to poll now starts the timer again. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	polling = READ_ONCE(stack.polling);
	/* What came while the device was asked may not have interrupted: docs/virtio.md */
	if (interface_needs_clock() ||
	    (polling ? !READ_ONCE(stack.looked) : interface_has_work()))
		wake(EVENT_DEVICE);
	else if (polling)
		look_later();
}

/*
 * A poller of a hart that idles begins at once; among others only the thread does,
 * by its priority.
 */
static void on_event(void *unused)
{
	(void)unused;
	WRITE_ONCE(stack.polling, true);
	/* Partner: on_look() */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	look_later();
	__atomic_fetch_or(&stack.events, EVENT_DEVICE, __ATOMIC_RELEASE);
	if (sched_is_busy(this_hart) || wait_queue_wake(&net_pollers, 1) == 0)
		wait_queue_wake(&events, 1);
}

void net_lock(void) __no_lock_analysis
{
	mutex_lock(&stack_lock);
}

bool net_lock_is_mine(void)
{
	return mutex_is_mine(&stack_lock);
}

static bool has_looped(void)
{
	struct netif *netif;

	NETIF_FOREACH(netif)
	{
		if (netif->loop_first)
			return true;
	}
	return false;
}

static __noinline void take_all_looped(void)
{
	do {
		netif_poll_all();
		interface_acknowledge();
	} while (has_looped());
}

/* What one host sends to itself comes at once, as if by wire. */
static void take_looped(void)
{
	if (unlikely(has_looped()))
		take_all_looped();
}

static __noinline void flush_now(void)
{
	net_counters.flushes++;
	transmit_flush();
}

static void flush(void)
{
	if (transmit_is_unflushed())
		flush_now();
}

void net_unlock(void) __no_lock_analysis
{
	take_looped();
	if (transmit_is_unflushed() &&
	    (!READ_ONCE(stack.polling) || transmit_should_flush()))
		flush_now();
	mutex_unlock(&stack_lock);
}

static unsigned int take_frames(void)
{
	const unsigned int frames = interface_work(BUDGET);

	WRITE_ONCE(stack.looked, true);
	take_looped();
	flush();
	return frames;
}

bool net_poll(void)
{
	unsigned int frames = 0;

	if (!transmit_is_unflushed() && !interface_has_work())
		return false;
	/* Whoever has the lock sees to it. */
	if (!mutex_trylock(&stack_lock))
		return false;
	if (interface_has_work())
		frames = take_frames();
	else
		flush();
	net_counters.polled += frames;
	mutex_unlock(&stack_lock);
	return frames > 0;
}

/* The device interrupted: it shall not again while somebody looks. */
static unsigned int take_after_interrupt(void)
{
	if (READ_ONCE(stack.polling))
		interface_hush();
	return take_frames();
}

void net_poll_asked(void)
{
	__atomic_fetch_and(&stack.events, ~EVENT_DEVICE, __ATOMIC_ACQUIRE);
	mutex_lock(&stack_lock);
	net_counters.polled += take_after_interrupt();
	net_counters.asked++;
	mutex_unlock(&stack_lock);
}

/*
 * A hart has nothing to do, so nobody looks for frames. Context: its idle thread,
 * interrupts on.
 */
static void on_idle(void)
{
	if (!READ_ONCE(stack.polling) || READ_ONCE(stack.events) ||
	    !mutex_trylock(&stack_lock))
		return;
	flush();
	/* First: an interrupt that comes at once sets it again. */
	WRITE_ONCE(stack.polling, false);
	if (interface_listen())
		net_counters.listens++;
	else
		on_event(NULL);
	mutex_unlock(&stack_lock);
}

static void start_clock(void)
{
	const u32_t timeout_ms = sys_timeouts_sleeptime();

	if (timeout_ms != SYS_TIMEOUTS_SLEEPTIME_INFINITE) {
		timer_start(&clock_timer,
		            timer_now_ns() + (timeout_ms + 1) * NS_PER_MS);
	}
}

static unsigned int take_events(void)
{
	return __atomic_exchange_n(&stack.events, 0u, __ATOMIC_ACQ_REL);
}

static unsigned int do_round(unsigned int why)
{
	unsigned int frames;

	mutex_lock(&stack_lock);
	frames = take_after_interrupt();
	net_counters.by_thread += frames;
	net_counters.rounds++;
	if (why & EVENT_CLOCK) {
		sys_check_timeouts();
		take_looped();
		flush();
		start_clock();
	}
	mutex_unlock(&stack_lock);
	return frames;
}

static void net_loop(void *unused)
{
	unsigned int why = EVENT_CLOCK;

	(void)unused;
	for (;;) {
		const unsigned int frames = do_round(why);

		if (READ_ONCE(stack.polling) || interface_needs_clock())
			look_later();
		if (frames == BUDGET) {
			(void)thread_sleep_until(timer_now_ns() + BREATH_NS,
			                         THREAD_UNINTERRUPTIBLE);
			why = take_events();
			continue;
		}
		(void)wait_for(&events, (why = take_events()), UINT64_MAX,
		               THREAD_UNINTERRUPTIBLE);
	}
}

static bool has_device(void)
{
	const int err = interface_open(on_event);

	if (err && err != -ENODEV)
		log_error("net: the network device cannot be used (%d)", err);
	return err == 0;
}

static int start_locked(void)
{
	static bool initialised;

	if (stack.started)
		return 0;
	if (!initialised) {
		net_pools_start(nr_free_pages() << PAGE_SHIFT);
		lwip_init();
		initialised = true;
	}
	if (!kthread_run(net_loop, NULL, "net", THREAD_PRIORITY_HIGH, 0))
		return -ENOMEM;
	if (has_device()) {
		interface_add();
		config_begin();
		sched_on_idle(on_idle);
		on_event(NULL);
	}
	WRITE_ONCE(stack.started, true);
	return 0;
}

int net_start(void)
{
	int err;

	if (likely(READ_ONCE(stack.started)))
		return 0;
	/* Ports, ids and sequence numbers are to be guessed by nobody. */
	(void)virtio_rng_start();
	net_lock();
	err = start_locked();
	net_unlock();
	return err;
}

bool net_give_back(void)
{
	bool gave;

	/* Whoever has it is about to free some; and the caller may not wait. */
	if (!mutex_trylock(&stack_lock))
		return false;
	gave = net_pools_give_back();
	gave |= net_memory_give_back();
	gave |= frame_give_back();
	mutex_unlock(&stack_lock);
	return gave;
}

void net_start_with_device(void)
{
	if (config_is_off())
		return;
	if (!has_device()) {
		if (cmdline_get("ip"))
			log_warn("ip=: there is no network device");
		return;
	}
	if (net_start() != 0)
		log_error("net: no memory to start the network");
}

LINKED_WITH(net_start, network, net_start_with_device);
