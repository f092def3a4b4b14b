"""A contact: what a node knows of another one; its key, and where it was last seen.

Invariants: the id is derived from the key, so it always has 20 bytes (the ``kademlia`` package does
not check); two contacts are equal when their keys are, wherever they live; a decoded address is one
that a datagram can be sent to.
"""

from __future__ import annotations

import functools
import socket
from typing import Any

from kademlia.node import Node

from peernode.environment import Address
from peernode.errors import LocalProtocolError, RemoteProtocolError
from peernode.identity import PUBLIC_KEY_BYTES, node_id_of
from peernode.wire.codec import Fields

_FLAG_PUBLIC = 1
_FLAGS_MAX = 0xFFFF
_CACHED_MAX = 65_536
"""Addresses and ids whose other form is kept."""


@functools.lru_cache(maxsize=_CACHED_MAX)
def encode_ip(ip: str) -> bytes:
    """The 4 bytes of a dotted IPv4 address; ``LocalProtocolError`` if it isn't one."""
    try:
        return socket.inet_pton(socket.AF_INET, ip)
    except (OSError, ValueError) as error:
        raise LocalProtocolError(f"not an IPv4 address: {ip!r}") from error


@functools.lru_cache(maxsize=_CACHED_MAX)
def decode_ip(ip: bytes) -> str:
    """The dotted form of 4 bytes; ``RemoteProtocolError`` for what no single host can have."""
    if len(ip) != 4 or ip[0] == 0 or ip[0] >= 224:  # "this network", multicast, reserved, broadcast
        raise RemoteProtocolError("not a host's IPv4 address")
    return socket.inet_ntop(socket.AF_INET, ip)


@functools.lru_cache(maxsize=_CACHED_MAX)
def _number_of(node_id: bytes) -> int:
    return int.from_bytes(node_id, "big")


class Contact(Node):
    """A peer's public key, address and whether it is known to be *public* (see the overlay)."""

    id: bytes
    long_id: int
    ip: str
    port: int

    def __init__(self, public_key: bytes, ip: str, port: int, public: bool = False) -> None:
        if len(public_key) != PUBLIC_KEY_BYTES:
            raise LocalProtocolError("a public key has 32 bytes")
        # What the package's own constructor does, with the id's number at hand: contacts are made often.
        self.id = node_id_of(public_key)
        self.ip = ip
        self.port = port
        self.long_id = _number_of(self.id)
        self.public_key = public_key
        self.public = public

    @property
    def address(self) -> Address:
        """Where to send to."""
        return (self.ip, self.port)

    def encode(self) -> list[Any]:
        """The form a contact has in a body."""
        return [self.public_key, encode_ip(self.ip), self.port, _FLAG_PUBLIC if self.public else 0]

    @classmethod
    def decode(cls, item: Any) -> Contact:
        """The contact in a body's ``item``; ``RemoteProtocolError`` if it isn't one."""
        fields = Fields(item)
        public_key = fields.take_bytes(PUBLIC_KEY_BYTES)
        ip = decode_ip(fields.take_bytes(4))
        port = fields.take_int(1, 65535)
        flags = fields.take_int(0, _FLAGS_MAX)
        return cls(public_key, ip, port, bool(flags & _FLAG_PUBLIC))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Contact) and self.public_key == other.public_key

    def __hash__(self) -> int:
        return hash(self.public_key)

    def __repr__(self) -> str:
        return f"Contact({self.id.hex()[:8]} {self.ip}:{self.port}{' public' if self.public else ''})"


def decode_contacts(items: Any, count_max: int) -> list[Contact]:
    """A bounded list of contacts, in the order sent; ``RemoteProtocolError`` if one is malformed."""
    if not isinstance(items, list) or len(items) > count_max:
        raise RemoteProtocolError(f"a list of at most {count_max} contacts is expected")
    return [Contact.decode(item) for item in items]
