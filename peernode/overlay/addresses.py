"""Which contacts that others name may be dialled at all.

Port 0 and the addresses that no single host can have (0.0.0.0/8, multicast, reserved, broadcast) don't
survive decoding (``peernode.wire.contact``). What depends on us is here: never ourselves, and loopback
only when we are on loopback; to anybody else it would mean our own machine.
"""

from __future__ import annotations

from peernode.environment import Address
from peernode.rpc.rpc import Rpc
from peernode.wire.contact import Contact


def is_loopback(ip: str) -> bool:
    """Whether a dotted IPv4 address means the machine itself."""
    return ip.startswith("127.")


def own_addresses(rpc: Rpc) -> list[Address]:
    """The addresses under which this node is reached, as far as is known."""
    return [address for address in (rpc.address, rpc.external, rpc.config.advertise) if address is not None]


def may_dial(rpc: Rpc, contact: Contact) -> bool:
    """Whether a contact that another node named may be dialled."""
    if contact.public_key == rpc.identity.public_key:
        return False
    own = own_addresses(rpc)
    if contact.address in own:
        return False
    return not is_loopback(contact.ip) or any(is_loopback(ip) for ip, _ in own)
