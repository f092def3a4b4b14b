"""``QuorumPublish``: brings one own message to a quorum of the channel's initiators.

It goes to all initiators at once and, in a small channel, straight to the subscribers. Invariants: no
quorum within ``publish_timeout_s`` is ``failed`` with a code, and a late receipt still turns that into
``sent``; a receipt or ack counts only with its signer's signature, once; the cost of one message does
not grow with the history.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from peernode.channel.receipt import Receipt, decode_receipt, sign_receipt
from peernode.diagnostics.codes import info_of
from peernode.errors import Backpressure, PeerNodeError, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.audience import Audience
from peernode.pubsub.context import Context, uuid_text
from peernode.pubsub.entry import TARGETS_MAX, Entry
from peernode.pubsub.outbox import ASK_ANEW_S, Outbox
from peernode.pubsub.refusals import Meaning, meaning_of, named_in_place
from peernode.pubsub.replica import InitiatorSet
from peernode.pubsub.retry import ComeBack, TryAgain, retrying
from peernode.pubsub.served import hear_served
from peernode.pubsub.storage import PubSubStorage
from peernode.span import Span
from peernode.store.base import PutMeta
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

MET_MACHINES = "met_machines"
"""The store's key for: a receipt once came from another machine than this one."""

ATTEMPTS_PER_INITIATOR = 4
"""Tries per initiator and attempt after a timeout or a full queue; while the attempt goes on, as many as
fit are made at one that is busy or says that the author is over its rate. They may end after it."""


class QuorumPublish:
    """Publishes entries of the outbox, follows their receipts and acks."""

    def __init__(self, context: Context, storage: PubSubStorage, outbox: Outbox, audience: Audience) -> None:
        self._context = context
        self._storage = storage
        self._outbox = outbox
        self._audience = audience
        self._met_machines = context.store.meta(MET_MACHINES) == b"1"
        self.on_sent: list[Callable[[Entry], None]] = []
        """Told of each message that has its quorum."""

    async def attempt(self, entry: Entry) -> None:
        """One attempt, from the question who stores the channel to a quorum, within the time for it."""
        timeout_s, trace = self._context.config.publish_timeout_s, uuid_text(entry.message.id)
        span = self._context.collector.begin("publish", entry.replica.name, trace)
        entry.members, entry.followed, entry.unready = {}, {}, {}
        entry.until_s = self._context.now() + timeout_s
        if entry.state in ("pending", "failed"):
            self._audience.push_directly(entry.replica, entry.message)
        try:
            with span:
                async with asyncio.timeout(timeout_s):
                    while entry.again or not entry.frozen:
                        await (self._ask_all(entry) if entry.again else entry.news())
        except PeerNodeError as error:
            await self._fail(entry, error, span)
        except TimeoutError:
            if not entry.crowded:
                entry.replica.forget_initiators()
            await self._fail(entry, PeerNodeError("NO_QUORUM", seconds=round(timeout_s)), span)
        else:
            span.end("ok", **entry.route())

    async def _ask_all(self, entry: Entry) -> None:
        """Ask whom we know now to store the channel; fewer than this attempt has asked make no smaller set.

        They are asked again all the same: who refused because it did not store the channel may do so now.
        """
        entry.again = False
        view = await self._storage.known_initiators(entry.replica)
        entry.ask_unready(view)
        if len(view.contacts) < len(entry.members):
            for contact in view.others(self._context.identity.public_key):
                self._aim(entry, contact)
            return
        if not entry.frozen and self._context.now() - entry.asked_s >= ASK_ANEW_S:
            entry.ask_anew(self._context.now())
        self._publish_to_all(entry, view)

    def _publish_to_all(self, entry: Entry, view: InitiatorSet) -> None:
        me, mine = self._context.identity.public_key, self._context.config.machine_id
        entry.of = max(entry.of, len(view.contacts))
        entry.quorum = view.quorum
        entry.members = dict.fromkeys(contact.public_key for contact in view.contacts)
        full = len(view.contacts) >= self._context.config.replicas
        entry.believed = full or any(entry.receipts.get(c.public_key, mine) != mine for c in view.contacts)
        target = int.from_bytes(entry.replica.channel_id, "big")
        entry.reach = max(c.long_id ^ target for c in view.contacts) if full else 1 << 160
        entry.alone = not view.others(me)
        if view.holds(me) and me not in entry.receipts:
            receipt = sign_receipt(self._context.identity, entry.message, mine)
            live = [lease.subscriber_id for lease in entry.replica.leases.sure(self._context.now())]
            others = self._others(len(live), self._context.identity.node_id in live)
            self._receipt(entry, receipt, live if others is None else [], others)
        for contact in (*view.others(me), *entry.replica.rumoured):
            self._aim(entry, contact)
        if not entry.frozen:
            self._judge(entry)  # what has come may be a quorum of this set

    def _aim(self, entry: Entry, contact: Contact) -> bool:
        """Whether the contact is being asked."""
        if contact.public_key not in entry.targets and len(entry.targets) < TARGETS_MAX:
            spawn = self._context.tasks.spawn
            entry.targets[contact.public_key] = spawn(self._publish_to(entry, contact), "publish.to")
        elif contact.public_key not in entry.targets:
            self._context.collector.count("publish.targets_full")
        return contact.public_key in entry.targets

    async def _fail(self, entry: Entry, error: PeerNodeError, span: Span) -> None:
        span.end(error.code, **entry.route())
        if entry.state != "pending" or entry.discarded:
            return
        entry.state, entry.error = "failed", entry.error or info_of(error)
        self._outbox.tell(entry)
        await self._outbox.settle(entry)

    async def _publish_to(self, entry: Entry, contact: Contact) -> None:
        try:
            await retrying(self._context.env.random, ATTEMPTS_PER_INITIATOR, patient=self._goes_on(entry))(
                self._publish_once, entry, contact
            )
        except TryAgain:
            self._context.collector.count("publish.given_up")
        finally:
            if contact.public_key not in entry.receipts and not entry.restarted(contact.public_key):
                del entry.targets[contact.public_key]  # the next attempt asks it again

    def _goes_on(self, entry: Entry) -> Callable[[], bool]:
        return lambda: self._context.now() < entry.until_s

    async def _publish_once(self, entry: Entry, contact: Contact) -> None:
        """One request; ``TryAgain`` with the time to wait when another one may succeed."""
        if entry.discarded:
            return
        span, key = self._context.collector.span(), contact.public_key
        entry.unready.pop(key, None)
        again: TryAgain | None = None
        meaning: Meaning | None = None
        if entry.message.parts:
            entry.replica.lend(key)
        try:
            with span:
                answer = await self._context.rpc.request(contact, Op.PUBLISH, [entry.message.raw], prove=True)
            outcome = self._read_answer(entry, contact, answer)
            hear_served(answer, span, self._context.collector)
        except RpcTimeout:
            outcome, again = "timeout", TryAgain(self._context.rpc.rto_s(key))
        except Backpressure:
            outcome, again = "backpressure", TryAgain(self._context.rpc.rto_s(key))
        except RemoteProtocolError:
            outcome = "malformed"
        except Refused as refusal:
            meaning = meaning_of(self._context, entry, contact, refusal)
            outcome, again = meaning.outcome, meaning.again
            if meaning.closer is not None:
                again = self._follow(entry, contact, meaning)
        if meaning is None:
            entry.relent(key)
        self._context.tried(entry.replica.name, entry.message, contact.id, "publish", outcome, span)
        if again is not None:
            raise again

    def _follow(self, entry: Entry, asked: Contact, meaning: Meaning) -> ComeBack | None:
        """It said that it is no initiator: those whom it named that are closer are asked as well.

        One of our set is asked again: our next renewal has it store the channel. Its word is looked into
        once while the set serves on, unless so many of the set say so that the rest is no quorum.
        """
        ours, news = named_in_place(entry, self._context.identity.public_key, asked, meaning.closer or ())
        if ours:
            self._context.collector.count("publish.not_stored_yet")
            entry.unready[asked.public_key] = None
        if news and len(entry.members) - len(entry.unready) < entry.quorum:
            entry.replica.forget_initiators()
        elif news:
            self._storage.coordination.differs(entry.replica, asked.public_key, meaning.word)
        for contact in news:
            if len(entry.followed) < TARGETS_MAX and self._aim(entry, contact):
                entry.followed[contact.public_key] = None
        return ComeBack(self._context.config.rto_initial_s) if ours else None

    def _read_answer(self, entry: Entry, contact: Contact, body: Fields) -> str:
        """Count the receipt, if it is one; the attempt's outcome. Another set of initiators is followed."""
        receipt = decode_receipt(body.take_bytes_upto(512))
        if receipt.initiator != contact.public_key or receipt.message_digest != entry.message.digest:
            raise RemoteProtocolError("a receipt for something else")
        set_hash = body.take_bytes(16)
        listed = body.take_list_or_none(self._context.config.small_channel_max)
        count = min(body.take_int(0, 1 << 32), self._context.config.subscribers_per_channel_max)
        digest = body.take_bytes(16)
        us_too = body.take_bool() if body.more else entry.replica.joined  # an earlier version does not say
        others = None if listed is not None else self._others(count, us_too)
        self._compare_sets(entry, contact, set_hash)
        if contact.long_id ^ int.from_bytes(entry.replica.channel_id, "big") > entry.reach:
            self._context.collector.count("publish.beyond_reach")
            return "beyond_reach"  # stored, by a node that our set has no place for
        ids = [item for item in listed or [] if isinstance(item, bytes) and len(item) == 20]
        if listed is not None:
            self._audience.seen(entry.replica, contact, digest)
        self._receipt(entry, receipt, ids, others)
        return "ok"

    def _compare_sets(self, entry: Entry, contact: Contact, set_hash: bytes) -> None:
        """An initiator sees another set than we do: the message goes to the union, at once."""
        view = entry.replica.initiators
        if view is None or set_hash in (view.hash, bytes(16)):
            return
        self._context.collector.count("publish.set_differs")
        if not self._storage.coordination.differs(entry.replica, contact.public_key, set_hash):
            return
        if set_hash not in entry.other_sets and len(entry.other_sets) < TARGETS_MAX:
            entry.other_sets[set_hash] = None
            self._context.tasks.spawn(self._publish_to_union(entry, contact, set_hash), "publish.union")

    async def _publish_to_union(self, entry: Entry, contact: Contact, set_hash: bytes) -> None:
        for named in await self._storage.coordination.named_by(entry.replica, contact, set_hash):
            if named.public_key not in entry.targets:
                self._context.collector.count("publish.union")
                self._aim(entry, named)
        if entry.frozen:
            return
        try:
            view = await self._storage.initiators(entry.replica)
        except PeerNodeError as error:
            self._context.collector.count(f"publish.{error.code}")
            return
        if not entry.frozen and not entry.discarded:
            self._publish_to_all(entry, view)

    def _others(self, count: int, us_too: bool) -> int | None:
        """How many others subscribe, if too many to list; ``us_too``: our lease counts, be it an old one."""
        return count - us_too if count > self._context.config.small_channel_max else None

    def _receipt(self, entry: Entry, receipt: Receipt, subscribers: list[bytes], others: int | None) -> None:
        """``others``: how many there are besides us when they are too many to be listed."""
        if receipt.initiator in entry.receipts:
            return
        entry.receipts[receipt.initiator] = receipt.machine_id
        entry.of = max(entry.of, len(entry.receipts))
        if not entry.frozen:
            mine = self._context.identity.node_id
            entry.audience.update((subscriber, None) for subscriber in subscribers if subscriber != mine)
            if others is not None:
                entry.counts.append(others)
        elsewhere = receipt.machine_id != self._context.config.machine_id
        entry.believed = entry.believed or elsewhere
        if elsewhere and not self._met_machines:
            self._met_machines = True
            self._context.tasks.spawn(self._context.save(PutMeta(MET_MACHINES, b"1")), "quorum.met")
        self._judge(entry)

    def _judge(self, entry: Entry) -> None:
        """Sent, if the receipts are a quorum of the set that it was published to last."""
        if len(entry.receipts) >= entry.quorum and self._trustworthy(entry):
            if not entry.frozen:
                entry.freeze()
                for sent in self.on_sent:
                    sent(entry)
            if entry.state in ("pending", "failed"):
                entry.state, entry.error = "sent", None
            self._grow(entry)
            self._outbox.tell(entry)
            self._context.tasks.spawn(self._outbox.settle(entry), "outbox.settle")
        entry.progress.set()

    def _trustworthy(self, entry: Entry) -> bool:
        """A set smaller than R, all of it on our own machine, may mean that the machine is cut off."""
        return entry.believed or not self._met_machines

    def acked(self, digest: bytes, subscriber: bytes, signature: bytes, teller: bytes) -> None:
        """A verified ack for one of our messages.

        In a large channel nobody lists the subscribers to us: there an initiator that counts the acker
        among them vouches for it, or we ourselves, who pushed to it.
        """
        entry = self._outbox.by_digest.get(digest)
        if entry is None:
            return
        vouched = teller == self._context.identity.public_key or teller in entry.targets
        if len(entry.acks) >= self._context.config.subscribers_per_channel_max:
            return
        if entry.take_ack(subscriber, signature, vouched, self._context.wall_ms()) and self._grow(entry):
            self._outbox.tell(entry)

    def _grow(self, entry: Entry) -> bool:
        """Delivered as far as the acks say, once the message is sent; whether something changed."""
        if entry.state not in ("sent", "delivered") or not entry.delivered:
            return False
        entry.state = "delivered"
        return True
