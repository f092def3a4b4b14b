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


async def shown(page: Browser, cursor: str | None = None) -> Any:
    """The health of the only channel in a ``welcome``."""
    (channel,) = (await page.hello(cursor))["channels"]
    return channel["health"]


@pytest.mark.usefixtures("serving")
async def test_it_comes_behind_the_join_and_is_in_every_welcome_from_then_on(open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    first = await ann.next_frame()
    assert (first["type"], first["channel"]) == ("channel.health", "#lobby")
    assert first["cursor"]
    if told(first) != WELL:  # the host node may have been asked only just now
        await ann.expect("channel.health", channel="#lobby", **WELL)
    again = await open_page("ann")
    assert await shown(again) == WELL
    assert await shown(again, again.cursor) == WELL


async def test_a_change_is_an_event_of_the_stream_that_is_replayed_and_in_the_snapshot(
    worker: Worker, open_page: Open
) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    await ann.expect("channel.health", **WELL)
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


async def test_without_a_network_every_channel_is_down_and_well_again_with_it(
    worker: Worker, open_page: Open
) -> None:
    ann = await open_page("ann")
    await ann.hello()
    for channel in ("#lobby", "#other"):
        await ann.join(channel)
        await ann.expect("channel.health", channel=channel, **WELL)
    try:
        network.set_mode("ann", "cut")
        for channel in ("#lobby", "#other"):
            down = await ann.expect("channel.health", channel=channel, state="down")
            assert down["initiators"] == {"k": 1, "of": 2}
            assert down["error"]["remedy"]
    finally:
        network.set_mode("ann", "open")
    for channel in ("#lobby", "#other"):
        await ann.expect("channel.health", channel=channel, **WELL)


@pytest.mark.usefixtures("worker")
async def test_a_channel_that_was_left_has_none_until_it_is_joined_again(open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    await ann.expect("channel.health", **WELL)
    await ann.ask("channel.leave", channel="#lobby")
    await ann.expect("channel.left", channel="#lobby")
    assert (await (await open_page("ann")).hello())["channels"] == []
    await ann.join("#lobby")
    assert told(await ann.expect("channel.health")) == WELL
    assert await shown(await open_page("ann")) == WELL
