"""``TakeUp``: the messages that were waiting when the node stopped, back into the outbox.

Invariants: what was accepted is published or told of, never silently gone. A row that the disk has damaged is
rebuilt from the signed message in it, which proves itself, or from the log, which the same commit wrote; then
its message waits as if nothing were known of it, and whoever has it says so again. Only if both are lost the
person is told, and the row goes. What waits in a channel that is not here waits until it is joined again.
"""

from __future__ import annotations

from collections.abc import Iterator

from peernode.channel.message import Message, decode_message
from peernode.diagnostics.codes import error_info
from peernode.errors import RemoteProtocolError
from peernode.pubsub.context import Context
from peernode.pubsub.damage import tell_damage
from peernode.pubsub.entry import Entry
from peernode.pubsub.outbox import Outbox
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.store.base import DropOutbox, OutboxRow, PutOutbox, Write


class TakeUp:
    """Fills the outbox from the store; whoever resumes a channel publishes what waits in it."""

    def __init__(self, context: Context, storage: PubSubStorage, outbox: Outbox) -> None:
        self._context = context
        self._storage = storage
        self._outbox = outbox
        self._orphaned: set[bytes] = set()
        """Channels that are not here, of which rows are."""
        self._lost: set[bytes] = set()
        """Ids of damaged rows that the person was told of; their deletion may fail."""

    def load(self) -> list[Entry]:
        """Take up all that waits and is not taken up yet, the oldest first."""
        entries = [*self._sound(), *self._rebuilt()]
        for entry in sorted(entries, key=lambda entry: (entry.created_ms, entry.message.id)):
            self._outbox.add(entry)
        return entries

    def joined(self, replica: Replica) -> None:
        """A channel is here again: so may be what waited in it."""
        if replica.channel_id in self._orphaned:
            self._orphaned.discard(replica.channel_id)
            for entry in self.load():
                self._outbox.tell(entry)

    def _here(self, channel_id: bytes) -> Replica | None:
        """A row's channel; ``None``: the row stays for whoever joins it, and the channel is counted once."""
        replica = self._storage.replicas.get(channel_id)
        if replica is None and channel_id not in self._orphaned:
            self._orphaned.add(channel_id)
            self._context.collector.count("outbox.orphan")
        return replica

    def _sound(self) -> Iterator[Entry]:
        for row in self._context.store.outbox():
            if self._outbox.find(row.id) is not None or (replica := self._here(row.channel_id)) is None:
                continue
            entry = Entry(replica, decode_message(row.raw), row.text, row.created_ms, row.state)
            if row.error_code:
                entry.error = error_info(row.error_code)
            yield entry

    def _rebuilt(self) -> Iterator[Entry]:
        for row in self._context.store.outbox_damaged():
            known = row.id if isinstance(row.id, bytes) else b""
            drop: list[Write] = [DropOutbox(known)]
            message = self._in_the_row(row) or self._in_a_log(known, row.channel_id)
            if message is None:
                if known not in self._lost:
                    tell_damage(self._context, "outbox", known)
                    self._lost.add(known)
                self._save(drop)
                continue
            if (
                self._outbox.find(message.id) is not None
                or (replica := self._here(message.channel_id)) is None
            ):
                continue
            self._context.collector.count("outbox.row_rebuilt")
            entry = Entry(replica, message, "", message.hlc >> 16)
            if entry.shown:  # while a part of it lacks, what is known of it
                entry.text = replica.timeline.appearance.text_of(message) or str(row.text or "")
            self._save([*(drop if known != message.id else ()), PutOutbox(entry.row())])
            yield entry

    def _save(self, writes: list[Write]) -> None:
        self._context.tasks.spawn(self._context.save(*writes), "outbox.damaged")

    def _in_the_row(self, row: OutboxRow) -> Message | None:
        """What the row itself has, if its signature says that nothing has happened to that."""
        try:
            message = decode_message(row.raw)
        except (RemoteProtocolError, TypeError):  # a damaged column may have any type
            return None
        return message if message.author == self._context.identity.public_key else None

    def _in_a_log(self, message_id: bytes, channel_id: bytes) -> Message | None:
        """The message of ours with this id, in any of the logs, of the channel that the row names as well."""
        here = self._storage.replicas
        others = [channel_id] if isinstance(channel_id, bytes) and channel_id not in here else []
        for place in (*here, *others):
            for raw in self._context.store.by_id(place, message_id):
                message = Message.trusted(raw)
                if message.author == self._context.identity.public_key:
                    return message
        return None
