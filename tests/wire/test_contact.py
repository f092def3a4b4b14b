"""Contacts: identity by key, derived ids, addresses that can be sent to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.errors import LocalProtocolError, RemoteProtocolError
from peernode.identity import node_id_of
from peernode.wire.codec import pack, unpack
from peernode.wire.contact import Contact, decode_contacts, encode_ip

KEY = bytes(range(32))


@given(st.binary(min_size=32, max_size=32), st.integers(1, 65535), st.booleans())
def test_a_contact_survives_the_wire(key: bytes, port: int, public: bool) -> None:
    contact = Contact(key, "192.0.2.7", port, public)
    back = Contact.decode(unpack(pack(contact.encode())))
    assert (back, back.address, back.public, back.id) == (
        contact,
        ("192.0.2.7", port),
        public,
        node_id_of(key),
    )


def test_contacts_are_equal_by_key() -> None:
    here, there = Contact(KEY, "192.0.2.1", 1), Contact(KEY, "192.0.2.2", 2)
    assert here == there
    assert len({here, there}) == 1
    assert here != Contact(bytes(32), "192.0.2.1", 1)


@pytest.mark.parametrize(
    "item",
    [
        None,
        [],
        b"",
        [KEY, b"\x7f\0\0\1", 9],
        [KEY[:-1], b"\x7f\0\0\1", 9, 0],
        [KEY, b"\x7f\0\0", 9, 0],
        [KEY, "1.2.3.4", 9, 0],
        [KEY, b"\x7f\0\0\1", 0, 0],
        [KEY, b"\x7f\0\0\1", 65536, 0],
        [KEY, b"\x7f\0\0\1", 9, -1],
        [KEY, b"\0\0\0\0", 9, 0],
        [KEY, b"\xe0\0\0\1", 9, 0],
        [KEY, b"\xff\xff\xff\xff", 9, 0],
    ],
)
def test_what_is_no_contact_is_refused(item: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        Contact.decode(item)


def test_a_list_of_contacts_is_bounded() -> None:
    item = Contact(KEY, "192.0.2.1", 1).encode()
    assert len(decode_contacts([item, item], 2)) == 2
    for items in ([item] * 3, None, [None]):
        with pytest.raises(RemoteProtocolError):
            decode_contacts(items, 2)


def test_our_own_nonsense_is_our_mistake() -> None:
    for ip in ("localhost", "::1", "1.2.3", "1.2.3.4\0"):
        with pytest.raises(LocalProtocolError):
            encode_ip(ip)
    with pytest.raises(LocalProtocolError):
        Contact(b"short", "192.0.2.1", 1)
