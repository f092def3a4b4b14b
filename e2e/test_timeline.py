"""A long channel, of which a page holds only a part: older pages, jumps to what is not loaded, and gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.audit import Audit
from e2e.beside import Beside
from e2e.conftest import People
from e2e.line import Line
from e2e.menus import Menus
from e2e.reader import Reader, Talker
from e2e.servers import Server
from e2e.talker import Talker as Acts

MANY = 320
MANY_MS = 60_000
"""So many messages arrive in the end, on a busy machine."""


Writers = Callable[[str], Talker]


@pytest.fixture
def writers(server: Server, tmp_path: Path) -> Iterator[Writers]:
    """``writers("#channel")``: somebody writes many messages there."""
    begun: list[Talker] = []

    def begin(channel: str) -> Talker:
        talker = Talker(tmp_path / "writer", server.udp, channel)
        begun.append(talker)
        talker.say("needle", *(f"straw {number}" for number in range(1, MANY)))
        return talker

    yield begin
    for talker in begun:
        talker.end()


def test_older_pages_move_nothing(people: People, server: Server, channel: str, writers: Writers) -> None:
    udo = people("udo", server).sign_up().join(channel)
    eyes = Reader(udo)
    writers(channel)
    eyes.see(f"straw {MANY - 1}", MANY_MS)
    line = Line(udo.page)
    line.hold("history.page")  # from the start: a fast page has asked for more before anybody looks
    udo.reload().expect_open(channel)
    eyes.go_to_the_end().see(f"straw {MANY - 1}")
    for _ in range(2):
        line.hold("history.page")
        seen = eyes.go_to_the_top().in_sight()
        places = {text: eyes.place_of(text) for text in (seen[1], seen[5], seen[-1])}
        line.release()
        eyes.expect_here(f"straw {int(seen[0].split()[1]) - 20}")
        for text, place in places.items():
            eyes.expect_place(text, place)
    eyes.go_to_the_top().expect_beginning().go_to_the_top().see("needle")


def test_a_found_and_a_quoted_message_that_are_not_loaded_are_gone_to(
    people: People, server: Server, channel: str, writers: Writers
) -> None:
    vico = people("vico", server).sign_up().join(channel)
    eyes, beside = Reader(vico), Beside(vico)
    writers(channel)
    eyes.see(f"straw {MANY - 1}", MANY_MS)
    vico.reload().expect_open(channel)
    eyes.go_to_the_end().see(f"straw {MANY - 1}").expect_not_here("needle")

    beside.search("needle").go_to_found("needle")
    eyes.see("needle").expect_focus("needle")
    beside.close_by_keyboard()
    answer = Acts(vico).answer(eyes.message("needle"), "Found you")
    vico.expect_sent(answer).reload().expect_open(channel)
    eyes.go_to_the_end().see("Found you").expect_not_here("needle")
    Acts(vico).expect_answer_to_earlier(answer).press_quote(answer)
    eyes.see("needle").expect_focus("needle")

    Menus(vico).on_a_telephone()
    vico.reload().expect_open(channel)
    eyes.go_to_the_end().see("Found you").expect_not_here("straw 150")
    beside.search("straw 150").go_to_found("straw 150").expect_closed()  # it covered the timeline
    eyes.see("straw 150").expect_focus("straw 150")


def test_what_was_missed_in_between_shows_as_a_gap_and_is_fetched(
    people: People, launch: Callable[..., Server], channel: str, tmp_path: Path
) -> None:
    server = launch("forgetful", E2E_STREAM_EVENTS="30")
    wanda = people("wanda", server).sign_up().join(f"{channel}-2").join(channel)
    eyes, line = Reader(wanda), Line(wanda.page)
    wanda.reload().expect_open(channel)
    elsewhere = Reader(people("wanda", server).sign_in()).open(f"{channel}-2")
    talker = Talker(tmp_path / "writer", server.udp, channel)
    early = [f"early {number}" for number in range(1, 4)]
    late = [f"late {number}" for number in range(1, 81)]
    talker.say(*early)
    eyes.see("early 3")
    elsewhere.expect_all_read(channel)  # which the node knows

    line.cut()
    wanda.disturbed = True
    talker.say(*late)
    elsewhere.expect_unread(channel, "80")  # the node has all of them, too
    line.hold("history.page")
    line.restore()
    eyes.try_now().expect_gap().see("early 3").see("late 35").expect_not_here("late 25")
    wanda.picture("gap")
    Audit(wanda).look("a gap").expect_none()
    eyes.fill_gap().expect_filling()
    line.release()
    eyes.expect_no_gap().expect_here("late 1").expect_here("late 25")
    eyes.go_to_the_end().see("late 80")
    talker.end()
