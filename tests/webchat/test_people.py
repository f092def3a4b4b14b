"""Members, typing, blocking and search, from one browser's socket to another's."""

from __future__ import annotations

import pytest

from tests.webchat.conftest import Open

pytestmark = pytest.mark.usefixtures("worker")


async def test_members_typing_blocking_and_search(open_page: Open) -> None:
    ann, bob, other = await open_page("ann"), await open_page("bob"), await open_page("ann")
    nodes = {}
    for name, page in (("ann", ann), ("bob", bob)):
        nodes[name] = (await page.hello())["node"]["node_id"]
        await page.join("#lobby")
    said = await bob.say("#lobby", "Where is the library?")
    await ann.see(said["id"])
    assert (await other.hello())["blocked"] == []

    answer = await ann.ask("channel.members", channel="#lobby")
    assert (answer["type"], answer["channel"]) == ("members", "#lobby")
    seen = {one["node_id"]: one["reachable"] for one in answer["members"]}
    assert answer["members"][0]["node_id"] == nodes["ann"]
    assert seen[nodes["bob"]] is True

    assert (await bob.ask("typing", channel="#lobby"))["type"] == "ok"
    hint = await ann.expect("typing", channel="#lobby")
    assert (hint["author"], hint["at_ms"] > 0) == (nodes["bob"], True)

    assert (await ann.ask("person.block", node=nodes["bob"], on=True))["type"] == "ok"
    for page in (ann, other):
        assert (await page.expect("person.blocked"))["blocked"] == [nodes["bob"]]
    assert (await other.hello())["blocked"] == [nodes["bob"]]

    found = await ann.ask("search", channel="#lobby", words="LIBRARY where")
    assert (found["type"], found["searched"], found["next"]) == ("found", 1, "")
    assert [message["id"] for message in found["messages"]] == [said["id"]]


async def test_what_is_asked_of_an_unknown_channel_is_refused(open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    for frame, fields in (("typing", {}), ("channel.members", {}), ("search", {"words": "x"})):
        assert (await ann.ask(frame, channel="#nowhere", **fields))["code"] == "CHANNEL_UNKNOWN", frame
