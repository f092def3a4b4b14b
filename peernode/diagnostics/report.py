"""``failure_report``: what became of one message, by every try to bring it to somebody.

It names each peer with the ways that were tried, where it failed and how often, the likeliest cause and what
to do. Pure: it judges what several nodes have recorded, and asks nobody.

Invariants: every try stands in exactly one path; a peer counts as reached when one way to it went well; the
cause is a code of the catalogue, or nothing when nothing failed for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from peernode.diagnostics.codes import error_info
from peernode.diagnostics.records import OK

SENTENCES = {
    "reached": "All {total} peers that it was to be brought to have it.",
    "detour": "All {total} peers that it was to be brought to have it, {failed} of them after tries in vain.",
    "partly": "{reached} of {total} peers that it was to be brought to have it.",
    "unreached": "None of {total} peers that it was to be brought to could be reached.",
    "untried": "No try to bring it to anybody is on record here.",
}
"""By what became of it."""

REFUSALS = {
    "RATE_LIMITED": "RATE_LIMITED",
    "STORE_FULL": "CHANNEL_FULL",
    "OVER_QUOTA": "AUTHOR_QUOTA",
    "NOT_YET": "CLOCK_SKEW",
    "INVALID": "SIGNATURE_INVALID",
    "NOT_SUBSCRIBED": "NOT_A_MEMBER",
}
"""A refusal's status -> the code under which a person can read about it."""


@dataclass(slots=True)
class _Path:
    """All tries to bring the message to one peer."""

    peer: str
    ways: list[dict[str, Any]] = field(default_factory=list)

    @property
    def reached(self) -> bool:
        """Whether one of them went well."""
        return any(way["outcome"] == OK for way in self.ways)

    @property
    def failures(self) -> list[dict[str, Any]]:
        """Those that did not."""
        return [way for way in self.ways if way["outcome"] != OK]


def failure_report(nodes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """JSON-able; ``nodes``: of each its ``id`` and its ``attempts``, as a message's trace has them."""
    paths: dict[str, _Path] = {}
    tries = [{**attempt, "by": node["id"]} for node in nodes for attempt in node["attempts"]]
    for way in sorted(tries, key=lambda way: way["at_ms"]):
        peer = way.pop("peer")
        paths.setdefault(peer, _Path(peer)).ways.append(way)
    lost = [path for path in paths.values() if not path.reached]
    outcome = _outcome(list(paths.values()), lost)
    counts = {
        "total": len(paths),
        "reached": len(paths) - len(lost),
        "failed": sum(1 for path in paths.values() if path.reached and path.failures),
    }
    return {
        "outcome": outcome,
        "sentence": SENTENCES[outcome].format(**counts),
        **counts,
        "cause": _cause(list(paths.values()), lost),
        "paths": [{"peer": path.peer, "reached": path.reached, "ways": path.ways} for path in paths.values()],
        "failure_points": [point for path in paths.values() for point in _points(path)],
    }


def _outcome(paths: list[_Path], lost: list[_Path]) -> str:
    if not paths:
        return "untried"
    if lost:
        return "unreached" if len(lost) == len(paths) else "partly"
    return "detour" if any(path.failures for path in paths) else "reached"


def _points(path: _Path) -> list[dict[str, Any]]:
    """Where tries to one peer failed: from which node, which way, why, how often and for how long."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for way in path.failures:
        key = (way["by"], way["method"], way["outcome"])
        point = found.setdefault(
            key,
            {
                "peer": path.peer,
                "by": way["by"],
                "method": way["method"],
                "outcome": way["outcome"],
                "times": 0,
                "first_ms": way["at_ms"],
                "last_ms": way["at_ms"],
                "reached_otherwise": path.reached,
            },
        )
        point["times"] += 1
        point["last_ms"] = way["at_ms"]
    return list(found.values())


def _cause(paths: list[_Path], lost: list[_Path]) -> dict[str, Any] | None:
    """The likeliest reason why somebody does not have it; None when everybody has."""
    if not lost:
        return None
    outcomes = [way["outcome"] for path in lost for way in path.failures]
    refusal = next((REFUSALS[outcome] for outcome in outcomes if outcome in REFUSALS), None)
    if refusal is not None:
        return asdict(error_info(refusal))
    published = [path for path in lost if any(way["method"] == "publish" for way in path.ways)]
    if published and len(published) * 2 > sum(_published(path) for path in paths):
        return asdict(error_info("NO_QUORUM"))
    return asdict(error_info("SUBSCRIBER_SILENT"))


def _published(path: _Path) -> bool:
    return any(way["method"] == "publish" for way in path.ways)
