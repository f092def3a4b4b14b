"""Who the initiators are is not changed by one node's word, and costs no more than it must."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from peernode.errors import Refused
from peernode.identity import Identity
from peernode.pubsub.disputes import SETS_MAX
from peernode.pubsub.replica import make_set
from peernode.pubsub.subscription import Subscription
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import LOBBY, PORT, Flock, story
from tests.pubsub.test_coordinator import distance
from tests.pubsub.test_findings_truth import apart, held


def test_one_initiator_that_names_another_changes_no_full_set() -> None:
    """The one named is closer and takes the lease; no other initiator, and no lookup, has said so."""

    async def tell(flock: Flock) -> None:
        flock.birds.sort(key=distance)
        late, teller, member = flock[0], flock[1], flock[7]
        late.crash()
        await asyncio.sleep(12)
        for bird in flock.birds[1:]:
            await bird.join()
        flock.block([late], flock.birds[2:7])
        flock.block(flock.birds[2:7], [late])
        late.config = replace(late.config, bootstrap=(teller.address,))
        await late.restart()
        sets, told, taken = [], [], []
        for _ in range(250):
            await asyncio.sleep(0.1)
            sets.append(member.node.coordinator(LOBBY)["initiators"])
            told.append(late.node.node_id in teller.node.coordinator(LOBBY)["initiators"])
            taken.append(member.node.node_id in late.node.leaseholders(LOBBY))
        assert any(told), "not always: the others say otherwise"
        assert any(taken)
        assert not any(late.node.node_id in initiators for initiators in sets)
        said = await flock[4].say("to all")
        await flock.expect(lambda: flock[4].state(said.id).state == "delivered", 5, "the others go on")

    story(tell, 8)


def contacts(count: int) -> list[Contact]:
    """Made-up nodes, the closest to a channel of zeros first."""
    random = Random(7)
    made = [Contact(Identity.generate(random).public_key, "10.0.0.9", 7400) for _ in range(count)]
    return sorted(made, key=lambda contact: contact.long_id)


def subscribed(view: list[Contact], answers: dict[int, list[Contact]], takers: list[Contact]) -> Subscription:
    """``answers``: place in the view -> whom that one named; they and ``takers`` took the lease."""
    result = Subscription(make_set(view, True, 0.0))
    for place, named in answers.items():
        result.accepted[view[place].public_key] = view[place]
        result.heard(view[place], b"another", named)
    for contact in takers:
        result.accepted[contact.public_key] = contact
        result.heard(contact, b"another", takers)
    return result


CHANNEL, NOBODY = bytes(20), bytes(32)


def test_a_liar_in_a_full_set_neither_brings_anybody_in_nor_puts_anybody_out() -> None:
    sybils, view = contacts(10)[:5], contacts(10)[5:]
    result = subscribed(view, {0: sybils, 1: view, 2: view}, sybils)
    assert result.changed_set(CHANNEL, NOBODY) == (view, sybils)
    result = subscribed(view, {0: sybils}, sybils)
    assert result.changed_set(CHANNEL, NOBODY) == (view, sybils)
    assert not result.quorum, "whom a liar names makes no quorum"


def test_a_full_set_changes_as_two_of_it_name_it_whoever_does_not_answer() -> None:
    new, *view, farther = contacts(7)
    others = [new, *view[:4]]
    result = subscribed(view, {0: others, 1: others, 4: view}, [new])
    assert result.changed_set(CHANNEL, NOBODY) == (others, []), "two who have not answered stay"
    result = subscribed(view, {0: others, 1: others}, [])
    assert result.changed_set(CHANNEL, NOBODY) == (view, []), "who is named has to be there"
    dead = view[1]
    others = [contact for contact in [*view, farther] if contact is not dead]
    result = subscribed(view, {0: others, 2: others, 3: others}, [farther])
    assert result.changed_set(CHANNEL, NOBODY) == (others, []), "the dead one's place is taken"


def test_who_is_left_of_a_set_has_nobody_else_to_agree_with() -> None:
    new, one = contacts(2)
    result = subscribed([one], {0: [new]}, [new])
    assert result.changed_set(CHANNEL, NOBODY) == ([new], [])


def test_when_initiators_die_everybody_has_the_next_ones_in_time() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        flock.birds.sort(key=distance)
        for bird in flock.birds[:2]:
            bird.crash()
        living = flock.birds[2:]
        expected = [bird.node.node_id for bird in living[:5]]
        await flock.expect(
            lambda: all(bird.node.coordinator(LOBBY)["initiators"] == expected for bird in living),
            35,
            "the next initiators are known to all",
        )

    story(tell, 12, loss=0.05)


@pytest.mark.parametrize("words", [1, 30])
def test_one_that_names_a_closer_one_for_each_message_has_the_set_looked_into_a_few_times(words: int) -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        (*_, liar), (author, *_) = apart(flock)
        target, random = int.from_bytes(held(author).channel_id, "big"), Random(1)
        made: list[Contact] = []
        while len(made) < words:
            one = Contact(Identity.generate(random).public_key, "10.9.9.9", PORT)
            made += [one] if one.long_id ^ target < distance(liar) else []
        now: list[Contact] = []

        def refuse(caller: Caller, body: Fields) -> list[Any]:
            raise Refused(Status.NOT_INITIATOR, [[one.encode() for one in now]])

        liar.node._context.rpc._servers[Op.PUBLISH] = refuse
        before = author.node.counters().get("op.COORDINATOR.out", 0)
        for number in range(30):
            now[:] = [made[number % words]]
            said = await author.say(f"message {number}")
            await flock.expect(lambda: author.state(said.id).state == "delivered", 1, "delivered")  # noqa: B023
            assert held(author).initiators is not None
            entries = author.node._pubsub.outbox.by_digest.values()
            (entry,) = (each for each in entries if each.text == f"message {number}")
            assert list(entry.followed) == [now[0].public_key], "it may be true, and costs a try"
        asked = author.node.counters().get("op.COORDINATOR.out", 0) - before
        assert 0 < asked <= SETS_MAX * 5

    story(tell, 8, loss=0)
