"""Two tabs of one browser: what is written in either is in both, and goes out once, through either."""

from __future__ import annotations

from e2e.conftest import People
from e2e.line import Line
from e2e.reader import Reader
from e2e.servers import Server
from e2e.unsent import TakerBack


def test_a_tab_without_connection_sends_through_the_other_one(
    people: People, server: Server, channel: str
) -> None:
    tabea = people("tabea", server)
    line = Line(tabea.page)
    tabea.sign_up().join(channel)
    other = people.another_tab(tabea).open_page().expect_open(channel)
    timo = people("timo", server).sign_up().join(channel)
    tabea.disturbed = other.disturbed = True

    line.cut()
    said = tabea.say_at_once("from the cut tab 1", "from the cut tab 2")
    for message in said:
        other.expect_delivered(message)
        tabea.expect_accepted(message)
    [back] = other.say_at_once("from the other tab")
    timo.expect_order([*said, back])

    line.restore()
    Reader(tabea).try_now()
    for tab in (tabea, other):
        tab.expect_delivered(back).expect_order([*said, back])
        Reader(tab).expect_outbox(0)


def test_what_one_tab_takes_back_goes_in_the_other(people: People, server: Server, channel: str) -> None:
    ruben = people("ruben", server)
    line = Line(ruben.page)
    ruben.sign_up().join(channel)
    other = people.another_tab(ruben)
    far = Line(other.page)
    other.open_page().expect_open(channel)

    line.cut()
    far.cut()
    kept, gone = ruben.say_at_once("kept", "gone")
    other.expect_waiting_for_the_node(kept).expect_waiting_for_the_node(gone)
    Reader(other).expect_outbox(2)
    TakerBack(ruben).cancel_twice(gone)
    other.expect_no_message(gone).expect_waiting_for_the_node(kept)
    Reader(other).expect_outbox(1)

    far.restore()
    Reader(other).try_now()
    other.expect_sent(kept).expect_order([kept])
    ruben.expect_accepted(kept)

    line.restore()
    Reader(ruben).try_now().expect_outbox(0)
    ruben.expect_sent(kept).expect_order([kept])
