"""What can be wrong with a channel, one check for each kind of damage, the most telling first.

Pure: each takes what ``ChannelDiagnostics`` has put together and gives a ``Reason`` if it finds its damage.
Invariants: more damage never takes a reason away without a worse one instead; every number in a clause is a
count or a time that the data hold; every code is in the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

HEALTHY, DEGRADED, DOWN = STATES = ("healthy", "degraded", "down")
"""From best to worst."""

SLOW_SMALL_MS = 500.0
SLOW_LARGE_MS = 2_000.0
"""Deliveries are slow over this: what is promised to a channel of fewer than ``LARGE`` subscribers, and to
others."""

LARGE = 10
"""Subscribers."""

SLOW_NETWORK_MS = 400.0
"""A round trip to an initiator, the median over those that answer; over it the network is slow."""

FAILED_SHARE_MAX = 0.1
"""Pushes that fail, of all; over it something is wrong, though they get through another way."""

PUSHES_MIN = 10
"""Of fewer pushes the share that fails says nothing."""

RECENT_SLOTS = 6
"""Slots of the series that count as now: a minute. What went wrong before is history, not health."""

ABOUT_INITIATORS = frozenset(("NO_INITIATOR", "INITIATORS_TOO_FEW", "INITIATOR_SILENT", "INITIATOR_UNHEARD"))
"""Codes whose clause says how many initiators answer."""

Channel = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong: how bad, its code, a clause of a sentence, and its numbers."""

    state: str
    code: str
    clause: str
    numbers: Mapping[str, int] = field(default_factory=dict)


# -- the numbers -----------------------------------------------------------------------------


def _answering(channel: Channel) -> tuple[int, int]:
    initiators = channel["initiators"]
    return sum(1 for each in initiators if each["answers"]), len(initiators)


def _reached(channel: Channel, *how: str) -> int:
    return sum(1 for each in channel["subscribers"] if each["reached"] in how)


def _audience(channel: Channel) -> int:
    """How many subscribers there are; of a large channel only those with a trouble are listed."""
    listed = len(channel["subscribers"])
    return max(listed, int(channel.get("audience", listed)))


def _now(channel: Channel) -> list[Mapping[str, Any]]:
    return list(channel["series"])[-RECENT_SLOTS:]


def _p95_ms(channel: Channel) -> float | None:
    """The worst p95 of the last minute's slots."""
    return max((slot["p95_ms"] for slot in _now(channel) if slot["p95_ms"] is not None), default=None)


def _round_trip_ms(channel: Channel) -> float | None:
    """The median over the other initiators that answer."""
    found = [each["rtt_ms"] for each in channel["initiators"] if each["answers"] and not each["own"]]
    known = [rtt_ms for rtt_ms in found if rtt_ms is not None]
    return median(known) if known else None


def counts(channel: Channel, told: Collection[str] = ()) -> list[str]:
    """The end of a sentence: who answers, who is reached, how fast; ``told``: codes that have said it."""
    answering, of = _answering(channel)
    audience = _audience(channel)
    clauses = []
    if not ABOUT_INITIATORS.intersection(told):
        clauses.append(f"{answering} of {_many(of, 'initiator')} {_verb(of, 'answer')}")
    if audience and "SUBSCRIBER_UNREACHABLE" not in told:
        untested = _reached(channel, "untested")
        reached = audience - untested - _reached(channel, "no")
        waiting = f" ({untested} not tested yet)" if untested else ""
        clauses.append(f"{reached} of {_many(audience, 'subscriber')} {_be(audience)} reached{waiting}")
    p95_ms = _p95_ms(channel)
    if p95_ms is None:
        return clauses
    return [*clauses[:-1], ", ".join([*clauses[-1:], f"p95 {p95_ms:.0f} ms"])]


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _verb(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


# -- the checks, the most telling first --------------------------------------------------------


def _no_network(channel: Channel) -> Reason | None:
    """This node reaches nobody: what it says of the others is what it can't see."""
    _, of = _answering(channel)
    silent = [each for each in channel["initiators"] if not each["own"] and not each["answers"]]
    others = [each for each in channel["initiators"] if not each["own"]]
    if not channel.get("online", True) and len(silent) == len(others) and (others or not of):
        return Reason(DOWN, "NO_BOOTSTRAP", "this node reaches no other node", {"of": of})
    return None


def _initiators(channel: Channel) -> Reason | None:
    answering, of = _answering(channel)
    unheard = sum(1 for each in channel["initiators"] if each.get("unheard") and not each["answers"])
    silent = of - answering - unheard
    numbers = {"silent": silent, "of": of}
    if silent == of:
        clause = f"none of {_many(of, 'initiator')} answers" if of else "no initiator is known"
        return Reason(DOWN, "NO_INITIATOR", clause, numbers)
    if 2 * silent >= of:
        clause = f"{silent} of {of} initiators are silent, too many to confirm a message"
        return Reason(DOWN, "INITIATORS_TOO_FEW", clause, numbers)
    if silent:
        clause = f"{silent} of {of} initiators {_be(silent)} silent"
        return Reason(DEGRADED, "INITIATOR_SILENT", clause, numbers)
    if unheard:
        clause = f"{unheard} of {_many(of, 'initiator')} {_have(unheard)} not answered yet"
        return Reason(DEGRADED, "INITIATOR_UNHEARD", clause, {"unheard": unheard, "of": of})
    return None


def _unreached(channel: Channel) -> Reason | None:
    unreached, of = _reached(channel, "no"), _audience(channel)
    if not unreached:
        return None
    state = DOWN if unreached == of else DEGRADED
    clause = f"{unreached} of {_many(of, 'subscriber')} can't be reached"
    return Reason(state, "SUBSCRIBER_UNREACHABLE", clause, {"unreached": unreached, "of": of})


def _copies(channel: Channel) -> Reason | None:
    under, of = channel["replication"]["under"], channel["replication"]["of"]
    if not under:
        return None
    clause = f"about {_many(under, 'message')} {_be(under)} stored on fewer than {of} nodes"
    return Reason(DEGRADED, "UNDER_REPLICATED", clause, {"under": under, "of": of})


def _alone(channel: Channel) -> Reason | None:
    if len(channel["initiators"]) != 1:
        return None
    return Reason(DEGRADED, "ONE_COPY", "only one node stores this channel", {"of": 1})


def _coordinator(channel: Channel) -> Reason | None:
    if channel["coordinator"]["state"] == "ACTIVE":
        return None
    return Reason(DEGRADED, "COORDINATOR_LOST", "who stores the channel is being looked up anew")


def _disagreement(channel: Channel) -> Reason | None:
    agree, of = channel["coordinator"]["agree"], channel["coordinator"]["of"]
    if 2 * agree > of or not of:
        return None
    clause = f"{of - agree} of {_many(of, 'initiator')} {_verb(of - agree, 'name')} other nodes than we do"
    return Reason(DEGRADED, "INITIATORS_DISAGREE", clause, {"agree": agree, "of": of})


def _relayed(channel: Channel) -> Reason | None:
    relayed = _reached(channel, "relay")
    if not relayed:
        return None
    clause = f"{_many(relayed, 'subscriber')} {_be(relayed)} reached only through another node"
    return Reason(DEGRADED, "SUBSCRIBER_BY_RELAY", clause, {"relayed": relayed})


def _paths(channel: Channel) -> Reason | None:
    """Paths that fail while another initiator reaches the subscriber."""
    count = sum(1 for each in channel["subscribers"] if each["reached"] == "directly" and each["broken"] > 0)
    if not count:
        return None
    clause = f"{_many(count, 'subscriber')} {_be(count)} not reached by every initiator"
    return Reason(DEGRADED, "PATH_BROKEN", clause, {"subscribers": count})


def _failing(channel: Channel) -> Reason | None:
    attempted = sum(slot["attempted"] for slot in _now(channel))
    failed = sum(slot["failed"] for slot in _now(channel))
    if attempted < PUSHES_MIN or failed <= FAILED_SHARE_MAX * attempted:
        return None
    clause = f"{failed} of {attempted} pushes of the last minute failed"
    return Reason(DEGRADED, "PUSHES_FAIL", clause, {"failed": failed, "attempted": attempted})


def _slow(channel: Channel) -> Reason | None:
    """Slow deliveries, and whether the network is what takes the time."""
    limit_ms = SLOW_SMALL_MS if _audience(channel) < LARGE else SLOW_LARGE_MS
    p95_ms, round_trip_ms = _p95_ms(channel) or 0.0, _round_trip_ms(channel) or 0.0
    if p95_ms <= limit_ms and round_trip_ms <= SLOW_NETWORK_MS:
        return None
    numbers = {"p95_ms": round(p95_ms), "round_trip_ms": round(round_trip_ms)}
    if round_trip_ms > SLOW_NETWORK_MS or 2 * round_trip_ms >= p95_ms:
        clause = f"the network is slow, a round trip takes {round_trip_ms:.0f} ms"
        return Reason(DEGRADED, "NETWORK_SLOW", clause, numbers)
    return Reason(DEGRADED, "DELIVERY_SLOW", f"deliveries are slow, p95 {p95_ms:.0f} ms", numbers)


def _slow_ones(channel: Channel) -> Reason | None:
    count = sum(1 for each in channel["subscribers"] if each["slow"])
    if not count:
        return None
    clause = f"{_many(count, 'subscriber')} {_verb(count, 'answer')} slowly"
    return Reason(DEGRADED, "SUBSCRIBER_SLOW", clause, {"slow": count})


def _unlisted(channel: Channel) -> Reason | None:
    """Subscribers that most of those who answer don't know."""
    count = sum(1 for each in channel["subscribers"] if 2 * each["listed_by"] < each["of"])
    if not count:
        return None
    clause = f"{_many(count, 'subscriber')} {_be(count)} unknown to most initiators"
    return Reason(DEGRADED, "SUBSCRIBER_UNLISTED", clause, {"unlisted": count})


def _joins(channel: Channel) -> Reason | None:
    hanging = sum(1 for each in channel["joins"]["recent"] if each["outcome"] == "delayed")
    if not hanging:
        return None
    return Reason(
        DEGRADED, "JOIN_HANGS", f"{_many(hanging, 'join')} {_verb(hanging, 'hang')}", {"joins": hanging}
    )


CHECKS: tuple[Callable[[Channel], Reason | None], ...] = (
    _no_network,
    _initiators,
    _unreached,
    _copies,
    _coordinator,
    _disagreement,
    _relayed,
    _paths,
    _failing,
    _slow,
    _slow_ones,
    _unlisted,
    _joins,
    _alone,
)
