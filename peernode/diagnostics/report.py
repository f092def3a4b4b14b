"""``failure_report``: what became of one message, by every try to bring it to somebody.

It names each peer with the ways that were tried, where it failed and how often, the likeliest cause and what
to do. Pure: it judges what several nodes have recorded, and asks nobody.

Invariants: every try stands in exactly one path; a peer counts as reached when one way to it went well; the
cause is a code of the catalogue, or nothing when nothing failed for good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from peernode.diagnostics.codes import error_info
from peernode.diagnostics.records import OK

SENTENCES = {
    "reached": "It was brought to all {total} nodes for which a try is on record.",
    "detour": "It was brought to all {total} nodes for which a try is on record, "
    "to {failed} of them after tries in vain.",
    "partly": "It was brought to {reached} of {total} nodes for which a try is on record; "
    "the others may have fetched it by themselves since.",
    "unreached": "It was brought to none of {total} nodes for which a try is on record; "
    "they may have fetched it by themselves since.",
    "untried": "No try to bring it to anybody is on record.",
}
"""By what became of it."""

SILENCE = " {silent} of {asked} nodes did not answer, so there may be more."

REFUSALS = {
    "STORE_FULL": "CHANNEL_FULL",
    "OVER_QUOTA": "AUTHOR_QUOTA",
    "INVALID": "SIGNATURE_INVALID",
    "RATE_LIMITED": "RATE_LIMITED",
}
"""Why an initiator did not take a message -> the code under which a person can read about it."""

PARAMS = {"RATE_LIMITED": {"retry_after": 1}}
"""What the texts of a code need: the wait that was named is not on record, and it is seldom longer."""


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
    def stores(self) -> bool:
        """Whether it was asked to store it."""
        return any(way["method"] == "publish" for way in self.ways)

    @property
    def failures(self) -> list[dict[str, Any]]:
        """Those that did not."""
        return [way for way in self.ways if way["outcome"] != OK]


def failure_report(nodes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """JSON-able; ``nodes``: of each its ``id`` and its ``attempts``, as a message's trace has them."""
    paths: dict[str, _Path] = {}
    asked = list(nodes)
    tries = [{**attempt, "by": node["id"]} for node in asked for attempt in node["attempts"]]
    for way in sorted(tries, key=lambda way: way["at_ms"]):
        peer = way.pop("peer")
        paths.setdefault(peer, _Path(peer)).ways.append(way)
    lost = [path for path in paths.values() if not path.reached]
    outcome = _outcome(list(paths.values()), lost)
    counts = {
        "total": len(paths),
        "reached": len(paths) - len(lost),
        "failed": sum(1 for path in paths.values() if path.reached and path.failures),
        "silent": sum(1 for node in asked if node["outcome"] not in (OK, "missing")),
        "asked": len(asked),
    }
    sentence = SENTENCES[outcome] + (SILENCE if counts["silent"] else "")
    return {
        "outcome": outcome,
        "sentence": sentence.format(**counts),
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
    """The likeliest reason why somebody was not reached; None when everybody was.

    To store it initiators are asked, to have it read subscribers: the first decides whether it is safe. Of
    each the last word counts, not one of the many before it.
    """
    if not lost:
        return None
    stores = [path for path in paths if path.stores]
    refused = [path for path in stores if not path.reached]
    if not refused:
        return asdict(error_info("SUBSCRIBER_SILENT"))
    words = Counter(REFUSALS.get(path.ways[-1]["outcome"], "") for path in refused)
    code, _ = max(words.items(), key=lambda item: item[1])
    if 2 * len(refused) >= len(stores):  # what is left is no quorum
        return asdict(error_info(code or "NO_QUORUM", **PARAMS.get(code, {})))
    return asdict(error_info(code or "INITIATOR_SILENT", **PARAMS.get(code, {})))
