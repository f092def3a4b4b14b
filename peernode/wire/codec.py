"""MessagePack with strict limits, and the checks that turn unpacked lists into trusted fields.

Invariants: ``unpack`` is total (any bytes give a value or ``RemoteProtocolError``); what it returns
holds only integers, booleans, nil, strings, byte strings and lists, nested at most ``DEPTH_MAX``
deep, so that it can be packed again; nothing is allocated beyond the size of the input.
``pack`` has one output per value, which is what signatures cover.
"""

from __future__ import annotations

from typing import Any, NoReturn

import msgpack  # type: ignore[import-untyped]

from peernode.errors import LocalProtocolError, RemoteProtocolError

UNPACK_MAX_BYTES = 64 * 1024
"""Longer input is refused before it is looked at."""

DEPTH_MAX = 8
"""Lists within lists; the deepest body of the protocol needs 5."""

_PACKER = msgpack.Packer(use_bin_type=True)
"""One for all: making it costs three times as much as packing. It keeps nothing between two values."""

_LEAVES = frozenset((int, bytes, str, bool, type(None)))


def _refuse_map(value: object) -> NoReturn:
    raise RemoteProtocolError("maps are not used")


_LIMITS: dict[str, Any] = {
    "raw": False,
    "strict_map_key": True,
    "object_hook": _refuse_map,
    "max_map_len": 0,
    "max_ext_len": 0,
}
"""Lists and strings are bounded by the length of the input, as ``unpackb`` does it by itself."""


def pack(value: Any) -> bytes:
    """The canonical MessagePack of ``value``; ``LocalProtocolError`` if it has none."""
    try:
        packed: bytes = _PACKER.pack(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise LocalProtocolError(f"can't be packed: {error}") from error
    return packed


def unpack(data: bytes) -> Any:
    """The one value in ``data``; ``RemoteProtocolError`` for anything else."""
    values = unpack_sequence(data, 1)
    if not values:
        raise RemoteProtocolError("nothing to unpack")
    return values[0]


def unpack_sequence(data: bytes, count_max: int) -> list[Any]:
    """The values packed one after the other in ``data``; over ``count_max`` is an error."""
    if len(data) > UNPACK_MAX_BYTES:
        raise RemoteProtocolError("longer than may be unpacked")
    values: list[Any] = []
    rest = data
    try:
        while rest:
            if len(values) == count_max:
                raise RemoteProtocolError("trailing bytes")
            try:
                values.append(msgpack.unpackb(rest, **_LIMITS))
                break
            except msgpack.ExtraData as found:  # the usual end of a value that is not the last
                values.append(found.unpacked)
                rest = found.extra
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise RemoteProtocolError(f"not MessagePack of this protocol: {error}") from error
    for value in values:
        _check(value, DEPTH_MAX)
    return values


def _check(value: Any, depth: int) -> None:
    """Refuse what this protocol never sends: floats, extensions, deep nesting."""
    if type(value) is list:
        if not depth:
            raise RemoteProtocolError("nested too deeply")
        for item in value:
            if type(item) not in _LEAVES:
                _check(item, depth - 1)
    elif type(value) not in _LEAVES:
        raise RemoteProtocolError(f"a {type(value).__name__} is not used")


class Fields(list[Any]):
    """A peer's list, read field by field from the left; every ``take`` checks.

    Each ``take_*`` raises ``RemoteProtocolError`` when the field is missing or not of the asked form.
    Trailing fields that nobody takes are ignored: they belong to later versions.
    """

    __slots__ = ("_taken",)

    def __init__(self, items: object = ()) -> None:
        if type(items) is not list and not isinstance(items, list | tuple):
            raise RemoteProtocolError("a list is expected")
        list.__init__(self, items)
        self._taken = 0

    @property
    def more(self) -> bool:
        """Whether a field is left."""
        return self._taken < len(self)

    def take(self) -> Any:
        """The next field, unchecked."""
        if self._taken >= len(self):
            raise RemoteProtocolError("a field is missing")
        self._taken += 1
        return self[self._taken - 1]

    def take_int(self, lowest: int, highest: int) -> int:
        """The next field, an integer within both bounds."""
        value = self.take()
        if type(value) is not int or not lowest <= value <= highest:
            raise RemoteProtocolError(f"an integer of {lowest} to {highest} is expected")
        return value

    def take_bool(self) -> bool:
        """The next field, true or false."""
        value = self.take()
        if type(value) is not bool:
            raise RemoteProtocolError("a boolean is expected")
        return value

    def take_bytes(self, size: int) -> bytes:
        """The next field, exactly ``size`` bytes."""
        value = self.take()
        if type(value) is not bytes or len(value) != size:
            raise RemoteProtocolError(f"{size} bytes are expected")
        return value

    def take_bytes_upto(self, size_max: int) -> bytes:
        """The next field, at most ``size_max`` bytes."""
        value = self.take()
        if type(value) is not bytes or len(value) > size_max:
            raise RemoteProtocolError(f"at most {size_max} bytes are expected")
        return value

    def take_bytes_or_none(self, size: int) -> bytes | None:
        """The next field, exactly ``size`` bytes or nil."""
        value = self.take()
        if value is None:
            return None
        if type(value) is not bytes or len(value) != size:
            raise RemoteProtocolError(f"{size} bytes or nil are expected")
        return value

    def take_str(self, max_bytes: int) -> str:
        """The next field, a string of at most ``max_bytes`` bytes of UTF-8."""
        value = self.take()
        if type(value) is not str or len(value.encode()) > max_bytes:
            raise RemoteProtocolError(f"a string of at most {max_bytes} bytes is expected")
        return value

    def take_list(self, count_max: int) -> list[Any]:
        """The next field, a list of at most ``count_max`` unchecked items."""
        value = self.take()
        if type(value) is not list or len(value) > count_max:
            raise RemoteProtocolError(f"a list of at most {count_max} is expected")
        return value

    def take_list_or_none(self, count_max: int) -> list[Any] | None:
        """As ``take_list``, or nil."""
        if self.more and self[self._taken] is None:
            self._taken += 1
            return None
        return self.take_list(count_max)

    def take_fields(self, count_max: int) -> Fields:
        """The next field, itself a list to be read by field."""
        return Fields(self.take_list(count_max))

    def take_bytes_list(self, count_max: int, size: int) -> list[bytes]:
        """The next field, a list of at most ``count_max`` byte strings of ``size`` each."""
        items = self.take_list(count_max)
        if any(type(item) is not bytes or len(item) != size for item in items):
            raise RemoteProtocolError(f"a list of {size} bytes each is expected")
        return items
