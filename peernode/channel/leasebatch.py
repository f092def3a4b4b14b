"""Leases of up to 25 channels under one signature, and the part of them that one initiator may see.

The subscriber draws a secret for each batch; a leaf's salt is that secret's keyed hash of the channel id.
An initiator of all the channels gets the secret, one of some of them their salts and the proof for the
hidden rest. Invariants: what an initiator gets tells it nothing of a channel that it is not shown, not even
whether a guess is right; from what it gets it makes exactly the bytes of each single lease that the
subscriber would have sent, so that copies of one lease are equal wherever they come from; ``Shown.decode``
is total and bounded.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from peernode.channel.lease import SERIAL_MAX_MS, TTL_MAX_S, Lease, Terms, channel_leaf, salt_bytes
from peernode.channel.merkle import HASH_BYTES, LEAVES_MAX, proof_of, rebuild, root_of
from peernode.errors import LocalProtocolError, RemoteProtocolError
from peernode.identity import Identity, verify
from peernode.wire.codec import Fields

SECRET_BYTES = 16
_CHANNEL_BYTES = 20


def _salt(secret: bytes, channel_id: bytes, size: int) -> bytes:
    if not salt_bytes(size):
        return b""
    keyed = hashlib.blake2b(channel_id, digest_size=HASH_BYTES, key=secret, person=b"starling/1/leaf")
    return keyed.digest()


class LeaseBatch:
    """Our leases of some channels, signed once."""

    def __init__(
        self,
        identity: Identity,
        network_id: bytes,
        channel_ids: list[bytes],
        serial_ms: int,
        ttl_s: int,
        secret: bytes,
    ) -> None:
        size = len(dict.fromkeys(channel_ids))
        if size != len(channel_ids) or not 0 < size <= LEAVES_MAX:
            raise LocalProtocolError(f"a batch of 1 to {LEAVES_MAX} different channels, not {channel_ids}")
        self._secret = secret
        # In the order of their ids: neighbours share initiators, so that proofs are short.
        self._index = {channel_id: index for index, channel_id in enumerate(sorted(channel_ids))}
        self._salts = {channel_id: _salt(secret, channel_id, size) for channel_id in self._index}
        self._leaves = [channel_leaf(channel_id, self._salts[channel_id]) for channel_id in self._index]
        self._terms = Terms(network_id, identity.public_key, serial_ms, ttl_s, size)
        self._signature = identity.sign("lease", self._terms.signed_bytes(root_of(self._leaves)))

    def lease(self, channel_id: bytes) -> Lease:
        """The lease of one channel by itself."""
        index = self._index[channel_id]
        proof = proof_of(self._leaves, [index])
        return self._terms.lease(channel_id, index, self._salts[channel_id], proof, self._signature)

    def show(self, channel_ids: list[bytes], notes: list[bytes]) -> list[Any]:
        """The fields of a RENEW that shows these channels, each with a note of 16 bytes (its log root)."""
        indexes = [self._index[channel_id] for channel_id in channel_ids]
        everything = len(indexes) == len(self._leaves)
        return [
            self._terms.serial_ms,
            self._terms.ttl_s,
            self._terms.size,
            bytes(indexes),
            [channel_id + note for channel_id, note in zip(channel_ids, notes, strict=True)],
            self._secret if everything else None,
            [] if everything else [self._salts[channel_id] for channel_id in channel_ids],
            proof_of(self._leaves, indexes),
            self._signature,
        ]


@dataclass(frozen=True, slots=True)
class Shown:
    """The verified leases that a RENEW shows, each with its note."""

    leases: tuple[tuple[Lease, bytes], ...]

    @classmethod
    def decode(cls, fields: Fields, network_id: bytes, subscriber: bytes) -> Shown:
        """Read what ``LeaseBatch.show`` made; ``RemoteProtocolError`` for anything that is not signed so."""
        serial_ms, ttl_s = fields.take_int(0, SERIAL_MAX_MS), fields.take_int(1, TTL_MAX_S)
        size = fields.take_int(1, LEAVES_MAX)
        indexes = list(fields.take_bytes_upto(size))
        entries = fields.take_bytes_list(size, _CHANNEL_BYTES + HASH_BYTES)
        secret = fields.take_bytes_or_none(SECRET_BYTES)
        salts = fields.take_bytes_list(size, HASH_BYTES)
        proof, signature = fields.take_bytes_list(LEAVES_MAX, HASH_BYTES), fields.take_bytes(64)
        channel_ids = [entry[:_CHANNEL_BYTES] for entry in entries]
        if secret is not None:
            if salts:
                raise RemoteProtocolError("salts beside their secret")
            salts = [_salt(secret, channel_id, size) for channel_id in channel_ids]
        if len(dict.fromkeys(indexes)) != len(entries) or len({len(indexes), len(entries), len(salts)}) != 1:
            raise RemoteProtocolError("leases without their places")
        leaves = [channel_leaf(channel_id, salt) for channel_id, salt in zip(channel_ids, salts, strict=True)]
        tree = rebuild(size, dict(zip(indexes, leaves, strict=True)), proof)
        terms = Terms(network_id, subscriber, serial_ms, ttl_s, size)
        if not verify(subscriber, "lease", terms.signed_bytes(tree.root), signature):
            raise RemoteProtocolError("forged leases")
        made = (
            (terms.lease(channel_id, index, salt, tree.proofs[index], signature), entry[_CHANNEL_BYTES:])
            for channel_id, index, salt, entry in zip(channel_ids, indexes, salts, entries, strict=True)
        )
        return cls(tuple(made))
