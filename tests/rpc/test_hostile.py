"""Anything may come in at any time: nothing raises, nothing grows without bound, service goes on."""

from __future__ import annotations

import asyncio
import random
import socket
from dataclasses import replace
from typing import Any

import pytest

from peernode.environment import Address
from peernode.errors import Refused
from peernode.identity import Identity, network_id_of
from peernode.rpc.agreements import DERIVATIONS_BURST
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields, pack
from peernode.wire.frames import NO_TOKEN, PLAINTEXT_MAX, Hello, Sealed, Welcome, decode_frame
from peernode.wire.ops import Op, Status
from peernode.wire.payload import KIND_REQUEST, encode_answer, encode_request, encode_token
from peernode.wire.sealing import Sealer

from .lossy import FAST, TestNode, nodes, until

NETWORK = network_id_of(FAST.network)
UNHURRIED = replace(FAST, rto_initial_s=0.5, rto_min_s=0.5, rto_max_s=0.5)
"""Leaves time to forge something before the second sending."""


class Attacker:
    """A socket that sends any bytes, with as many identities as it likes."""

    def __init__(self, target: TestNode, seed: int) -> None:
        self.target = target
        self.rng = random.Random(seed)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)

    @property
    def address(self) -> Address:
        address: Address = self.socket.getsockname()
        return address

    def __enter__(self) -> Attacker:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    async def send(self, *datagrams: bytes) -> None:
        """Send, and wait until all of them were received."""
        received = self.target.counters["datagrams_in"]
        for datagram in datagrams:
            self.socket.sendto(datagram, self.target.rpc.address)
        await until(lambda: self.target.counters["datagrams_in"] >= received + len(datagrams))

    def sealed(self, identity: Identity, plaintext: bytes, token: bytes = NO_TOKEN) -> bytes:
        """A genuine datagram of ``identity``, whatever is in it."""
        sealer = Sealer(identity, NETWORK, 1)
        return sealer.seal(self.target.identity.public_key, token, plaintext, self.rng.randbytes(24))

    def replies(self) -> list[bytes]:
        """What came back so far."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(2048))
            except BlockingIOError:
                return found


def mutated(rng: random.Random, datagram: bytes) -> bytes:
    changed = bytearray(datagram)
    for _ in range(rng.randint(1, 4)):
        if not changed:
            break
        at = rng.randrange(len(changed))
        match rng.randrange(4):
            case 0:
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                del changed[at:]
            case 2:
                changed[at:at] = rng.randbytes(rng.randint(1, 30))
            case _:
                changed[at] = rng.choice(b"\x00\x7f\x80\x90\x9f\xc0\xc4\xd9\xdc\xdd\xde\xdf\xff")
    return bytes(changed)


def plaintext_of(rng: random.Random, identity: Identity) -> bytes:
    """Something to seal: well-formed, nearly so, or not at all."""
    body = [rng.randbytes(20), rng.randrange(2**32), ["x", None, [True]]]
    message = rng.choice(
        [
            encode_request(rng.getrandbits(64), rng.choice([*Op, 0, 99, 255]), body),
            encode_answer(rng.getrandbits(64), rng.choice([*Status, 250]), body),
            encode_token(rng.randbytes(8)),
            pack([KIND_REQUEST, 1, 1]),
            pack([KIND_REQUEST, -1, 1, []]),
            pack([rng.choice([0, 4, None, "1"]), 1, 1, []]),
            pack({}),
            b"\xdd\xff\xff\xff\xff",
            rng.randbytes(rng.randrange(PLAINTEXT_MAX)),
        ]
    )
    count = rng.choice([0, 1, 1, 1, 2, 5])
    plaintext = (message * count)[:PLAINTEXT_MAX]
    return mutated(rng, plaintext)[:PLAINTEXT_MAX] if rng.random() < 0.3 else plaintext


async def test_ten_thousand_hostile_datagrams() -> None:
    async def slow(caller: Caller, body: Fields) -> list[Any]:
        await asyncio.sleep(0.01)
        return [body.take_bytes(20), body.take_int(0, 9)]

    async with nodes(2, FAST, peers_max=64, answers_cached_max=100) as (ann, ben):
        ben.rpc.serve(Op.PUSH, slow)
        ben.rpc.serve(Op.PULL, lambda caller, body: [body.take_fields(2)])
        contact = await ann.rpc.hello(ben.rpc.address)
        await ann.rpc.request(contact, Op.PING, [1, 1])
        recorded = [data for data, _ in ann.env.sent + ben.env.sent]
        with Attacker(ben, 7) as attacker:
            rng = attacker.rng
            identities = [Identity.generate(rng) for _ in range(300)]
            for _ in range(200):
                batch = []
                for _ in range(50):
                    identity = rng.choice(identities)
                    genuine = attacker.sealed(identity, plaintext_of(rng, identity))
                    batch.append(
                        rng.choice(
                            [
                                rng.randbytes(rng.randrange(1300)),
                                bytes([rng.randrange(5)]) + rng.randbytes(1199),
                                rng.choice(recorded),
                                mutated(rng, rng.choice(recorded)),
                                genuine,
                                genuine,
                                mutated(rng, genuine),
                                Hello(NETWORK, rng.randbytes(16)).encode(),
                            ]
                        )
                    )
                await attacker.send(*batch)
                sizes = ben.rpc.sizes()
                assert sizes["peers"] <= 64 + 50  # idle ones; those at work are kept besides
                assert sizes["keys"] <= 64
                assert sizes["answers"] <= 100
                assert sizes["unproven_addresses"] <= 64
                assert sizes["requests"] == 0
        assert ben.counters["datagrams_in"] >= 10_000
        for reason in ("frame", "size", "seal", "message", "unasked", "body"):
            assert ben.counters[f"rejected.{reason}"] > 0, reason
        assert await ann.rpc.request(contact, Op.PULL, [[1, 2]]) == [[1, 2]]
        assert ben.crashes == []


async def test_a_recorded_datagram_sent_again_is_answered_but_not_done_again() -> None:
    done = []

    def count(caller: Caller, body: Fields) -> list[Any]:
        done.append(caller)
        return []

    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.PUSH, count)
        contact = await ann.rpc.hello(ben.rpc.address)
        await ann.rpc.request(contact, Op.PUSH, [b"once"])
        recorded = ann.env.sent[-1][0]
        with Attacker(ben, 1) as attacker:
            await attacker.send(*[recorded] * 20)
            assert len(done) == 1
            assert ben.rpc.address_of(ann.identity.public_key) == ann.rpc.address, "no proof, no move"
            assert sum(map(len, attacker.replies())) <= 3 * 20 * len(recorded)
        assert ben.counters["duplicates"] == 20


async def test_a_changed_token_or_receiver_does_not_open() -> None:
    async with nodes(3) as (ann, ben, cat):
        await ann.rpc.request(ben.contact, Op.PING, [1, 1])
        recorded = ann.env.sent[-1][0]
        frame = decode_frame(recorded)
        assert isinstance(frame, Sealed)
        with Attacker(ben, 1) as to_ben, Attacker(cat, 1) as to_cat:
            await to_ben.send(frame._replace(token=b"8 others").encode())
            await to_ben.send(frame._replace(sender=cat.identity.public_key).encode())
            await to_cat.send(recorded)
            assert (to_ben.replies(), to_cat.replies()) == ([], [])
        assert (ben.counters["rejected.seal"], cat.counters["rejected.seal"]) == (2, 1)


async def test_an_answer_of_somebody_else_is_not_taken() -> None:
    async with nodes(3, UNHURRIED) as (ann, ben, cat):
        ben.env.drop = lambda data, to: True
        asked = asyncio.create_task(ann.rpc.request(ben.contact, Op.PING, [1, 1]))
        await until(lambda: len(ben.env.sent) == 1)
        # Cat, and Ben's key from Cat's socket with another id, both guess.
        with Attacker(ann, 1) as attacker:
            await attacker.send(
                attacker.sealed(cat.identity, encode_answer(1, 0, [])),
                attacker.sealed(ben.identity, encode_answer(1, 0, [])),
            )
        assert ann.counters["rejected.unasked"] == 2
        assert not asked.done()
        ben.env.drop = lambda data, to: False
        await asked


async def test_a_replayed_token_is_not_kept() -> None:
    async with nodes(2) as (ann, ben):
        await ann.rpc.request(ben.contact, Op.PING, [1, 1])
        with Attacker(ann, 1) as attacker:
            await attacker.send(attacker.sealed(ben.identity, encode_token(b"poisoned")))
        await ann.rpc.request(ben.contact, Op.PING, [1, 1])
        frame = decode_frame(ann.env.sent[-1][0])
        assert isinstance(frame, Sealed)
        assert frame.token not in (NO_TOKEN, b"poisoned")
        assert ben.rpc.is_proven(ann.contact)


async def test_invented_senders_cost_a_bounded_number_of_key_agreements() -> None:
    async with nodes(2) as (ann, ben):
        await ann.rpc.hello(ben.rpc.address)
        ben.env.clock.stop()
        with Attacker(ben, 1) as attacker:
            rng = attacker.rng
            for _ in range(60):
                batch = [
                    Sealed(rng.randbytes(32), NO_TOKEN, bytes(24), bytes(40)).encode() for _ in range(50)
                ]
                await attacker.send(*batch)
        assert ben.counters["rejected.load"] == 60 * 50 - DERIVATIONS_BURST
        assert ben.rpc.sizes()["keys"] <= 1
        await ann.rpc.request(ben.contact, Op.PING, [1, 1])  # her token lets her through


async def test_a_forged_welcome_is_not_believed() -> None:
    async with nodes(2, UNHURRIED) as (ann, ben):
        ben.env.drop = lambda data, to: True
        asked = asyncio.create_task(ann.rpc.hello(ben.rpc.address))
        await until(lambda: bool(ben.env.sent))
        genuine = decode_frame(ben.env.sent[0][0])
        assert isinstance(genuine, Welcome)
        with Attacker(ann, 1) as attacker:  # from another address than the one that was asked
            await attacker.send(genuine.encode())
        for forged in (
            replace(genuine, seen=("192.0.2.1", 1)),
            replace(genuine, public_key=Identity.from_seed(bytes(32)).public_key),
            replace(genuine, nonce=bytes(16)),
            replace(genuine, network_id=bytes(8)),
        ):
            ben.env.inject(forged.encode(), ann.rpc.address)
        await until(lambda: ann.counters["datagrams_in"] == 5)
        assert ann.counters["rejected.unasked"] == 2
        assert (ann.counters["rejected.signature"], ann.counters["rejected.network"]) == (2, 1)
        ben.env.drop = lambda data, to: False
        assert await asked == ben.contact


@pytest.mark.parametrize("size", [900, 1000])
async def test_a_large_answer_waits_for_a_proof(size: int) -> None:
    calls = []

    def large(caller: Caller, body: Fields) -> list[Any]:
        calls.append(caller.proven)
        return [bytes(size)]

    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.GET_PART, large)
        assert await ann.rpc.request(ben.contact, Op.GET_PART, []) == [bytes(size)]
        assert calls == [False], "the answer waited for the token; the work was done once"
        small, large_one = ben.env.sent
        assert len(small[0]) <= 3 * len(ann.env.sent[0][0])
        assert len(large_one[0]) > 3 * len(ann.env.sent[0][0])


async def test_a_server_may_insist_on_a_proof() -> None:
    async def strict(caller: Caller, body: Fields) -> list[Any]:
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        return [caller.contact.port]

    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.SUBSCRIBE, strict)
        assert await ann.rpc.request(ben.contact, Op.SUBSCRIBE, []) == [ann.rpc.address[1]]


async def test_refusing_even_proven_callers_ends_the_request() -> None:
    def never(caller: Caller, body: Fields) -> list[Any]:
        raise Refused(Status.UNPROVEN)

    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.SUBSCRIBE, never)
        with pytest.raises(Refused):
            await ann.rpc.request(ben.contact, Op.SUBSCRIBE, [])
