/* SPDX-License-Identifier: Apache-2.0 */
/* test_console_input.c - who hears what is typed, and what becomes of what nobody can hear now. */
#include "core/console.h"
#include "fake_wire.h"

TEST(first_registered_domain_has_the_input)
{
    start();
    type("lost");
    console_register(3, hear);
    expect("(BH) *** Serial input to d3 (type Ctrl-A three times to switch input)\r\n");
    console_register(4, hear);
    expect("");
    type("abc");
    CHECK_STR_EQ(heard.text, "abc");
    CHECK_EQ(heard.last_domid, 3);
}

TEST(the_control_domain_has_the_input_whenever_it_comes)
{
    start();
    console_register(3, hear);
    wire.out_length = 0;
    console_register(0, hear);
    expect("(BH) *** Serial input to d0 (type Ctrl-A three times to switch input)\r\n");
    type("abc");
    CHECK_EQ(heard.last_domid, 0);
}

TEST(where_a_person_moved_the_input_it_stays)
{
    start();
    console_register(3, hear);
    console_register(4, hear);
    type("\1\1\1");
    console_register(0, hear);
    type("abc");
    CHECK_EQ(heard.last_domid, 4);
}

TEST(three_ctrl_a_move_the_input_round)
{
    start();
    console_register(1, hear);
    console_register(2, hear);
    wire.out_length = 0;
    type("\1\1\1x");
    expect("(BH) *** Serial input to d2 (type Ctrl-A three times to switch input)\r\n");
    CHECK_EQ(heard.last_domid, 2);
    type("\1\1\1y\r");
    expect("(BH) *** Serial input to the hypervisor (type Ctrl-A three times to switch input)\r\n"
           "(BH) *** Serial input to the hypervisor (type Ctrl-A three times to switch input)\r\n");
    type("\1\1");
    type("\1z");
    expect("(BH) *** Serial input to d1 (type Ctrl-A three times to switch input)\r\n");
    CHECK_EQ(heard.last_domid, 1);
    CHECK_STR_EQ(heard.text, "xz");
    type("\1a\1\1b");
    CHECK_STR_EQ(heard.text, "xz\1a\1\1b");
    expect("");
}

TEST(a_receiver_that_goes_hands_the_input_on)
{
    start();
    console_register(1, hear);
    console_register(2, hear);
    guest(1, "last words");
    wire.out_length = 0;
    console_unregister(1);
    expect("(BH) *** Serial input to d2 (type Ctrl-A three times to switch input)\r\n(d1) last words");
    console_unregister(2);
    expect("\r\n(BH) *** Serial input to the hypervisor (type Ctrl-A three times to switch input)\r\n");
    console_unregister(2);
    type("x");
    CHECK_EQ(heard.length, 0);
}

TEST(typing_shows_the_prompt)
{
    start();
    console_register(1, hear);
    guest(1, "password: ");
    wire.out_length = 0;
    type("s");
    expect("(d1) password: ");
}

TEST(what_a_receiver_cannot_take_waits)
{
    start();
    console_register(1, hear);
    heard.room = 2;
    type("abcd");
    CHECK_STR_EQ(heard.text, "ab");
    CHECK(console_input_waits(1));
    CHECK(!console_input_waits(2));
    type("e");
    heard.room = 100;
    console_input();
    CHECK_STR_EQ(heard.text, "abcde");
    CHECK(!console_input_waits(1));
    heard.room = 5;
    for (unsigned i = 0; i < 300; i++) {
        type("f");
    }
    heard.room = 300;
    console_input();
    CHECK_EQ(heard.length, 5 + 128);
}

TEST(moving_the_input_forgets_what_waited)
{
    start();
    console_register(1, hear);
    console_register(2, hear);
    heard.room = 0;
    type("abc\1\1\1");
    CHECK(!console_input_waits(1));
    heard.room = 100;
    type("d");
    CHECK_STR_EQ(heard.text, "d");
    CHECK_EQ(heard.last_domid, 2);
}

static bool hear_and_unregister(uint16_t domid, char c)
{
    console_unregister(domid);
    return hear(domid, c);
}

TEST(a_receiver_may_go_while_it_takes)
{
    start();
    console_register(1, hear_and_unregister);
    console_register(2, hear);
    type("ab");
    CHECK_STR_EQ(heard.text, "a");
}
