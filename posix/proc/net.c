/* SPDX-License-Identifier: MIT */
/*
 * /proc/net, in images that have sockets. `dev` and `pnp` are as Linux writes them
 * (pnp is what its own network configuration at boot leaves for /etc/resolv.conf);
 * the others are this system's views.
 */
#include <errno.h>
#include <string.h>

#include "net/configured.h"
#include "net/show.h"
#include "posix/fs.h"
#include "posix/proc/proc.h"
#include "posix/root.h"

static void show_interfaces(struct proc_text *text)
{
	net_show_interfaces(proc_line, text);
}

static void show_connections(struct proc_text *text)
{
	net_show_connections(proc_line, text);
}

static void show_routes(struct proc_text *text)
{
	net_show_routes(proc_line, text);
}

static void show_neighbours(struct proc_text *text)
{
	net_show_neighbours(proc_line, text);
}

static void show_pools(struct proc_text *text)
{
	net_show_pools(proc_line, text);
}

static void show_counters(struct proc_text *text)
{
	net_show_counters(proc_line, text);
}

static void show_dev(struct proc_text *text)
{
	net_show_dev(proc_line, text);
}

static void show_resolv(struct proc_text *text)
{
	net_show_resolv(proc_line, text);
}

/* RFC 6761, 6.3: a resolver asks nobody for this name. */
static void show_hosts(struct proc_text *text)
{
	proc_line("127.0.0.1 localhost", text);
	proc_line("::1 localhost", text);
}

static const struct proc_file files[] = {
	{ "/proc/net/connections", 0444, show_connections },
	{ "/proc/net/counters", 0444, show_counters },
	{ "/proc/net/dev", 0444, show_dev },
	{ "/proc/net/hosts", 0444, show_hosts },
	{ "/proc/net/interfaces", 0444, show_interfaces },
	{ "/proc/net/neighbours", 0444, show_neighbours },
	{ "/proc/net/pnp", 0444, show_resolv },
	{ "/proc/net/pools", 0444, show_pools },
	{ "/proc/net/routes", 0444, show_routes },
};

/* What an application brings itself stays. */
static void make_etc(void)
{
	root_made("/etc", fs_mkdir("/etc", 0755));
	root_made("/etc/hosts", fs_symlink("/proc/net/hosts", "/etc/hosts"));
	root_made("/etc/resolv.conf",
	          fs_symlink("/proc/net/pnp", "/etc/resolv.conf"));
}

void proc_populate_net(void)
{
	root_made("/proc/net", fs_mkdir("/proc/net", 0555));
	proc_make(files, ARRAY_SIZE(files));
	make_etc();
}
