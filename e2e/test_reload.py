"""A reload loses nothing: neither what was said nor what was still to be sent."""

from __future__ import annotations

from e2e.conftest import People
from e2e.servers import Network, Server


def test_a_reload_keeps_the_history(people: People, server: Server, channel: str) -> None:
    pete = people("pete", server).sign_up().join(channel)
    rosa = people("rosa", server).sign_up().join(channel)
    question = pete.say("Will this stay?")
    rosa.expect_message(question)
    answer = rosa.say("It will.")
    pete.expect_message(answer).expect_delivered(question)

    pete.reload().expect_open(channel)

    pete.expect_order([question, answer])
    pete.expect_delivered(question)


def test_a_reload_keeps_what_is_unsent(people: People, server: Server, channel: str) -> None:
    sven = people("sven", server).sign_up().join(channel)
    tina = people("tina", server).sign_up().join(channel)

    sven.network(Network.CUT)
    message = sven.say("Not gone yet")
    sven.reload().expect_open(channel)
    sven.expect_order([message]).expect_failed(message)

    # Pressed while the network is still cut: once it is back the node may try by itself at any moment.
    sven.retry(message).network(Network.OPEN)
    sven.expect_delivered(message)
    tina.expect_message(message).expect_order([message])
