"""What a channel's authors have stored, read from a real file: the one pass over all rows, at the start.

Idea: who reads all rows anyway can look whether they stand where they belong, before a log is built of their
keys. An index whose entries are not in their order misleads every search in it, so the two by which a channel
is read are gone through too.

Invariant: what is returned without being ``believed`` was read from rows whose keys are right, in indices
that agree on how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from peernode.channel.quota import cost_of_raw
from peernode.store.inspection import COLUMNS, State, keys_fit, state_of

Rows = Callable[[str, tuple[Any, ...]], Iterator[tuple[Any, ...]]]

_INDEXED_BY = "FROM messages INDEXED BY {} WHERE node = ? AND channel = ?"
BY_STREAM = (
    f"SELECT node, channel, {COLUMNS} {_INDEXED_BY.format('messages_by_stream')}"
    " ORDER BY author, instance, seq, digest"
)
"""Node and channel too: a scan passes over an entry that has another one, a search is misled by it."""
BY_ORDER = f"SELECT node, channel, order_key {_INDEXED_BY.format('messages_by_order')} ORDER BY order_key"
BY_ID = f"SELECT count(*) {_INDEXED_BY.format('messages_by_id')}"


def charged(
    rows: Rows, node: bytes, channel_id: bytes, believed: bool = False
) -> list[tuple[bytes, int]] | None:
    """(author, bytes) of every author; None when a row or an entry of an index is not where it belongs."""
    of_channel = (node, channel_id)
    found: dict[bytes, int] = {}
    count = 0
    last: tuple[Any, ...] = ()
    for entry in rows(BY_STREAM, of_channel):
        row = entry[2:]
        if not believed:
            if not keys_fit(channel_id, row) and state_of(channel_id, row) is State.MISFILED:
                return None
            if entry[:2] != of_channel or row[:4] <= last:
                return None
            last = row[:4]
        count += 1
        author, raw = row[0], row[-1]
        if isinstance(author, bytes) and isinstance(raw, bytes):
            found[author] = found.get(author, 0) + cost_of_raw(raw)
    agree = believed or (_ordered(rows, of_channel) == count == next(rows(BY_ID, of_channel))[0])
    return sorted(found.items()) if agree else None


def _ordered(rows: Rows, of_channel: tuple[bytes, bytes]) -> int:
    """How many entries the index by order has; -1 when one of them is not in its order."""
    count, last = 0, b""
    for node, channel_id, key in rows(BY_ORDER, of_channel):
        if (node, channel_id) != of_channel or not isinstance(key, bytes) or key <= last:
            return -1
        count, last = count + 1, key
    return count
