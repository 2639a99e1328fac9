/* SPDX-License-Identifier: MIT */
/*
 * ip= is a list of words between commas. Each is understood by itself; a word that
 * is not is told with what is allowed, and the interface does without it.
 */
#include "net/config.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "core/cmdline.h"
#include "core/log.h"
#include "core/timer.h"
#include "core/wait.h"
#include "lib/number.h"
#include "net/configured.h"
#include "net/interface.h"
#include "net/services.h"
#include "net/stack.h"

#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/ip_addr.h"
#include "lwip/netif.h"

#define WORD_BYTES 64u
#define ADDRESS_CHANGED \
	(LWIP_NSC_IPV4_ADDRESS_CHANGED | LWIP_NSC_IPV6_ADDR_STATE_CHANGED)
#define PATIENCE_NS 5000000000ul /* for DHCP's answer */

static struct wait_queue configured = WAIT_QUEUE_INIT("network address");

static uint64_t asked_ns; /* DHCP, since; 0: not */
static unsigned int name_servers;

bool config_is_off(void)
{
	const char *text = cmdline_get("ip");

	return text && strcmp(text, "none") == 0;
}

static void ask_dhcp(struct netif *netif)
{
	if (dhcp_start(netif) != ERR_OK) {
		log_error("net: no memory for DHCP");
		return;
	}
	asked_ns = timer_now_ns();
}

/* lwIP takes 10.1 for 10.0.0.1, and nobody means that. */
static bool parse_address(const char *text, ip_addr_t *address)
{
	unsigned int dots = 0;
	const char *at;

	for (at = text; *at; at++)
		dots += *at == '.';
	return ipaddr_aton(text, address) && (IP_IS_V6(address) || dots == 3);
}

/* ADDRESS/BITS in @word, which is cut. */
static bool parse_network(char *word, ip_addr_t *address, unsigned int *bits)
{
	char *slash = strchr(word, '/');
	unsigned long number;

	if (!slash || !number_parse(slash + 1, &number))
		return false;
	*slash = '\0';
	if (!parse_address(word, address) ||
	    number > (IP_IS_V6(address) ? 128u : 32u))
		return false;
	*bits = (unsigned int)number;
	return true;
}

static void set_ip4(struct netif *netif, const ip4_addr_t *address,
                    unsigned int bits)
{
	ip4_addr_t mask;

	ip4_addr_set_u32(&mask, lwip_htonl(bits == 0 ? 0 : ~0u << (32 - bits)));
	netif_set_addr(netif, address, &mask, netif_ip4_gw(netif));
}

static bool set_address(struct netif *netif, char *word)
{
	ip_addr_t address;
	unsigned int bits;
	s8_t index;

	if (!parse_network(word, &address, &bits))
		return false;
	if (IP_IS_V4(&address)) {
		set_ip4(netif, ip_2_ip4(&address), bits);
		return true;
	}
	/* Neighbours are told by routers; what is given is this host's own. */
	if (bits != 64 ||
	    netif_add_ip6_address(netif, ip_2_ip6(&address), &index) != ERR_OK)
		return false;
	netif_ip6_addr_set_state(netif, index, IP6_ADDR_TENTATIVE);
	return true;
}

static bool set_gateway(struct netif *netif, const char *text)
{
	ip_addr_t address;

	if (!parse_address(text, &address) || !IP_IS_V4(&address))
		return false;
	netif_set_gw(netif, ip_2_ip4(&address));
	return true;
}

static bool add_name_server(const char *text)
{
	ip_addr_t address;

	if (name_servers == DNS_MAX_SERVERS || !parse_address(text, &address))
		return false;
	dns_setserver((u8_t)name_servers++, &address);
	return true;
}

static bool apply(struct netif *netif, char *word)
{
	if (strcmp(word, "dhcp") == 0) {
		ask_dhcp(netif);
		return true;
	}
	if (strncmp(word, "gw=", 3) == 0)
		return set_gateway(netif, word + 3);
	if (strncmp(word, "dns=", 4) == 0)
		return add_name_server(word + 4);
	return set_address(netif, word);
}

static void apply_word(struct netif *netif, const char *text, size_t length)
{
	char word[WORD_BYTES];
	bool good = length > 0 && length < sizeof(word);

	if (good) {
		memcpy(word, text, length);
		word[length] = '\0';
		good = apply(netif, word);
	}
	if (!good) {
		log_error(
			"ip=: \"%.*s\" is not dhcp, none, ADDRESS/BITS (IPv6: "
			"/64), gw=ADDRESS or one of three dns=ADDRESS",
			(int)length, text);
	}
}

static void apply_list(struct netif *netif, const char *text)
{
	for (;;) {
		const size_t length = strcspn(text, ",");

		apply_word(netif, text, length);
		if (text[length] == '\0')
			return;
		text += length + 1;
	}
}

/* Whoever wants to know where this host is, reads it on the console. */
static void tell(const struct netif *netif)
{
	char address[IP4ADDR_STRLEN_MAX];
	char gateway[IP4ADDR_STRLEN_MAX];
	const uint32_t mask = ip4_addr_get_u32(netif_ip4_netmask(netif));

	if (ip4_addr_isany(netif_ip4_addr(netif)))
		return;
	ip4addr_ntoa_r(netif_ip4_addr(netif), address, sizeof(address));
	ip4addr_ntoa_r(netif_ip4_gw(netif), gateway, sizeof(gateway));
	log_notice("net: %s/%d, gateway %s%s", address,
	           __builtin_popcount(mask), gateway,
	           asked_ns ? ", by DHCP" : "");
}

static void on_change(struct netif *netif, netif_nsc_reason_t reason,
                      const netif_ext_callback_args_t *args)
{
	(void)args;
	if (netif != interface_netif() || !(reason & ADDRESS_CHANGED))
		return;
	if (reason & LWIP_NSC_IPV4_ADDRESS_CHANGED)
		tell(netif);
	if (!ip4_addr_isany(netif_ip4_addr(netif)))
		asked_ns = 0;
	services_address_changed(netif);
	wait_queue_wake_all(&configured);
}

void config_begin(void)
{
	static netif_ext_callback_t callback;
	struct netif *netif = interface_netif();
	const char *text = cmdline_get("ip");

	netif_set_default(netif);
	netif_create_ip6_linklocal_address(netif, 1);
	netif_set_ip6_autoconfig_enabled(netif, 1);
	netif_set_up(netif);
	services_begin(netif);
	apply_list(netif, text ? text : "dhcp");
	tell(netif);
	services_address_changed(netif);
	netif_add_ext_callback(&callback, on_change);
}

bool net_is_configuring(void)
{
	const uint64_t since_ns = READ_ONCE(asked_ns);

	return since_ns != 0 && timer_now_ns() < since_ns + PATIENCE_NS;
}

int net_wait_configured(uint64_t deadline_ns)
{
	const uint64_t end_ns = READ_ONCE(asked_ns) + PATIENCE_NS;
	int err;

	err = wait_for(&configured, !net_is_configuring(),
	               deadline_ns < end_ns ? deadline_ns : end_ns,
	               THREAD_INTERRUPTIBLE);
	return err == -ETIMEDOUT ? 0 : err;
}

void net_show_resolv(line_emit *emit, void *context)
{
	unsigned int i;

	net_wait_configured(UINT64_MAX);
	for (i = 0; i < DNS_MAX_SERVERS; i++) {
		char line[sizeof("nameserver ") + IPADDR_STRLEN_MAX] =
			"nameserver ";
		ip_addr_t server;

		net_lock();
		server = *dns_getserver((u8_t)i);
		net_unlock();
		if (ip_addr_isany(&server))
			continue;
		ipaddr_ntoa_r(&server, line + strlen(line), IPADDR_STRLEN_MAX);
		emit(line, context);
	}
}
