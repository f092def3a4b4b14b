"""``ForkWatch``: an author that contradicts itself is flagged, to whoever reads the channel.

An honest node never signs two messages under one number of a stream (a *fork*), nor one whose ``prev`` is not
the message before it (a *tear*), on a restored backup either (section 6). So these say that a key is in two
hands, or its program another one. The log keeps the evidence, every node the same, and what is kept is shown.

Invariants: an author is told of once per channel and run, as long as it is among the ``TOLD_MAX`` last ones;
keys are free, so a channel tells of one author in ``TELL_EVERY_S`` at most, and what is not told is counted;
who is flagged in the list of people is read from the log, so it holds for all of them. Forks are seen in the
store's keys; where the tears are is noted (``TEARS_MAX`` of a channel, the rest counted), so that a log has
the same digest before and after a restart.
"""

from __future__ import annotations

from collections import OrderedDict

from peernode.channel.log import ChannelLog
from peernode.channel.message import Message
from peernode.diagnostics.codes import error_info
from peernode.errors import RemoteProtocolError
from peernode.events import Trouble
from peernode.identity import node_id_of
from peernode.pubsub.context import Context
from peernode.pubsub.ingest import Source
from peernode.pubsub.notes import TORN, note_key
from peernode.pubsub.replica import FORKED_MAX, Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.store.base import PutMeta
from peernode.wire.codec import Fields, pack, unpack

TOLD_MAX = 256
"""Authors remembered, over all channels, of whom it was told; the first is forgotten first."""

TELL_EVERY_S = 60.0

TEARS_MAX = 256
"""Tears of one channel that are noted: of some 60 bytes each."""

NAMELESS_DIGITS = 8
"""Of its id, where an author has no name."""

_SEQ_MAX = 1 << 62


class ForkWatch:
    """Tells the application of authors whose messages contradict each other."""

    def __init__(self, context: Context, storage: PubSubStorage) -> None:
        self._context = context
        self._storage = storage
        self._told: OrderedDict[tuple[bytes, bytes], None] = OrderedDict()
        """By channel id and author's key."""
        self._told_s: OrderedDict[bytes, float] = OrderedDict()
        """By channel id, when it last told."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "forks_told": (len(self._told), TOLD_MAX),
            "forks_told_channels": (len(self._told_s), TOLD_MAX),
        }

    def load(self) -> None:
        """Have the logs know the tears that were noted."""
        for replica in self._storage.replicas.values():
            note = self._context.store.meta(note_key(TORN, replica.channel_id))
            try:
                places = _places(note) if note else []
            except RemoteProtocolError:
                self._context.collector.count("log.tears_unreadable")
                continue
            for author, instance, seq in places:
                behind = (author, instance, seq + 1, seq + 1, FORKED_MAX)
                for _, raw in self._context.store.messages(replica.channel_id, *behind):
                    replica.log.reread(Message.trusted(raw))

    def stored(self, replica: Replica, message: Message, source: Source) -> None:
        """A message was taken into the log."""
        stream = replica.log.stream(message.author, message.instance)
        if stream is None or not (stream.forks or stream.tears):
            return
        if not stream.tears.keys().isdisjoint((message.seq - 1, message.seq)):
            self._note(replica)
        if replica.member and (replica.channel_id, message.author) not in self._told:
            self._tell(replica, message.author)

    def _note(self, replica: Replica) -> None:
        places = _tears(replica.log)
        if len(places) > TEARS_MAX:
            self._context.collector.count("log.tears_not_noted")
        note = PutMeta(note_key(TORN, replica.channel_id), pack(places[:TEARS_MAX]))
        if not replica.forgotten:
            self._context.tasks.spawn(self._context.save(note), "log.tears")

    def _tell(self, replica: Replica, author: bytes) -> None:
        now = self._context.now()
        if now - self._told_s.get(replica.channel_id, -TELL_EVERY_S) < TELL_EVERY_S:
            self._context.collector.count("log.fork_untold")
            return
        self._told[replica.channel_id, author] = None
        self._told_s[replica.channel_id] = now
        self._told_s.move_to_end(replica.channel_id)
        for table in (self._told, self._told_s):
            if len(table) > TOLD_MAX:
                table.popitem(last=False)
        self._context.collector.count("log.fork_told")
        who = node_id_of(author)
        name = replica.timeline.people.names().get(who) or who.hex()[:NAMELESS_DIGITS]
        error = error_info("AUTHOR_FORKED", name=name, channel=replica.name)
        self._context.tell(Trouble(error, {"forked_in": replica.name, "author": who.hex()}))


def _tears(log: ChannelLog) -> list[list[bytes | int]]:
    """(author, instance, number) of what others than the held messages stand at."""
    found: list[list[bytes | int]] = []
    for author, instance, _ in log.heads():
        stream = log.stream(author, instance)
        found += [[author, instance, seq] for seq in stream.tears] if stream else []
    return found


def _places(note: bytes) -> list[tuple[bytes, bytes, int]]:
    """What a note says; ``RemoteProtocolError`` for one that the disk has damaged."""
    places = []
    for each in Fields([unpack(note)]).take_list(TEARS_MAX):
        fields = Fields(each)
        places.append((fields.take_bytes(32), fields.take_bytes(8), fields.take_int(1, _SEQ_MAX)))
    return places
