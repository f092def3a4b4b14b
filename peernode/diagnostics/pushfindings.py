"""What can be wrong with how a channel's initiators push: they fail, or take long, and where the time goes.

Pure, as ``findings``. Each initiator is judged by its own pushes of the last minute: what one alone says of
them is told of that one, and colours no other's. Where there is no such word, the slots of all together are
judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from peernode.diagnostics.reasons import DEGRADED, Channel, Reason, audience_of, listed

SLOW_SMALL_MS = 500.0
SLOW_LARGE_MS = 2_000.0
"""Deliveries are slow over this: what is promised to a channel of fewer than ``LARGE`` subscribers, and to
others."""

LARGE = 10
"""Subscribers."""

SLOW_NETWORK_MS = 400.0
"""A round trip to an initiator, the median over those that answer; over it the network is slow."""

PART_WORDS = {
    "disk": ", most of it for disks",
    "queue": ", most of it in queues",
    "lookup": ", most of it for lookups",
    "own": ", most of it within the initiators",
}
"""Where the time of slow deliveries goes, if not to the network."""

SEVERAL = 2
"""Subscribers; of fewer that are slow each has its own reason."""

FAILED_SHARE_MAX = 0.1
"""Pushes that fail, of all; over it something is wrong, though they get through another way."""

PUSHES_MIN = 10
"""Of fewer pushes the share that fails says nothing."""

RECENT_SLOTS = 6
"""Slots of the series that count as now: a minute. What went wrong before is history, not health."""


def _now(channel: Channel) -> list[Mapping[str, Any]]:
    return list(channel["series"])[-RECENT_SLOTS:]


def _pushing(channel: Channel) -> list[Mapping[str, Any]]:
    """What each initiator says of its pushes of the last minute, of those that are believed."""
    initiators = channel["initiators"]
    return [x["now"] for x in initiators if x.get("now") and "pushes" not in x.get("doubted", ())]


def _p95s_ms(channel: Channel) -> list[float]:
    """The p95 of each initiator that has pushed lately, the slowest first; of one alone that of the slots."""
    found = [each["p95_ms"] for each in _pushing(channel) if each["p95_ms"] is not None]
    slots = [slot["p95_ms"] for slot in _now(channel) if slot["p95_ms"] is not None]
    return sorted(found, reverse=True) or sorted(slots, reverse=True)[:1]


def p95_of(channel: Channel) -> float | None:
    """Within it 95 of 100 pushes of the last minute were acked, those of all believed initiators together.

    It is over the limit only when one of these is: it contradicts no verdict that has nothing against pushes.
    """
    minute = channel.get("minute")
    found: float | None = _judged_p95_ms(channel) if minute is None else minute["p95_ms"]
    return found


def _judged_p95_ms(channel: Channel) -> float | None:
    """That of the second slowest initiator: what one alone says, it says of itself (``slow_one``)."""
    return next(iter(_p95s_ms(channel)[:2][::-1]), None)


def _round_trip_ms(channel: Channel) -> float | None:
    """The median over the other initiators that answer."""
    found = [each["rtt_ms"] for each in channel["initiators"] if each["answers"] and not each["own"]]
    known = [rtt_ms for rtt_ms in found if rtt_ms is not None]
    return median(known) if known else None


def _fail(pushes: Iterable[Mapping[str, Any]]) -> tuple[int, int] | None:
    """How many failed of how many, if that is a trouble."""
    told = list(pushes)
    failed, attempted = sum(each["failed"] for each in told), sum(each["attempted"] for each in told)
    return (failed, attempted) if attempted >= PUSHES_MIN and failed > FAILED_SHARE_MAX * attempted else None


def failing(channel: Channel) -> Reason | None:
    pushing = _pushing(channel)
    bad = [each for each in pushing if _fail([each])]
    whole = _fail(pushing or _now(channel))
    if len(bad) == 1 and len(pushing) > 1 and not _fail(each for each in pushing if each is not bad[0]):
        failed, attempted = bad[0]["failed"], bad[0]["attempted"]
        clause = f"{failed} of {attempted} pushes of 1 of {len(pushing)} initiators failed in the last minute"
        numbers = {"failed": failed, "attempted": attempted, "initiators": 1, "of": len(pushing)}
        return Reason(DEGRADED, "PUSHES_FAIL", clause, numbers, "lone")
    if not whole:
        return None
    failed, attempted = whole
    clause = f"{failed} of {attempted} pushes of the last minute failed"
    return Reason(DEGRADED, "PUSHES_FAIL", clause, {"failed": failed, "attempted": attempted})


def _limit_ms(channel: Channel) -> float:
    """Over it deliveries are slow."""
    return SLOW_SMALL_MS if audience_of(channel) < LARGE else SLOW_LARGE_MS


def slow_network(channel: Channel) -> Reason | None:
    """Deliveries or several nodes are slow, and the network is what takes the time."""
    p95_ms, round_trip_ms = _judged_p95_ms(channel) or 0.0, _round_trip_ms(channel) or 0.0
    numbers = {"p95_ms": round(p95_ms), "round_trip_ms": round(round_trip_ms)}
    reached = [each for each in listed(channel) if each["reached"] == "directly"]
    slow, of = sum(1 for each in reached if each["slow"]), len(reached)
    if round_trip_ms > SLOW_NETWORK_MS or (p95_ms > _limit_ms(channel) and 2 * round_trip_ms >= p95_ms):
        kind, clause = "way", f"the network is slow, a round trip takes {round_trip_ms:.0f} ms"
    elif p95_ms > _limit_ms(channel) and blamed_part(channel) == "network":
        kind = "part"
        clause = f"the network is slow, it takes most of the time of deliveries, p95 {p95_ms:.0f} ms"
    elif slow >= SEVERAL and 2 * slow > of:
        kind = "subscribers"
        clause = f"the network is slow, {slow} of {of} subscribers that are reached answer slowly"
        numbers |= {"slow": slow, "of": of}
    else:
        return None
    return Reason(DEGRADED, "NETWORK_SLOW", clause, numbers, kind)


def slow_deliveries(channel: Channel) -> Reason | None:
    """Deliveries are slow, and it is not the network."""
    p95_ms = _judged_p95_ms(channel) or 0.0
    if p95_ms <= _limit_ms(channel) or slow_network(channel):
        return None
    numbers = {"p95_ms": round(p95_ms), "round_trip_ms": round(_round_trip_ms(channel) or 0.0)}
    part = blamed_part(channel)
    clause = f"deliveries are slow, p95 {p95_ms:.0f} ms{PART_WORDS.get(part, '')}"
    return Reason(DEGRADED, "DELIVERY_SLOW", clause, numbers, part if part in PART_WORDS else "")


def blamed_part(channel: Channel) -> str:
    """What takes most of the time at most of the initiators that deliver slowly; empty when nothing does.

    A request that was sent again is the network's doing, too.
    """
    found = Counter[str]()
    slow = [x for x in _pushing(channel) if x["p95_ms"] is not None and x["p95_ms"] > _limit_ms(channel)]
    for each in slow:
        parts = dict(each.get("parts", {}))
        parts["network"] = parts.get("network", 0.0) + parts.pop("retry", 0.0)
        part, ms = max(parts.items(), key=lambda item: item[1])
        found[part] += 2 * ms > sum(parts.values())
    part, votes = max(found.items(), key=lambda item: item[1], default=("", 0))
    return part if 2 * votes > len(slow) else ""


def slow_one(channel: Channel) -> Reason | None:
    """One initiator alone delivers slowly; the network before it may be what takes the time."""
    limit_ms, p95s_ms = _limit_ms(channel), _p95s_ms(channel)
    if len(p95s_ms) < 2 or p95s_ms[0] <= limit_ms or p95s_ms[1] > limit_ms:
        return None
    p95_ms, of = p95s_ms[0], len(channel["initiators"])
    numbers = {"p95_ms": round(p95_ms), "initiators": 1, "of": of}
    if blamed_part(channel) == "network":
        if slow_network(channel):
            return None  # it is slow everywhere
        clause = f"the network is slow before 1 of {of} initiators, p95 {p95_ms:.0f} ms"
        return Reason(DEGRADED, "NETWORK_SLOW", clause, numbers, "lone")
    clause = f"deliveries of 1 of {of} initiators are slow, p95 {p95_ms:.0f} ms"
    return Reason(DEGRADED, "DELIVERY_SLOW", clause, numbers, "lone")
