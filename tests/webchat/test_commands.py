"""Commands to the worker: answered always, done once, refused in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from channels.layers import get_channel_layer

from tests.support.browser import message_id
from tests.webchat.conftest import Open
from webchat.chat.addresses import WORKER_CHANNEL
from webchat.chat.commands import command
from webchat.worker import Worker


@pytest.mark.usefixtures("worker")
async def test_the_same_message_sent_again_is_the_same_message(open_page: Open) -> None:
    ann, bob = await open_page("ann"), await open_page("bob")
    await ann.hello()
    await bob.hello()
    await ann.join("#lobby")
    await bob.join("#lobby")
    fields = {"channel": "#lobby", "id": message_id(77), "text": "once"}
    answers = [await ann.ask("message.send", **fields) for _ in range(3)]
    assert {answer["message"]["order"] for answer in answers} == {answers[0]["message"]["order"]}
    await bob.expect("message", id=message_id(77))
    last = await ann.say("#lobby", "last")
    await bob.expect("message", id=last["id"])
    assert [frame for frame in bob.put_aside() if frame["type"] == "message"] == []


@pytest.mark.usefixtures("worker")
async def test_a_command_that_arrives_twice_is_done_once_and_answered_twice(open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    layer = get_channel_layer()
    reply = await layer.new_channel()
    user = next(iter(_users(await ann.hello(), layer)))
    args: dict[str, Any] = {"channel": "#lobby", "id": message_id(78), "text": "twice"}
    answers = []
    for _ in range(2):
        await layer.send(WORKER_CHANNEL, command("the-same", reply, user, "message.send", args))
        answers.append(await layer.receive(reply))
    first, second = answers
    assert first == second
    assert first["result"]["message"]["id"] == message_id(78)


def _users(welcome: dict[str, Any], layer: Any) -> list[int]:
    return [int(group.split(".")[1]) for group in layer.groups if group.startswith("user.")]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("channel.join", {"channel": "two words"}, "CHANNEL_NAME_INVALID"),
        ("channel.join", {"channel": "lobby"}, "CHANNEL_NAME_INVALID"),
        ("channel.join", {"channel": "#"}, "CHANNEL_NAME_INVALID"),
        ("channel.join", {"channel": "#."}, "CHANNEL_NAME_INVALID"),
        ("channel.join", {"channel": "#.."}, "CHANNEL_NAME_INVALID"),
        ("channel.leave", {"channel": "#nowhere"}, "CHANNEL_UNKNOWN"),
        ("message.send", {"channel": "#nowhere", "id": message_id(1), "text": "x"}, "NOT_A_MEMBER"),
        ("message.retry", {"id": message_id(99)}, "MESSAGE_UNKNOWN"),
        ("message.discard", {"id": message_id(99)}, "MESSAGE_UNKNOWN"),
        ("history.page", {"channel": "#nowhere"}, "CHANNEL_UNKNOWN"),
    ],
)
async def test_what_can_not_be_done_is_refused_in_words(
    open_page: Open, kind: str, fields: dict[str, Any], code: str
) -> None:
    ann = await open_page("ann")
    error = await ann.ask(kind, **fields)
    assert (error["type"], error["code"]) == ("error", code), json.dumps(error)
    assert error["message"] and error["remedy"]


async def test_a_channel_of_an_older_version_stays_whatever_its_name(worker: Worker, open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    peer = await worker.residents.peer(next(iter(worker.residents._residents)))
    await peer.node.join("lobby")  # as an older version let people do
    await ann.expect("channel.joined", channel="lobby")
    assert (await ann.ask("channel.join", channel="lobby"))["type"] == "ok"
    sent = await ann.say("lobby", "still here")
    await ann.expect("message.state", id=sent["id"], state="sent")
    again = await open_page("ann")
    assert [channel["name"] for channel in (await again.hello())["channels"]] == ["lobby"]
    await ann.ask("channel.leave", channel="lobby")
    await ann.expect("channel.left", channel="lobby")
    assert (await ann.ask("channel.join", channel="lobby"))["code"] == "CHANNEL_NAME_INVALID"


@pytest.mark.usefixtures("worker")
async def test_history_comes_in_pages_oldest_first(open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    for number in range(5):
        sent = await ann.say("#lobby", f"message {number}")
        await ann.expect("message.state", id=sent["id"], state="sent")
    newest = await ann.ask("history.page", channel="#lobby", limit=2)
    assert [message["text"] for message in newest["messages"]] == ["message 3", "message 4"]
    assert newest["more"] is True
    before = newest["messages"][0]["order"]
    older = await ann.ask("history.page", channel="#lobby", before=before, limit=4)
    assert [message["text"] for message in older["messages"]] == ["message 0", "message 1", "message 2"]
    assert older["more"] is False
    with_it = await ann.ask("history.page", channel="#lobby", before=before + "00", limit=2)
    assert [message["text"] for message in with_it["messages"]] == ["message 2", "message 3"]


@pytest.mark.usefixtures("worker")
async def test_leaving_and_discarding_are_told_to_all_pages_of_the_user(open_page: Open) -> None:
    here, there = await open_page("ann"), await open_page("ann")
    await here.hello()
    await there.hello()
    await here.join("#lobby")
    await there.expect("channel.joined", channel="#lobby")
    assert (await here.ask("channel.leave", channel="#lobby"))["type"] == "ok"
    await there.expect("channel.left", channel="#lobby")
    assert (await there.hello())["channels"] == []


async def test_who_can_not_leave_is_told_why_and_is_still_there(worker: Worker, open_page: Open) -> None:
    page = await open_page("ann")
    await page.hello()
    await page.join("#lobby")
    assert worker.host._database is not None
    disk = worker.host._database.writer._connection
    disk.execute("PRAGMA query_only = 1")
    refused = await page.ask("channel.leave", channel="#lobby")
    assert (refused["type"], refused["code"]) == ("error", "STORE_FULL") and refused["remedy"]
    assert [channel["name"] for channel in (await page.hello())["channels"]] == ["#lobby"]
    disk.execute("PRAGMA query_only = 0")
    assert (await page.ask("channel.leave", channel="#lobby"))["type"] == "ok"
    await page.expect("channel.left", channel="#lobby")


async def test_who_leaves_before_the_join_is_done_hears_of_no_trouble(
    worker: Worker, open_page: Open
) -> None:
    page = await open_page("ann")
    await page.hello()
    assert (await page.ask("channel.join", channel="#wrong"))["type"] == "ok"
    await page.expect("channel.progress", channel="#wrong")
    assert (await page.ask("channel.leave", channel="#wrong"))["type"] == "ok"
    await page.join("#right")
    assert [frame for frame in page._waiting if frame["type"] == "trouble"] == []
