"""SIGTERM ends a server cleanly while people are chatting: soon, nothing left, nothing lost."""

from __future__ import annotations

import socket
from collections.abc import Callable

from e2e.conftest import People
from e2e.servers import STOP_TIMEOUT_S, Network, Server, is_free

DISCONNECTED = r"WebSocket connection to .* failed|net::ERR_CONNECTION_REFUSED"


def test_sigterm_ends_it_cleanly(people: People, launch: Callable[..., Server], channel: str) -> None:
    server = launch("stopped")
    ann = people("ann", server).sign_up().join(channel)
    bob = people("bob", server).sign_up().join(channel)
    said = ann.say("Last words")
    bob.expect_message(said)
    people.allow(DISCONNECTED)

    assert server.stop() <= STOP_TIMEOUT_S

    assert is_free(server.port, socket.SOCK_STREAM)
    assert is_free(server.udp_port, socket.SOCK_DGRAM)


def test_what_was_accepted_survives_a_stop(
    people: People, launch: Callable[..., Server], channel: str
) -> None:
    server = launch("stopped")
    ann = people("ann", server).sign_up().join(channel)
    bob = people("bob", server).sign_up().join(channel)
    said = ann.say("Before the stop")
    bob.expect_message(said)
    ann.expect_delivered(said).network(Network.HOLD)
    accepted = ann.say("Accepted, not sent")
    ann.expect_accepted(accepted)
    people.allow(DISCONNECTED)

    server.stop()
    server.start()

    bob.open_page().expect_open(channel).expect_message(accepted).expect_order([said, accepted])
    ann.open_page().expect_open(channel).expect_order([said, accepted]).expect_delivered(said)
