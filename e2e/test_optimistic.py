"""What is written stands on the screen before the network has it, and stays the same row."""

from __future__ import annotations

from e2e.conftest import People
from e2e.servers import Network, Server


def test_property_26_to_28_the_row_is_there_before_the_network_has_it_and_stays_the_same(
    people: People, server: Server, channel: str
) -> None:
    hugo = people("hugo", server).sign_up().join(channel)
    iris = people("iris", server).sign_up().join(channel)

    hugo.network(Network.HOLD)
    message = hugo.say("Written while nothing gets out")
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
