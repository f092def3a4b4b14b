"""Leases: signed subscriptions with an expiry.

A lease names no address; pushes go to the proven one. Its signature covers the root of a tree (see
``peernode.channel.merkle``) whose leaves are up to 25 channels, and the lease proves one of them: whoever
sees it learns neither which channels the others are nor whether a guess is right, because every leaf is
salted (``docs/adr/0020-one-signature-for-many-leases.md``). Invariants: a decoded lease is verified; it
lives ``TTL_MAX_S`` at most; one with ``ttl_s`` 0 is the tombstone.
"""

from __future__ import annotations

from dataclasses import dataclass

from peernode.channel.merkle import DEPTH_MAX, HASH_BYTES, LEAVES_MAX, leaf_hash, rebuild
from peernode.errors import RemoteProtocolError
from peernode.identity import Identity, node_id_of, verify
from peernode.wire.codec import Fields, pack, unpack
from peernode.wire.contact import Contact

VERSION = 1
TTL_MAX_S = 60
SERIAL_MAX_MS = 1 << 52
LEASE_MAX_BYTES = 256


@dataclass(frozen=True, slots=True)
class Lease:
    """A subscriber's signed lease; ``ttl_s`` 0 is the tombstone."""

    channel_id: bytes
    subscriber: bytes
    serial_ms: int
    ttl_s: int
    raw: bytes

    @property
    def subscriber_id(self) -> bytes:
        """The node id of the subscriber."""
        return node_id_of(self.subscriber)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one signature says of all leases under it; ``size`` is how many there are."""

    network_id: bytes
    subscriber: bytes
    serial_ms: int
    ttl_s: int
    size: int

    def signed_bytes(self, root: bytes) -> bytes:
        """What the subscriber signs."""
        items = [VERSION, self.network_id, self.subscriber, self.serial_ms, self.ttl_s, self.size, root]
        return pack(items)

    def lease(
        self, channel_id: bytes, index: int, salt: bytes, proof: list[bytes], signature: bytes
    ) -> Lease:
        """One of the leases, by itself; nothing is checked."""
        head = [VERSION, self.network_id, channel_id, self.subscriber, self.serial_ms, self.ttl_s]
        raw = pack([*head, self.size, index, salt, proof, signature])
        return Lease(channel_id, self.subscriber, self.serial_ms, self.ttl_s, raw)


def salt_bytes(size: int) -> int:
    """How long salts are in a tree of ``size``: a single leaf has no neighbour that it could give away."""
    return HASH_BYTES if size > 1 else 0


def channel_leaf(channel_id: bytes, salt: bytes) -> bytes:
    """The hash of the leaf of a channel."""
    return leaf_hash(channel_id + salt)


def sign_lease(identity: Identity, network_id: bytes, channel_id: bytes, serial_ms: int, ttl_s: int) -> Lease:
    """Our lease of one channel by itself: a tree of one leaf."""
    terms = Terms(network_id, identity.public_key, serial_ms, ttl_s, 1)
    signature = identity.sign("lease", terms.signed_bytes(channel_leaf(channel_id, b"")))
    return terms.lease(channel_id, 0, b"", [], signature)


def decode_lease(raw: bytes, network_id: bytes) -> Lease:
    """The verified lease in ``raw``; ``RemoteProtocolError`` for anything else."""
    if len(raw) > LEASE_MAX_BYTES:
        raise RemoteProtocolError("longer than a lease may be")
    fields = Fields(unpack(raw))
    if fields.take_int(0, 255) != VERSION or len(fields) != 11:
        raise RemoteProtocolError("a lease of another version")
    if fields.take_bytes(8) != network_id:
        raise RemoteProtocolError("a lease of another network")
    channel_id, subscriber = fields.take_bytes(20), fields.take_bytes(32)
    serial_ms, ttl_s = fields.take_int(0, SERIAL_MAX_MS), fields.take_int(0, TTL_MAX_S)
    size = fields.take_int(1, LEAVES_MAX)
    index, salt = fields.take_int(0, size - 1), fields.take_bytes(salt_bytes(size))
    proof, signature = fields.take_bytes_list(DEPTH_MAX, HASH_BYTES), fields.take_bytes(64)
    terms = Terms(network_id, subscriber, serial_ms, ttl_s, size)
    lease = terms.lease(channel_id, index, salt, proof, signature)
    root = rebuild(size, {index: channel_leaf(channel_id, salt)}, proof).root
    if lease.raw != raw or not verify(subscriber, "lease", terms.signed_bytes(root), signature):
        raise RemoteProtocolError("a forged lease")
    return lease


@dataclass(frozen=True, slots=True)
class Held:
    """A lease in the table; ``until_s``: monotonic time of expiry (of a tombstone: of its memory)."""

    lease: Lease
    contact: Contact
    subscriber_id: bytes
    until_s: float
    teller: bytes | None = None
    """Of a copy whose subscriber never answered us: the public key of the initiator that told of it,"""
    told_s: float = 0.0
    """and when it first did."""
    spent_s: float = 0.0
    """Monotonic time from which on its serial is refused as too old: until then it has to be remembered."""
    copied: bool = False
    """Its subscriber has not brought it, only somebody who passed it on."""

    @property
    def subscriber(self) -> bytes:
        """The subscriber's public key."""
        return self.lease.subscriber

    @property
    def raw(self) -> bytes:
        """The signed bytes."""
        return self.lease.raw

    def remaining_s(self, now_s: float) -> float:
        """Seconds until the lease runs out."""
        return max(0.0, self.until_s - now_s)
