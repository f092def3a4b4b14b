"""Cursors, replays and snapshots: a page is never a moment behind without noticing it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from channels.layers import get_channel_layer
from pytest_django import Settings

from tests.webchat.conftest import Open, running_worker
from webchat.chat.addresses import user_group
from webchat.chat.link import WorkerLink
from webchat.worker import Worker

Frame = dict[str, Any]


class Page:
    """What a page knows: a snapshot, changed by each event; the fold that docs/api.md describes."""

    def __init__(self, welcome: Frame) -> None:
        self.node = copy.deepcopy(welcome["node"])
        self.channels: dict[str, Frame] = {}
        for channel in welcome["channels"]:
            self.channels[channel["name"]] = {
                "joined": channel["joined"],
                "names": dict(channel.get("names", {})),
                "messages": {
                    m["id"]: (m["order"], m["text"], m["author"]) for m in channel.get("messages", ())
                },
                "states": {state["id"]: _progress(state) for state in channel["outbox"]},
            }

    def apply(self, frame: Frame) -> None:
        """One event."""
        kind = frame["type"]
        if kind == "node.state":
            self.node.update({name: frame[name] for name in ("state", "peers", "reason")})
            return
        if kind == "channel.left":
            self.channels.pop(frame["channel"], None)
            return
        if "channel" not in frame:
            return
        empty: Frame = {"joined": False, "names": {}, "messages": {}, "states": {}}
        channel = self.channels.setdefault(frame["channel"], empty)
        if kind == "channel.joined":
            channel["joined"] = True
        elif kind == "channel.name":
            channel["names"][frame["author"]] = frame["name"]
        elif kind == "message":
            channel["messages"][frame["id"]] = (frame["order"], frame["text"], frame["author"])
        elif kind == "message.state":
            channel["states"][frame["id"]] = _progress(frame)
            channel["messages"][frame["id"]] = (frame["order"], frame["text"], self.node["node_id"])


def _progress(state: Frame) -> tuple[Any, ...]:
    return state["state"], state["stored"]["k"], state["delivered"]["n"]


@pytest.mark.usefixtures("serving")
async def test_a_snapshot_with_its_events_is_a_fresh_snapshot(open_page: Open) -> None:
    ann, bob = await open_page("ann"), await open_page("bob")
    await bob.hello()
    page = Page(await ann.hello())
    events: list[Frame] = []

    await bob.join("#lobby")
    await ann.send("channel.join", channel="#lobby")
    await ann.send("channel.join", channel="#other")
    joined = {"#lobby", "#other"}
    delivered: set[str] = set()
    told = 0
    while joined or len(delivered) < 3 or told < 3:  # what counts between may be told a moment later
        frame = await ann.expect()
        if frame.get("cursor") is None:
            continue
        events.append(frame)
        if frame["type"] == "channel.joined":
            joined.discard(frame["channel"])
            if frame["channel"] == "#lobby":
                for number in range(3):
                    await bob.say("#lobby", f"from bob {number}")
                    await ann.say("#lobby", f"from ann {number}")
        if frame["type"] == "message.state" and frame["state"] == "delivered":
            delivered.add(frame["id"])
        told += frame["type"] == "message"
    cursors = [int(frame["cursor"].split(":")[1]) for frame in events]
    assert cursors == [*range(cursors[0], cursors[0] + len(cursors))]

    fresh_page = await open_page("ann")
    welcome = await fresh_page.hello()
    head = int(welcome["cursor"].split(":")[1])
    while cursors[-1] < head:  # what happened while the fresh snapshot was on its way
        events.append(await ann.expect(cursor=f"{welcome['cursor'].split(':')[0]}:{cursors[-1] + 1}"))
        cursors.append(cursors[-1] + 1)
    for frame in events:
        if int(frame["cursor"].split(":")[1]) <= head:
            page.apply(frame)
    fresh = Page(welcome)
    assert page.channels == fresh.channels
    assert page.node == fresh.node


@pytest.mark.usefixtures("serving")
async def test_a_page_that_comes_back_gets_exactly_what_it_missed(open_page: Open) -> None:
    ann, bob = await open_page("ann"), await open_page("bob")
    await ann.hello()
    await bob.hello()
    await ann.join("#lobby")
    await bob.join("#lobby")
    first = await bob.say("#lobby", "seen")
    await ann.expect("message", id=first["id"])
    cursor = ann.cursor
    assert cursor is not None
    await ann.close()

    missed = await bob.say("#lobby", "missed")
    await bob.expect("message.state", id=missed["id"], state="delivered")
    again = await open_page("ann")
    welcome = await again.hello(cursor)
    assert welcome["replayed"] is True
    assert welcome["cursor"] == cursor
    assert all("messages" not in channel for channel in welcome["channels"])
    frame = await again.next_frame()
    assert frame["cursor"] == f"{cursor.split(':')[0]}:{int(cursor.split(':')[1]) + 1}"
    if frame["type"] != "message":
        frame = await again.expect("message")
    assert frame["text"] == "missed"


async def test_a_cursor_of_another_life_brings_a_snapshot(worker: Worker, open_page: Open) -> None:
    ann = await open_page("ann")
    assert (await ann.hello("0123456789abcdef:7"))["replayed"] is False
    assert (await ann.hello(f"{worker.epoch}:999999"))["replayed"] is False


async def test_an_event_that_the_layer_lost_is_fetched(
    worker: Worker, open_page: Open, settings: Settings
) -> None:
    settings.STREAM_CHECK_S = 0.05
    ann, bob = await open_page("ann"), await open_page("bob")
    await ann.hello()
    await bob.hello()
    await ann.join("#lobby")
    await bob.join("#lobby")
    user_id = WorkerLink.of_running_loop().sockets.users()[0]
    layer = get_channel_layer()
    lost = layer.groups.pop(user_group(user_id))  # from now on nothing of the user's arrives

    sent = await bob.say("#lobby", "lost on the way")
    assert (await ann.expect("message", id=sent["id"]))["text"] == "lost on the way"
    layer.groups[user_group(user_id)] = lost


@pytest.mark.parametrize("bound", [{"STREAM_EVENTS_MAX": 30}, {"STREAM_MAX_BYTES": 16_000}])
async def test_what_the_worker_has_forgotten_comes_as_a_snapshot(
    deployment: Settings, transactional_db: None, open_page: Open, bound: dict[str, int]
) -> None:
    for name, value in bound.items():
        setattr(deployment, name, value)
    deployment.MESSAGES_PER_WINDOW_MAX = 100
    async with running_worker():
        ann = await open_page("ann")
        cursor = (await ann.hello())["cursor"]
        await ann.join("#lobby")
        for number in range(20):
            sent = await ann.say("#lobby", f"message {number}")
            await ann.expect("message.state", id=sent["id"], state="sent")
        again = await open_page("ann")
        welcome = await again.hello(cursor)
        assert welcome["replayed"] is False
        texts = [message["text"] for message in welcome["channels"][0]["messages"]]
        assert texts == [f"message {number}" for number in range(20)]


async def test_a_restarted_worker_brings_everything_back_unasked(
    deployment: Settings, transactional_db: None, open_page: Open
) -> None:
    deployment.STREAM_CHECK_S = 0.1
    deployment.COMMAND_TIMEOUT_S = 1.0
    deployment.COMMAND_RESEND_S = 0.3
    async with running_worker():
        ann = await open_page("ann")
        await ann.hello()
        await ann.join("#lobby")
        sent = await ann.say("#lobby", "before")
        await ann.expect("message.state", id=sent["id"], state="sent")
        identity = (await ann.hello())["node"]["node_id"]
    lost = await ann.expect("node.state", code="WORKER_UNAVAILABLE")
    assert "cursor" not in lost
    assert (await ann.ask("channel.join", channel="#other"))["code"] == "WORKER_UNAVAILABLE"
    async with running_worker():
        welcome = await ann.welcomed_back("#lobby")
        assert welcome["node"]["node_id"] == identity
        assert [m["text"] for m in welcome["channels"][0]["messages"]] == ["before"]
        again = await ann.say("#lobby", "after")
        await ann.expect("message.state", id=again["id"], state="sent")


async def test_nodes_of_members_run_without_an_open_page(
    deployment: Settings, transactional_db: None, open_page: Open
) -> None:
    async with running_worker():
        ann = await open_page("ann")
        await ann.hello()
        await ann.join("#lobby")
        await ann.close()
    async with running_worker():
        bob = await open_page("bob")
        await bob.hello()
        await bob.join("#lobby")
        sent = await bob.say("#lobby", "are you there?")
        delivered = await bob.expect("message.state", id=sent["id"], state="delivered")
        assert delivered["delivered"]["n"] == 1
