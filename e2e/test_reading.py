"""What others wrote while nobody looked: counted, marked, found, and the same on all pages of a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.conftest import People
from e2e.reader import Reader, Talker
from e2e.servers import Server

Talkers = Callable[[str], Talker]

HOLD_FRAMES = """() => {
  const [real, held] = [window.requestAnimationFrame, []];
  window.requestAnimationFrame = (draw) => held.push(draw);
  window.drawAgain = () => {
    window.requestAnimationFrame = real;
    for (const draw of held) real(draw);
  };
}"""
DRAW_AGAIN = "() => window.drawAgain()"


@pytest.fixture
def talkers(server: Server, tmp_path: Path) -> Iterator[Talkers]:
    """``talkers("#channel")``: somebody who writes there from a node of their own."""
    begun: list[Talker] = []

    def begin(channel: str) -> Talker:
        talker = Talker(tmp_path / str(len(begun)), server.udp, channel)
        begun.append(talker)
        return talker

    yield begin
    for talker in begun:
        talker.end()


def numbered(word: str, count: int) -> list[str]:
    return [f"{word} {number}" for number in range(1, count + 1)]


def test_what_comes_while_scrolled_up_moves_nothing_and_is_counted(
    people: People, server: Server, channel: str, talkers: Talkers
) -> None:
    gerd = people("gerd", server).sign_up().join(channel)
    gerd.join(f"{channel}-2")
    elsewhere = people("gerd", server).sign_in()
    list_only = Reader(elsewhere).open(f"{channel}-2")
    eyes = Reader(gerd).open(channel)
    talker = talkers(channel)
    talker.say(*numbered("old", 60))
    eyes.see("old 60").expect_all_read(channel).scroll_to("old 20").see("old 20")
    place = eyes.place_of("old 20")

    talker.say(*numbered("new", 20))

    eyes.expect_way_down("20 new messages").expect_place("old 20", place).expect_unread(channel, "20")
    eyes.expect_title("(20)")
    list_only.expect_unread(channel, "20")
    elsewhere.reload().expect_open(f"{channel}-2")
    list_only.expect_unread(channel, "20")
    gerd.reload().expect_open(channel)
    eyes.see("new 1").expect_line_before("new 1")
    eyes.go_to_the_end().see("new 20").expect_all_read(channel)
    list_only.expect_all_read(channel)

    eyes.go_to_the_top()
    talker.say(*numbered("newer", 3))
    eyes.expect_way_down("3 new messages").expect_unread(channel, "3").go_down("3 new messages")
    eyes.see("newer 3").expect_no_way_down().expect_all_read(channel).expect_title(channel)
    list_only.expect_all_read(channel)
    for person in (gerd.reload().expect_open(channel), elsewhere.reload().expect_open(f"{channel}-2")):
        Reader(person).expect_all_read(channel)
    eyes.see("newer 3").expect_no_way_down()


def test_counts_and_mentions_are_the_same_on_all_pages(
    people: People, server: Server, channel: str, talkers: Talkers
) -> None:
    hank = people("hank", server).sign_up().join(channel)
    hank.join(f"{channel}-2")
    talker = talkers(channel)
    other = people("hank", server).sign_in()
    there = Reader(other).open(f"{channel}-2")
    here = Reader(hank)

    talker.say("first", f"second, <@{here.node_id()}>", "third")
    here.expect_unread(channel, "3", mentions=1).expect_title("(3)")
    there.expect_unread(channel, "3", mentions=1)

    here.open(channel).see("third").expect_line_before("first").expect_all_read(channel)
    there.expect_all_read(channel).expect_title(f"{channel}-2")
    other.reload()
    there.expect_all_read(channel)


def test_a_channel_with_much_unread_opens_where_it_begins(
    people: People, server: Server, channel: str, talkers: Talkers
) -> None:
    ivan = people("ivan", server).sign_up().join(channel)
    eyes = Reader(ivan)
    talker = talkers(channel)
    talker.say("seen")
    eyes.see("seen")
    ivan.join(f"{channel}-2")
    talker.say(*numbered("unseen", 70))
    eyes.expect_unread(channel, "70")

    eyes.open(channel).expect_line_before("unseen 1").see("unseen 1")
    ivan.reload().expect_open(channel)
    eyes.go_to_the_end().see("unseen 70").expect_all_read(channel)


def test_what_comes_at_once_into_an_open_channel_that_was_empty_is_followed(
    people: People, server: Server, channel: str, talkers: Talkers
) -> None:
    hedy = people("hedy", server).sign_up().join(channel)
    hedy.join(f"{channel}-2")
    elsewhere = Reader(people("hedy", server).sign_in()).open(f"{channel}-2")
    eyes = Reader(hedy).open(channel).expect_empty(channel)
    talker = talkers(channel)
    hedy.page.evaluate(HOLD_FRAMES)  # as on a busy machine: much comes before the page is drawn again
    talker.say(*numbered("at once", 60))
    elsewhere.expect_unread(channel, "60")
    hedy.page.evaluate(DRAW_AGAIN)
    eyes.see("at once 60").expect_all_read(channel)
