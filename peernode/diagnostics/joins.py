"""Joins put together: how many succeeded, and how long each of their steps took.

Pure: from joins as ``JoinTrace`` tells of them, of one node or of several. Invariant: a step counts as failed
where its attempt failed in it; what was only cancelled with it counts for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from peernode.diagnostics.codes import CATALOGUE, error_info

RECENT_MAX = 10
"""Joins shown one by one; besides, as many that hang, the ones that began last."""

HANGS = "delayed"

_NEITHER = ("ok", "running", "cancelled")


def joins_told(joins: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """JSON-able: counts, each step's times, some joins one by one; ``joins``: the oldest first."""
    spent: dict[str, list[float]] = {}
    failed: dict[str, int] = {}
    for join in joins:
        for step in join["steps"]:
            times = spent.setdefault(step["step"], [])
            if step["outcome"] == "ok":
                times.append(step["elapsed_ms"])
            elif step["outcome"] not in _NEITHER:
                failed[step["step"]] = failed.get(step["step"], 0) + 1
    return {
        "ok": sum(1 for join in joins if join["outcome"] == "ok"),
        "failed": sum(1 for join in joins if join["outcome"] == HANGS),
        "steps": {
            step: {
                "count": len(times),
                "p50_ms": _percentile(times, 0.5),
                "p95_ms": _percentile(times, 0.95),
                "failed": failed.get(step, 0),
            }
            for step, times in spent.items()
        },
        "recent": [_with_remedies(join) for join in _shown(joins)],
    }


def _shown(joins: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """In their order: one that hangs is not pushed out by those after it that went well."""
    hanging = [at for at, join in enumerate(joins) if join["outcome"] == HANGS][-RECENT_MAX:]
    newest = range(max(0, len(joins) - RECENT_MAX), len(joins))
    return [joins[at] for at in sorted({*hanging, *newest})]


def _with_remedies(join: Mapping[str, Any]) -> dict[str, Any]:
    """A join with what to do beside each code that a step of it failed with."""
    steps = []
    for step in join["steps"]:
        known = step["outcome"] in CATALOGUE
        error = asdict(error_info(step["outcome"], step=step["step"])) if known else None
        # Until a step ends, its parts are those of the join up to its beginning (``JoinStep``), not its own.
        own: dict[str, Any] = {"parts": {}} if step["elapsed_ms"] is None else {}
        steps.append({**step, **own, "error": error})
    return {**join, "steps": steps}


def _percentile(times: Sequence[float], share: float) -> float | None:
    """The nearest rank."""
    return round(sorted(times)[math.ceil(len(times) * share) - 1], 1) if times else None
