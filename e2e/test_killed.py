"""A server is killed in the middle of a conversation: every message is there once on both sides."""

from __future__ import annotations

import random
from collections.abc import Callable

from e2e.chat import Message, Person
from e2e.conftest import People
from e2e.servers import Server
from e2e.test_stop import DISCONNECTED

MESSAGES = 50
RESTART_MAX_MS = 60_000
"""A start of the server, the page's reconnection and what was kept on both sides, on a busy machine."""


def test_a_kill_in_a_conversation_of_fifty_loses_and_doubles_nothing(
    people: People, launch: Callable[..., Server], channel: str
) -> None:
    """The moments are drawn by the test's seed; whoever sits at the killed server writes on."""
    rates = {"E2E_MESSAGES_PER_WINDOW": "1000"}
    here = launch("here", **rates)
    there = launch("there", STARLING_BOOTSTRAP=here.udp, **rates)
    ann = people("ann", here).sign_up().join(channel)
    bob = people("bob", there).sign_up().join(channel)
    people.allow(DISCONNECTED)
    ann.disturbed = bob.disturbed = True
    killed_after, back_after = sorted(random.sample(range(2, MESSAGES - 2), 2))

    said: list[Message] = []
    for number in range(1, MESSAGES + 1):
        who = ann if number % 2 else bob
        text = f"Number {number:02}"
        said += who.say_at_once(text) if random.random() < 0.5 else [who.say(text)]
        if number == killed_after:
            there.kill()
        if number == back_after:
            there.start()

    for person in (ann, bob):
        expect_all(person, said)
    assert ann.order() == bob.order()
    for message in said:  # who acknowledged in the last second before the kill is not known any more
        message.sender.expect_sent(message)


def expect_all(person: Person, said: list[Message]) -> None:
    """Each of them once, and nothing else."""
    for message in said:
        person.expect_once(message, timeout_ms=RESTART_MAX_MS)
    assert len(person.order()) == len(said)
