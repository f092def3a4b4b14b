"""What a single person of a server reads of copies that are all on it, until somebody is elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from peernode.config import NodeConfig
from peernode.identity import Identity
from peernode.node import PeerNode
from peernode.rpc.transport import SystemEnvironment
from peernode.store.sqlite import SqliteDatabase
from tests.support.browser import PATIENCE_S, Browser
from tests.webchat.conftest import Open
from webchat import company
from webchat.background import Background
from webchat.company import Company, is_local
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
    of_ann._company.all_ours = lambda ids: elsewhere not in ids  # as if another server ran it
    await bob.join("#lobby")
    await bob.say("#lobby", "I am")
    await ann.expect("message.state", id=said["id"], state="sent", stored=all_three, local=False)


async def test_it_is_taken_back_when_a_node_without_a_name_comes_from_elsewhere(
    worker: Worker, open_page: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(company, "LOOK_S", 0.05)
    ann, bob = await open_page("ann"), await open_page("bob")
    await ann.hello()
    await bob.hello()
    await ann.join("#lobby")
    said = await ann.say("#lobby", "anybody?")
    all_three = {"k": 3, "of": 3, "machines": 1}  # there are all receipts that it needs: no more will come
    assert (await ann.expect("message.state", id=said["id"], stored=all_three))["local"] is True
    config = NodeConfig(bootstrap=(worker.host.address,), machine_id=b"farawayy")
    environment, database = SystemEnvironment(), SqliteDatabase(tmp_path / "far.sqlite3")
    identity = Identity.generate(environment.random)
    store = database.for_node(identity.node_id)
    stranger = PeerNode(config, environment, store, identity, lambda event: None)
    await stranger.start()
    try:
        await stranger.join("#lobby")
        await ann.expect("message.state", id=said["id"], state="sent", stored=all_three, local=False)
        (shown,) = (await (await open_page("ann")).hello())["channels"][0]["outbox"]
        assert shown["local"] is False
    finally:
        await stranger.stop()
        database.close()


class Told:
    """A node of one channel, of which a test says who is known there, and what was told of its messages."""

    def __init__(self) -> None:
        self.known = ["me", "host"]
        self.member = True
        self.states = [SimpleNamespace(id=f"m{n}", **STATE) for n in range(2)]
        self.asked = 0
        self.told: list[tuple[str, bool]] = []
        self.turn, self.paused = asyncio.Event(), asyncio.Event()
        node: Any = SimpleNamespace(
            channels=lambda: {"#lobby": True} if self.member else {},
            coordinator=lambda name: {"initiators": self.known},
            leaseholders=lambda name: [],
            names=lambda name: {},
            outbox=self._outbox,
        )
        self.tasks = Background()
        self.company = Company(lambda: node, OURS.issuperset, self._tell, self.tasks, self._pause)

    def _outbox(self) -> list[Any]:
        self.asked += 1
        return self.states

    def _tell(self, state: Any) -> None:
        self.told.append((state.id, self.company.local(state)))

    async def _pause(self) -> None:
        self.paused.set()
        await self.turn.wait()
        self.turn.clear()

    async def look(self) -> list[tuple[str, bool]]:
        """What the next look tells."""
        await self.paused.wait()
        self.paused.clear()
        self.told = []
        self.turn.set()
        await self.paused.wait()
        return self.told


async def test_a_look_tells_what_has_changed_alone_and_both_ways() -> None:
    of = Told()
    assert [of.company.local(state) for state in of.states] == [True, True]
    assert (await of.look(), of.asked) == ([], 0)
    of.known = ["me", "host", "far"]
    assert await of.look() == [("m0", False), ("m1", False)]
    assert (await of.look(), of.asked) == ([], 1)
    of.known = ["me", "host"]
    assert await of.look() == [("m0", True), ("m1", True)]
    of.member, of.told = False, []
    of.turn.set()
    await of.tasks.finish(PATIENCE_S)
    assert of.told == []
    assert of.company.local(of.states[0]) is False and len(of.tasks) == 0, "there is nothing to look at"


async def test_what_gets_elsewhere_has_the_others_of_its_channel_looked_at() -> None:
    of = Told()
    assert of.company.local(of.states[0])
    of.known, of.states[1].machines = ["me", "far"], 2
    assert not of.company.local(of.states[1])
    of.company.grew("#lobby")
    assert of.told == [("m0", False)]
    await of.tasks.close()


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
