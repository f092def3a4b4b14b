"""The verdict of the host: the worst of its parts, and which part that is.

Channels bring their own verdicts; a channel counts for the host as degraded at most, because a channel whose
nodes are elsewhere can be down while this server is well, unless all of them are down. Nothing is called
healthy that has not been looked at: until every channel has been, the host is ``unknown`` at best. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

HEALTHY, DEGRADED, DOWN, UNKNOWN = "healthy", "degraded", "down", "unknown"
STATES = (HEALTHY, DEGRADED, DOWN, UNKNOWN)
SEVERITY = {DOWN: 0, DEGRADED: 1, HEALTHY: 2}

Verdict = dict[str, Any]


def worst_first(channels: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Channels by their verdicts, then by name."""
    return sorted(channels, key=lambda each: (SEVERITY[each["verdict"]["state"]], each["channel"]))


def of_host(
    node_state: str, store_ok: bool, canary: str, states: list[str], unseen: int = 0, unknown: int = 0
) -> Verdict:
    """``state``, and ``cause``: the part that decided it, which the page has the words for.

    ``states``: of the channels that were looked at; ``unseen``: how many were not yet.
    ``unknown``: how many addresses to start from have a name that nobody knows.
    """
    down = states.count(DOWN)
    troubled = len(states) - states.count(HEALTHY)
    counts = {"channels": len(states) + unseen, "seen": len(states), "troubled": troubled}
    if not store_ok:
        return {"state": DOWN, "cause": "store", **counts}
    if node_state == "offline":
        return {"state": DOWN, "cause": "node", **counts}
    if states and down == len(states) and not unseen:
        return {"state": DOWN, "cause": "channels", **counts}
    if canary == "failed":
        return {"state": DEGRADED, "cause": "canary", **counts}
    if node_state != "online":
        return {"state": DEGRADED, "cause": "node", **counts}
    if troubled:
        return {"state": DEGRADED, "cause": "channels", **counts}
    if unknown:
        return {"state": DEGRADED, "cause": "names", **counts}
    if unseen:
        return {"state": UNKNOWN, "cause": "looking", **counts}
    return {"state": HEALTHY, "cause": "", **counts}
