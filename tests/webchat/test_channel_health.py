"""``channel.health``: how a channel is, for whoever is in it, by events and in a snapshot."""

from __future__ import annotations

from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User

from peernode.diagnostics.codes import error_info
from peernode.events import ChannelHealth
from tests.support import network
from tests.support.browser import Browser, Frame, cookie_of, signed_in
from tests.webchat.conftest import Open
from webchat.worker import Worker

WELL = {"state": "healthy", "initiators": {"k": 2, "of": 2}, "error": None}
SILENT = ChannelHealth("#lobby", "degraded", (1, 2), error_info("INITIATOR_SILENT"))


def told(frame: Frame) -> Frame:
    """What a frame says, without what stands around it."""
    return {name: value for name, value in frame.items() if name not in ("type", "cursor", "channel")}


async def in_the_lobby(open_page: Open) -> Browser:
    """Ann's page, in a channel that she knows to be well."""
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    await ann.expect("channel.health", channel="#lobby", **WELL)
    return ann


async def shown(page: Browser, cursor: str | None = None) -> Any:
    """The health of the only channel in a ``welcome``."""
    (channel,) = (await page.hello(cursor))["channels"]
    return channel["health"]


@pytest.mark.usefixtures("serving")
async def test_it_comes_behind_the_join_and_is_in_every_welcome_from_then_on(open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    event = await ann.expect("channel.health", channel="#lobby", **WELL)
    assert event["cursor"]
    again = await open_page("ann")
    assert await shown(again) == WELL
    assert await shown(again, again.cursor) == WELL


async def test_a_change_is_an_event_of_the_stream_that_is_replayed_and_in_the_snapshot(
    worker: Worker, open_page: Open
) -> None:
    ann = await in_the_lobby(open_page)
    cursor = ann.cursor
    (resident,) = worker.residents._residents.values()
    assert resident.peer is not None
    resident.peer.on_event(SILENT)
    event = await ann.expect("channel.health", state="degraded")
    assert event["initiators"] == {"k": 1, "of": 2}
    assert event["error"]["code"] == "INITIATOR_SILENT"
    assert event["error"]["message"] == "A node that stores the channel does not answer"

    back = await open_page("ann")
    assert await shown(back, cursor) == told(event), "a replay begins with the present"
    assert told(await back.expect("channel.health")) == told(event)
    assert await shown(await open_page("ann")) == told(event)
    user = await User.objects.aget(username="ann")
    cookie = cookie_of(await database_sync_to_async(signed_in)(user))
    german = Browser(cookie + b"; starling_language=de")
    assert await german.open()
    message = (await shown(german))["error"]["message"]
    await german.close()
    assert message == "Ein Knoten, der den Kanal speichert, antwortet nicht"


async def test_without_a_network_nothing_is_told_of_any_channel_and_with_it_how_it_is(
    worker: Worker, open_page: Open
) -> None:
    ann = await in_the_lobby(open_page)
    try:
        network.set_mode("ann", "cut")
        await ann.expect("node.state", state="degraded")
        ann.put_aside()
    finally:
        network.set_mode("ann", "open")
    await ann.expect("node.state", state="online")
    assert [frame for frame in ann.put_aside() if frame["type"] == "channel.health"] == []
    said = await ann.say("#lobby", "back again")
    await ann.expect("message.state", id=said["id"], state="sent")
    while (last := await shown(await open_page("ann"))) != WELL:
        assert last["error"]["code"] == "COORDINATOR_LOST"  # proven anew, and told where that lasts
        await ann.expect("channel.health")


@pytest.mark.usefixtures("worker")
async def test_a_channel_that_was_left_has_none_until_it_is_joined_again(open_page: Open) -> None:
    ann = await in_the_lobby(open_page)
    await ann.ask("channel.leave", channel="#lobby")
    await ann.expect("channel.left", channel="#lobby")
    assert (await (await open_page("ann")).hello())["channels"] == []
    ann.put_aside()
    network.set_mode("ann", "hold")
    try:
        assert (await ann.ask("channel.join", channel="#lobby"))["type"] == "ok"
        assert await shown(await open_page("ann")) is None
    finally:
        network.set_mode("ann", "open")
    await ann.expect("channel.joined", channel="#lobby")
    await ann.expect("channel.health", **WELL)
    assert await shown(await open_page("ann")) == WELL
