/* SPDX-License-Identifier: MIT */
/*
 * Time and a name. lwIP's client for the time asks once when it starts and again
 * only after 15 s when that fails, so it starts when there is an address to ask
 * from; the responder for names waits for one itself.
 */
#include "net/services.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "core/cmdline.h"
#include "core/log.h"

#include "lwip/apps/mdns.h"
#include "lwip/apps/sntp.h"
#include "lwip/netif.h"

#define NAME_MOST  63u  /* RFC 1035, 2.3.4 */
#define NAME_TTL_S 120u /* RFC 6762, 10 */

static const char *host_name; /* of hostname=; NULL: none that can be used */

/* RFC 1123, 2.1 */
static bool is_host_name(const char *name)
{
	const size_t length = strlen(name);
	const char *at;

	for (at = name; *at; at++) {
		if (!isalnum((unsigned char)*at) && *at != '-')
			return false;
	}
	return length >= 1 && length <= NAME_MOST && name[0] != '-' &&
	       name[length - 1] != '-';
}

const char *services_host_name(void)
{
	return host_name ? host_name : "vireo";
}

void services_read_names(void)
{
	const char *name = cmdline_get("hostname");

	if (!name)
		return;
	if (is_host_name(name)) {
		host_name = name;
		return;
	}
	log_error("hostname=: \"%.80s\" is not 1 to %u letters, digits and "
	          "hyphens",
	          name, NAME_MOST);
}

static void begin_mdns(struct netif *netif)
{
	if (!host_name)
		return;
	mdns_resp_init();
	if (mdns_resp_add_netif(netif, host_name, NAME_TTL_S) != ERR_OK)
		log_error("net: no memory for mDNS");
}

static void prepare_sntp(void)
{
	const char *server = cmdline_get("ntp");

	if (!server)
		return;
	sntp_setoperatingmode(SNTP_OPMODE_POLL);
	if (strcmp(server, "dhcp") == 0)
		sntp_servermode_dhcp(1);
	else
		sntp_setservername(0, server);
}

void services_begin(struct netif *netif)
{
	begin_mdns(netif);
	prepare_sntp();
}

static bool has_address(const struct netif *netif)
{
	int i;

	if (!ip4_addr_isany(netif_ip4_addr(netif)))
		return true;
	for (i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
		    !ip6_addr_islinklocal(netif_ip6_addr(netif, i)))
			return true;
	}
	return false;
}

void services_address_changed(struct netif *netif)
{
	if (cmdline_get("ntp") && !sntp_enabled() && has_address(netif))
		sntp_init();
}
