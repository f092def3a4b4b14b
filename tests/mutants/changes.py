"""Sections 11 and 12: initiators come and go, the network falls apart and becomes one again."""

from __future__ import annotations

from collections.abc import Iterable

from peernode.channel.log import ChannelLog
from peernode.channel.summary import Range, StreamSummary
from peernode.pubsub.replica import InitiatorSet, Replica
from peernode.pubsub.sync import CatchUp
from peernode.wire.contact import Contact
from tests.mutants.mutant import Mutant, Patch

_missing = ChannelLog.missing
_run = CatchUp.run


def _missing_in_the_smaller(self: ChannelLog, summaries: Iterable[StreamSummary]) -> list[Range]:
    theirs = list(summaries)
    ours = sum(stream.highest for stream in self._streams.values())
    return _missing(self, theirs) if sum(item.highest for item in theirs) > ours else []


async def _catch_up_as_a_member(
    self: CatchUp, replica: Replica, contact: Contact, limit: int | None = None
) -> int | None:
    return await _run(self, replica, contact, limit) if replica.member else 0


def _first_view(self: Replica) -> InitiatorSet | None:
    found: InitiatorSet | None = vars(self).get("first_view")
    return found


def _keep_the_first_view(self: Replica, view: InitiatorSet | None) -> None:
    if view is not None:
        vars(self).setdefault("first_view", view)


CHANGES = (
    Mutant(
        "newcomers-get-only-news",
        11,
        "The next closest node stores and receipts *new* messages at once and catches up in the background;",
        "A node that stores a channel for others takes new messages and never asks for older ones",
        "take-over",
        ("replicated",),
        (Patch(CatchUp, "run", _catch_up_as_a_member),),
    ),
    Mutant(
        "initiators-for-ever",
        11,
        "Each subscriber learns the new set from the next push or renewal.",
        "Everybody keeps to the initiators that were found first",
        "bystanders",
        ("kept",),
        (Patch(Replica, "initiators", property(_first_view, _keep_the_first_view)),),
    ),
    Mutant(
        "larger-side-wins",
        12,
        "exchange roots for shared channels, take the union,",
        "Whose log is the larger keeps it and takes nothing from the other",
        "two-halves",
        ("delivered",),
        (Patch(ChannelLog, "missing", _missing_in_the_smaller),),
    ),
)
