"""Joining shows its steps and how long they take, and is done within five seconds or says why not."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.chat import JOIN_MAX_MS
from e2e.conftest import People
from e2e.joiner import Joiner
from e2e.servers import Network, Server, free_port
from tests.headless.processes import Headless


def test_a_join_shows_its_steps_and_its_time(people: People, server: Server, channel: str) -> None:
    people("fred", server).sign_up().join(channel)
    gina = people("gina", server).sign_up()

    gina.ask_to_join(channel).expect_joined(channel)
    join = gina.expect_join_steps()

    assert len(join.steps) >= 5
    assert 0 < join.elapsed_ms <= JOIN_MAX_MS


@pytest.mark.parametrize("who", ["hanno", "ilse"])
def test_a_join_that_reaches_nobody_says_why_and_completes_by_itself(
    people: People, server: Server, channel: str, who: str
) -> None:
    """Hanno's page stays open until the others can be reached; Ilse loads hers anew meanwhile."""
    member = people(f"{who}-2", server).sign_up().join(f"{channel}-{who}")
    before = member.say("Before the other came")
    person = people(who, server).sign_up().network(Network.CUT)

    joiner = Joiner(person, member.channel).ask().expect_trouble()
    if who == "hanno":
        person.picture("join-delayed")
    early = joiner.write("Written before I was in")
    if who == "ilse":
        person.reload()

    person.network(Network.OPEN)
    joiner.expect_joined()
    person.expect_message(before).expect_delivered(early)
    member.expect_message(early)


def test_a_join_without_any_initiator_says_why_within_five_seconds_and_completes_once_a_peer_starts(
    people: People, launch: Callable[..., Server], channel: str, tmp_path: Path
) -> None:
    """The server's own node stays out of reach, so the join waits for the process that starts."""
    address = f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    server = launch("lonely", STARLING_BOOTSTRAP=address)
    jurij = people("jurij", server).sign_up()
    server.block("jurij", "")

    joiner = Joiner(jurij, channel).ask().expect_trouble()
    jurij.picture("join-nobody")
    joiner.expect_step_in_sight_on_a_telephone()
    early = joiner.write("Written while there was nobody")
    jurij.expect_failed(early)
    peer = Headless(tmp_path / "peer", "--listen", address)
    try:
        node_id = peer.first("ready")["node_id"]
        joiner.expect_joined()
        jurij.expect_sent(early)
        assert node_id in server.initiators("jurij", channel)
    finally:
        peer.kill()
