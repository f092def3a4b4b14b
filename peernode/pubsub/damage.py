"""Rows of this node's own state that are not what was written, and that nobody else has.

Invariant: what is left out for it is counted, and told to the person whose it was.
"""

from __future__ import annotations

from collections.abc import Iterator

from peernode.channel.ids import channel_id_of
from peernode.diagnostics.codes import error_info
from peernode.events import Trouble
from peernode.pubsub.context import Context
from peernode.store.base import ChannelRow


def tell_damage(context: Context, table: str, key: bytes, personal: bool = True) -> None:
    """Count it; the person is told if it was theirs: a channel joined, a message waiting."""
    context.collector.count(f"{table}.row_damaged")
    if personal:
        context.tell(Trouble(error_info("ROW_DAMAGED"), {"table": table, "key": key.hex()}))


def sound_channels(context: Context) -> Iterator[ChannelRow]:
    """The channels in the store; not those whose name is damaged, so that nobody can find them by it.

    The log of such a one is still here for whoever joins it by its right name.
    """
    for row in context.store.channels():
        if channel_id_of(context.network_id, row.name) == row.channel_id:
            yield row
        else:
            tell_damage(context, "channels", row.channel_id, row.member)
