"""What one initiator says that the others contradict: its numbers count for nothing then, and it is named.

A look is made of everybody's own word. What one says of its own log and paths nobody else can check; but how
many messages and subscribers a channel has, and whether anybody could have pushed so much, others know too.

Pure. Invariants: this node's own word is not doubted; nobody is doubted on less than ``WITNESSES_MIN`` words
of others that have had time to know better; who is doubted changes no number but those in its own row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from peernode.diagnostics.windows import SPANS
from peernode.pubsub.matrix import Row
from peernode.pubsub.picture import Said, window
from peernode.pubsub.questions import OK
from peernode.pubsub.vitals import SERIES, SLICES_FROM, Vitals

MESSAGES, BYTES, SUBSCRIBERS, PUSHES = "messages", "bytes", "subscribers", "pushes"
"""What may be doubted."""

WITNESSES_MIN = 2
"""Words against one: with fewer it stands as one against another."""

WITNESS_UPTIME_MS = 30_000
"""Who has run for less may still be fetching what it lacks."""

BYTES_MARGIN = 128 << 20
"""More than the others hold is no contradiction up to here, or to twice what they hold: files come later than
their messages, and each node frees room in its own time."""

MESSAGES_MARGIN = 100_000
"""The same for messages, of which one may be the only holder: it has to be believed then, or nobody would see
that they are at risk."""

SUBSCRIBERS_MARGIN = 16
"""The same for subscribers, who come and go; also how many one may name whom nobody else lists."""

PUSHES_PER_S_MAX = 20_000
"""More than one node can push; the number is that of a fast machine with much room above it."""

PUSHES_MARGIN = 10_000
PUSHES_TIMES_MAX = 100
"""An initiator that has pushed so often what all others have together, above the margin, in five minutes."""

PUSHES_EACH_MAX = 16
"""And more than so many tries for each message and subscriber: one may be doing all the pushing."""

Doubts = Mapping[bytes, frozenset[str]]
"""Initiator id -> what is doubted of its word; who is not in it is believed."""


def doubts(
    said: Sequence[Said], held: tuple[int, int] | None, failing_only: bool = False
) -> dict[bytes, frozenset[str]]:
    """Of each initiator what the others contradict.

    ``held``: messages and bytes that this node holds itself without being one of them, None when it holds
    none or has not had the time; ``failing_only``: the rows name only those that their initiator fails to
    reach, so one may name whom no other does.
    """
    lone = Counter[bytes]() if failing_only else _lone(said)
    found = {}
    for one in said:
        others = [each for each in said if each is not one and _witness(each)]
        words = [each.vitals for each in others if each.vitals is not None]
        if one.own or one.vitals is None or len(words) + (held is not None) < WITNESSES_MIN:
            continue
        doubted = _of_vitals(one.vitals, words, held)
        if lone[one.contact.id] > SUBSCRIBERS_MARGIN:
            doubted.add(SUBSCRIBERS)
        if _pushed_too_much(one, others):
            doubted.add(PUSHES)
        if doubted:
            found[one.contact.id] = frozenset(doubted)
    return found


def believed(said: Sequence[Said], doubted: Doubts) -> list[Said]:
    """The words without what is doubted.

    At most what another one says, none of the pushes, and no subscriber whom nobody else lists.
    """
    sure = [one.vitals for one in said if one.vitals and one.contact.id not in doubted]
    named = Counter(cell.subscriber for one in said for cell in one.row.cells)
    return [_believed(one, doubted.get(one.contact.id, frozenset()), sure, named) for one in said]


def _believed(one: Said, doubted: frozenset[str], sure: Sequence[Vitals], named: Counter[bytes]) -> Said:
    vitals, row = one.vitals, one.row
    if vitals is not None and MESSAGES in doubted:
        settled = min(vitals.settled, max((each.settled for each in sure), default=0))
        vitals = replace(vitals, messages=settled, recent=0)
    if vitals is not None and BYTES in doubted:
        vitals = replace(vitals, size=min(vitals.size, max((each.size for each in sure), default=0)))
    if vitals is not None and SUBSCRIBERS in doubted:
        listed = max((each.subscribers for each in sure), default=0)
        vitals = replace(vitals, subscribers=min(vitals.subscribers, listed))
        row = Row(row.initiator, row.outcome, [c for c in row.cells if named[c.subscriber] > 1], row.until)
    return replace(one, vitals=vitals, row=row, shares=() if PUSHES in doubted else one.shares)


def _witness(one: Said) -> bool:
    """Whether its word counts against another's."""
    vitals = one.vitals
    return vitals is not None and not vitals.expires and vitals.uptime_ms >= WITNESS_UPTIME_MS


def _of_vitals(vitals: Vitals, others: Sequence[Vitals], held: tuple[int, int] | None) -> set[str]:
    """What of them the others' vitals contradict."""
    own = held or (0, 0)
    messages = max(own[0], *(each.messages for each in others))
    size = max(own[1], *(each.size for each in others))
    found = set()
    if vitals.settled > max(2 * messages, messages + MESSAGES_MARGIN):
        found.add(MESSAGES)
    if vitals.size > max(2 * size, size + BYTES_MARGIN):
        found.add(BYTES)
    if others and vitals.subscribers > 2 * max(v.subscribers for v in others) + SUBSCRIBERS_MARGIN:
        found.add(SUBSCRIBERS)
    return found


def _lone(said: Sequence[Said]) -> Counter[bytes]:
    """How many subscribers each names in its row whom no other row names; none with too few whole rows."""
    rows = [one for one in said if one.row.outcome == OK and one.row.until is None]
    named = Counter(cell.subscriber for one in rows for cell in one.row.cells)
    found = Counter[bytes]()
    if len(rows) > WITNESSES_MIN:
        for one in rows:
            found[one.contact.id] = sum(1 for cell in one.row.cells if named[cell.subscriber] == 1)
    return found


def _pushed_too_much(one: Said, others: Sequence[Said]) -> bool:
    """Whether nobody could have pushed so much, or nobody would have left it all to this one."""
    widths_s = [slice_s * count for slice_s, count in SPANS.values()]
    for share in one.shares:
        width_s = SPANS[SERIES][0] if share.place >= SLICES_FROM else widths_s[share.place]
        if share.tally.attempted > PUSHES_PER_S_MAX * width_s:
            return True
    theirs = sum(window(each.shares, SERIES).attempted for each in others)
    words = [each.vitals for each in others if each.vitals is not None]
    most = max((word.messages for word in words), default=0) * max((w.subscribers for w in words), default=0)
    bound = max(PUSHES_TIMES_MAX * theirs + PUSHES_MARGIN, PUSHES_EACH_MAX * most)
    return window(one.shares, SERIES).attempted > bound
