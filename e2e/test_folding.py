"""Messages of many lines don't push all others off the screen: folded, and whoever wants reads on."""

from __future__ import annotations

from dataclasses import replace

from e2e.chat import Person
from e2e.conftest import People
from e2e.folding import Folding
from e2e.servers import Server
from e2e.talker import Talker

ADDRESS = "https://example.org/at-the-end"


def lines(count: int, end: str = "") -> str:
    return "\n".join([*(f"line {number}" for number in range(1, count + 1)), end]).strip()


def two(people: People, server: Server, channel: str, *names: str) -> list[Person]:
    return [people(name, server).sign_up().join(channel) for name in names]


def test_a_long_message_is_folded_and_unfolds_where_it_is(
    people: People, server: Server, channel: str
) -> None:
    wilma, xaver = two(people, server, channel, "wilma", "xaver")
    for number in range(3):
        wilma.say(f"before {number}")
    short = Talker(wilma).say_long(lines(12), "line 12")
    long = Talker(wilma).say_long(lines(60, f"Look at {ADDRESS}"), "line 60")
    after = wilma.say("after it")
    for person in (wilma, xaver):
        folding = Folding(person)
        person.expect_once(after)
        folding.expect_folded(long).expect_whole(short)
    wilma.picture("folded")

    folding, row = Folding(wilma), wilma.row(long)
    folding.press_keeping(long, row).expect_unfolded(long)
    wilma.picture("unfolded")
    folding.press_keeping(long, row).expect_folded(long)  # its button was far below
    folding.press_keeping(long, row).scroll_to_button(long)
    folding.press_keeping(long, folding.button(long)).expect_folded(long)
    folding.press_keeping(long, row).expect_unfolded(long)
    Folding(xaver).expect_folded(long)  # everybody for himself


def test_who_folds_a_message_at_the_end_follows_the_newest_again(
    people: People, server: Server, channel: str
) -> None:
    yasmin, zeno = two(people, server, channel, "yasmin", "zeno")
    long = Talker(yasmin).say_long(lines(60), "line 60")
    zeno.expect_once(long)
    folding, row = Folding(zeno).expect_folded(long), zeno.row(long)
    folding.press_keeping(long, row).expect_unfolded(long)
    folding.press_keeping(long, row).expect_folded(long)
    for number in range(4):
        tall = Talker(yasmin).say_long(lines(12, f"and {number}"), f"and {number}")
        zeno.expect_once(replace(tall, text=f"and {number}"))
    folding.eyes.see("and 3").expect_no_way_down()


def test_what_is_folded_away_is_unfolded_for_who_goes_there(
    people: People, server: Server, channel: str
) -> None:
    yorick, zoe = two(people, server, channel, "yorick", "zoe")
    long = Talker(yorick).say_long(lines(60, f"Look at {ADDRESS}"), "line 60")
    zoe.expect_once(long)
    Folding(zoe).expect_folded(long).tab_to_link(long, ADDRESS).expect_unfolded(long)


def test_an_edit_that_makes_it_short_leaves_nothing_to_unfold(
    people: People, server: Server, channel: str
) -> None:
    (anja,) = two(people, server, channel, "anja-f")
    long = Talker(anja).say_long(lines(60), "line 60")
    folding = Folding(anja).expect_folded(long)
    anja.expect_sent(long)
    Talker(anja).edit(long, "All in one line")
    folding.expect_whole(long)
