/* SPDX-License-Identifier: MIT */
/* Asks for less stack than any application gets: the link fails. */
int main(void)
{
	return 0;
}
