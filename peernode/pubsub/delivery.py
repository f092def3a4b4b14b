"""``MessageDelivery``: the initiators' push of a stored message to every subscriber.

Each subscriber ranks the initiators by rendezvous hashing. Rank 1 pushes at once; rank k pushes to
whoever was not reported acked after (k - 1) staggers. So nobody has to know who is alive, and a dead
initiator costs its subscribers one stagger. How one push goes, and what becomes of one that is not answered,
is in ``pushes``; in the end the subscriber's own renewal pulls.

Invariants: a message is pushed by this node to one subscriber at most once at a time; an ack counts only with
the subscriber's signature.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from peernode.channel.hlc import hlc_ms
from peernode.channel.message import Message
from peernode.channel.receipt import sign_ack, verify_ack
from peernode.errors import RemoteProtocolError
from peernode.identity import node_id_of
from peernode.pubsub.ackpages import Report
from peernode.pubsub.acks import AckReports
from peernode.pubsub.context import Context
from peernode.pubsub.ingest import Source
from peernode.pubsub.pushes import Pushes
from peernode.pubsub.reachability import InitiatorReachabilityMonitor
from peernode.pubsub.relay import Relays
from peernode.pubsub.replica import Replica
from peernode.pubsub.retries import LINES_MAX
from peernode.pubsub.spread import Spread
from peernode.pubsub.stagger import stagger_s
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact

RECENT_MS = 30_000
"""A younger message that came by catching up is acked, if we were a member when it was written: its author
may still be counting."""

SPREADS_MAX = 4096
"""Messages whose delivery is followed at a time; the oldest is left to the subscribers' renewals."""


class MessageDelivery:
    """Pushes, their acks, and the reports of acks to the other initiators and the author."""

    def __init__(self, context: Context, monitor: InitiatorReachabilityMonitor, relays: Relays) -> None:
        self._context = context
        self._spreads: OrderedDict[bytes, Spread] = OrderedDict()
        self.reports = AckReports(context)
        self._pushes = Pushes(context, monitor, relays, self._acked, self.reports.all_answered)
        self.retries = self._pushes.retries
        self.on_unanswered = self._pushes.on_unanswered
        """Told of each push as an initiator that nothing came back from."""
        self.on_ack: list[Callable[[bytes, bytes, bytes, bytes], None]] = []
        """Told of each new verified ack: message digest, subscriber id, signature, who told us."""

    @property
    def under_way(self) -> int:
        """Pushes that are not answered yet."""
        return self._pushes.room.under_way

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        acked = max((len(spread.acked) for spread in self._spreads.values()), default=0)
        named = max((len(spread.named) for spread in self._spreads.values()), default=0)
        pushing = max((len(spread.pushing) for spread in self._spreads.values()), default=0)
        return {
            "spreads": (len(self._spreads), SPREADS_MAX),
            "pushing": (pushing, self._context.config.pushes_max + LINES_MAX),
            **self._pushes.sizes(),
            "acked": (acked, self._context.config.subscribers_per_channel_max),
            "acked_by_name": (named, self._context.config.subscribers_per_channel_max),
            **self.reports.sizes(),
        }

    def find(self, digest: bytes) -> Spread | None:
        """The delivery of this message, if it is followed here."""
        return self._spreads.get(digest)

    def spread(self, replica: Replica, message: Message) -> Spread:
        """The delivery state of a message, made when it is new."""
        found = self._spreads.get(message.digest)
        if found is None:
            found = self._spreads[message.digest] = Spread(replica, message)
            if len(self._spreads) > SPREADS_MAX:
                self._spreads.popitem(last=False)
                self._context.collector.count("delivery.spread_dropped")
        return found

    def stored(self, replica: Replica, message: Message, source: Source) -> None:
        """A message became durable here: ack it as a subscriber, push it as an initiator.

        Who was pushed to has acked to the pusher, which passes it on.
        """
        mine = self._context.identity
        since_ms = max(replica.member_since_ms, self._context.wall_ms() - RECENT_MS)
        if source is Source.SYNC and hlc_ms(message.hlc) < since_ms:
            return
        if source is Source.PUSH and not replica.serves:
            return
        spread = self.spread(replica, message)
        if source is Source.SYNC and replica.subscribed:
            self._context.tried(replica.name, message, mine.node_id, "pull", "ok")
        if message.author != mine.public_key and replica.subscribed:
            self._count_ack(spread, mine.public_key, mine.node_id, sign_ack(mine, message))
        if replica.serves and source is not Source.SYNC:
            self._begin(spread)

    def published(self, replica: Replica, message: Message) -> None:
        """The author publishes what may be here already: all initiators may have caught up with it before.

        What came by catching up is pushed by nobody, because those who pushed it once were elsewhere.
        """
        if replica.serves:
            self._begin(self.spread(replica, message))

    def _begin(self, spread: Spread) -> None:
        if not spread.begun:
            spread.begun = True
            self._context.tasks.spawn(self._push_by_rank(spread), "delivery.spread")

    async def _push_by_rank(self, spread: Spread) -> None:
        """Rank 1 now, rank k after (k - 1) staggers."""
        replica = spread.replica
        view = replica.initiators
        mine = self._context.identity.public_key
        if view is None or not view.holds(mine):
            return  # the set has changed since: the others push
        leases = replica.leases.live(self._context.now())
        pause_s = stagger_s(self._context, len(leases))
        plan: list[list[Contact]] = [[] for _ in view.contacts]
        for lease in leases:
            if lease.subscriber not in (spread.message.author, mine):
                plan[replica.position(lease.subscriber_id, view)].append(lease.contact)
        waited = 0
        for position, contacts in enumerate(plan):
            if not contacts:
                continue
            if position > waited:
                await asyncio.sleep((position - waited) * pause_s)
                waited = position
                replica.leases.expire(self._context.now())
                if not replica.serves:
                    return  # others are the initiators now
            for contact in contacts:
                there = replica.leases.contact(contact.id)
                if there is not None:  # else it has left, or its lease has ended, while we waited
                    self.push(replica, spread.message, there, "alternative" if position else "initiator")

    def push(self, replica: Replica, message: Message, contact: Contact, method: str) -> None:
        """Push in the background, unless it is acked or on its way already."""
        spread = self.spread(replica, message)
        if spread.settled(contact.id) or contact.id in spread.pushing:
            if spread.spared(contact.id):
                self._context.collector.count("delivery.spared_by_names")
            return
        spread.first_push_s = min(spread.first_push_s, self._context.now())
        self._pushes.begin(spread, contact, method)

    def _acked(self, spread: Spread, contact: Contact, answer: Fields) -> str:
        """Count the ack in an answer to a push; ``RemoteProtocolError`` when it is not the subscriber's."""
        signature = answer.take_bytes(64)
        if not verify_ack(contact.public_key, spread.message, signature):
            raise RemoteProtocolError("a forged ack")
        self._count_ack(spread, contact.public_key, contact.id, signature)
        return "ok"

    def _count_ack(self, spread: Spread, key: bytes, subscriber: bytes, signature: bytes) -> None:
        if subscriber in spread.acked:
            return
        spread.acked[subscriber] = (key, signature)
        self.reports.add(Report(spread.replica, spread.message, key, signature, subscriber, spread.shared))
        for heard in self.on_ack:
            heard(spread.message.digest, subscriber, signature, self._context.identity.public_key)

    def reported(self, replica: Replica, digest: bytes, key: bytes, signature: bytes, teller: bytes) -> None:
        """``teller`` passes on an ack; it counts only with the subscriber's signature.

        An ack that a known subscriber brings itself is ours to pass on: it has told nobody else, unless it
        is an initiator too. A stranger's is hearsay: whoever makes a key can sign with it.
        """
        spread = self._spreads.get(digest)
        if spread is None or spread.replica is not replica:
            return
        subscriber = node_id_of(key)
        view = replica.initiators
        first_hand = teller == key and not (view is not None and view.holds(key))
        if subscriber in spread.acked:
            if not first_hand and spread.acked[subscriber] == (key, signature):
                spread.shared[subscriber] = None
            return
        own = spread.message.author == self._context.identity.public_key
        known = replica.lists(subscriber)
        if not own and not known:
            self._context.collector.count("delivery.ack_of_a_stranger")
            return
        if len(spread.acked) >= self._context.config.subscribers_per_channel_max:
            return
        if not verify_ack(key, spread.message, signature):
            self._context.collector.count("delivery.forged_ack")
            return
        if first_hand and known:
            self._count_ack(spread, key, subscriber, signature)
            return
        spread.acked[subscriber] = (key, signature)
        if known and replica.serves and view is not None and view.holds(teller):
            self.reports.add(Report(replica, spread.message, key, signature, subscriber, spread.shared, True))
        for heard in self.on_ack:
            heard(digest, subscriber, signature, teller)

    def named(self, replica: Replica, digest: bytes, subscriber: bytes, teller: bytes) -> None:
        """An initiator says who has acked, without the signature: with a second one, we need not push.

        It counts for nothing else, and only from who is to push before us.
        """
        spread, view = self._spreads.get(digest), replica.initiators
        contact = replica.leases.named(subscriber)
        if spread is None or spread.replica is not replica or view is None or contact is None:
            return
        order = replica.ranking(contact.id, view)
        if (
            self._context.identity.public_key in order
            and teller in order[: replica.position(contact.id, view)]
        ):
            spread.name(contact.id, teller)
