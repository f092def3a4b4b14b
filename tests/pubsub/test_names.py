"""What a message costs in a large channel: acks reported by name, and the author's name beside its text."""

from __future__ import annotations

import asyncio
import random

import pytest

from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.errors import PeerNodeError, Refused
from peernode.events import Person, Profile
from peernode.pubsub.ackpages import (
    ACKS_PER_MESSAGE,
    ID_PREFIX_BYTES,
    MESSAGES,
    NAMES_PER_MESSAGE,
    Report,
    pages,
)
from peernode.pubsub.replica import Replica
from peernode.pubsub.spread import Spread
from peernode.wire.codec import pack
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from peernode.wire.payload import REQUEST_BODY_MAX
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_findings_truth import apart, held, withhold
from tests.pubsub.test_large import introduced, written
from tests.pubsub.test_profile import known, said


class _Told:
    """Stands for a message or a replica where pages ask for nothing but this."""

    def __init__(self, rng: random.Random) -> None:
        self.digest = rng.randbytes(16)
        self.author = rng.randbytes(32)
        self.channel_id = bytes(20)


@pytest.mark.parametrize("seed", range(20))
def test_every_ack_is_on_one_page_and_every_page_fits_a_datagram(seed: int) -> None:
    rng = random.Random(seed)
    messages = [_Told(rng) for _ in range(rng.choice([1, 3, 40]))]
    signed_share = rng.choice([0.0, 0.25, 1.0])
    receiver = rng.choice([bytes(32), messages[0].author])
    items = []
    for _ in range(rng.choice([1, 30, 700])):
        message, subscriber = rng.choice(messages), rng.randbytes(20)
        report = Report(
            message,  # type: ignore[arg-type]
            message,  # type: ignore[arg-type]
            rng.randbytes(32),
            rng.randbytes(64),
            subscriber,
            {},
        )
        items.append((report, message.author == receiver or rng.random() < signed_share))
    found: list[tuple[bytes, bytes, bool]] = []
    for body in pages(items, receiver):
        assert len(pack(body)) <= REQUEST_BODY_MAX
        for place, listed in enumerate(body[1:]):
            assert len(listed) <= MESSAGES
            for digest, names in listed:
                if place:
                    assert 0 < len(names) <= NAMES_PER_MESSAGE * ID_PREFIX_BYTES
                    starts = range(0, len(names), ID_PREFIX_BYTES)
                    found += [(digest, names[start : start + ID_PREFIX_BYTES], False) for start in starts]
                else:
                    assert 0 < len(names) <= ACKS_PER_MESSAGE
                    found += [(digest, name, True) for name, _ in names]
    asked = [
        (
            report.message.digest,
            report.key if report.message.author == receiver else report.subscriber[:ID_PREFIX_BYTES],
            signed,
        )
        for report, signed in items
    ]
    assert sorted(found) == sorted(asked)


def _spread_of(bird: Bird, message: Message) -> Spread:
    return bird.node._pubsub.delivery.spread(held(bird), message)


async def _name(teller: Bird, to: Bird, message: Message, names: bytes) -> None:
    contact = held(teller).leases.contact(to.identity.node_id)
    assert contact is not None
    body = [message.channel_id, [], [[message.digest, names]]]
    await teller.call(teller.node._context.rpc.request(contact, Op.ACKED, body, prove=True))


async def _ranked(flock: Flock) -> tuple[Bird, Bird, list[Bird]]:
    """All join; an author, a subscriber, and the initiators in the order in which they push to it."""
    await flock.join()
    await asyncio.sleep(5)
    initiators, (author, target, *_) = apart(flock)
    view = held(initiators[0]).initiators
    assert view is not None
    by_key = {bird.identity.public_key: bird for bird in initiators}
    ranking = held(initiators[0]).ranking(target.identity.node_id, view)
    return author, target, [by_key[key] for key in ranking]


def test_two_names_spare_a_push_one_does_not_nor_one_of_who_comes_later() -> None:
    async def tell(flock: Flock) -> None:
        author, target, order = await _ranked(flock)
        target.crash()  # it acks to nobody
        said = await author.say("who has it?")
        message = written(author, said.id)
        await asyncio.sleep(0.3)
        third, name = order[2], target.identity.node_id[:ID_PREFIX_BYTES]
        spread = _spread_of(third, message)
        for teller in (order[0], order[0], order[3], order[4], author):
            await _name(teller, third, message, name)
        assert not spread.settled(target.identity.node_id)
        await _name(order[1], third, message, name)
        assert spread.settled(target.identity.node_id)
        assert target.identity.node_id not in spread.acked
        assert author.state(said.id).delivered[0] == 7, (
            "all but the author and who is gone, by their signatures"
        )

    story(tell, 9, small_channel_max=2)


def _starve(liar: Bird, target: Bird) -> None:
    """It pushes to everybody else, and shows nobody what it has when they catch up."""
    delivery = liar.node._pubsub.delivery
    push = delivery.push

    def all_but_one(replica: Replica, message: Message, contact: Contact, method: str) -> None:
        if contact.id != target.identity.node_id:
            push(replica, message, contact, method)

    delivery.push = all_but_one  # type: ignore[method-assign]
    withhold(liar)


@pytest.mark.parametrize(("liars", "from_s", "to_s"), [(1, 0.45, 1.5), (2, 3.0, 27.0)])
def test_one_liar_delays_by_a_stagger_and_two_until_the_next_renewal(
    liars: int, from_s: float, to_s: float
) -> None:
    """The first in the subscriber's ranking push nothing to it, and tell the others that it has acked."""

    async def tell(flock: Flock) -> None:
        author, target, order = await _ranked(flock)
        for liar in order[:liars]:
            _starve(liar, target)
        message = written(author, (await author.say("who has it?")).id)
        await asyncio.sleep(0.2)  # all five store it; nobody's second turn has come
        name = target.identity.node_id[:ID_PREFIX_BYTES]
        lies = [_name(liar, other, message, name) for liar in order[:liars] for other in order[liars:]]
        await asyncio.gather(*lies)
        await asyncio.sleep(from_s - 0.2)
        assert target.texts() == []
        await flock.expect(lambda: target.texts() == ["who has it?"], to_s - from_s, "the message")

    story(tell, 9, small_channel_max=2, push_stagger_small_s=0.5)


@pytest.mark.parametrize("names", [b"seven b", bytes((NAMES_PER_MESSAGE + 1) * ID_PREFIX_BYTES)])
def test_names_that_are_none_are_refused(names: bytes) -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        initiators, (author, *_) = apart(flock)
        message = written(author, (await author.say("hello")).id)
        with pytest.raises(Refused) as refused:
            await _name(initiators[1], initiators[0], message, names)
        assert refused.value.status == Status.MALFORMED

    story(tell, 7, small_channel_max=2)


def test_in_a_quiet_large_channel_each_subscriber_is_pushed_to_once() -> None:
    """Two initiators that pushed to the same one would show that the names came too late."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        _, (author, *_) = apart(flock)
        before = sum(bird.node.counters().get("op.PUSH.out", 0) for bird in flock)
        for number in range(10):
            state = await author.say(f"line {number}")
            await asyncio.sleep(3)
            assert author.state(state.id).delivered == (15, 15)
        pushed = sum(bird.node.counters().get("op.PUSH.out", 0) for bird in flock) - before
        assert pushed <= 10 * (len(flock.birds) - 1)

    story(tell, 16, small_channel_max=2)


def _busy(flock: Flock) -> int:
    """Datagrams so far, without those of nodes that look after each other."""
    counters = [bird.node.counters() for bird in flock]
    idle = sum(found.get(f"op.{op}.out", 0) for found in counters for op in ("PING", "RENEW", "FIND_NODE"))
    return flock.world.network.sent - 2 * idle


def test_an_authors_name_shares_the_datagrams_of_its_first_text() -> None:
    """It used to go out after the text, with a push and an ack for everybody."""
    spent: list[int] = []

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(20)
        author = next(bird for bird in flock if bird.identity.public_key not in introduced(flock[0]))
        pushed = sum(bird.node.counters().get("op.PUSH.out", 0) for bird in flock)
        for text in ("the first", "the second"):
            begun = _busy(flock)
            await author.say(text)
            await asyncio.sleep(1.5)
            spent.append(_busy(flock) - begun)
        assert author.identity.public_key in introduced(flock[0])
        pushed = sum(bird.node.counters().get("op.PUSH.out", 0) for bird in flock) - pushed
        assert pushed >= 3 * (len(flock.birds) - 6)

    story(tell, 16, small_channel_max=2, display_name="Robin")
    assert spent[0] <= spent[1] + 16, spent


def test_a_name_beside_a_text_takes_a_place_of_its_own_in_the_outbox() -> None:
    """Also while both are being committed: two texts at once and a name are three."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(20)
        author = next(bird for bird in flock if bird.identity.public_key not in introduced(flock[0]))
        flock.cut_off(author)
        texts = [author.say(f"line {number}") for number in range(3)]
        outcomes = await asyncio.gather(*texts, return_exceptions=True)
        refused = [outcome.code for outcome in outcomes if isinstance(outcome, PeerNodeError)]
        assert refused == ["OUTBOX_FULL"]
        assert author.node._pubsub.outbox.sizes()["outbox"] == (3, 3)

    story(tell, 8, small_channel_max=2, display_name="Robin", outbox_max=3)


def test_a_card_follows_the_first_text_of_who_has_one() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(20)
        author = next(bird for bird in flock if bird.identity.public_key not in introduced(flock[0]))
        await author.call(author.node.set_profile(Profile("Robin", "Sings at dawn", b"")))
        await author.say("good morning")
        wanted = Person(author.node.node_id, "Robin", "Sings at dawn", "")
        await flock.expect(lambda: all(known(bird, author) == wanted for bird in flock), 5, "the card")
        for kind in (Kind.PROFILE, Kind.CARD):
            mine = [one for one in said(flock[0], kind) if one.author == author.identity.public_key]
            assert len(mine) == 1, kind

    story(tell, 8, small_channel_max=2, display_name="Robin")
