"""Requests end to end over real sockets: answers, refusals, coalescing, bounds, cancellation, close."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.config import NodeConfig
from peernode.errors import LocalProtocolError, Refused, RemoteProtocolError, RpcTimeout
from peernode.rpc.rpc import Caller, Rpc
from peernode.rpc.transport import SystemEnvironment
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.frames import DATAGRAM_MAX
from peernode.wire.ops import Op, Status

from .lossy import FAST, TestNode, nodes


async def echo(caller: Caller, body: Fields) -> list[Any]:
    await asyncio.sleep(0)
    return list(body)


async def test_a_request_is_answered() -> None:
    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.PUSH, echo)
        body = await ann.rpc.request(ben.contact, Op.PUSH, [1, b"two", "drei", [None]])
        assert body == [1, b"two", "drei", [None]]
        assert body.take_int(0, 9) == 1
        assert (ann.counters["op.PUSH.out"], ben.counters["op.PUSH.in"]) == (1, 1)


async def test_a_plain_function_answers_in_the_same_tick() -> None:
    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.PUSH, lambda caller, body: [caller.contact.port, caller.proven])
        first = await ann.rpc.request(ben.contact, Op.PUSH, [])
        second = await ann.rpc.request(ben.contact, Op.PUSH, [])
        port = ann.rpc.address[1]
        assert (first, second) == ([port, False], [port, True]), "the token in the answer proves the next"


@pytest.mark.parametrize(
    ("error", "status"),
    [(Refused(Status.STORE_FULL), Status.STORE_FULL), (RemoteProtocolError("no"), Status.MALFORMED)],
)
@pytest.mark.parametrize("plain", [True, False])
async def test_what_a_server_raises_becomes_a_status(error: Exception, status: Status, plain: bool) -> None:
    def refuse(caller: Caller, body: Fields) -> list[Any]:
        raise error

    async def refuse_later(caller: Caller, body: Fields) -> list[Any]:
        raise error

    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.PUSH, refuse if plain else refuse_later)
        with pytest.raises(Refused) as caught:
            await ann.rpc.request(ben.contact, Op.PUSH, [])
        assert caught.value.status == status


async def test_a_refusal_carries_its_body() -> None:
    async def refuse(caller: Caller, body: Fields) -> list[Any]:
        raise Refused(Status.NOT_YET, [4000])

    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.PUSH, refuse)
        with pytest.raises(Refused) as caught:
            await ann.rpc.request(ben.contact, Op.PUSH, [])
        assert (caught.value.status, caught.value.body) == (Status.NOT_YET, [4000])


async def test_a_bug_in_a_server_is_reported_and_costs_only_that_request() -> None:
    async def bug(caller: Caller, body: Fields) -> list[Any]:
        raise IndexError("a bug")

    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.PUSH, bug)
        ben.rpc.serve(Op.PUBLISH, lambda caller, body: [bytes(2000)])
        for op in (Op.PUSH, Op.PUBLISH):
            with pytest.raises(Refused) as caught:
                await ann.rpc.request(ben.contact, op, [])
            assert caught.value.status == Status.BUSY
        assert [type(crash) for crash in ben.crashes] == [IndexError, LocalProtocolError]
        ben.crashes.clear()
        await ann.rpc.request(ben.contact, Op.PING, [1, 1])


async def test_an_unknown_op_is_unsupported() -> None:
    async with nodes(2) as (ann, ben):
        with pytest.raises(Refused) as caught:
            await ann.rpc.request(ben.contact, Op.HISTORY, [])
        assert caught.value.status == Status.UNSUPPORTED


async def test_requests_of_one_tick_travel_together() -> None:
    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.PUSH, lambda caller, body: list(body))
        await ann.rpc.request(ben.contact, Op.PING, [1, 1])
        await ann.rpc.request(ben.contact, Op.PING, [1, 1])  # ann's address is proven by now
        before = len(ann.env.sent), len(ben.env.sent)
        answers = await asyncio.gather(*(ann.rpc.request(ben.contact, Op.PUSH, [n]) for n in range(20)))
        assert answers == [[n] for n in range(20)]
        assert (len(ann.env.sent) - before[0], len(ben.env.sent) - before[1]) == (1, 1)


async def test_more_than_fits_a_datagram_takes_several() -> None:
    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.PUSH, lambda caller, body: [])
        await ann.rpc.hello(ben.rpc.address)
        await asyncio.gather(*(ann.rpc.request(ben.contact, Op.PUSH, [bytes(500)]) for _ in range(10)))
        assert ann.counters["datagrams_out"] == 1 + 5
        assert all(len(data) <= DATAGRAM_MAX for data, _ in ann.env.sent)


async def test_a_body_that_does_not_fit_is_our_mistake() -> None:
    async with nodes(2) as (ann, ben):
        with pytest.raises(LocalProtocolError):
            await ann.rpc.request(ben.contact, Op.PUSH, [bytes(1200)])


async def test_a_silent_peer_times_out_after_all_sendings() -> None:
    async with nodes(2, FAST) as (ann, ben):
        gone = ben.contact
        await ben.rpc.close()
        timeouts: list[Contact] = []
        ann.rpc.on_timeout.append(timeouts.append)
        with pytest.raises(RpcTimeout):
            await ann.rpc.request(gone, Op.PING, [1, 1])
        assert len(ann.env.sent) == ann.rpc.config.sends_max
        with pytest.raises(RpcTimeout):
            await ann.rpc.request(gone, Op.PING, [1, 1], sends=1)
        assert timeouts == [gone, gone]


async def test_a_node_never_contacts_itself() -> None:
    async with nodes(1) as (ann,):
        with pytest.raises(RpcTimeout):
            await ann.rpc.request(ann.contact, Op.PING, [1, 1], prove=True)
        assert ann.env.sent == []
        with pytest.raises(RpcTimeout):
            await ann.rpc.hello(ann.rpc.address)
        assert ann.counters["rejected.self"] == 1


async def test_nodes_of_different_networks_do_not_hear_each_other() -> None:
    async with nodes(1, FAST) as (ann,), nodes(2, FAST, network="another") as (_, ben):
        with pytest.raises(RpcTimeout):
            await ann.rpc.request(ben.contact, Op.PING, [1, 1], sends=1)
        with pytest.raises(RpcTimeout):
            await ann.rpc.hello(ben.rpc.address)
        assert (ben.counters["rejected.seal"], ben.counters["rejected.network"]) == (1, 3)


async def test_an_impossible_contact_only_times_out() -> None:
    async with nodes(1, FAST) as (ann,):
        with pytest.raises(RpcTimeout):
            await ann.rpc.request(Contact(b"\xff" * 32, "127.0.0.1", 9), Op.PING, [1, 1], sends=1)
        assert ann.counters["held.key"] == 1


async def test_listeners_hear_of_answers_and_requests() -> None:
    async with nodes(2) as (ann, ben):
        answered: list[tuple[Contact, float]] = []
        asked: list[tuple[Contact, bool]] = []
        ann.rpc.on_answered.append(lambda contact, rtt_s: answered.append((contact, rtt_s)))
        ben.rpc.on_request.append(lambda contact, proven: asked.append((contact, proven)))
        for _ in range(2):
            await ann.rpc.request(ben.contact, Op.PING, [1, 1])
        assert [contact.address for contact, _ in answered] == [ben.rpc.address] * 2
        assert all(0 < rtt_s < 5 for _, rtt_s in answered)
        assert [(contact.address, proven) for contact, proven in asked] == [
            (ann.rpc.address, False),
            (ann.rpc.address, True),
        ]


async def test_a_bug_in_a_listener_does_not_stop_the_receive_path() -> None:
    def bug(contact: Contact, proven: bool) -> None:
        raise KeyError("a bug")

    async with nodes(2) as (ann, ben):
        ben.rpc.on_request.append(bug)
        await ann.rpc.request(ben.contact, Op.PING, [1, 1])
        assert [type(crash) for crash in ben.crashes] == [KeyError]
        ben.crashes.clear()


async def test_three_pings_tell_address_and_time() -> None:
    async with nodes(4, listen=("0.0.0.0", 0)) as (ann, *others):
        assert ann.rpc.external is None
        for other in others:
            contact = Contact(other.identity.public_key, "127.0.0.1", other.rpc.address[1])
            await ann.rpc.request(contact, Op.PING, [1, 1])
        assert ann.rpc.external == ("127.0.0.1", ann.rpc.address[1])
        assert abs(ann.rpc.clock_offset_ms()) < 1000


async def test_a_malformed_ping_answer_is_counted() -> None:
    async with nodes(1) as (ann,):
        ben = Rpc(TestNode(9).identity, FAST, SystemEnvironment())
        ben.serve(Op.PING, lambda caller, body: [1, 1, "late", b"", 0, 0])
        await ben.start()
        await ann.rpc.request(Contact(ben.identity.public_key, *ben.address), Op.PING, [1, 1])
        await ben.close()
        assert ann.counters["rejected.body"] == 1


async def test_what_was_not_started_cannot_be_used() -> None:
    rpc = Rpc(TestNode(1).identity, NodeConfig(), SystemEnvironment())
    with pytest.raises(LocalProtocolError):
        await rpc.request(Contact(bytes(32), "127.0.0.1", 9), Op.PING, [1, 1])
    with pytest.raises(LocalProtocolError):
        rpc.address  # noqa: B018
    await rpc.close()
