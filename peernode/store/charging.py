"""What a channel's authors have stored, read from a real file: the one pass over all rows, at the start.

Idea: who reads all rows anyway can look whether they stand where they belong, before a log is built of their
keys. An index whose entries are not in their order misleads every search in it, and one that has lost an
entry hides a message: a deletion that is not found shows again what was deleted. So the indices are gone
through too, and compared with what the rows say; of the one by id, which is large and misleads only who asks
for a message by its id, the entries are counted.

Invariants: what is returned without being ``believed`` was read from rows whose keys are right; the indices
by stream and by order are in their order and have as many entries, those by kind and by target the very ones
that the rows say. All of it is read from one state of the file, or a commit beside it would look like a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from peernode.channel.kinds import Kind
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
BY_KIND = (
    f"SELECT node, channel, kind, order_key {_INDEXED_BY.format('messages_by_kind')}"
    f" AND kind <> {int(Kind.TEXT)} ORDER BY kind, order_key"
)
BY_TARGET = (
    f"SELECT node, channel, target, order_key {_INDEXED_BY.format('messages_by_target')}"
    " AND target IS NOT NULL ORDER BY target, order_key"
)
BY_ID = f"SELECT count(*) {_INDEXED_BY.format('messages_by_id')}"

_STREAM_COLUMNS = 6
"""Of an entry by stream, those by which it is ordered."""


def charged(
    rows: Rows, node: bytes, channel_id: bytes, believed: bool = False
) -> list[tuple[bytes, int]] | None:
    """(author, bytes) of every author; None when a row or an entry of an index is not where it belongs."""
    of_channel = (node, channel_id)
    found: dict[bytes, int] = {}
    count = kinds = targets = 0
    last: tuple[Any, ...] = of_channel
    for entry in rows(BY_STREAM, of_channel):
        row = entry[2:]
        author, *_, kind, order_key, target, raw = row
        if not believed:
            if not keys_fit(channel_id, row) and state_of(channel_id, row) is State.MISFILED:
                return None
            if not _is_after(entry[:_STREAM_COLUMNS], last):
                return None
            last = entry[:_STREAM_COLUMNS]
            if kind != Kind.TEXT:
                kinds += hash((kind, order_key))
            if target is not None:
                targets += hash((target, order_key))
        count += 1
        if isinstance(author, bytes) and isinstance(raw, bytes):
            found[author] = found.get(author, 0) + cost_of_raw(raw)
    agree = believed or (
        _entries(rows, BY_ORDER, of_channel)[0] == count == next(rows(BY_ID, of_channel))[0]
        and _entries(rows, BY_KIND, of_channel)[1] == kinds
        and _entries(rows, BY_TARGET, of_channel)[1] == targets
    )
    return sorted(found.items()) if agree else None


def _entries(rows: Rows, index: str, of_channel: tuple[bytes, bytes]) -> tuple[int, int]:
    """How many entries an index has, and the sum of their hashes; -1 and -1 when one is not in its order."""
    count = total = 0
    last: tuple[Any, ...] = of_channel
    for entry in rows(index, of_channel):
        if not _is_after(entry, last):
            return -1, -1
        count, total, last = count + 1, total + hash(entry[2:]), entry
    return count, total


def _is_after(entry: tuple[Any, ...], last: tuple[Any, ...]) -> bool:
    """Whether an entry comes after the one before it, or after nothing but its channel."""
    try:
        return entry > last
    except TypeError:  # something of it is of another type now
        return False
