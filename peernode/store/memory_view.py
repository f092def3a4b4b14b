"""The reads of a node's tables on a simulated disk."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from itertools import islice

from peernode.channel.quota import cost_of_raw
from peernode.store.base import ABOUT_MAX, SAME_ID_MAX, ChannelRow, OutboxRow, StreamRow
from peernode.store.inspection import Inspector
from peernode.store.memory_tables import Tables


class TablesView(Inspector):
    """Every read of ``peernode.store.base.Store``; what each does is said there."""

    def __init__(self, tables: Tables) -> None:
        super().__init__()
        self._tables = tables

    def meta(self, key: str) -> bytes | None:
        """See ``Store.meta``."""
        return self._tables.meta.get(key)

    def metas(self, prefix: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        """See ``Store.metas``."""
        keys = sorted(key for key in self._tables.meta if key.startswith(prefix) and key > after)
        return [(key, self._tables.meta[key]) for key in keys[:limit]]

    def channels(self) -> list[ChannelRow]:
        """See ``Store.channels``."""
        return sorted(self._tables.channels.values(), key=lambda row: row.channel_id)

    def heads(self, channel_id: bytes) -> Iterator[tuple[bytes, bytes, int, bytes]]:
        """See ``Store.heads``."""
        streams = self._tables.channel(channel_id).streams
        for author, instance in sorted(streams):
            for seq, digest, _ in list(streams[author, instance]):
                yield author, instance, seq, digest

    def charges(self, channel_id: bytes) -> list[tuple[bytes, int]]:
        """See ``Store.charges``."""
        found: dict[bytes, int] = {}
        for row in self._tables.channel(channel_id).rows.values():
            found[row.author] = found.get(row.author, 0) + cost_of_raw(row.raw)
        return sorted(found.items())

    def messages(
        self, channel_id: bytes, author: bytes, instance: bytes, low: int, high: int, limit: int
    ) -> list[tuple[int, bytes]]:
        """See ``Store.messages``."""
        places = self._tables.channel(channel_id).streams.get((author, instance), [])
        found: list[tuple[int, bytes]] = []
        for index in range(bisect.bisect_left(places, (low, b"", b"")), len(places)):
            seq, _, key = places[index]
            if seq > high or len(found) >= limit:
                break
            found.extend((seq, raw) for raw in self._sound(channel_id, (key,)))
        return found

    def stream_rows(
        self, channel_id: bytes, author: bytes, instance: bytes, limit: int
    ) -> list[StreamRow] | None:
        """See ``Store.stream_rows``."""
        table = self._tables.channel(channel_id)
        places = table.streams.get((author, instance), [])[:limit]
        return self.keys_of(channel_id, (table.rows[key].columns() for _, _, key in places))

    def digest_at(self, channel_id: bytes, author: bytes, instance: bytes, seq: int) -> bytes | None:
        """See ``Store.digest_at``."""
        places = self._tables.channel(channel_id).streams.get((author, instance), [])
        index = bisect.bisect_left(places, (seq, b"", b""))
        return places[index][1] if index < len(places) and places[index][0] == seq else None

    def newest(self, channel_id: bytes, before: bytes | None, limit: int) -> list[bytes]:
        """See ``Store.newest``."""
        order = self._tables.channel(channel_id).order
        end = len(order) if before is None else bisect.bisect_left(order, before)
        found: list[bytes] = []
        for index in range(end - 1, -1, -1):
            if len(found) >= limit:
                break
            found.extend(self._sound(channel_id, (order[index],)))
        return found

    def by_id(self, channel_id: bytes, message_id: bytes) -> list[bytes]:
        """See ``Store.by_id``."""
        keys = self._tables.channel(channel_id).ids.get(message_id, [])
        return list(self._sound(channel_id, keys[:SAME_ID_MAX]))

    def about(self, channel_id: bytes, target: bytes) -> list[bytes]:
        """See ``Store.about``."""
        keys = self._tables.channel(channel_id).targets.get(target, [])
        return list(islice(self._sound(channel_id, reversed(keys)), ABOUT_MAX))[::-1]

    def of_kind(self, channel_id: bytes, kind: int) -> list[bytes]:
        """See ``Store.of_kind``."""
        return list(self._sound(channel_id, self._tables.channel(channel_id).kinds.get(int(kind), [])))

    def count(self, channel_id: bytes) -> int:
        """See ``Store.count``."""
        return len(self._tables.channel(channel_id).rows)

    def part(self, digest: bytes) -> bytes | None:
        """See ``Store.part``."""
        block = self._tables.parts.get(digest)
        return block if block is not None and self.part_is_sound(digest, block) else None

    def fates(self) -> list[tuple[bytes, bytes]]:
        """See ``Store.fates``."""
        return sorted(self._tables.fates.items())

    def outbox(self) -> list[OutboxRow]:
        """See ``Store.outbox``."""
        return sorted(self._tables.outbox.values(), key=lambda row: (row.created_ms, row.id))

    def outbox_damaged(self) -> list[OutboxRow]:
        """See ``Store.outbox_damaged``; on a simulated disk messages and parts rot."""
        return []

    def peers(self) -> list[bytes]:
        """See ``Store.peers``."""
        return list(self._tables.peers)

    def _sound(self, channel_id: bytes, keys: Iterable[bytes]) -> Iterator[bytes]:
        rows = self._tables.channel(channel_id).rows
        for key in keys:
            if self.message_is_sound(channel_id, rows[key].columns()):
                yield rows[key].raw
