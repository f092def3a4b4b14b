"""What a single person of a server reads of copies that are all on it, until somebody is elsewhere."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.browser import Browser
from tests.webchat.conftest import Open
from webchat.company import is_local
from webchat.worker import Worker

STATE = {"channel": "#lobby", "state": "sent", "machines": 1, "delivered": (0, 0), "alone": False}
OURS = {"me", "host"}


async def told(page: Browser, channel: str, text: str, state: str = "sent") -> Any:
    said = await page.say(channel, text)
    return await page.expect("message.state", id=said["id"], state=state)


@pytest.mark.usefixtures("worker")
async def test_who_is_here_alone_is_told_that_only_this_server_has_it(open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    joined = await ann.join("#lobby")
    assert (joined["created"], joined["alone"], len(joined["subscribers"])) == (True, False, 1)
    sent = await told(ann, "#lobby", "anybody?")
    assert (sent["stored"]["k"], sent["stored"]["machines"], sent["alone"]) == (2, 1, False)
    assert sent["local"] is True
    (shown,) = (await (await open_page("ann")).hello())["channels"][0]["outbox"]
    assert shown["local"] is True


@pytest.mark.usefixtures("worker")
async def test_it_is_not_said_where_somebody_was_there_to_get_it(open_page: Open) -> None:
    ann, bob = await open_page("ann"), await open_page("bob")
    for page in (ann, bob):
        await page.hello()
        await page.join("#lobby")
    assert (await told(ann, "#lobby", "hello", "delivered"))["local"] is False


async def test_it_is_taken_back_when_somebody_of_elsewhere_makes_himself_known(
    worker: Worker, open_page: Open
) -> None:
    ann, bob = await open_page("ann"), await open_page("bob")
    await ann.hello()
    await bob.hello()
    await ann.join("#lobby")
    said = await ann.say("#lobby", "anybody?")
    all_three = {"k": 3, "of": 3, "machines": 1}
    assert (await ann.expect("message.state", id=said["id"], stored=all_three))["local"] is True
    (of_ann, of_bob) = (each.peer for each in worker.residents._residents.values())
    assert of_ann is not None and of_bob is not None
    elsewhere = of_bob.node.node_id
    of_ann._all_ours = lambda ids: elsewhere not in ids  # as if another server ran it
    await bob.join("#lobby")
    await bob.say("#lobby", "I am")
    await ann.expect("message.state", id=said["id"], state="sent", stored=all_three, local=False)


@pytest.mark.parametrize(
    ("changed", "known", "local"),
    [
        ({}, {}, True),
        ({"state": "pending"}, {}, False),
        ({"state": "delivered", "delivered": (1, 1)}, {}, False),
        ({"delivered": (0, 1)}, {}, False),
        ({"machines": 2}, {}, False),
        ({"machines": 0}, {}, False),
        ({"alone": True}, {}, False),
        ({"channel": "#left"}, {}, False),
        ({}, {"initiators": ["me", "far"]}, False),
        ({}, {"initiators": []}, False),
        ({}, {"leaseholders": ["me", "far"]}, False),
        ({}, {"names": {"me": "Ann", "far": "Bob"}}, False),
    ],
)
def test_it_is_said_only_while_nothing_known_speaks_against_it(
    changed: dict[str, Any], known: dict[str, Any], local: bool
) -> None:
    known = {"initiators": ["me", "host"], "leaseholders": ["me"], "names": {"me": "Ann"}, **known}
    node: Any = SimpleNamespace(
        channels=lambda: {"#lobby": True},
        coordinator=lambda name: known,
        leaseholders=lambda name: known["leaseholders"],
        names=lambda name: known["names"],
    )
    state = SimpleNamespace(**{**STATE, **changed})
    assert is_local(state, node, OURS.issuperset) is local
