"""The whole story: a channel is created, people talk, one of its initiators dies, and they talk on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.chat import Message, Person
from e2e.conftest import People
from e2e.servers import Server, eventually
from tests.headless.processes import Headless

GUARDS = 3
REPLICAS = 5
RECOVERED_MAX_S = 45.0
Guards = Callable[..., Headless]


@pytest.fixture
def guards(tmp_path: Path) -> Iterator[Guards]:
    """``guards("first", address)``: a node without people; the same name has the same disk."""
    running: list[Headless] = []

    def begin(name: str, bootstrap: str) -> Headless:
        running.append(Headless(tmp_path / name, "--bootstrap", bootstrap))
        running[-1].first("ready")
        return running[-1]

    yield begin
    for guard in running:
        if guard.child.poll() is None:
            guard.kill()


def talk(one: Person, other: Person, words: str, turns: int = 3) -> list[Message]:
    """Each says something in turn, the other sees it, and both see that it was delivered."""
    said: list[Message] = []
    for turn in range(turns):
        for speaker, listener in ((one, other), (other, one)):
            said.append(speaker.say(f"{words}, {turn + 1} by {speaker.name}"))
            listener.expect_message(said[-1])
    for message in said:
        message.sender.expect_delivered(message)
    return said


def test_the_whole_story_in_one_journey(
    people: People, launch: Callable[..., Server], channel: str, guards: Guards
) -> None:
    rates = {"E2E_MESSAGES_PER_WINDOW": "1000"}
    here = launch("here", **rates)
    there = launch("there", STARLING_BOOTSTRAP=here.udp, **rates)
    posts = {}
    for number in range(GUARDS):
        guard = guards(f"guard-{number}", here.udp)
        posts[guard.first("ready")["node_id"]] = f"guard-{number}", guard

    ann = people("ann", here).sign_up().join(channel)
    bob = people("bob", there).sign_up().join(channel)
    said = talk(ann, bob, "Before")

    victim = next(node for node in here.initiators("ann", channel) if node in posts)
    name, guard = posts[victim]
    guard.kill()
    said += talk(ann, bob, "While one is dead")

    def recovered() -> bool:
        found = here.initiators("ann", channel)
        return len(found) == REPLICAS and victim not in found and found == there.initiators("bob", channel)

    eventually("five living initiators, the same for both", recovered, RECOVERED_MAX_S)
    said += talk(ann, bob, "Recovered")

    guards(name, here.udp)
    said += talk(ann, bob, "And with a new one")
    carl = people("carl", there).sign_up().join(channel)
    for person in (ann, bob, carl):
        person.expect_order(said)
