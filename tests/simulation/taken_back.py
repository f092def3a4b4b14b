"""Lies for the checker ``never_backwards``: what an author's node said of its message is taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from peernode.simulation.claims import Claim
from peernode.simulation.evidence import Evidence


def said_less(**less: object) -> Callable[[Evidence], None]:
    """The last word on a message is less than what was said before."""

    def lie(evidence: Evidence) -> None:
        claims = evidence.sendings["m1"].claims
        claims.append(replace(claims[-1], at_s=20.0, **less))  # type: ignore[arg-type]

    lie.__name__ = f"said_less({', '.join(less)})"
    return lie


def started_again(evidence: Evidence, down_s: float) -> None:
    """The author lost its power at that time and knows nothing of its first message any more."""
    evidence.downs[0].append((down_s, down_s + 5.0))
    evidence.sendings["m1"].claims.append(Claim(down_s + 5.0, "", 0, 0, 0, 0, 0, 1))


def forgot_over_a_power_cut(evidence: Evidence) -> None:
    started_again(evidence, 12.0)


def forgot_over_a_stop(evidence: Evidence) -> None:
    evidence.stopped[0, 0] = None
    started_again(evidence, 10.3)


def named_who_has_nothing(evidence: Evidence) -> None:
    (*rest, last) = evidence.sendings["m1"].claims
    evidence.sendings["m1"].claims = [*rest, replace(last, names=("bb", "cc"), unfounded=("cc",))]


def named_no_more(evidence: Evidence) -> None:
    (*rest, last) = evidence.sendings["m1"].claims
    named, other = (replace(last, names=names) for names in (("bb",), ("cc",)))
    evidence.sendings["m1"].claims = [*rest, named, other]


TAKEN_BACK = (
    said_less(stored=2),
    said_less(delivered=1),
    said_less(audience=1),
    said_less(state="failed"),
    forgot_over_a_power_cut,
    forgot_over_a_stop,
    named_who_has_nothing,
    named_no_more,
)
