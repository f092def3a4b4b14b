"""What is written stands on the screen before the network has it, and stays the same row."""

from __future__ import annotations

from e2e.conftest import People
from e2e.echo import expect_drawn_at_once
from e2e.line import Line
from e2e.reader import Reader
from e2e.servers import Network, Server
from e2e.writer import Writer


def test_property_26_to_28_the_row_is_there_before_the_network_has_it_and_stays_the_same(
    people: People, server: Server, channel: str
) -> None:
    hugo = people("hugo", server).sign_up().join(channel)
    iris = people("iris", server).sign_up().join(channel)

    hugo.network(Network.HOLD)
    message = hugo.say("Written while nothing gets out")
    expect_drawn_at_once(message)
    hugo.expect_state(message, "pending")
    hugo.expect_ready_for_the_next()
    hugo.mark_row(message)
    iris.expect_no_message(message)

    hugo.network(Network.OPEN)
    hugo.expect_sent(message)
    hugo.expect_same_row(message)
    iris.expect_message(message)
    hugo.expect_delivered(message)


def test_one_does_not_wait_for_another(people: People, server: Server, channel: str) -> None:
    john = people("john", server).sign_up().join(channel)
    kate = people("kate", server).sign_up().join(channel)

    john.network(Network.HOLD)
    said = john.say_at_once("held 1", "held 2", "held 3")
    for message in said:
        john.expect_state(message, "pending")
    john.network(Network.OPEN)

    for message in said:
        john.expect_delivered(message)
    kate.expect_order(said)


def test_property_27_the_button_waits_until_the_node_has_accepted(
    people: People, server: Server, channel: str
) -> None:
    leo = people("leo", server)
    line, hand = Line(leo.page), Writer(leo)
    leo.sign_up().join(channel)
    people("mia", server).sign_up().join(channel)

    line.hold("message.send")
    [message] = leo.say_at_once("On its way to the node")
    expect_drawn_at_once(message)
    leo.expect_state(message, "pending").expect_ready_for_the_next()
    hand.expect_handing_over()

    leo.network(Network.HOLD)
    line.release()
    leo.expect_accepted(message).expect_state(message, "pending")
    leo.network(Network.OPEN)
    leo.expect_delivered(message)


def test_property_28_what_is_replayed_is_there_once(people: People, server: Server, channel: str) -> None:
    nadja = people("nadja", server)
    line = Line(nadja.page)
    nadja.sign_up().join(channel)
    oskar = people("oskar", server).sign_up().join(channel)
    nadja.disturbed = oskar.disturbed = True

    line.deafen()
    [mine] = nadja.say_at_once("Accepted without an answer")
    oskar.expect_message(mine)
    his = oskar.say("Heard by the node alone")
    line.cut()
    nadja.expect_state(mine, "pending").expect_no_message(his)

    line.hear()
    line.restore()
    Reader(nadja).try_now()
    nadja.expect_delivered(mine).expect_once(his).expect_order([mine, his])
    oskar.expect_order([mine, his])
    Reader(nadja).expect_outbox(0)
