"""The picture of a channel, put together from what each of its initiators says.

Pure functions from ``Said`` to JSON-able parts. Nobody's word is taken for more than it is: a number that
no initiator tells is missing, and how often messages are stored is an estimate from the initiators' counts,
as if who has fewer had none that the others lack.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from peernode.diagnostics.codes import error_info
from peernode.diagnostics.windows import SPANS, Tally, merged
from peernode.pubsub.matrix import Cell, Row
from peernode.pubsub.questions import OK, SAYS_NOT, UNHEARD_YET
from peernode.pubsub.reachability import BOTH, HEARD, HEARS
from peernode.pubsub.vitals import SERIES, Share, Vitals
from peernode.wire.contact import Contact

SLOW_SUBSCRIBER_MS = 500.0
"""Round trips to a subscriber, smoothed, by the initiator that reaches it best; over it it is slow."""

LATELY_S = 60.0
"""The last minute: what an initiator's pushes are judged by."""

NOTHING: Mapping[bytes, Iterable[str]] = MappingProxyType({})

SHOWN_MAX = 512
"""Subscribers in one picture, the troubled ones first; all are counted."""

_HEARD = frozenset((OK, SAYS_NOT, "not_subscribed", "unproven", "rate_limited", "busy"))
"""Outcomes of a question that an initiator at work gives."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one initiator said when it was looked at last."""

    contact: Contact
    own: bool
    outcome: str
    """Of ``HEALTH``."""
    row: Row
    at_s: float
    """When it was asked: ages count from here."""
    rtt_ms: float | None = None
    vitals: Vitals | None = None
    shares: Sequence[Share] = field(default_factory=tuple)

    @property
    def answers(self) -> bool:
        """Whether it is there and stores the channel; also when only some pages of its answer came."""
        told = self.row.outcome == OK or self.vitals is not None
        return told or bool(self.row.cells) or self.outcome in _HEARD

    @property
    def unheard(self) -> bool:
        """Whether it has not answered yet, which is too early to call it silent."""
        return self.outcome == UNHEARD_YET and not self.answers


# -- initiators ----------------------------------------------------------------------------------


def initiators(
    said: Sequence[Said], set_hash: bytes, now_s: float, doubted: Mapping[bytes, Iterable[str]] = NOTHING
) -> list[dict[str, Any]]:
    """Each initiator's row of the dashboard: its own word, and what of it is ``doubted``."""
    settled = settled_of([one for one in said if one.contact.id not in doubted])
    doubts = [sorted(doubted.get(one.contact.id, ())) for one in said]
    return [_initiator(one, settled, set_hash, now_s, words) for one, words in zip(said, doubts, strict=True)]


def _initiator(one: Said, settled: int, set_hash: bytes, now_s: float, doubted: list[str]) -> dict[str, Any]:
    vitals = one.vitals
    told = {
        "id": one.contact.id.hex(),
        "own": one.own,
        "answers": one.answers,
        "unheard": one.unheard,
        "outcome": one.outcome,
        "rtt_ms": None if one.rtt_ms is None else round(one.rtt_ms, 1),
        "age_ms": max(0, round((now_s - one.at_s) * 1000)),
        "pushes": window(one.shares, SERIES).told(),
        "now": lately(one, now_s),
        "doubted": doubted,
        "full": _full(one, now_s),
    }
    if vitals is None:
        nothing = ("messages", "bytes", "behind", "root", "set_agrees", "subscribers", "started_ms")
        return {**told, **dict.fromkeys(nothing)}
    return {
        **told,
        "messages": vitals.messages,
        "bytes": vitals.size,
        "behind": 0 if vitals.expires else max(0, settled - vitals.messages),
        "root": vitals.root.hex(),
        "set_agrees": vitals.set_hash == set_hash,
        "subscribers": vitals.subscribers,
        "started_ms": vitals.uptime_ms,
    }


def settled_of(said: Iterable[Said]) -> int:
    """Messages that every initiator should have by now."""
    return max((one.vitals.settled for one in said if one.vitals is not None), default=0)


def replication(said: Sequence[Said]) -> dict[str, Any]:
    """How many messages are held by 0, 1, … of the initiators: an estimate.

    Initiators that don't say, have not said yet, or need not hold everything, are left out; a silent one
    counts as none. ``under`` is None when none says anything: nobody knows then how many there are.
    """
    says_not = (SAYS_NOT, UNHEARD_YET)
    asked = [one for one in said if one.vitals or one.outcome not in says_not]
    asked = [one for one in asked if not (one.vitals and one.vitals.expires)]
    settled = settled_of(asked)
    counts = sorted(min(settled, one.vitals.messages) if one.vitals else 0 for one in asked)
    # The least that any holds, all hold; what the next one has besides, all but one; and so on.
    steps = [after - before for before, after in zip([0, *counts], counts, strict=False)]
    held_by = [settled - (counts[-1] if counts else 0), *reversed(steps)]
    known = any(one.vitals for one in asked)
    return {"of": len(asked), "held_by": held_by, "under": settled - counts[0] if known else None}


# -- pushes --------------------------------------------------------------------------------------


def window(shares: Iterable[Share], name: str) -> Tally:
    """One of the windows of an initiator."""
    place = list(SPANS).index(name)
    return merged(share.tally for share in shares if share.place == place)


def pushes(said: Sequence[Said]) -> dict[str, Any]:
    """The windows of all initiators as one."""
    return {name: merged(window(one.shares, name) for one in said).told() for name in SPANS}


def minute(said: Iterable[Said], now_s: float) -> dict[str, Any]:
    """The pushes of the last minute, all initiators together."""
    whole = merged(tally for one in said for tally in _slices(one, now_s))
    return {"attempted": whole.attempted, "failed": whole.failed, "p95_ms": whole.percentile_ms(0.95)}


def _slices(one: Said, now_s: float) -> list[Tally]:
    """What an initiator pushed within the last minute."""
    since_ms = (LATELY_S - (now_s - one.at_s)) * 1000
    return [share.tally for share in one.shares if share.place >= len(SPANS) and share.age_ms <= since_ms]


def lately(one: Said, now_s: float) -> dict[str, Any] | None:
    """An initiator's pushes of the last minute, p95 of the worst slice; None when it does not say."""
    if one.vitals is None:
        return None
    slices = _slices(one, now_s)
    whole = merged(slices)
    p95s = [p95_ms for each in slices if (p95_ms := each.percentile_ms(0.95)) is not None]
    told = {"attempted": whole.attempted, "failed": whole.failed, "p95_ms": max(p95s, default=None)}
    return {**told, "parts": whole.told()["parts"]}


def _full(one: Said, now_s: float) -> bool:
    """Whether an initiator has refused messages within the last minute for want of room."""
    age_ms = one.vitals.full_age_ms if one.vitals else None
    return age_ms is not None and age_ms + (now_s - one.at_s) * 1000 <= LATELY_S * 1000


def series(said: Sequence[Said], now_s: float, wall_ms: int) -> list[dict[str, Any]]:
    """The slices of the last five minutes, the oldest first, also those in which nothing was pushed."""
    slice_s, count = SPANS[SERIES]
    slice_ms = round(slice_s * 1000)
    newest = wall_ms // slice_ms
    tallies = {number: Tally() for number in range(newest - count + 1, newest + 1)}
    for one in said:
        for share in one.shares:
            if share.place >= len(SPANS):
                begun_ms = wall_ms - round((now_s - one.at_s) * 1000) - share.age_ms
                number = round(begun_ms / slice_ms)  # others' slices begin a few seconds before or after
                if (tally := tallies.get(min(number, newest))) is not None:
                    tally.add(share.tally)
    return [{"at_ms": number * slice_ms, **tally.told()} for number, tally in tallies.items()]


# -- subscribers ---------------------------------------------------------------------------------


def subscribers(
    said: Sequence[Said], known: Iterable[bytes], failing_only: bool = False
) -> list[dict[str, Any]]:
    """Each subscriber's row, the troubled ones first; ``known``: who subscribes, listed or not.

    ``failing_only``: the rows name only those that their initiator fails to reach.
    """
    rows = [
        (one.contact.id, one.row) for one in said if one.row.outcome == OK or one.row.cells or one.row.until
    ]
    cells: dict[bytes, dict[bytes, Cell]] = {subscriber: {} for subscriber in known} if rows else {}
    for initiator, row in rows:
        for cell in row.cells:
            cells.setdefault(cell.subscriber, {})[initiator] = cell
    found = []
    known = set(known)
    for subscriber, by in cells.items():
        of = sum(1 for initiator, row in rows if initiator != subscriber and row.covers(subscriber))
        alone = len(by) == 1 and of > 2 and not failing_only and subscriber not in known
        found.append(_subscriber(subscriber, by, of, failing_only, alone))
    found.sort(key=lambda row: (_ORDER.index(row["reached"]), row["reason"] is None, row["id"]))
    return found


_ORDER = ("no", "relay", "directly", "untested")


def _subscriber(
    subscriber: bytes, by: Mapping[bytes, Cell], of: int, failing_only: bool, lone: bool
) -> dict[str, Any]:
    cells = list(by.values())
    direct = [cell for cell in cells if cell.direction == BOTH]
    broken = [cell for cell in cells if cell.failing]
    listed_by = of if failing_only else len(cells)
    reached_by = of - len(broken) if failing_only else len(direct)
    via = next((cell.via for cell in broken if cell.via is not None), None)
    reached = "directly" if reached_by else "relay" if via else "no" if broken else "untested"
    latency_ms = min((cell.latency_ms for cell in direct), default=None)
    slow = latency_ms is not None and latency_ms > SLOW_SUBSCRIBER_MS
    ages = [cell.success_age_ms for cell in cells if cell.success_age_ms is not None]
    code = _reason(reached, broken, slow, unlisted=2 * listed_by < of)
    return {
        "id": subscriber.hex(),
        "reached": reached,
        "reached_by": reached_by,
        "of": of,
        "broken": len(broken),
        "latency_ms": latency_ms,
        "success_age_ms": min(ages, default=None),
        "failures": sum(cell.failures for cell in cells),
        "via": via.hex() if via else None,
        "slow": slow,
        "listed_by": listed_by,
        "lone": lone,
        "reason": _told(code) if code else None,
    }


def _reason(reached: str, broken: Sequence[Cell], slow: bool, unlisted: bool) -> str:
    """The code of what is wrong with a subscriber, the worst first; empty when nothing is."""
    if reached == "no":
        ways = [cell.direction for cell in broken]
        return (
            "SUBSCRIBER_DEAF"
            if HEARD in ways
            else "SUBSCRIBER_MUTE"
            if HEARS in ways
            else "SUBSCRIBER_SILENT"
        )
    if reached == "relay":
        return "SUBSCRIBER_BY_RELAY"
    if broken:
        return "PATH_BROKEN"
    if slow:
        return "SUBSCRIBER_SLOW"
    return "SUBSCRIBER_UNLISTED" if unlisted else ""


def _told(code: str) -> dict[str, str]:
    info = error_info(code)
    return {"code": code, "message": info.message, "remedy": info.remedy}
