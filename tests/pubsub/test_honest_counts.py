"""What ``sent`` and ``delivered`` say stays true beside hostile nodes, and with no network at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from peernode.channel.message import Message
from peernode.channel.receipt import sign_ack
from peernode.config import NodeConfig
from peernode.errors import Refused
from peernode.events import OutboxState
from peernode.identity import Identity
from peernode.rpc.rpc import Caller, Rpc
from peernode.simulation.world.disturbances import Latency
from peernode.simulation.world.host import SimWorld
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import PORT, Bird, Flock, story
from tests.pubsub.test_findings_truth import Answer, apart, held, lie
from tests.pubsub.test_large import written

BOX = b"same box"


def neighbours_story(tell: Callable[[Flock], Coroutine[Any, Any, None]], count: int) -> None:
    """A story in which the last two nodes run on one machine."""
    with SimWorld(seed=1) as world:
        flock = Flock(world, count)
        for bird in flock.birds[-2:]:
            bird.config = replace(bird.config, machine_id=BOX)

        async def main() -> None:
            await flock.start()
            await tell(flock)
            flock.check_unharmed()

        world.run(main())


def test_what_was_first_tried_with_the_full_set_is_not_sent_by_the_own_machine_alone() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        author = flock[6]
        met = await author.say("all together")
        await flock.expect(lambda: author.state(met.id).machines > 1, 5, "receipts of other machines")
        cut = flock.cut_off(*flock.birds[-2:])
        state = await author.say("only at home")
        await asyncio.sleep(30)
        (said,) = (waiting for waiting in author.node.outbox() if waiting.id == state.id)
        assert (said.state, said.error and said.error.code) == ("failed", "NO_QUORUM")
        assert said.stored == (2, 5), "the neighbour was to be asked too"
        flock.mend(cut)
        await flock.expect(lambda: author.state(state.id).delivered == (6, 6), 60, "delivered afterwards")
        assert author.state(state.id).machines > 1

    neighbours_story(tell, 7)


async def report(teller: Bird, author: Bird, message: Message, ackers: list[Identity]) -> None:
    """Bring acks of these keys to a message's author."""
    to = held(teller).leases.contact(author.identity.node_id)
    assert to is not None
    pairs = [[acker.public_key, sign_ack(acker, message)] for acker in ackers]
    body = [message.channel_id, [[message.digest, pairs]]]
    await teller.call(teller.node._context.rpc.request(to, Op.ACKED, body, prove=True))


def test_one_initiator_that_counts_instead_of_naming_makes_no_message_delivered_to_all() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        initiators, (author, deaf, *_) = apart(flock)
        liar = initiators[1]
        made_up = [Identity.generate(liar.host.env.random) for _ in range(6)]

        async def count(caller: Caller, ask: Answer) -> list[Any]:
            answer = await ask()
            answer[2], answer[3] = None, flock[0].config.small_channel_max + 1
            return answer

        lie(liar, Op.PUBLISH, count)
        honest = frozenset(bird.host.index for bird in initiators if bird is not liar)
        flock.world.network.disturb(Latency(honest, 30, 0))  # it answers first
        flock.cut_off(deaf)
        state = await author.say("did you get this?")
        await asyncio.sleep(0.2)
        await report(liar, author, written(author, state.id), made_up)
        await flock.expect(lambda: author.state(state.id).delivered == (6, 7), 5, "all but one")
        await asyncio.sleep(2)
        assert author.state(state.id).delivered == (6, 7)

    story(tell, 8)


async def refuse(caller: Caller, ask: Answer) -> list[Any]:
    raise Refused(Status.INVALID)


async def say_to_one_who_refuses(flock: Flock) -> tuple[Bird, OutboxState, int]:
    """An author, what he said while only one initiator could be asked, which refused it, and the cut."""
    await flock.join()
    await asyncio.sleep(5)
    initiators, (author, *_) = apart(flock)
    lie(initiators[2], Op.PUBLISH, refuse)
    cut = flock.cut_off(author, initiators[2])
    return author, await author.say("please arrive"), cut


def test_a_message_that_one_initiator_refuses_is_tried_again() -> None:
    async def tell(flock: Flock) -> None:
        author, state, cut = await say_to_one_who_refuses(flock)
        await flock.expect(lambda: author.state(state.id).state == "failed", 8, "no quorum")
        error = author.state(state.id).error
        assert error is not None
        assert error.code == "NO_QUORUM"
        flock.mend(cut)
        await flock.expect(lambda: author.state(state.id).delivered == (6, 6), 60, "delivered afterwards")

    story(tell, 7)


def test_what_the_few_whom_a_cut_off_node_could_ask_refused_is_tried_again_with_all() -> None:
    """Before, the word of the one other node that was left was final: the message waited for ever."""

    async def tell(flock: Flock) -> None:
        author, state, cut = await say_to_one_who_refuses(flock)
        await asyncio.sleep(40)  # the two take themselves for the channel's initiators
        flock.mend(cut)
        await flock.expect(lambda: author.state(state.id).delivered == (6, 6), 10, "delivered afterwards")

    story(tell, 7)


def test_a_message_that_most_initiators_refuse_says_why() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        initiators, (author, *_) = apart(flock)

        for bird in initiators[:3]:
            lie(bird, Op.PUBLISH, refuse)
        state = await author.say("no way")
        await flock.expect(lambda: author.state(state.id).state == "failed", 8, "refused")
        error = author.state(state.id).error
        assert error is not None
        assert error.code == "SIGNATURE_INVALID"

    story(tell, 6)


async def intrude(flock: Flock, victim: Bird, op: Op, bodies: list[list[Any]]) -> list[int]:
    """Somebody without a part in the channel asks all this of a node; the statuses of the refusals."""
    host = flock.world.host()
    rpc = Rpc(Identity.generate(host.env.random), NodeConfig(listen=(host.local_ip, PORT)), host.env)
    contact = Contact(victim.identity.public_key, *victim.address)
    refused: list[int] = []

    async def ask(body: list[Any]) -> None:
        try:
            await rpc.request(contact, op, body, prove=True)
        except Refused as refusal:
            refused.append(refusal.status)

    async def ask_all() -> None:
        await rpc.start()
        await rpc.hello(victim.address)
        for first in range(0, len(bodies), 8):
            await asyncio.gather(*(ask(body) for body in bodies[first : first + 8]))
        await rpc.close()

    await host.call(ask_all())
    return refused


def test_acks_that_a_stranger_makes_up_leave_room_for_those_of_subscribers() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        _, (author, late, *_) = apart(flock)
        cut = flock.cut_off(late)
        state = await author.say("hello")
        message = written(author, state.id)
        random = flock.world.host().env.random
        made_up = [Identity.generate(random) for _ in range(author.config.subscribers_per_channel_max + 8)]
        pairs = [[acker.public_key, sign_ack(acker, message)] for acker in made_up]
        batches = [pairs[first : first + 8] for first in range(0, len(pairs), 8)]
        bodies = [[message.channel_id, [[message.digest, batch]]] for batch in batches]
        assert await intrude(flock, author, Op.ACKED, bodies) == []
        assert author.node.happened()["delivery.ack_of_a_stranger"] >= len(made_up)
        flock.mend(cut)
        await flock.expect(lambda: author.state(state.id).delivered == (6, 6), 40, "all acks count")

    story(tell, 7, subscribers_per_channel_max=32)


def test_a_stranger_uses_up_nobodys_relays() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        (origin, relay, *_), (target, *_) = apart(flock)
        channel_id, key = held(origin).channel_id, origin.identity.public_key
        random = flock.world.host().env.random
        probe = [channel_id, bytes(16)]
        bodies = [
            [channel_id, bytes(20), key, random.randbytes(16), int(Op.PROBE), probe] for _ in range(400)
        ]
        assert len(await intrude(flock, relay, Op.RELAY, bodies)) == len(bodies)
        via = Contact(relay.identity.public_key, *relay.address)
        to = Contact(target.identity.public_key, *target.address)
        relays = origin.node._pubsub.relays
        asking = [origin.call(relays.ask(held(origin), to, via, Op.PROBE, probe)) for _ in range(16)]
        assert len(await asyncio.gather(*asking)) == 16, "each is relayed"

    story(tell, 7)
