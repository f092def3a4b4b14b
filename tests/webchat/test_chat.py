"""The chat in both shapes, from one browser's socket through real nodes to another's."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.support import network
from tests.webchat.conftest import Open


@pytest.mark.usefixtures("serving")
async def test_two_people_chat(open_page: Open) -> None:
    ann, bob = await open_page("ann"), await open_page("bob")
    welcome = await ann.hello()
    user = await User.objects.aget(username="ann")
    assert welcome["user"] == {"id": user.pk, "name": "ann", "is_staff": False}
    assert welcome["replayed"] is False
    assert len(welcome["node"]["node_id"]) == 40
    await bob.hello()
    await ann.join("#lobby")
    await bob.join("#lobby")

    sent = await ann.say("#lobby", "hello bob")
    received = await bob.expect("message", id=sent["id"])
    assert (received["text"], received["order"]) == ("hello bob", sent["order"])
    assert (received["channel"], received["own"]) == ("#lobby", False)
    delivered = await ann.expect("message.state", id=sent["id"], state="delivered")
    assert delivered["delivered"]["n"] >= 1

    answer = await bob.say("#lobby", "hello ann")
    assert (await ann.expect("message", id=answer["id"]))["text"] == "hello ann"


async def test_nothing_arrives_without_udp(worker: object, open_page: Open) -> None:
    ann, bob = await open_page("ann"), await open_page("bob")
    await ann.hello()
    await bob.hello()
    await ann.join("#lobby")
    await bob.join("#lobby")
    try:
        network.set_mode("*", "cut")
        sent = await ann.say("#lobby", "into the void")
        failed = await ann.expect("message.state", id=sent["id"], state="failed")
        assert failed["error"]["remedy"]
        assert [frame for frame in bob.put_aside() if frame["type"] == "message"] == []
    finally:
        network.set_mode("*", "open")
    assert (await ann.ask("message.retry", id=sent["id"]))["type"] == "ok"
    assert (await bob.expect("message", id=sent["id"]))["text"] == "into the void"
