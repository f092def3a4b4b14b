"""``Audience``: who reads a channel, as an author knows it, for the one-hop push.

In a channel of at most ``small_channel_max`` subscribers the author pushes straight to each whose
address is proven; the initiators push as well, so this only ever makes things faster. Invariants: no
message goes to an unproven address; an unproven one is pinged once per refresh, so that the next
message can go; an author that is an initiator goes by its own leases, and leaves whoever others alone know to
them; at most one refresh per channel runs at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from peernode.channel.lease import decode_lease
from peernode.channel.message import Message
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.delivery import MessageDelivery
from peernode.pubsub.replica import TELLERS_MAX, InitiatorSet, Replica
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

DIRECT_MAX = 64
"""Pushes under way at most for direct ones to be added: in a burst the receipts go first."""

DIGEST_NAMED_BYTES = 8
"""So much of a subscriber digest tells whether the list has changed: who lies here fools only itself."""

PAGE_LEAST = 3
"""A page that another follows brings so many subscribers at least, if its sender is honest."""

LOOK_EVERY_S = 4.0
"""Somebody who looks at the list again so soon sees what was fetched last."""

LOOK_PER_MEMBER_S = 1 / 64
"""And so much later for each member of it: a long list costs about one page of 64 a second."""

ASKED_MAX = 2
"""Initiators that one look asks, until one answers."""


async def subscriber_pages(
    context: Context, replica: Replica, contact: Contact
) -> AsyncGenerator[list[tuple[bytes, int, Contact]]]:
    """An initiator's list of a channel, page by page: raw lease, its remaining time in ms, contact.

    Raises what ``Rpc.request`` raises. Leases are not verified here. More than a table
    holds is not looked at.
    """
    limit, found = context.config.subscribers_per_channel_max, 0
    after: bytes | None = None
    for _ in range(limit // PAGE_LEAST + 1):
        answer = Fields(
            await context.rpc.request(contact, Op.SUBSCRIBERS, [replica.channel_id, after], prove=True)
        )
        items, page = answer.take_list(64), list[tuple[bytes, int, Contact]]()
        more = answer.take_bool()
        for item in items:
            fields = Fields(item)
            raw, remaining_ms = fields.take_bytes_upto(512), fields.take_int(0, 600_000)
            page.append((raw, remaining_ms, Contact.decode(fields.take())))
        page = page[: limit - found]
        found += len(page)
        yield page
        if not more or not page or (after is not None and page[-1][2].id <= after):
            break
        after = page[-1][2].id


async def fetch_subscribers(
    context: Context, replica: Replica, contact: Contact
) -> list[tuple[bytes, int, Contact]]:
    """All the pages at once."""
    return [each async for page in subscriber_pages(context, replica, contact) for each in page]


async def lists_of(context: Context, replica: Replica, view: InitiatorSet) -> dict[str, list[str]]:
    """Each initiator's own list of a channel, in hex; one that does not answer is left out."""
    me = context.identity.node_id.hex()
    found: dict[str, list[str]] = {}
    for contact in view.contacts:
        if contact.id.hex() == me:
            live = replica.leases.live(context.now())
            found[me] = [lease.subscriber_id.hex() for lease in live]
            continue
        try:
            listed = await fetch_subscribers(context, replica, contact)
            found[contact.id.hex()] = [subscriber.id.hex() for _, _, subscriber in listed]
        except (RpcTimeout, Refused, Backpressure, RemoteProtocolError) as error:
            context.collector.count(f"subscribers.{type(error).__name__}")
    return found


class Audience:
    """The subscribers of each channel from an author's point of view."""

    def __init__(self, context: Context, delivery: MessageDelivery) -> None:
        self._context = context
        self._delivery = delivery
        self._refreshing: dict[bytes, None] = {}
        self._looked: dict[bytes, float] = {}
        """Channel id -> when an initiator was last asked for its list because somebody looked."""

    def known(self, replica: Replica) -> dict[bytes, Contact]:
        """Subscriber id -> contact, without this node."""
        found = dict(replica.subscribers)
        if replica.serves:
            for lease in replica.leases.live(self._context.now()):
                found[lease.subscriber_id] = lease.contact
        found.pop(self._context.identity.node_id, None)
        return found

    def push_directly(self, replica: Replica, message: Message) -> None:
        """One hop to each proven subscriber of a small channel."""
        subscribers = self.known(replica)
        if len(subscribers) > self._context.config.small_channel_max:
            return
        if self._delivery.under_way + len(subscribers) > DIRECT_MAX:
            self._context.collector.count("audience.left_to_initiators")
            return
        for contact in subscribers.values():
            leased = not replica.serves or replica.leases.contact(contact.id) is not None
            if leased and self._context.rpc.is_proven(contact):
                self._delivery.push(replica, message, contact, "direct")

    async def look(self, replica: Replica) -> None:
        """Somebody looks at the list: have it as an initiator knows it now, not as of the last renewal.

        An initiator looks at its own leases. When nobody answers, what is known stays.
        """
        now, view = self._context.now(), replica.initiators
        every_s = max(LOOK_EVERY_S, len(replica.subscribers) * LOOK_PER_MEMBER_S)
        looked_s = self._looked.get(replica.channel_id, float("-inf"))
        if replica.serves or view is None or now - looked_s < every_s:
            return
        if len(self._looked) >= self._context.config.channels_max:
            self._looked.clear()  # who is forgotten is only asked again
        self._looked[replica.channel_id] = now
        for contact in view.others(self._context.identity.public_key)[:ASKED_MAX]:
            if await self._fetch(replica, contact):
                return

    def seen(self, replica: Replica, contact: Contact, digest: bytes) -> None:
        """An initiator named the digest of its subscribers (8 bytes do): fetch them when it is news.

        Two initiators may differ for as long as a path is broken, so each is compared with itself.
        """
        digest = digest[:DIGEST_NAMED_BYTES]
        told = replica.subscribers_told
        if told.get(contact.public_key) == digest:
            return
        if next(reversed(told.values()), None) == digest:
            self._noted(replica, contact, digest)  # ours is of this digest, from another initiator
            return
        if replica.channel_id in self._refreshing:
            return
        self._refreshing[replica.channel_id] = None
        self._context.tasks.spawn(self._refresh(replica, contact, digest), "audience.refresh")

    def _noted(self, replica: Replica, contact: Contact, digest: bytes) -> None:
        """What this initiator named is looked at; the last one noted is the digest of our list."""
        told = replica.subscribers_told
        told[contact.public_key] = digest
        told.move_to_end(contact.public_key)
        if len(told) > TELLERS_MAX:
            told.popitem(last=False)

    async def _refresh(self, replica: Replica, contact: Contact, digest: bytes) -> None:
        try:
            if not await self._fetch(replica, contact):
                return
            self._noted(replica, contact, digest)
            if len(replica.subscribers) <= self._context.config.small_channel_max:
                await asyncio.gather(*(self._prove(one) for one in replica.subscribers.values()))
        finally:
            self._refreshing.pop(replica.channel_id, None)

    async def _fetch(self, replica: Replica, contact: Contact) -> bool:
        """Take over an initiator's list of subscribers; false if it could not be had."""
        try:
            found: dict[bytes, Contact] = {}
            async for page in subscriber_pages(self._context, replica, contact):
                for raw, _, subscriber in page:
                    lease = decode_lease(raw, self._context.network_id)
                    if lease.channel_id == replica.channel_id and lease.subscriber == subscriber.public_key:
                        found[subscriber.id] = subscriber
        except (RpcTimeout, Refused, Backpressure, RemoteProtocolError) as error:
            self._context.collector.count(f"audience.{type(error).__name__}")
            return False
        replica.subscribers = found
        return True

    async def _prove(self, contact: Contact) -> None:
        if contact.public_key == self._context.identity.public_key or self._context.rpc.is_proven(contact):
            return
        try:
            await self._context.rpc.request(contact, Op.PING, [1, 1])
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"audience.{type(error).__name__}")
