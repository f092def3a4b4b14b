"""The verdict of the host: the worst of its parts, and which part that is.

Channels bring their own verdicts; a channel counts for the host as degraded at most, because a channel whose
nodes are elsewhere can be down while this server is well, unless all of them are down. Nothing is called
healthy that has not been looked at: until every channel has been, the host is ``unknown`` at best, and
``degraded`` when looks at one have failed so often that there will be no picture by waiting. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

HEALTHY, DEGRADED, DOWN, UNKNOWN = "healthy", "degraded", "down", "unknown"
STATES = (HEALTHY, DEGRADED, DOWN, UNKNOWN)
SEVERITY = {DOWN: 0, DEGRADED: 1, HEALTHY: 2}

CODES = {
    (DOWN, "store"): "STORE_FULL",
    (DEGRADED, "store"): "DISK_LOW",
    (DOWN, "node"): "NO_BOOTSTRAP",
    (DEGRADED, "node"): "NO_BOOTSTRAP",
    (DEGRADED, "unseen"): "CHANNEL_UNSEEN",
    (DEGRADED, "names"): "ADDRESS_UNKNOWN",
}
"""What is told of a state and its cause; the canary and the channels bring codes of their own."""

Verdict = dict[str, Any]


def worst_first(channels: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Channels by their verdicts, then by name."""
    return sorted(channels, key=lambda each: (SEVERITY[each["verdict"]["state"]], each["channel"]))


def of_host(
    node_state: str,
    store_ok: bool,
    canary: str,
    states: list[str],
    unseen: int = 0,
    unknown: int = 0,
    *,
    failed: int = 0,
    disk_low: bool = False,
) -> Verdict:
    """``state``, and ``cause``: the part that decided it, which the page has the words for.

    ``states``: of the channels that were looked at; ``unseen``: how many were not yet; ``failed``: how many
    can't be. ``unknown``: how many addresses to start from have a name that nobody knows.
    """
    down = states.count(DOWN)
    troubled = len(states) - states.count(HEALTHY)
    all_down = down == len(states) > 0 and not unseen and not failed
    findings = (
        (not store_ok, DOWN, "store"),
        (node_state == "offline", DOWN, "node"),
        (all_down, DOWN, "channels"),
        (canary == "failed", DEGRADED, "canary"),
        (node_state != "online", DEGRADED, "node"),
        (troubled > 0, DEGRADED, "channels"),
        (failed > 0, DEGRADED, "unseen"),
        (disk_low, DEGRADED, "store"),  # may be so for ever, and must not hide what has begun since
        (unknown > 0, DEGRADED, "names"),
        (unseen > 0, UNKNOWN, "looking"),
    )
    state, cause = next(((state, cause) for holds, state, cause in findings if holds), (HEALTHY, ""))
    counts = {"channels": len(states) + unseen + failed, "seen": len(states)}
    return {"state": state, "cause": cause, **counts, "troubled": troubled, "failed": failed}
