"""Is a row still what was written, and does it stand where it belongs? Disks forget and flip bits.

Idea: a message's row says everything twice. Its bytes are named by ``digest`` and begin with the keys, and
author, instance, number and digest stand once more in ``order_key``. So a damaged row tells which half of it
is wrong: bytes that don't fit their digest are fetched again from others, and a row that stands under a wrong
key (*misfiled*), in the table or in one of its indices, is put right out of its own bytes
(``store.righting``). The keys are packed and compared with the bytes' beginning: cheaper than unpacking them.

Invariants: a damaged or misfiled row is never returned, always counted, and reported: a damaged one by its
place, which says what to fetch again, a misfiled one without, for its place is what can't be believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from peernode.channel.kinds import TARGET_BYTES, Kind, target_of
from peernode.channel.message import Message, digest_of
from peernode.channel.parts import part_digest
from peernode.channel.quota import cost_of_raw
from peernode.errors import LocalProtocolError, RemoteProtocolError
from peernode.store.base import BadRowReport, StreamRow
from peernode.wire.codec import pack

COLUMNS = "author, instance, seq, digest, id, kind, order_key, target, raw"
"""Those in the index of a query are read from there, and so looked at too."""

MessageColumns = tuple[Any, Any, Any, Any, Any, Any, Any, Any, Any]
"""Of a damaged file any type each."""

_HEAD, _AUTHOR, _INSTANCE, _ID = b"\x9c\x01\xc4\x14", b"\xc4\x20", b"\xc4\x08", b"\xc4\x10"
"""What stands before these fields in a message's bytes, before the channel for the first."""
_PREV_BYTES = 18
"""The field between seq and id, with its head."""
_BIN_8, _BIN_8_BYTES, _BIN_16_BYTES = 0xC4, 2, 3
"""How a body begins that has less than 256 bytes, and how long this head is; the other one's."""
_TARGETED = frozenset(int(kind) for kind in Kind if target_of(kind, b"") is not None)


class State(Enum):
    """What a message's row is."""

    SOUND = "sound"
    DAMAGED = "damaged"
    """The keys are right, the bytes are not."""
    MISFILED = "misfiled"
    """Some key is wrong; the bytes may be right."""


def keys_fit(channel_id: bytes, row: MessageColumns) -> bool:
    """Whether all keys agree with each other and with what the bytes begin with; does not look at the rest.

    One function for each row that is read: calls and lists would cost as much again.
    """
    author, instance, seq, digest, message_id, kind, order_key, target, raw = row
    try:
        if order_key[8:] != author + instance + seq.to_bytes(8, "big") + digest:
            return False
        place = _HEAD + channel_id + _AUTHOR + author + _INSTANCE + instance + pack(seq)
        if not raw.startswith(place):
            return False
        begin = len(place) + _PREV_BYTES
        rest = _ID + message_id + pack(int.from_bytes(order_key[:8], "big")) + pack(kind)
        if not raw.startswith(rest, begin):
            return False
        return _target_fits(raw, begin + len(rest), kind, target)
    except (TypeError, ValueError, AttributeError, OverflowError, LocalProtocolError):
        return False  # a column that is of another type now
    except (IndexError, RemoteProtocolError):
        return False  # bytes that end too early, or are no message


def _target_fits(raw: bytes, begin: int, kind: int, target: bytes | None) -> bool:
    """Whether ``target`` is what the body says that begins there."""
    if kind not in _TARGETED:
        return target is None
    if target is None:  # rare: a body that does not fit its kind, or a row of version 1 of the file
        return Message.trusted(raw).target is None
    begin += _BIN_8_BYTES if raw[begin] == _BIN_8 else _BIN_16_BYTES
    return len(target) == TARGET_BYTES and raw.startswith(target, begin)


def state_of(channel_id: bytes, row: MessageColumns) -> State:
    """What the row is; the digest is taken of its bytes."""
    fit, digest, raw = keys_fit(channel_id, row), row[3], row[-1]
    if isinstance(raw, bytes) and digest_of(raw) == digest:
        return State.SOUND if fit else State.MISFILED
    return State.DAMAGED if fit or _names_itself(row) else State.MISFILED


def _names_itself(row: MessageColumns) -> bool:
    """Whether the place in the columns is the one in the order key."""
    author, instance, seq, digest, _, _, order_key, _, _ = row
    try:
        return bool(order_key[8:] == author + instance + seq.to_bytes(8, "big") + digest)
    except (TypeError, ValueError, AttributeError, OverflowError):
        return False


class Inspector:
    """The part of a ``Store`` that looks at rows before they are believed."""

    def __init__(self) -> None:
        self.bad_rows = 0
        self.righted = 0
        self.on_bad_row: BadRowReport | None = None
        self.on_misfiled: Callable[[], None] | None = None

    def message_is_sound(self, channel_id: bytes, row: MessageColumns) -> bool:
        """Whether the row is what was written, where it was written."""
        if keys_fit(channel_id, row) and digest_of(row[-1]) == row[3]:
            return True
        if state_of(channel_id, row) is State.MISFILED:
            self.misfiled()
            return False
        self.bad_rows += 1
        if self.on_bad_row is not None:
            author, instance, seq, *_ = row
            self.on_bad_row(channel_id, author, instance, seq)
        return False

    def keys_of(self, channel_id: bytes, rows: Iterable[MessageColumns]) -> list[StreamRow] | None:
        """What the keys of rows say, whatever has become of the bytes; None when one of them is misfiled."""
        found: list[StreamRow] = []
        for row in rows:
            if not keys_fit(channel_id, row) and state_of(channel_id, row) is State.MISFILED:
                self.misfiled()
                return None
            _, _, seq, digest, _, kind, order_key, _, raw = row
            cost = cost_of_raw(raw) if isinstance(raw, bytes) else 0
            found.append(StreamRow(seq, digest, kind, int.from_bytes(order_key[:8], "big") >> 16, cost))
        return found

    def misfiled(self) -> None:
        """Count and report that a row was met where it does not belong."""
        self.bad_rows += 1
        if self.on_misfiled is not None:
            self.on_misfiled()

    def part_is_sound(self, digest: bytes, block: bytes) -> bool:
        """Whether ``block`` is the content that ``digest`` names; no report, its reader asks for it again."""
        return self.is_equal(part_digest(block), digest)

    def is_equal(self, found: bytes, written: bytes) -> bool:
        """Whether two digests agree; counts a bad row when they don't."""
        if found == written:
            return True
        self.bad_rows += 1
        return False
