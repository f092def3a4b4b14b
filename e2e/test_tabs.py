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
    petra = people("petra", server)
    line = Line(petra.page)
    petra.sign_up().join(channel)
    other = people.another_tab(petra).open_page().expect_open(channel)
    quin = people("quin", server).sign_up().join(channel)
    petra.disturbed = other.disturbed = True

    line.cut()
    said = petra.say_at_once("from the cut tab 1", "from the cut tab 2")
    for message in said:
        other.expect_delivered(message)
        petra.expect_accepted(message)
    [back] = other.say_at_once("from the other tab")
    quin.expect_order([*said, back])

    line.restore()
    Reader(petra).try_now()
    for tab in (petra, other):
        tab.expect_delivered(back).expect_order([*said, back])
        Reader(tab).expect_outbox(0)


def test_what_one_tab_takes_back_goes_in_the_other(people: People, server: Server, channel: str) -> None:
    rolf = people("rolf", server)
    line = Line(rolf.page)
    rolf.sign_up().join(channel)
    other = people.another_tab(rolf)
    far = Line(other.page)
    other.open_page().expect_open(channel)

    line.cut()
    far.cut()
    kept, gone = rolf.say_at_once("kept", "gone")
    other.expect_waiting_for_the_node(kept).expect_waiting_for_the_node(gone)
    Reader(other).expect_outbox(2)
    TakerBack(rolf).cancel_twice(gone)
    other.expect_no_message(gone).expect_waiting_for_the_node(kept)
    Reader(other).expect_outbox(1)

    far.restore()
    Reader(other).try_now()
    other.expect_sent(kept).expect_order([kept])
    rolf.expect_accepted(kept)

    line.restore()
    Reader(rolf).try_now().expect_outbox(0)
    rolf.expect_sent(kept).expect_order([kept])
