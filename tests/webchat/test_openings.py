"""A channel that was just asked for takes at once what is meant for it."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.browser import PATIENCE_S, message_id
from tests.webchat.conftest import Open
from webchat.chat.commands import CommandError
from webchat.openings import Openings
from webchat.worker import Worker


@pytest.mark.usefixtures("worker")
async def test_what_is_said_in_the_breath_in_which_a_channel_is_asked_for_is_accepted(
    open_page: Open,
) -> None:
    ann = await open_page("ann")
    await ann.hello()
    first = {"channel": "#lobby", "id": message_id(1), "text": "first"}
    joining = await ann.send("channel.join", channel="#lobby")
    asked = [
        await ann.send("message.known", channel="#lobby", id=message_id(2)),
        await ann.send("message.send", **first),
        await ann.send("message.send", **{**first, "id": message_id(2), "text": "second"}),
    ]
    known, *said = [await ann.expect(ref=ref) for ref in asked]
    assert known["code"] == "MESSAGE_UNKNOWN", "the node is a member, and has never had it"
    assert [answer["type"] for answer in said] == ["ok", "ok"], said
    assert said[0]["message"]["order"] < said[1]["message"]["order"]
    assert (await ann.expect(ref=joining))["type"] == "ok"


async def test_a_join_is_answered_once_a_crash_would_not_undo_it(worker: Worker, open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    assert (await ann.ask("channel.join", channel="#lobby"))["type"] == "ok"
    (resident,) = worker.residents._residents.values()
    assert resident.peer is not None
    assert "#lobby" in resident.peer.node.channels()


@pytest.mark.usefixtures("worker")
async def test_who_joins_and_leaves_in_one_breath_is_out(open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.send("channel.join", channel="#lobby")
    assert (await ann.ask("channel.leave", channel="#lobby"))["type"] == "ok"
    assert (await ann.hello())["channels"] == []


async def test_a_disk_that_takes_no_membership_ends_the_wait(worker: Worker, open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    assert worker.host._database is not None
    disk = worker.host._database.writer._connection
    disk.execute("PRAGMA query_only = 1")
    await ann.send("channel.join", channel="#lobby")
    refused = await ann.ask("message.send", channel="#lobby", id=message_id(1), text="x")
    assert refused["code"] == "NOT_A_MEMBER"
    trouble = await ann.expect("trouble")
    assert (trouble["error"]["code"], trouble["context"]) == ("STORE_FULL", {"channel": "#lobby"})
    disk.execute("PRAGMA query_only = 0")
    await ann.join("#lobby")


async def test_nobody_waits_for_ever_and_a_page_tries_it_again() -> None:
    openings = Openings(patience_s=0.01)
    openings.begin("#lobby")
    with pytest.raises(CommandError, match="WORKER_UNAVAILABLE"):
        await openings.over("#lobby")
    waiting = [asyncio.ensure_future(Openings().over("#other")), asyncio.ensure_future(openings.over("#den"))]
    await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE_S)
    openings.end("#lobby")
    await openings.over("#lobby")
    openings.end("#lobby")
