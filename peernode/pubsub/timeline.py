"""``Timeline``: turns the messages of a log into what a person sees, each author's in sequence.

Invariants: a message id is told once; an author's messages are told in the order of their numbers; gaps
hold a later one back for ``gap_hold_s`` from when it came, no longer; then it is told all the same, with all
before it (the missing ones follow when they come), while a gap behind it goes on holding what came later;
what a ``skip`` names, and every second message with an id already used by that author, is kept in the log
and not told; what a page shows, and what counts as unread, was told before, so that whoever adds the events
since then has each message once. The final order for everybody is the order key's. Where streams go on is
known for ``PLACES_FACTOR`` times as many as the log may have; over it those are forgotten of which the log
has nothing left: their next message waits as one behind a gap does.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from peernode.channel.message import Message
from peernode.events import ChatMessage, MessageChanged, MessageReceived, MessageTakenBack
from peernode.identity import node_id_of
from peernode.pubsub.appearance import Appearance
from peernode.pubsub.context import Context, uuid_text
from peernode.pubsub.people import People

if TYPE_CHECKING:
    from peernode.pubsub.replica import Replica

StreamKey = tuple[bytes, bytes]

HELD_PER_STREAM_MAX = 512
"""Messages held above gaps; over the bound one that comes is told at once, with all before it."""

HISTORY_MAX = 500
"""Messages told as history when a channel is joined; older ones are there for paging."""

PLACES_FACTOR = 2
"""Streams whose place is known, per stream that the log may have: expired ones are cleared away in one go."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A message behind a gap; ``due_s``: the time of the loop at which it is told in any case."""

    message: Message
    history: bool
    due_s: float


class Timeline:
    """The visible side of one replica."""

    def __init__(self, context: Context, replica: Replica) -> None:
        self._context = context
        self._replica = replica
        self.appearance = Appearance(context, replica)
        self.people = People(context, replica)
        self._next: dict[StreamKey, int] = {}
        self._left_at = ""
        self._held: dict[StreamKey, dict[int, _Held]] = {}
        """By number, in the order in which they came; so the first one is due first."""
        self._timers: dict[StreamKey, asyncio.TimerHandle] = {}

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        longest = max((len(held) for held in self._held.values()), default=0)
        return {
            "held": (longest, HELD_PER_STREAM_MAX),
            "held_streams": (len(self._held), self._places_max),
            "places": (len(self._next), self._places_max),
            **self.people.sizes(),
        }

    @property
    def _places_max(self) -> int:
        return PLACES_FACTOR * self._context.config.streams_per_channel_max

    def _go_on(self, key: StreamKey, seq: int) -> None:
        """The next message of a stream has this number."""
        self._next[key] = seq
        if len(self._next) > self._places_max:
            knows = self._replica.log.knows
            self._next = {other: seq for other, seq in self._next.items() if knows(*other)}
            self._context.collector.count("timeline.places_cleared")

    def close(self) -> None:
        """Stop the timers; what is held stays in the log."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def start_from(self, streams: list[tuple[bytes, bytes, int]]) -> None:
        """After a restart: what the log holds has been seen; go on behind it."""
        for author, instance, next_seq in streams:
            self._go_on((author, instance), next_seq)

    @property
    def holding(self) -> bool:
        """Whether messages are held behind a gap."""
        return bool(self._held)

    def wrote(self, message: Message) -> None:
        """A message of our own, accepted just now: whoever wrote it has it on the screen already."""
        self._go_on((message.author, message.instance), message.seq + 1)
        self.people.learn(message)
        self._tell_changed(message)

    def tell_history(self) -> None:
        """The channel is being joined: what was stored for others before is history now, held or not."""
        for key, held in list(self._held.items()):
            self._go_on(key, max(held) + 1)
            self._done(key)
        self.people.tell()
        for message in self.page(None, HISTORY_MAX):
            if message.order > self._left_at:
                self._context.tell(MessageReceived(message, True))

    def left(self) -> None:
        """The channel is being left: what was told until now is not told again on a return."""
        newest = self.page(None, 1)
        self._left_at = newest[-1].order if newest else ""

    def arrived(self, message: Message, history: bool) -> bool:
        """A message is new in the log: tell it now, or hold it behind a gap (True).

        An unknown author's history from before our time begins where it begins. What was written since waits
        for the first numbers, by whatever way it came: a catch-up may overtake the pushes of those.
        """
        key = (message.author, message.instance)
        begins = message.seq if history and self._before_our_time(message) else 1
        expected = self._next.get(key, begins)
        if message.seq > expected and self._waits(key, message, history):
            return True
        self._tell(message, history)
        self._go_on(key, max(self._next.get(key, 1), message.seq + 1))
        self._release(key)
        return False

    def _before_our_time(self, message: Message) -> bool:
        """Whether it was written, by its author's clock, before we became a member."""
        replica = self._replica
        return not replica.member or message.hlc >> 16 < replica.member_since_ms

    def _waits(self, key: StreamKey, message: Message, history: bool) -> bool:
        held = self._held.setdefault(key, {})
        if len(held) >= HELD_PER_STREAM_MAX:
            self._context.collector.count("timeline.held_full")
            self._show(key, message.seq)
            return False
        due_s = asyncio.get_running_loop().time() + self._context.config.gap_hold_s
        held[message.seq] = _Held(message, history, held[message.seq].due_s if message.seq in held else due_s)
        if key not in self._timers:
            self._wait(key)
        return True

    def _release(self, key: StreamKey) -> None:
        """Tell what is held no longer by a gap; the others wait for theirs."""
        held = self._held.get(key)
        if held is None:
            return
        while (seq := self._next.get(key, 1)) in held:
            waited = held.pop(seq)
            self._tell(waited.message, waited.history)
            self._go_on(key, seq + 1)
        self._wait(key)

    def _wait(self, key: StreamKey) -> None:
        """Until the first of those held is due."""
        held = self._held[key]
        if not held:
            self._done(key)
            return
        if timer := self._timers.pop(key, None):
            timer.cancel()
        due_s = next(iter(held.values())).due_s
        self._timers[key] = asyncio.get_running_loop().call_at(due_s, self._due, key, due_s)

    def _due(self, key: StreamKey, due_s: float) -> None:
        """Who is due has waited long enough; whoever came later waits on, unless a due one comes after it."""
        self._show(key, max(seq for seq, waited in self._held[key].items() if waited.due_s <= due_s))

    def _show(self, key: StreamKey, upto: int) -> None:
        """Tell what is held up to a number, and what follows it without another gap."""
        self._context.collector.count("timeline.gap_shown")
        held = self._held[key]
        for seq in sorted(seq for seq in held if seq <= upto):
            waited = held.pop(seq)
            self._tell(waited.message, waited.history)
            self._go_on(key, max(self._next.get(key, 1), seq + 1))
        self._release(key)

    def _done(self, key: StreamKey) -> None:
        self._held.pop(key, None)
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    def _tell(self, message: Message, history: bool) -> None:
        if self.people.learn(message):
            return
        shown = self.visible(message)
        if shown is not None and self._replica.member:
            self._context.tell(MessageReceived(shown, history))
        self._tell_changed(message)
        gone = self.appearance.taken_back_by(message)
        if gone is not None and self._replica.member:
            author = node_id_of(gone.author)
            first = self.appearance.find(gone.id, author)
            if first is None or self.visible(first) is None:  # not only a second one with its id
                told = (uuid_text(gone.id), self._replica.name, author.hex(), gone.order)
                self._context.tell(MessageTakenBack(*told))

    def _tell_changed(self, message: Message) -> None:
        """What ``message`` says about another one changes how that one looks."""
        target = self.appearance.changed_by(message)
        shown = self.visible(target) if target is not None else None
        if shown is not None and self._replica.member:
            self._context.tell(MessageChanged(shown))

    def visible(self, message: Message) -> ChatMessage | None:
        """The message as shown, or None when it is not for the eye."""
        return self.appearance.of(message, self.people.name_of(message.author))

    def _told(self, message: Message) -> bool:
        """Whether it has been told: neither held behind a gap, nor only on the disk yet.

        The disk has a message a moment before the log does. Who looked then would see, and count, what is
        told to him once more after that.
        """
        place = self._next.get((message.author, message.instance), 0)
        return message.seq < place and message.digest not in self._replica.pending

    def page(
        self, before: bytes | None, limit: int, after: bytes = b"", *, untold: bool = False
    ) -> list[ChatMessage]:
        """At most ``limit`` visible messages before one order key and behind another, oldest first.

        Those that were told: what comes later by events is not in it. ``untold``: all that are here.
        """
        found: list[ChatMessage] = []
        while len(found) < limit:
            raws = self._context.store.newest(self._replica.channel_id, before, limit)
            for raw in raws:
                message = Message.trusted(raw)
                before = message.order_key
                if before <= after:
                    return found[::-1]
                shown = self.visible(message) if untold or self._told(message) else None
                if shown is not None and len(found) < limit:
                    found.append(shown)
            if len(raws) < limit:
                break
        return found[::-1]
