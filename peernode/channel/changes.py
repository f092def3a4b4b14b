"""How a message looks after all that was said about it: edits, its deletion, reactions.

A pure function of the set of messages about it, in the channel's order, so that everybody who holds the
same log sees the same: the last edit wins, a deletion is final, and of one person's words on one emoji the
last counts. Nothing of it changes the log: the first text stays there, signed, and is not shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from peernode.channel.kinds import Kind, reaction_of
from peernode.channel.message import Message
from peernode.identity import node_id_of

EMOJI_MAX = 64
"""Different reactions of one message that are shown, the first ones to be set."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of a message."""

    edit: Message | None = None
    """The edit that counts."""
    deleted: bool = False
    reactions: tuple[tuple[str, tuple[bytes, ...]], ...] = ()
    """Each emoji with the node ids of those who set it, in the order in which they did."""


UNCHANGED = Changes()


def changes_of(about: Iterable[Message]) -> Changes:
    """What these messages about one target, in the channel's order, make of it."""
    edit: Message | None = None
    deleted = False
    set_by: dict[str, dict[bytes, None]] = {}
    for message in about:
        if message.kind is Kind.EDIT:
            edit = message
        elif message.kind is Kind.DELETE:
            deleted = True
        elif message.kind is Kind.REACTION:
            emoji, on = reaction_of(message.body)
            people = set_by.setdefault(emoji, {})
            people.pop(node_id_of(message.author), None)
            if on:
                people[node_id_of(message.author)] = None
    if deleted:
        return Changes(deleted=True)
    shown = [(emoji, tuple(people)) for emoji, people in set_by.items() if people]
    return Changes(edit, False, tuple(shown[:EMOJI_MAX]))
