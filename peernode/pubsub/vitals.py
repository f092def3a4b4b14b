"""What an initiator says of one channel in answer to ``HEALTH``: its log, its view, and how its pushes went.

The first page of an answer begins with the ``Vitals``; a ``Share`` of each window and slice of time in which
it pushed anything follows, as many as fit a datagram, with a histogram each, so that whoever asks all
initiators can put them together: percentiles can't be added, histograms can.

Invariants: a page fits a datagram; what a peer says is bounded and checked field by field, and does not
contradict itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from itertools import pairwise
from typing import Any

from peernode.diagnostics.windows import BINS_MAX, SPANS, UNKNOWN, Tally, Windows
from peernode.errors import RemoteProtocolError
from peernode.span import PARTS
from peernode.wire.codec import Fields, pack
from peernode.wire.payload import ANSWER_BODY_MAX

COUNT_MAX = 1 << 48
AGE_MAX_MS = 1 << 40

BINS_TOLD_MAX = 64
"""Bins of a histogram that are told; of a wider one two neighbours are told as one, and so on."""

SERIES = "5m"
"""The window whose slices are told one by one."""

SLICES_FROM = len(SPANS)
"""The places of the windows are 0, 1, 2; behind them come the slices by the number of their time."""

PLACE_MAX = 1 << 48

SHARES_MAX = 64
"""On one page."""

PAGES_MAX = 16
"""Pages read of one answer: more than 3 windows and 30 slices need."""

PAGE_BYTES = ANSWER_BODY_MAX - 96
"""For the shares; the vitals and the frame of the page take less than the rest."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """An initiator's word on one channel."""

    messages: int
    """Held now."""
    recent: int
    """Of these came so lately that others may not have them yet (``growth``)."""
    size: int
    """Bytes that they take, with their parts and files."""
    root: bytes
    set_hash: bytes
    """Of the initiators as it knows them; zeros when it does not."""
    subscribers: int
    uptime_ms: int
    """Since its start."""
    expires: bool
    """Old messages go by its policy: it need not hold what others hold."""
    full_age_ms: int | None = None
    """Since it refused a message last for want of room, on its disk or in the channel; None: not lately, or
    it does not say."""

    @property
    def settled(self) -> int:
        """Messages held for so long that every initiator should have them."""
        return self.messages - self.recent

    def encode(self) -> list[Any]:
        """The form in an answer."""
        return list(astuple(self))

    @classmethod
    def decode(cls, item: Any) -> Vitals:
        """The vitals in an answer; ``RemoteProtocolError`` if they aren't any."""
        fields = Fields(item)
        messages = fields.take_int(0, COUNT_MAX)
        recent, size = fields.take_int(0, messages), fields.take_int(0, COUNT_MAX)
        root, set_hash = fields.take_bytes(16), fields.take_bytes(16)
        subscribers, uptime_ms = fields.take_int(0, COUNT_MAX), fields.take_int(0, AGE_MAX_MS)
        expires, full_age_ms = fields.take_bool(), fields.take() if fields.more else None
        if full_age_ms is not None and (type(full_age_ms) is not int or not 0 <= full_age_ms <= AGE_MAX_MS):
            raise RemoteProtocolError("an age in ms or nil is expected")
        return cls(messages, recent, size, root, set_hash, subscribers, uptime_ms, expires, full_age_ms)


@dataclass(frozen=True, slots=True)
class Share:
    """What an initiator pushed in one window (``place`` in ``SPANS``) or slice of time."""

    place: int
    age_ms: int
    """Since the beginning of a slice; 0 for a window."""
    tally: Tally

    def as_of(self, later_s: float) -> Share:
        """The same with its age as of so many seconds later."""
        return (
            replace(self, age_ms=self.age_ms + round(later_s * 1000)) if self.place >= SLICES_FROM else self
        )

    def encode(self) -> list[Any]:
        """The form in an answer."""
        tally = self.tally
        bins = [number for pair in sorted(_coarse(tally.bins).items()) for number in pair]
        counts = [tally.attempted, tally.acked, tally.retried, tally.failed, round(tally.sum_ms)]
        return [self.place, self.age_ms, *counts, bins, _spent(tally)]

    @classmethod
    def decode(cls, item: Any) -> Share:
        """The share in an answer; ``RemoteProtocolError`` if it isn't one."""
        fields = Fields(item)
        place, age_ms = fields.take_int(0, PLACE_MAX), fields.take_int(0, AGE_MAX_MS)
        attempted = fields.take_int(0, COUNT_MAX)
        acked, retried = fields.take_int(0, attempted), fields.take_int(0, attempted)
        failed, sum_ms = fields.take_int(0, attempted - acked), fields.take_int(0, COUNT_MAX)
        bins = _histogram(fields.take_list(2 * BINS_TOLD_MAX))
        if bins.total() != acked:
            raise RemoteProtocolError("a histogram of other pushes than those acked")
        parts = _parts(fields.take_fields(16), sum_ms) if fields.more else {UNKNOWN: float(sum_ms)}
        return cls(place, age_ms, Tally(attempted, acked, retried, failed, float(sum_ms), bins, parts))


def _spent(tally: Tally) -> list[int]:
    """Where the time of those acked went, whole ms, in the order of ``PARTS``; ``own`` is what remains."""
    spent, left = [], round(tally.sum_ms)
    for name in PARTS[:-1]:
        spent.append(min(left, round(tally.parts.get(name, 0.0))))
        left -= spent[-1]
    return spent


def _parts(fields: Fields, sum_ms: int) -> dict[str, float]:
    """The same as told by a peer; of a version with other parts the rest is ``own``."""
    spent = [fields.take_int(0, sum_ms) for _ in PARTS[:-1]]
    if sum(spent) > sum_ms:
        raise RemoteProtocolError("the parts are longer than the whole")
    told = zip(PARTS, (*spent, sum_ms - sum(spent)), strict=True)
    return {name: float(ms) for name, ms in told if ms}


def _coarse(bins: Counter[int]) -> Counter[int]:
    """The same in so few bins that they may be told."""
    step = 1
    while len(bins) > BINS_TOLD_MAX:
        step *= 2
        wider: Counter[int] = Counter()
        for place, count in bins.items():
            wider[place // step * step] += count
        bins = wider
    return bins


def _histogram(numbers: list[Any]) -> Counter[int]:
    if any(type(number) is not int for number in numbers) or len(numbers) % 2:
        raise RemoteProtocolError("a histogram is pairs of integers")
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    if any(not 0 <= place <= BINS_MAX or not 1 <= count <= COUNT_MAX for place, count in pairs):
        raise RemoteProtocolError("a bin or count out of bounds")
    if any(after[0] <= before[0] for before, after in pairwise(pairs)):
        raise RemoteProtocolError("the bins are not in order")
    return Counter(dict(pairs))


def shares_of(windows: Windows, now_s: float) -> list[Share]:
    """All that can be told of the pushes of one channel, in the order of their places."""
    found = [Share(place, 0, windows.tally(name, now_s)) for place, name in enumerate(SPANS)]
    slice_s, _ = SPANS[SERIES]
    for beginning_ms, tally in windows.series(SERIES, now_s, 0):  # ms before now, as a negative number
        number = round((now_s + beginning_ms / 1000) / slice_s)
        found.append(Share(SLICES_FROM + number, max(0, -beginning_ms), tally))
    return [share for share in found if share.tally.attempted]


def page_of(shares: Iterable[Share], after: int | None) -> tuple[list[Share], int | None]:
    """The shares behind a place that fit a datagram, and the place behind which the next page begins."""
    page: list[Share] = []
    left = PAGE_BYTES
    for share in shares:
        if after is not None and share.place <= after:
            continue
        left -= len(pack(share.encode()))
        if page and (left < 0 or len(page) == SHARES_MAX):
            return page, page[-1].place
        page.append(share)
    return page, None


def decode_page(body: Fields, first: bool) -> tuple[Vitals | None, list[Share], int | None]:
    """A page of an answer; ``RemoteProtocolError`` for another thing, and for a first one without vitals."""
    head = body.take_list_or_none(16)
    if first != (head is not None):
        raise RemoteProtocolError("the vitals are on the first page, and on no other")
    shares = [Share.decode(item) for item in body.take_list(SHARES_MAX)]
    following = body.take()
    if following is not None and (type(following) is not int or not 0 <= following <= PLACE_MAX):
        raise RemoteProtocolError("a place or nil is expected")
    return Vitals.decode(head) if head is not None else None, shares, following
