"""``take_up``: the messages that were waiting when the node stopped, back into the outbox.

Invariants: what was accepted is published or told of, never silently gone. A row that the disk has damaged is
rebuilt from the log, which the same commit wrote; then its message waits as if nothing were known of it, and
whoever has it says so again. If the log has lost it, too, the person is told.
"""

from __future__ import annotations

from peernode.channel.message import Message, decode_message
from peernode.diagnostics.codes import error_info
from peernode.pubsub.context import Context
from peernode.pubsub.damage import tell_damage
from peernode.pubsub.entry import Entry
from peernode.pubsub.outbox import Outbox
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.store.base import DropOutbox, PutOutbox


def take_up(context: Context, storage: PubSubStorage, outbox: Outbox) -> None:
    """Fill the outbox from the store; whoever resumes a channel publishes what waits in it."""
    for row in context.store.outbox():
        replica = storage.replicas.get(row.channel_id)
        if replica is None:
            context.collector.count("outbox.orphan")
            continue
        entry = Entry(replica, decode_message(row.raw), row.text, row.created_ms, row.state)
        if row.error_code:
            entry.error = error_info(row.error_code)
        outbox.add(entry)
    for message_id in context.store.outbox_damaged():
        _rebuild(context, storage, outbox, message_id)


def _rebuild(context: Context, storage: PubSubStorage, outbox: Outbox, message_id: bytes) -> None:
    found = _in_a_log(context, storage, message_id)
    text = found[0].timeline.appearance.text_of(found[1]) if found is not None else None
    if found is None or text is None:
        tell_damage(context, "outbox", message_id)
        context.tasks.spawn(context.save(DropOutbox(message_id)), "outbox.damaged")
        return
    replica, message = found
    context.collector.count("outbox.row_rebuilt")
    entry = Entry(replica, message, text, message.hlc >> 16)
    outbox.add(entry)
    context.tasks.spawn(context.save(PutOutbox(entry.row())), "outbox.damaged")


def _in_a_log(context: Context, storage: PubSubStorage, message_id: bytes) -> tuple[Replica, Message] | None:
    """The message of ours with this id, and the channel that it is in."""
    for replica in storage.replicas.values():
        for raw in context.store.by_id(replica.channel_id, message_id):
            message = Message.trusted(raw)
            if message.author == context.identity.public_key:
                return replica, message
    return None
