"""Sections 11 and 12: initiators come and go, the network falls apart and becomes one again."""

from __future__ import annotations

from collections.abc import Iterable

from peernode.channel.log import ChannelLog, Range, StreamSummary
from tests.mutants.mutant import Mutant, Patch

_missing = ChannelLog.missing


def _missing_in_the_smaller(self: ChannelLog, summaries: Iterable[StreamSummary]) -> list[Range]:
    theirs = list(summaries)
    ours = sum(stream.highest for stream in self._streams.values())
    return _missing(self, theirs) if sum(item.highest for item in theirs) > ours else []


CHANGES = (
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
