/* SPDX-License-Identifier: MIT */
/* An app folder that forgot its main(). */
int helper(int a);

int helper(int a)
{
	return a + 1;
}
