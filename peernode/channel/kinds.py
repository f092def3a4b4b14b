"""What a message is, by its kind, and what its body then looks like.

Most kinds say something about another message, their *target*: the message with this id by the author
with this node id. Two authors can use one id; the pair names one message all the same, because of several
with one (author, id) only the first in the order is shown.

| kind | body | parts |
| --- | --- | --- |
| ``TEXT`` | UTF-8, or nothing | the text cut into blocks, when the body is empty |
| ``SKIP`` | msgpack [instance, seq, digest] | none |
| ``PROFILE`` | the author's name, UTF-8 | none |
| ``CARD`` | what else the author says of itself, UTF-8, or nothing | a picture cut into blocks, or none |
| ``FILE`` | msgpack [size, root of its tree of blocks, name], see ``filetree`` | none |
| ``REPLY``, ``EDIT`` | target 36, then as ``TEXT`` | as ``TEXT`` |
| ``DELETE`` | target 36 | none |
| ``REACTION`` | target 36, 1 or 0 (on or off), then the emoji, UTF-8 | none |

Invariants: bytes alone decide whether a body fits its kind; who edits or deletes names itself as the
target's author, so nobody can touch what another wrote; a kind that this version does not know is kept,
passed on and never shown, so that a later version's messages survive among earlier nodes. So is what does
not fit a kind that only some versions know: were it refused where the kind is known and kept where it is not,
those logs would never be equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from peernode.channel.filetree import file_in
from peernode.errors import RemoteProtocolError
from peernode.identity import NODE_ID_BYTES, node_id_of
from peernode.wire.codec import Fields, unpack

NAME_MAX_BYTES = 128
ABOUT_MAX_BYTES = 240
"""With 16 parts it still is a message of 1,000 bytes."""

EMOJI_MAX_BYTES = 64
"""The longest sequences in use, families of four with skin tones, have 41 bytes."""

ID_BYTES = 16
TARGET_BYTES = NODE_ID_BYTES + ID_BYTES


class Kind(IntEnum):
    """The kinds that this version knows."""

    TEXT = 1
    SKIP = 2
    PROFILE = 3
    EDIT = 4
    DELETE = 5
    REACTION = 6
    REPLY = 7
    CARD = 8
    FILE = 9


KNOWN_TO_ALL = (Kind.TEXT, Kind.SKIP, Kind.PROFILE)
"""The kinds of the first version: every node refuses a body that does not fit one of them."""

TEXTS = (Kind.TEXT, Kind.REPLY, Kind.FILE)
"""What stands in the timeline by itself."""

CHANGES = (Kind.EDIT, Kind.DELETE, Kind.REACTION)
"""What changes how its target looks."""

_TARGETED = (Kind.REPLY, *CHANGES)
_WITH_TEXT = (Kind.TEXT, Kind.REPLY, Kind.EDIT)
_WITH_PARTS = (*_WITH_TEXT, Kind.CARD)


@dataclass(frozen=True, slots=True)
class Target:
    """Which message another one is about."""

    author: bytes
    """Its author's node id."""
    id: bytes

    @property
    def key(self) -> bytes:
        """36 bytes, as they stand in a body."""
        return self.author + self.id


@dataclass(frozen=True, slots=True)
class UnknownKind:
    """A kind that says nothing to this version; never equal to one that it knows, whatever the number."""

    number: int

    def __int__(self) -> int:
        return self.number


def kind_of(number: int) -> Kind | UnknownKind:
    """The kind with this number."""
    return Kind(number) if number in Kind._value2member_map_ else UnknownKind(number)


def target_of(kind: Kind | UnknownKind, body: bytes) -> Target | None:
    """What a valid message of this kind and body is about."""
    if kind not in _TARGETED:
        return None
    return Target(body[:NODE_ID_BYTES], body[NODE_ID_BYTES:TARGET_BYTES])


def inline_text(kind: Kind | UnknownKind, body: bytes) -> bytes:
    """The text in the body of a valid message; empty when it is in parts, or there is none."""
    if kind is Kind.TEXT:
        return body
    return body[TARGET_BYTES:] if kind in _WITH_TEXT else b""


def reaction_of(body: bytes) -> tuple[str, bool]:
    """The emoji of a valid reaction, and whether it is set (or taken back)."""
    return body[TARGET_BYTES + 1 :].decode(), body[TARGET_BYTES] == 1


def skipped_by(body: bytes) -> tuple[bytes, int, bytes]:
    """What a skip names in its author's streams: (instance, seq, digest)."""
    fields = Fields(unpack(body))
    return fields.take_bytes(8), fields.take_int(1, (1 << 48) - 1), fields.take_bytes(16)


def check_body(kind: Kind | UnknownKind, author: bytes, body: bytes, parts: tuple[bytes, ...]) -> None:
    """``RemoteProtocolError`` unless body and parts are those of a valid message of its kind."""
    if not isinstance(kind, Kind):
        return
    if kind not in _WITH_PARTS and parts:
        raise RemoteProtocolError("only a text or a card has parts")
    if kind in _TARGETED and len(body) < TARGET_BYTES:
        raise RemoteProtocolError("it says not what it is about")
    if kind in (Kind.EDIT, Kind.DELETE) and body[:NODE_ID_BYTES] != node_id_of(author):
        raise RemoteProtocolError("only the author changes a message")
    if kind in _WITH_TEXT:
        text = inline_text(kind, body)
        if bool(text) == bool(parts):
            raise RemoteProtocolError("a text has a body or parts")
        _check_utf8(text)
    elif kind is Kind.PROFILE:
        if not 1 <= len(body) <= NAME_MAX_BYTES:
            raise RemoteProtocolError("a name has 1 to 128 bytes")
        _check_utf8(body)
    elif kind is Kind.CARD:
        if len(body) > ABOUT_MAX_BYTES:
            raise RemoteProtocolError("what somebody says of itself has at most 240 bytes")
        _check_utf8(body)
    elif kind is Kind.FILE:
        if file_in(body).body != body:
            raise RemoteProtocolError("a file's message says nothing but the file")
    elif kind is Kind.DELETE:
        if len(body) != TARGET_BYTES:
            raise RemoteProtocolError("a delete says nothing but what it is about")
    elif kind is Kind.REACTION:
        _check_reaction(body)
    else:
        skipped_by(body)


def _check_reaction(body: bytes) -> None:
    if not TARGET_BYTES + 2 <= len(body) <= TARGET_BYTES + 1 + EMOJI_MAX_BYTES:
        raise RemoteProtocolError("an emoji has 1 to 64 bytes")
    if body[TARGET_BYTES] > 1:
        raise RemoteProtocolError("a reaction is on or off")
    _check_utf8(body[TARGET_BYTES + 1 :])


def _check_utf8(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError:
        raise RemoteProtocolError("not UTF-8") from None
