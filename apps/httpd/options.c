/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

static const char usage[] =
	"usage: httpd [-d FOLDER] [-p PORT] [-s PORT -c CERT.PEM -k KEY.PEM]\n"
	"             [-t THREADS] [-m CONNECTIONS] [-i SECONDS] [-r SECONDS]\n"
	"             [-w SECONDS] [-n] [-4]\n"
	"  -d  what is served (/www)          -p  port of http (80)\n"
	"  -s  port of https                  -t  threads (one a hart)\n"
	"  -m  connections at a time (4096)   -i  that may be idle for (30)\n"
	"  -r  time for a request's head (10) -w  for a reader that stands (30)\n"
	"  -n  no listings of folders         -4  IPv4 only\n"
	"https=PORT,CERT.PEM,KEY.PEM is another way to say -s, -c and -k.\n";

static bool read_number(const char *word, long least, long most, long *out)
{
	char *end;

	*out = strtol(word, &end, 10);
	if (end != word && !*end && *out >= least && *out <= most)
		return true;
	fprintf(stderr, "httpd: %s is no number from %ld to %ld\n", word, least,
	        most);
	return false;
}

static bool read_option(int letter, struct options *options)
{
	long number = 0;
	long most = 3600;

	if (letter == 'p' || letter == 's')
		most = 65535;
	else if (letter == 't')
		most = WORKERS_MOST;
	else if (letter == 'm')
		most = 1000000;
	if (!read_number(optarg, letter == 'p' || letter == 's' ? 0 : 1, most,
	                 &number))
		return false;
	if (letter == 'p')
		options->port = (int)number;
	else if (letter == 's')
		options->tls_port = (int)number;
	else if (letter == 't')
		options->workers = (unsigned int)number;
	else if (letter == 'm')
		options->connections = (unsigned int)number;
	else if (letter == 'i')
		options->idle_seconds = (unsigned int)number;
	else if (letter == 'r')
		options->request_seconds = (unsigned int)number;
	else
		options->stall_seconds = (unsigned int)number;
	return true;
}

/* https=443,/cert.pem,/key.pem: the words are cut apart where they stand. */
static bool read_https(char *value, struct options *options)
{
	char *certificate = strchr(value, ',');
	char *key = certificate ? strchr(certificate + 1, ',') : NULL;
	long port;

	if (!key) {
		fputs("httpd: want https=PORT,CERT.PEM,KEY.PEM\n", stderr);
		return false;
	}
	*certificate++ = '\0';
	*key++ = '\0';
	if (!read_number(value, 0, 65535, &port))
		return false;
	options->tls_port = (int)port;
	options->certificate = certificate;
	options->key = key;
	return true;
}

static bool read_letter(int letter, struct options *options)
{
	switch (letter) {
	case 'd':
		options->root = optarg;
		return true;
	case 'c':
		options->certificate = optarg;
		return true;
	case 'k':
		options->key = optarg;
		return true;
	case 'n':
		options->lists_folders = false;
		return true;
	case '4':
		options->ipv4_only = true;
		return true;
	case '?':
		fputs(usage, stderr);
		return false;
	default:
		return read_option(letter, options);
	}
}

bool options_parse(int argc, char **argv, struct options *options)
{
	const long harts = sysconf(_SC_NPROCESSORS_ONLN);
	int letter;

	*options = (struct options){
		.root = "/www",
		.port = 80,
		.tls_port = -1,
		.workers = harts < 1 ? 1 : (unsigned int)harts,
		.connections = 4096,
		.idle_seconds = 30,
		.request_seconds = 10,
		.stall_seconds = 30,
		.lists_folders = true,
	};
	if (options->workers > WORKERS_MOST)
		options->workers = WORKERS_MOST;
	while ((letter = getopt(argc, argv, "d:p:s:c:k:t:m:i:r:w:n4")) != -1)
		if (!read_letter(letter, options))
			return false;
	for (; optind < argc; optind++) {
		if (strncmp(argv[optind], "https=", 6) != 0) {
			fprintf(stderr, "httpd: what is %s?\n%s", argv[optind],
			        usage);
			return false;
		}
		if (!read_https(argv[optind] + 6, options))
			return false;
	}
	return true;
}
