"""Rows of this node's own state that are not what was written, and that nobody else has.

Invariant: what is left out for it is counted, and told to the person whose it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from peernode.channel.ids import channel_id_of
from peernode.diagnostics.codes import error_info
from peernode.events import Trouble
from peernode.pubsub.context import Context
from peernode.store.base import ChannelRow, DropChannel, PutChannel, Write


def tell_damage(context: Context, table: str, key: bytes, personal: bool = True) -> None:
    """Count it; the person is told if it was theirs: a channel joined, a message waiting."""
    context.collector.count(f"{table}.row_damaged")
    if personal:
        context.tell(Trouble(error_info("ROW_DAMAGED"), {"table": table, "key": key.hex()}))


def sound_channels(context: Context) -> Iterator[ChannelRow]:
    """The channels in the store; not those of whom id and name disagree.

    Where the log says that the id is what was damaged, it is set right. Otherwise the person is told; the
    log of such a channel is still here for whoever joins it by its right name, and a row without one goes.
    """
    rows = context.store.channels()
    ids = {row.channel_id for row in rows}
    for row in rows:
        real = channel_id_of(context.network_id, row.name)
        if real == row.channel_id:
            yield row
            continue
        if context.store.count(row.channel_id) > 0:
            tell_damage(context, "channels", row.channel_id, row.member)
            continue
        writes: list[Write] = [DropChannel(row.channel_id)]
        if real not in ids and context.store.count(real) > 0:
            context.collector.count("channels.row_rebuilt")
            mended = replace(row, channel_id=real)
            writes.append(PutChannel(mended))
            yield mended
            ids.add(real)
        else:
            tell_damage(context, "channels", row.channel_id, row.member)
        context.tasks.spawn(context.save(*writes), "channels.damaged")
