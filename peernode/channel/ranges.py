"""One stream's sequence numbers as ranges, and the digest that names exactly this set of messages.

A contiguous range is bound by the digest of its last message, because each message names the one
before it (``prev``). Where an author has broken that chain the digest says so: a *fork* is two
messages under one number, a *tear* is a number whose successor names another message than the one
held. Honest authors make neither. Invariants: ranges are disjoint, sorted and never touch; the state
is a function of the set of messages alone, whatever the order they came in (of more than two under
one number the lowest two count); memory grows with the gaps, not with the messages; a stream with
more than ``FAULTS_MAX`` forks and tears is *void*: it takes nothing more and has one digest whatever it
holds, so that nobody goes on comparing it. After aioquic's ``rangeset.py``, the idea only.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass

RANGES_MAX = 2048
"""Ranges of one stream; a message that would need one more is refused."""

FAULTS_MAX = 64
"""Forks and tears of one stream; an honest author has none."""

LAST_FEW = 16
"""How far back a stream of the same shape but another digest is always compared, message by message."""

SWEEP = 64
"""How many older messages of such a stream are compared besides, in one catch-up."""

DIGEST_BYTES = 16


@dataclass(slots=True)
class Span:
    """Numbers ``low`` to ``high``, all held; ``head`` is the digest of the message at ``high``."""

    low: int
    high: int
    head: bytes
    named: tuple[bytes, ...] = ()
    """What the messages at ``low`` name as the one before; empty when that isn't known."""


class StreamRanges:
    """What is held of one stream."""

    __slots__ = ("_digest", "_swept", "expired", "forks", "key", "spans", "tears")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.spans: list[Span] = []
        self.forks: dict[int, tuple[bytes, bytes]] = {}
        """Number -> the two lowest digests seen under it: evidence against the author."""
        self.tears: dict[int, bytes] = {}
        """Number -> the lowest digest that its successors name and that is not the one held."""
        self.expired = 0
        """Up to this number nothing is wanted any more, though one that came late may be held."""
        self._digest: bytes | None = None
        self._swept = 0

    @property
    def floor(self) -> int:
        """Below and at this number nothing counts as missing."""
        return self.spans[0].low - 1 if self.spans else 0

    @property
    def following(self) -> int:
        """The first number above the floor that is missing."""
        return self.spans[0].high + 1 if self.spans else 1

    @property
    def highest(self) -> int:
        """The highest number held; 0 when nothing is."""
        return self.spans[-1].high if self.spans else 0

    @property
    def held(self) -> int:
        """How many numbers are held."""
        return sum(span.high - span.low + 1 for span in self.spans)

    @property
    def void(self) -> bool:
        """Whether the author has forked it so often that it is given up."""
        return len(self.forks) + len(self.tears) > FAULTS_MAX

    def _find(self, seq: int) -> int:
        """The index of the last span that begins at or below ``seq``; -1 if there is none."""
        return bisect_right(self.spans, seq, key=lambda span: span.low) - 1

    def holds(self, seq: int) -> bool:
        """Whether some message with this number is held."""
        index = self._find(seq)
        return index >= 0 and seq <= self.spans[index].high

    def head_at(self, seq: int) -> bytes:
        """The digest of the message with this number if a range ends with it, else nothing."""
        index = self._find(seq)
        return self.spans[index].head if index >= 0 and self.spans[index].high == seq else b""

    def held_upto(self, upto: int) -> list[int]:
        """The numbers held, up to this one."""
        return [seq for span in self.spans for seq in range(span.low, min(span.high, upto) + 1)]

    def full_for(self, seq: int) -> bool:
        """Whether a number that is not held would need one range too many."""
        return len(self.spans) >= RANGES_MAX and not (self.holds(seq - 1) or self.holds(seq + 1))

    def add(self, seq: int, digest: bytes, named: tuple[bytes, ...] = ()) -> None:
        """Take up a number that is not held yet; ``named``: the ``prev`` of its message, if known."""
        self._digest = None
        index = self._find(seq)
        before = self.spans[index] if index >= 0 else None
        after = self.spans[index + 1] if index + 1 < len(self.spans) else None
        joins_before = before is not None and before.high == seq - 1
        joins_after = after is not None and after.low == seq + 1
        if joins_before and before:
            self.check_link(before.high, before.head, named)
        if joins_after and after:
            self.check_link(seq, digest, after.named)
        if joins_before and joins_after and before and after:
            before.high, before.head = after.high, after.head
            del self.spans[index + 1]
        elif joins_before and before:
            before.high, before.head = seq, digest
        elif joins_after and after:
            after.low, after.named = seq, named
        else:
            self.spans.insert(index + 1, Span(seq, seq, digest, named))

    def expire(self, upto: int) -> None:
        """Numbers up to ``upto`` are not held any more and not wanted again."""
        self._digest = None
        self.spans = [span for span in self.spans if span.high > upto]
        if self.spans and self.spans[0].low <= upto:
            self.spans[0].low, self.spans[0].named = upto + 1, ()
        self.forks = {seq: digests for seq, digests in self.forks.items() if seq > upto}
        self.tears = {seq: digest for seq, digest in self.tears.items() if seq > upto}
        self.expired = max(self.expired, upto)

    def fork(self, seq: int, digests: list[bytes], named: tuple[bytes, ...] = (), below: bytes = b"") -> None:
        """Several messages under one number: keep the two lowest digests.

        ``named`` is the ``prev`` of the new one, ``below`` the digest held at the number before; empty
        when not known.
        """
        self._digest = None
        lowest = sorted({*digests, *self.forks.get(seq, ())})[:2]
        self.forks[seq] = (lowest[0], lowest[1])
        self.tears.pop(seq, None)
        span = self.spans[self._find(seq)]
        if span.high == seq:
            span.head = lowest[0]
        if span.low == seq:
            span.named = tuple(sorted({*span.named, *named}))[:2]
        elif below:
            self.check_link(seq - 1, below, named)

    def check_link(self, seq: int, held: bytes, named: tuple[bytes, ...]) -> bool:
        """A message at ``seq + 1`` names what is held at ``seq``, or there is a tear; whether it is new."""
        others = [digest for digest in named if digest != held]
        if not others or seq in self.forks:
            return False
        known, self.tears[seq] = self.tears.get(seq), min([*others, self.tears.get(seq, others[0])])
        self._digest = None
        return known != self.tears[seq]

    def missing(self, low: int, high: int) -> list[tuple[int, int]]:
        """The parts of ``low`` to ``high`` that are not held, in order."""
        gaps: list[tuple[int, int]] = []
        for span in self.spans:
            if span.high < low:
                continue
            if span.low > high:
                break
            if span.low > low:
                gaps.append((low, span.low - 1))
            low = span.high + 1
        if low <= high:
            gaps.append((low, high))
        return gaps

    def to_compare(self, low: int, high: int) -> list[tuple[int, int]]:
        """Where in ``low`` to ``high``, all held, to look for a message that a peer holds differently.

        It is mostly the last. An older fork is found by a sweep from the top down, round and round, a
        part of the stream each time this is asked.
        """
        recent = max(low, high - LAST_FEW + 1)
        if recent == low:
            return [(low, high)]
        top = self._swept - 1 if low < self._swept < recent else recent - 1
        self._swept = max(low, top - SWEEP + 1)
        return [(recent, high), (self._swept, top)]

    def digest(self) -> bytes:
        """16 bytes naming exactly the messages held; of a void stream only that it is void."""
        if self._digest is None:
            state = hashlib.blake2b(self.key, digest_size=DIGEST_BYTES)
            if not self.void:
                for span in self.spans:
                    state.update(span.low.to_bytes(8, "big") + span.high.to_bytes(8, "big") + span.head)
                for seq in sorted(self.forks):
                    state.update(b"".join(self.forks[seq]))
                for seq in sorted(self.tears):
                    state.update(self.tears[seq])
            self._digest = state.digest()
        return self._digest
