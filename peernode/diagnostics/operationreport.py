"""``operation_report``: what became of one operation about no message: a join, renewal, repair, recovery.

From the records that one node kept under the operation's trace: its attempts, each peer with the ways that
were tried, where it failed and how often, the likeliest cause and what to do. Pure: asks nobody.

Invariants: a peer counts as reached when one way to it went well; the cause is a code of the catalogue, or
nothing when it went well; an operation that goes on is told as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from peernode.diagnostics.codes import CATALOGUE, error_info
from peernode.diagnostics.collector import GIVEN_UP
from peernode.diagnostics.records import OK, Record

WHOLE = ("join", "renewal", "repair", "reach.repair", "recovery", "handoff.take", "handoff.give")
"""Operations that are reported on; the others are parts of them."""

PASSES = ("join.attempt", "recovery.attempt")

WITHOUT = "silent or refused"
"""How a way failed where the operation went well: a record names who agreed, not why others did not."""

CAUSES = {
    "missing": "UNDER_REPLICATED",
    "UNREACHABLE": "SUBSCRIBER_UNREACHABLE",
    "RpcTimeout": "INITIATOR_SILENT",
    "could_not_ask": "NO_INITIATOR",
}
"""Why an operation failed -> the code under which a person can read about it, where it is no code itself."""

SENTENCES = {
    OK: "It went well after {attempts} {tries}.",
    "failed": "It failed after {attempts} {tries}; {silent} of {asked} nodes refused or did not answer.",
    "running": "It goes on after {attempts} {tries}; {silent} of {asked} nodes refused or did not answer.",
    "given_up": "It was given up before it came to an end.",
}


def operation_report(records: Iterable[Record]) -> dict[str, Any] | None:
    """JSON-able; ``records``: all of one trace, in the order in which they ended. None: of no operation."""
    kept = [one for one in records if not one.operation.startswith("attempt.")]
    whole = next((one for one in reversed(kept) if one.operation in WHOLE), None)
    passes = [one for one in kept if one.operation in PASSES]
    first = whole or (passes[0] if passes else None)
    if first is None:
        return None
    name = whole.operation if whole else first.operation.partition(".")[0]
    outcome = _outcome(whole)
    paths = _paths([one for one in kept if one.operation not in (*WHOLE, *PASSES)] or [first])
    attempts = passes or [first]
    counts = {
        "attempts": len(attempts),
        "tries": "try" if len(attempts) == 1 else "tries",
        "asked": len(paths),
        "silent": sum(1 for path in paths.values() if not _reached(path)),
    }
    return {
        "trace": first.trace,
        "operation": name,
        "subject": first.subject,
        "outcome": outcome,
        "elapsed_ms": whole.elapsed_ms if whole else sum(one.elapsed_ms for one in passes),
        "sentence": SENTENCES[outcome].format(**counts),
        "attempts": [_attempt(number, one) for number, one in enumerate(attempts, 1)],
        "paths": [{"peer": peer, "reached": _reached(ways), "ways": ways} for peer, ways in paths.items()],
        "failure_points": [point for peer, ways in paths.items() for point in _points(peer, ways)],
        "cause": None if outcome in (OK, "given_up") else _cause(kept),
    }


def _outcome(whole: Record | None) -> str:
    if whole is None:
        return "running"
    if whole.outcome in GIVEN_UP:
        return "given_up"
    return OK if whole.outcome == OK else "failed"


def _began_ms(one: Record) -> int:
    return one.wall_ms - round(one.elapsed_ms)


def _attempt(number: int, one: Record) -> dict[str, Any]:
    told = {"number": number, "at_ms": _began_ms(one), "elapsed_ms": one.elapsed_ms, "outcome": one.outcome}
    return {**told, "step": one.route.get("step", "")}


def _paths(records: list[Record]) -> dict[str, list[dict[str, Any]]]:
    """Peer -> the ways that were tried to it, the oldest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in sorted(records, key=_began_ms):
        answered = one.route.get("answered", ())
        why = one.outcome if one.outcome != OK else WITHOUT
        for peer in dict.fromkeys((*one.route.get("asked", ()), *answered)):
            way = {"at_ms": _began_ms(one), "operation": one.operation, "method": one.route.get("method", "")}
            how = {"outcome": OK if peer in answered else why, "elapsed_ms": one.elapsed_ms}
            found.setdefault(peer, []).append({**way, **how})
    return found


def _reached(ways: list[dict[str, Any]]) -> bool:
    return any(way["outcome"] == OK for way in ways)


def _points(peer: str, ways: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where ways to one peer failed: in what, which way, why, how often and for how long."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for way in ways:
        if way["outcome"] == OK:
            continue
        about = {key: way[key] for key in ("operation", "method", "outcome")}
        span = {"times": 0, "first_ms": way["at_ms"], "last_ms": way["at_ms"]}
        point = {"peer": peer, **about, **span, "reached_otherwise": _reached(ways)}
        point = found.setdefault((way["operation"], way["method"], way["outcome"]), point)
        point["times"] += 1
        point["last_ms"] = way["at_ms"]
    return list(found.values())


def _cause(records: list[Record]) -> dict[str, Any] | None:
    """The likeliest reason: the last word that says why, of the whole before that of its parts."""
    failed = [one for one in records if one.outcome not in (OK, *GIVEN_UP)]
    for one in sorted(failed, key=lambda one: (one.operation in WHOLE, one.operation in PASSES, one.serial))[
        ::-1
    ]:
        code = one.outcome if one.outcome in CATALOGUE else CAUSES.get(one.outcome, "")
        if code:
            step = one.route.get("step") or one.operation.rpartition(".")[2]
            return asdict(error_info(code, step=step))
    return asdict(error_info("NO_INITIATOR")) if failed else None
