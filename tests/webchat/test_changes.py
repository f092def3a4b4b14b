"""Edits, deletions, reactions, replies and read marks, from one browser's socket to another's."""

from __future__ import annotations

import pytest

from tests.support.browser import Browser, Frame, message_id
from tests.webchat.conftest import Open, two_in_the_lobby

pytestmark = pytest.mark.usefixtures("worker")


async def asked(page: Browser, kind: str, number: int, **fields: object) -> Frame:
    """Ask for a message on the network, and wait until everybody has it."""
    answer = await page.ask(kind, channel="#lobby", id=message_id(number), **fields)
    assert answer["type"] == "ok", answer
    await page.expect("message.state", id=message_id(number), state="delivered")
    message: Frame = answer["message"]
    return message


async def test_an_edit_and_a_delete_reach_the_other_page(open_page: Open) -> None:
    ann, bob = await two_in_the_lobby(open_page)
    said = await ann.say("#lobby", "helo")
    await bob.see(said["id"])
    edit = await asked(ann, "message.edit", 901, target=said["id"], text="hello")
    assert (edit["kind"], edit["target"], edit["text"]) == ("edit", said["id"], "hello")
    for page in (ann, bob):
        changed = await page.expect("message.changed", id=said["id"], text="hello")
        assert changed["edited_ms"] >= changed["at_ms"] > 0
    again = await ann.ask(
        "message.edit", channel="#lobby", id=message_id(901), target=said["id"], text="hello"
    )
    assert again["message"]["id"] == edit["id"]
    gone = await asked(ann, "message.delete", 902, target=said["id"])
    assert gone["kind"] == "delete"
    changed = await bob.expect("message.changed", id=said["id"], deleted=True)
    assert changed["text"] == ""
    page = await bob.ask("history.page", channel="#lobby", limit=9)
    assert [(one["id"], one["deleted"], one["text"]) for one in page["messages"]] == [(said["id"], True, "")]


async def test_a_reaction_and_a_reply_reach_the_other_page(open_page: Open) -> None:
    ann, bob = await two_in_the_lobby(open_page)
    bob_node = (await bob.hello())["node"]["node_id"]
    said = await ann.say("#lobby", "lunch?")
    await bob.see(said["id"])
    await asked(bob, "reaction.set", 911, target=said["id"], emoji="👍", on=True)
    await ann.expect("message.changed", id=said["id"], reactions=[["👍", [bob_node]]])
    await asked(bob, "reaction.set", 912, target=said["id"], emoji="👍", on=False)
    await ann.expect("message.changed", id=said["id"], reactions=[])
    reply = await asked(bob, "message.send", 913, text="yes", reply_to=said["id"])
    assert (reply["kind"], reply["target"]) == ("reply", said["id"])
    assert (await ann.expect("message", id=reply["id"]))["reply_to"] == said["id"]


async def test_what_cannot_be_changed_is_refused_with_a_code(open_page: Open) -> None:
    ann, bob = await two_in_the_lobby(open_page)
    said = await ann.say("#lobby", "mine")
    await bob.see(said["id"])
    place = {"channel": "#lobby", "id": message_id(921)}
    assert (await bob.ask("message.delete", **place, target=said["id"]))["code"] == "NOT_AUTHOR"
    assert (await bob.ask("message.edit", **place, target=message_id(7), text="x"))[
        "code"
    ] == "MESSAGE_UNKNOWN"
    refused = await bob.ask("reaction.set", **place, target=said["id"], emoji="two words", on=True)
    assert refused["code"] == "BAD_FRAME"


async def test_a_page_can_ask_whether_its_node_has_something_of_the_user(open_page: Open) -> None:
    ann, bob = await two_in_the_lobby(open_page)
    said = await ann.say("#lobby", "got here?")
    await bob.see(said["id"])
    await asked(ann, "message.edit", 931, target=said["id"], text="got here")
    for known in (said["id"], message_id(931)):
        assert (await ann.ask("message.known", channel="#lobby", id=known))["type"] == "ok"
    for page, unknown in ((ann, message_id(8)), (bob, said["id"])):
        answer = await page.ask("message.known", channel="#lobby", id=unknown)
        assert answer["code"] == "MESSAGE_UNKNOWN"
    elsewhere = await ann.ask("message.known", channel="#nowhere", id=said["id"])
    assert elsewhere["code"] == "CHANNEL_UNKNOWN"


async def test_a_sender_learns_who_has_the_message_and_when(open_page: Open) -> None:
    ann, bob = await two_in_the_lobby(open_page)
    bob_node = (await bob.hello())["node"]["node_id"]
    said = await ann.say("#lobby", "who has this?")
    told = await ann.expect("message.state", id=said["id"], state="delivered")
    assert [node for node, _ in told["acks"]] == [bob_node]
    assert told["acks"][0][1] >= said["at_ms"] - 1000


async def test_who_joins_has_nothing_unread_and_what_comes_then_counts(open_page: Open) -> None:
    ann, bob = await two_in_the_lobby(open_page)
    old = await ann.say("#lobby", "before cleo")
    await bob.see(old["id"])
    cleo = await open_page("cleo")
    await cleo.hello()
    await cleo.join("#lobby")
    began = await cleo.expect("channel.read", channel="#lobby")
    new = await ann.say("#lobby", "after cleo came")
    await cleo.see(new["id"])
    again = await open_page("cleo")
    read = (await again.hello())["channels"][0]["read"]
    assert (read["upto"], read["unread"]) == (began["upto"], 1)


async def test_what_is_unread_follows_deletions_edits_and_blocking(open_page: Open) -> None:
    ann, bob = await two_in_the_lobby(open_page)
    other = await open_page("ann")
    nodes = {name: (await page.hello())["node"]["node_id"] for name, page in (("ann", other), ("bob", bob))}
    await ann.expect("channel.read", channel="#lobby")
    first = await bob.say("#lobby", f"one, <@{nodes['ann']}>")
    await ann.see(first["id"])
    second = await bob.say("#lobby", "two")
    await ann.see(second["id"])

    change = {"channel": "#lobby", "target": first["id"], "id": message_id(901)}
    assert (await bob.ask("message.edit", **change, text="one"))["type"] == "ok"
    for page in (ann, other):
        assert (await page.expect("channel.read", unread=2))["mentions"] == 0
    assert (await bob.ask("message.delete", **{**change, "id": message_id(902)}))["type"] == "ok"
    for page in (ann, other):
        await page.expect("channel.read", unread=1)
    for on, unread in ((True, 0), (False, 1)):
        assert (await ann.ask("person.block", node=nodes["bob"], on=on))["type"] == "ok"
        for page in (ann, other):
            await page.expect("channel.read", unread=unread)


async def test_how_far_was_read_is_the_same_on_all_pages(open_page: Open) -> None:
    ann, bob = await two_in_the_lobby(open_page)
    other = await open_page("ann")
    began = await ann.expect("channel.read", channel="#lobby")  # who joins has nothing unread yet
    assert (set(began["upto"]), began["unread"], began["mentions"]) == ({"0"}, 0, 0)
    welcome = await other.hello()
    node = welcome["node"]["node_id"]
    assert welcome["channels"][0]["read"]["upto"] == began["upto"]
    first = await bob.say("#lobby", "one")
    await ann.see(first["id"])
    assert (await ann.ask("read.mark", channel="#lobby", upto=first["order"]))["type"] == "ok"
    for page in (ann, other):
        told = await page.expect("channel.read", channel="#lobby", unread=0)
        assert (told["upto"], told["unread"], told["mentions"]) == (first["order"], 0, 0)
    second = await bob.say("#lobby", "two")
    third = await bob.say("#lobby", f"three, <@{node}>")
    await ann.see(third["id"])
    late = (await other.hello())["channels"][0]["read"]
    assert (late["upto"], late["unread"], late["mentions"]) == (first["order"], 2, 1)
    await ann.ask("read.mark", channel="#lobby", upto=second["order"])
    assert (await other.expect("channel.read", unread=1))["mentions"] == 1
    await ann.ask("read.mark", channel="#lobby", upto=first["order"])
    assert (await other.expect("channel.read"))["upto"] == second["order"]
    assert (await ann.ask("read.mark", channel="#lobby", upto="ab"))["code"] == "BAD_FRAME"
