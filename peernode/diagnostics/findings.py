"""What can be wrong with a channel, one check for each kind of damage, the most telling first.

Pure: each takes what ``ChannelDiagnostics`` has put together and gives a ``Reason`` if it finds its damage.
Invariants: more damage never takes a reason away without a worse one instead; every number in a clause is a
count or a time that the data hold; every code is in the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from peernode.diagnostics.pushfindings import failing, p95_of, slow_deliveries, slow_network, slow_one
from peernode.diagnostics.reasons import (
    ABOUT_INITIATORS,
    DEGRADED,
    DOWN,
    Channel,
    Reason,
    audience_of,
    be,
    count_answering,
    count_reached,
    have,
    listed,
    many,
    verb,
)

# -- the numbers -----------------------------------------------------------------------------


def counts(channel: Channel, told: Collection[str] = (), timed: bool = False) -> list[str]:
    """The end of a sentence: who answers, who is reached, how fast; ``told``: codes that have said it.

    ``timed``: a reason before it names a time of some pushes; that of all beside it would contradict it.
    """
    answering, of = count_answering(channel)
    audience = audience_of(channel)
    clauses = []
    if not ABOUT_INITIATORS.intersection(told):
        clauses.append(f"{answering} of {many(of, 'initiator')} {verb(of, 'answer')}")
    if audience and "SUBSCRIBER_UNREACHABLE" not in told:
        untested = count_reached(channel, "untested")
        reached = audience - untested - count_reached(channel, "no")
        waiting = f" ({untested} not tested yet)" if untested else ""
        clauses.append(f"{reached} of {many(audience, 'subscriber')} {be(audience)} reached{waiting}")
    p95_ms = p95_of(channel)
    if p95_ms is None or timed:
        return clauses
    return [*clauses[:-1], ", ".join([*clauses[-1:], f"p95 {p95_ms:.0f} ms"])]


# -- the checks, the most telling first --------------------------------------------------------


def _no_network(channel: Channel) -> Reason | None:
    """This node reaches nobody: what it says of the others is what it can't see."""
    _, of = count_answering(channel)
    silent = [each for each in channel["initiators"] if not each["own"] and not each["answers"]]
    others = [each for each in channel["initiators"] if not each["own"]]
    if not channel.get("online", True) and len(silent) == len(others) and (others or not of):
        return Reason(DOWN, "NO_BOOTSTRAP", "this node reaches no other node", {"of": of})
    return None


def _initiators(channel: Channel) -> Reason | None:
    answering, of = count_answering(channel)
    unheard = sum(1 for each in channel["initiators"] if each.get("unheard") and not each["answers"])
    silent = of - answering - unheard
    numbers = {"silent": silent, "of": of}
    if silent == of:
        clause = f"none of {many(of, 'initiator')} answers" if of else "no initiator is known"
        return Reason(DOWN, "NO_INITIATOR", clause, numbers, "" if of else "none")
    if 2 * silent >= of:
        clause = f"{silent} of {of} initiators are silent, too many to confirm a message"
        return Reason(DOWN, "INITIATORS_TOO_FEW", clause, numbers)
    if silent:
        clause = f"{silent} of {of} initiators {be(silent)} silent"
        return Reason(DEGRADED, "INITIATOR_SILENT", clause, numbers)
    if unheard:
        clause = f"{unheard} of {many(of, 'initiator')} {have(unheard)} not answered yet"
        return Reason(DEGRADED, "INITIATOR_UNHEARD", clause, {"unheard": unheard, "of": of})
    return None


def _stores(channel: Channel) -> Reason | None:
    """Initiators that have refused messages for want of room; with the silent ones they may be too many."""
    initiators = channel["initiators"]
    answering = [each for each in initiators if each["answers"] or each.get("unheard")]
    full, of = sum(1 for each in answering if each.get("full")), len(initiators)
    if not full:
        return None
    clause = f"{full} of {many(of, 'initiator')} {verb(full, 'refuse')} messages for want of room"
    numbers = {"full": full, "of": of}
    if 2 * (full + of - len(answering)) >= of:
        return Reason(DOWN, "STORES_FULL", f"{clause}, too many to confirm one", numbers, "toomany")
    return Reason(DEGRADED, "STORES_FULL", clause, numbers)


def _unreached(channel: Channel) -> Reason | None:
    unreached, of = count_reached(channel, "no"), audience_of(channel)
    if not unreached:
        return None
    state = DOWN if unreached == of else DEGRADED
    clause = f"{unreached} of {many(of, 'subscriber')} can't be reached"
    return Reason(state, "SUBSCRIBER_UNREACHABLE", clause, {"unreached": unreached, "of": of})


def _copies(channel: Channel) -> Reason | None:
    under, of = channel["replication"]["under"], channel["replication"]["of"]
    if not under:
        return None
    clause = f"about {many(under, 'message')} {be(under)} stored on fewer than {of} nodes"
    return Reason(DEGRADED, "UNDER_REPLICATED", clause, {"under": under, "of": of})


def _logs(channel: Channel) -> Reason | None:
    """Logs of equal count and different content, which should have become equal long ago."""
    apart = channel["replication"].get("apart", 0)
    if not apart:
        return None
    clause = (
        f"{many(apart, 'initiator')} {verb(apart, 'hold')} as many messages as the others, but other ones"
    )
    return Reason(DEGRADED, "LOGS_DIFFER", clause, {"apart": apart})


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
    clause = f"{of - agree} of {many(of, 'initiator')} {verb(of - agree, 'name')} other nodes than we do"
    numbers = {"agree": agree, "differ": of - agree, "of": of}
    return Reason(DEGRADED, "INITIATORS_DISAGREE", clause, numbers)


def _relayed(channel: Channel) -> Reason | None:
    relayed = count_reached(channel, "relay")
    if not relayed:
        return None
    clause = f"{many(relayed, 'subscriber')} {be(relayed)} reached only through another node"
    return Reason(DEGRADED, "SUBSCRIBER_BY_RELAY", clause, {"relayed": relayed})


def _paths(channel: Channel) -> Reason | None:
    """Paths that fail while another initiator reaches the subscriber."""
    count = sum(1 for x in listed(channel) if x["reached"] == "directly" and x["broken"] > 0)
    if not count:
        return None
    clause = f"{many(count, 'subscriber')} {be(count)} not reached by every initiator"
    return Reason(DEGRADED, "PATH_BROKEN", clause, {"subscribers": count})


def _slow_ones(channel: Channel) -> Reason | None:
    count = sum(1 for each in listed(channel) if each["slow"])
    if not count:
        return None
    clause = f"{many(count, 'subscriber')} {verb(count, 'answer')} slowly"
    return Reason(DEGRADED, "SUBSCRIBER_SLOW", clause, {"slow": count})


def _unlisted(channel: Channel) -> Reason | None:
    """Subscribers that most of those who answer don't know."""
    count = sum(1 for each in channel["subscribers"] if 2 * each["listed_by"] < each["of"])
    if not count:
        return None
    clause = f"{many(count, 'subscriber')} {be(count)} unknown to most initiators"
    return Reason(DEGRADED, "SUBSCRIBER_UNLISTED", clause, {"unlisted": count})


def _doubted(channel: Channel) -> Reason | None:
    """Initiators whose numbers the others contradict; they count for nothing else."""
    count = sum(1 for each in channel["initiators"] if each.get("doubted"))
    if not count:
        return None
    of = len(channel["initiators"])
    clause = f"the others contradict the numbers of {count} of {of} initiators"
    return Reason(DEGRADED, "INITIATOR_DOUBTED", clause, {"doubted": count, "of": of})


def _joins(channel: Channel) -> Reason | None:
    hanging = channel["joins"]["failed"]  # of all, not of the few that are shown one by one
    if not hanging:
        return None
    return Reason(
        DEGRADED, "JOIN_HANGS", f"{many(hanging, 'join')} {verb(hanging, 'hang')}", {"joins": hanging}
    )


Check = Callable[[Channel], Reason | None]

OWN_CHECKS: tuple[Check, ...] = (_initiators, _coordinator, _alone)
"""Those that need no word of others: who answers, and whether it is certain who stores the channel."""

CHECKS: tuple[Check, ...] = (
    _no_network,
    _initiators,
    _stores,
    slow_network,
    _unreached,
    _copies,
    _logs,
    _coordinator,
    _disagreement,
    _relayed,
    _paths,
    failing,
    slow_deliveries,
    slow_one,
    _slow_ones,
    _doubted,
    _unlisted,
    _joins,
    _alone,
)
