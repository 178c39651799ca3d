/* SPDX-License-Identifier: Apache-2.0 */
/* mark.c - a program for Linux under test: does the one instruction that tools/insncount takes for a mark. */

int main(void)
{
    __asm__ volatile("hint #0x70"); /* No hint is defined by that number: it does nothing. */
    return 0;
}
