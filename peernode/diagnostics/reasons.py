"""A ``Reason``: one thing that is wrong with a channel; and what all checks count and say alike.

Pure. Invariant: one initiator's word alone makes nobody a subscriber.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HEALTHY, DEGRADED, DOWN = STATES = ("healthy", "degraded", "down")
"""From best to worst."""

ABOUT_INITIATORS = frozenset(("NO_INITIATOR", "INITIATORS_TOO_FEW", "INITIATOR_SILENT", "INITIATOR_UNHEARD"))
"""Codes whose clause says how many initiators answer."""

Channel = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong: how bad, its code, a clause of a sentence, and its numbers.

    ``says`` and ``numbers`` are the clause for whoever puts it into other words, of another language.
    """

    state: str
    code: str
    clause: str
    numbers: Mapping[str, int] = field(default_factory=dict)
    kind: str = ""
    """Which of several things the code says here, where it says several."""

    @property
    def says(self) -> str:
        """Names the clause's pattern: all clauses of one name differ by their numbers alone."""
        return f"{self.code}.{self.kind}" if self.kind else self.code


def count_answering(channel: Channel) -> tuple[int, int]:
    initiators = channel["initiators"]
    return sum(1 for each in initiators if each["answers"]), len(initiators)


def listed(channel: Channel) -> list[Mapping[str, Any]]:
    """Those whom more than one initiator lists, or all that answer: one's word alone is not enough."""
    return [each for each in channel["subscribers"] if not each.get("lone")]


def count_reached(channel: Channel, *how: str) -> int:
    return sum(1 for each in listed(channel) if each["reached"] in how)


def audience_of(channel: Channel) -> int:
    """How many subscribers there are; of a large channel only those with a trouble are listed."""
    shown = len(channel["subscribers"])
    lone = shown - len(listed(channel))
    return max(shown, int(channel.get("audience", shown))) - lone


def many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def verb(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb


def be(count: int) -> str:
    return "is" if count == 1 else "are"


def have(count: int) -> str:
    return "has" if count == 1 else "have"
