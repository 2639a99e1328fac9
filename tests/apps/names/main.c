// SPDX-License-Identifier: MIT
/*
 * A program whose names the kernel has too: each keeps its own, and what the
 * program calls of the C library goes on to use the kernel's.
 */
#include <semaphore.h>
#include <stdio.h>

void up(const char *what);
const char *report(void);
int down(void);

int panic;

const char *report(void)
{
	return "report";
}

void up(const char *what)
{
	printf("up: %s, panic is %d\n", what, ++panic);
}

int down(void)
{
	return 7;
}

int main(void)
{
	sem_t sem;

	if (sem_init(&sem, 0, 1) || sem_wait(&sem) || sem_post(&sem))
		return 1;
	up(report());
	return down();
}
