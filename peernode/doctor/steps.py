"""What the doctor looks at, and what one look found.

Invariants: a step has one of four results; one that is not ``ok`` and not ``skipped`` has a code of the
catalogue with its remedy; a sentence says what is so, in words for a person (``peernode.doctor.words``, by
``says`` and ``values`` in any language), and holds no key and no text of a message.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from peernode.diagnostics.codes import error_info
from peernode.doctor.words import sentence_of
from peernode.errors import PeerNodeError

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

UNASKED = frozenset(("channel.unnamed", "store.unnamed", "disk.none"))
"""What a skipped step says that nobody asked for; any other one could not be looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found."""

    result: Result
    says: tuple[str, ...]
    """The keys of its sentences."""
    values: dict[str, Any] = field(default_factory=dict)
    """What they are about, JSON-able; also for the placeholders of the code's remedy."""
    code: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    """More for programs, JSON-able."""

    @property
    def sentence(self) -> str:
        """All of it in English."""
        return sentence_of(self.says, self.values)

    def telling(self, **facts: Any) -> Finding:
        """The same finding with facts."""
        return replace(self, facts=facts)

    def adding(self, key: str, **values: Any) -> Finding:
        """The same finding with one more sentence."""
        return replace(self, says=(*self.says, key), values={**self.values, **values})


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
    says: tuple[str, ...]
    """The keys of what ``sentence`` says in English."""
    values: dict[str, Any]
    """The numbers and names in it, and those in the remedy of the code."""

    @property
    def unseen(self) -> bool:
        """Whether it was to be looked at and could not be."""
        return self.result == "skipped" and not UNASKED.intersection(self.says)

    def told(self) -> dict[str, Any]:
        """JSON-able."""
        return {**asdict(self), "says": list(self.says)}


def step_of(name: str, subject: str, finding: Finding, elapsed_s: float) -> Step:
    """The step with its remedy in words."""
    remedy = error_info(finding.code, **finding.values).remedy if finding.code else ""
    elapsed_ms = round(1000 * elapsed_s, 1)
    said = (finding.sentence, finding.code, remedy, finding.facts, finding.says, finding.values)
    return Step(name, subject, finding.result, elapsed_ms, *said)


def ok(says: str, **values: Any) -> Finding:
    """It works."""
    return Finding("ok", (says,), values)


def skipped(says: str, **values: Any) -> Finding:
    """It could not be looked at, and the sentence says why."""
    return Finding("skipped", (says,), values)


def failed(code: str, says: str, **values: Any) -> Finding:
    """It does not work."""
    return Finding("failed", (says,), values, code)


def warning(code: str, says: str, **values: Any) -> Finding:
    """It works in part, or soon will not."""
    return Finding("warning", (says,), values, code)


def refused(error: PeerNodeError) -> Finding:
    """It does not work, as an error says."""
    return Finding(
        "failed", ("error",), {**error.params, "detail": error.detail or f"{error.code}."}, error.code
    )


def failing(steps: list[Step]) -> bool:
    """Whether something does not work, for an exit status."""
    return any(step.result == "failed" for step in steps)
