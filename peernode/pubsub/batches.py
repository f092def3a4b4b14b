"""Renewals of many channels at once: one signature, and one datagram per initiator, for up to 25.

This is the short way, for channels whose initiators are known and agree. Every answer says per channel what
an answer to SUBSCRIBE would, cut to what fits. Invariants: an initiator is shown only the channels that it
is an initiator of (see ``peernode.channel.leasebatch``); a channel counts as renewed by its own quorum,
whatever became of its neighbours; where an initiator refuses, or names another set that was not looked
into yet, the short way has not sufficed, and the channel is subscribed to by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from peernode.channel.leasebatch import SECRET_BYTES, LeaseBatch
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.audience import DIGEST_NAMED_BYTES
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.subscribe import Subscriber
from peernode.pubsub.subscription import Subscription
from peernode.wire.codec import Fields, pack
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from peernode.wire.payload import REQUEST_BODY_MAX

SET_NAMED_BYTES = 8
"""So much of an initiator set's hash tells whether it is ours."""

Asked = list[tuple[Replica, Subscription]]


class Batches:
    """Renews this node's leases together."""

    def __init__(self, context: Context, storage: PubSubStorage, subscriber: Subscriber) -> None:
        self._context = context
        self._storage = storage
        self._subscriber = subscriber

    def send(self, replicas: list[Replica]) -> dict[bytes, Subscription]:
        """Ask the known initiators of at most 25 channels; the subscriptions fill with their answers."""
        context = self._context
        channel_ids = [replica.channel_id for replica in replicas]
        serial_ms, ttl_s = self._subscriber.next_serial(), int(context.config.lease_ttl_s)
        secret = context.env.random.randbytes(SECRET_BYTES)
        batch = LeaseBatch(context.identity, context.network_id, channel_ids, serial_ms, ttl_s, secret)
        context.collector.count("lease.signed")
        begun: dict[bytes, Subscription] = {}
        by_peer: dict[bytes, tuple[Contact, Asked]] = {}
        for replica in replicas:
            view = replica.initiators
            if view is None:
                continue
            self._subscriber.keep_own(replica, batch.lease(replica.channel_id))
            result = begun[replica.channel_id] = self._subscriber.begin(view)
            for contact in view.others(context.identity.public_key):
                by_peer.setdefault(contact.public_key, (contact, []))[1].append((replica, result))
                result.waiting[contact.public_key] = None
        for contact, asked in by_peer.values():
            for part in _fitting(batch, asked):
                context.tasks.spawn(self._ask(contact, batch, part), "batches.ask")
        return begun

    async def outcome(self, replica: Replica, result: Subscription) -> Subscription | None:
        """What became of one channel of the batch; None when it has to be subscribed to by itself."""
        await self._subscriber.answers(result)
        coordination = self._storage.coordination
        alone = result.quorum and not result.view.others(self._context.identity.public_key)
        news = [key for key, named in result.differing.items() if coordination.is_news(replica, key, named)]
        if news or result.insufficient or not (result.agreed or alone):
            self._context.collector.count("renewal.fell_back")
            return None
        if result.agreed:
            coordination.confirmed(replica)
        self._context.collector.count("renewal.batched")
        self._subscriber.ended(replica, result)
        return result

    async def _ask(self, contact: Contact, batch: LeaseBatch, asked: Asked) -> None:
        try:
            body = _body(batch, asked)
            answer = Fields(await self._context.rpc.request(contact, Op.RENEW, body, prove=True))
            answers = answer.take_list(len(asked))
            if len(answers) != len(asked):
                raise RemoteProtocolError("not an answer for each channel")
            for (replica, result), item in zip(asked, answers, strict=True):
                self._heard(replica, contact, result, Fields(item))
        except (RpcTimeout, Refused, Backpressure, RemoteProtocolError) as error:
            self._context.collector.count(f"renew.{type(error).__name__}")
        finally:
            for _, result in asked:
                result.waiting.pop(contact.public_key, None)
                result.changed.set()

    def _heard(self, replica: Replica, contact: Contact, result: Subscription, answer: Fields) -> None:
        status = answer.take_int(0, 255)
        if status != Status.OK:
            self._context.collector.count("renew.refused")
            if status in (Status.BUSY, Status.STORE_FULL):
                result.full[contact.public_key] = None
            if status == Status.INVALID:
                self._subscriber.refused(contact, result, answer)
            if status in (Status.NOT_INITIATOR, Status.MISSING):
                result.insufficient = True
            return
        root, named = answer.take_bytes_or_none(16), answer.take_bytes(SET_NAMED_BYTES)
        count, digest = answer.take_int(0, 1 << 32), answer.take_bytes_or_none(DIGEST_NAMED_BYTES)
        result.said[contact.public_key] = named
        self._subscriber.taken(replica, contact, result, root, count, digest or b"")


def _body(batch: LeaseBatch, asked: Asked) -> list[object]:
    ids = [replica.channel_id for replica, _ in asked]
    return batch.show(ids, [replica.log.root() for replica, _ in asked])


def _fitting(batch: LeaseBatch, asked: Asked) -> Iterator[Asked]:
    """Parts of ``asked`` that fit a datagram each; all fit one, or salts make the half of them fit."""
    if len(pack(_body(batch, asked))) <= REQUEST_BODY_MAX:
        yield asked
        return
    middle = len(asked) // 2
    yield from _fitting(batch, asked[:middle])
    yield from _fitting(batch, asked[middle:])
