"""What the doctor looks at, and what one look found.

Invariants: a step has one of four results; one that is not ``ok`` and not ``skipped`` has a code of the
catalogue with its remedy; a sentence says what is so, in words for a person, and holds no key and no text of
a message.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from peernode.diagnostics.codes import error_info

Result = Literal["ok", "warning", "failed", "skipped"]

STEPS = {
    "socket": "an own UDP socket can be opened",
    "bootstrap": "an address to start from answers",
    "version": "the others speak a version that this node speaks",
    "address": "how others see this node's address",
    "nat": "what kind of address translation there is",
    "clock": "how far this machine's clock is from the others'",
    "reachable": "a node that was not contacted before can reach this one",
    "lookup": "the network can be asked for the nodes closest to an id",
    "channel": "the nodes that store a channel are found and answer",
    "store": "the database is sound and takes a durable write",
    "disk": "there is room on the disk",
}
"""All steps in their order."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found; ``params`` fill the placeholders of the code's remedy."""

    result: Result
    sentence: str
    code: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    """The same for programs, JSON-able."""

    def telling(self, **facts: Any) -> Finding:
        """The same finding with facts."""
        return replace(self, facts=facts)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an examination that has ended."""

    name: str
    """One of ``STEPS``."""
    subject: str
    """What was looked at, when there are several: ``HOST:PORT`` of a bootstrap."""
    result: Result
    elapsed_ms: float
    sentence: str
    code: str
    remedy: str
    facts: dict[str, Any]

    def told(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def step_of(name: str, subject: str, finding: Finding, elapsed_s: float) -> Step:
    """The step with its remedy in words."""
    remedy = error_info(finding.code, **finding.params).remedy if finding.code else ""
    elapsed_ms = round(1000 * elapsed_s, 1)
    return Step(
        name, subject, finding.result, elapsed_ms, finding.sentence, finding.code, remedy, finding.facts
    )


def ok(sentence: str, **facts: Any) -> Finding:
    """It works."""
    return Finding("ok", sentence, facts=facts)


def skipped(sentence: str) -> Finding:
    """It could not be looked at, and the sentence says why."""
    return Finding("skipped", sentence)


def failed(code: str, sentence: str, **params: Any) -> Finding:
    """It does not work."""
    return Finding("failed", sentence, code, params)


def warning(code: str, sentence: str, **params: Any) -> Finding:
    """It works in part, or soon will not."""
    return Finding("warning", sentence, code, params)


def many(count: int, thing: str) -> str:
    """``1 node``, ``2 nodes``."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def failing(steps: list[Step]) -> bool:
    """Whether something does not work, for an exit status."""
    return any(step.result == "failed" for step in steps)
