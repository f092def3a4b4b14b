"""Replayable: the same seed and the same code give the same trace, in another process too.

Not a judge of one run but of two: whoever runs a scenario twice asks it with both trace hashes.
"""

from __future__ import annotations

from collections.abc import Sequence

NAME = "replayable"


def violations(trace_hashes: Sequence[str]) -> list[str]:
    """What runs of one scenario and seed had in their traces, if it was not the same."""
    different = list(dict.fromkeys(trace_hashes))
    if len(different) <= 1:
        return []
    return [f"{len(trace_hashes)} runs of one seed had {len(different)} traces: {', '.join(different)}"]
