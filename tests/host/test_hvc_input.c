/* SPDX-License-Identifier: Apache-2.0 */
/* test_hvc_input.c - typed characters wait, in order, until they are read. */
#include "test.h"
#include "vdev/hvc_input.h"

TEST(characters_stay_until_they_are_dropped)
{
    struct hvc_input input;
    char text[8] = "";

    hvc_input_init(&input);
    CHECK_EQ(hvc_input_peek(&input, text, sizeof(text)), 0);
    CHECK(hvc_input_put(&input, 'a'));
    CHECK(hvc_input_put(&input, 'b'));
    CHECK_EQ(hvc_input_peek(&input, text, 1), 1);
    CHECK_EQ(text[0], 'a');
    CHECK_EQ(hvc_input_peek(&input, text, sizeof(text)), 2);
    CHECK_EQ(text[1], 'b');
    hvc_input_drop(&input, 1);
    CHECK_EQ(hvc_input_peek(&input, text, sizeof(text)), 1);
    CHECK_EQ(text[0], 'b');
}

TEST(a_full_one_takes_no_more_and_loses_nothing)
{
    struct hvc_input input;
    char text[HVC_INPUT_MAX];
    unsigned char next_in = 0, next_out = 0;

    hvc_input_init(&input);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned size = (unsigned)test_random_below(HVC_INPUT_MAX + 1), count;

        while (test_random_below(100) != 0 && hvc_input_put(&input, (char)next_in)) {
            next_in++;
        }
        CHECK_EQ((unsigned char)(next_in - next_out), input.count);
        CHECK(input.count <= HVC_INPUT_MAX);
        count = hvc_input_peek(&input, text, size);
        for (unsigned i = 0; i < count; i++) {
            CHECK_EQ((unsigned char)text[i], next_out++);
        }
        hvc_input_drop(&input, count);
    }
}
