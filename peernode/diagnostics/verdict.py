"""The verdict on a channel: one state and one sentence, from what is known of it at one moment.

Pure: it takes what ``ChannelDiagnostics`` has put together and asks nobody; ``findings`` looks for what is
wrong. Invariants: more damage never gives a better state (a test draws it); the state is ``healthy`` exactly
when nothing was found; the first finding of the worst state gives the code and begins the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peernode.diagnostics.codes import error_info
from peernode.diagnostics.findings import CHECKS, Check, counts
from peernode.diagnostics.pushfindings import p95_of
from peernode.diagnostics.reasons import HEALTHY, STATES, Channel, Reason

CLAUSES_MAX = 2
"""Reasons in the sentence; all of them are in the list beside it."""


def verdict(channel: Channel) -> dict[str, Any]:
    """JSON-able: ``state``, ``code``, ``sentence``, ``remedy``, ``p95_ms``, all ``reasons``, the worst first.

    ``p95_ms``: of the pushes of the last minute, all initiators together; None without any.
    """
    found = _found(channel, CHECKS)
    shown = found[:CLAUSES_MAX]
    timed = any("p95" in reason.clause for reason in shown)
    clauses = [*(reason.clause for reason in shown), *counts(channel, {each.code for each in shown}, timed)]
    worst, p95_ms = found[0] if found else None, p95_of(channel)
    return {
        "state": worst.state if worst else HEALTHY,
        "code": worst.code if worst else "",
        "sentence": _sentence(clauses),
        "remedy": error_info(worst.code).remedy if worst else "",
        "reasons": [_told(reason) for reason in found],
        "p95_ms": None if p95_ms is None else round(p95_ms),
    }


def worst_of(channel: Channel, checks: Sequence[Check]) -> Reason | None:
    """The worst that some of the checks find, the most telling first; None where all is well."""
    return next(iter(_found(channel, checks)), None)


def _found(channel: Channel, checks: Sequence[Check]) -> list[Reason]:
    found = [reason for check in checks if (reason := check(channel)) is not None]
    return sorted(found, key=lambda reason: -STATES.index(reason.state))  # stable: the checks' order within


def worst(verdicts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The worst of several verdicts, the first of equal ones; healthy for none."""
    found = max(verdicts, key=lambda one: STATES.index(one["state"]), default=None)
    empty: dict[str, Any] = {
        "state": HEALTHY,
        "code": "",
        "sentence": "",
        "remedy": "",
        "reasons": [],
        "p95_ms": None,
    }
    return dict(found) if found is not None else empty


def _told(reason: Reason) -> dict[str, Any]:
    info = error_info(reason.code)
    return {
        "state": reason.state,
        "code": reason.code,
        "message": info.message,
        "remedy": info.remedy,
        "clause": reason.clause,
        "says": reason.says,
        "numbers": dict(reason.numbers),
    }


def _sentence(clauses: Sequence[str]) -> str:
    text = "; ".join(clauses)
    return f"{text[:1].upper()}{text[1:]}."
