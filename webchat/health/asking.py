"""``Askable``: which of the nodes here is asked about a channel.

A picture is as one node sees it, so a node that is cut off would show every channel of its person as down.
Invariants: the node takes part in the channel (its initiators answer nobody else); one that has a network
comes before one that has none, one that has joined before one that only stores, and a person's before the
host's; as long as none is better it is always the same one, or what is shown would go to and fro.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from webchat.bridge import PeerNode, is_canary
from webchat.health.verdict import SEVERITY

LONELY = ("NO_BOOTSTRAP", "NO_INITIATOR", "INITIATORS_TOO_FEW")
"""Reasons that say as much of whoever looks as of the channel."""

Rank = tuple[bool, bool]
"""Whether it has a network, and whether it has joined."""


class Askable:
    """See the module; ``nodes``: all that run here, the most wanted first."""

    def __init__(self, nodes: Callable[[], list[PeerNode]]) -> None:
        self._nodes = nodes
        self._asked: dict[str, PeerNode] = {}
        """By channel, whom ``all`` named last; no more than there are channels."""

    def all(self) -> dict[str, PeerNode]:
        """Each channel that a node here has joined or stores, with the node to ask about it."""
        best: dict[str, tuple[Rank, PeerNode]] = {}
        for name, rank, node in self._parts():
            before = best.get(name)
            same = before is not None and rank == before[0] and node is self._asked.get(name)
            if before is None or rank > before[0] or same:
                best[name] = rank, node
        self._asked = {name: node for name, (_, node) in best.items()}
        return dict(self._asked)

    def another(self, name: str, than: PeerNode) -> PeerNode | None:
        """The best other one that takes part in a channel and has a network."""
        others = [(rank, node) for each, rank, node in self._parts() if each == name and node is not than]
        able = [(rank, node) for rank, node in others if rank[0]]
        return max(able, key=lambda found: found[0])[1] if able else None  # the first of equal ones

    def prefer(self, name: str, node: PeerNode) -> None:
        """This one sees more than the one that was asked before."""
        self._asked[name] = node

    def _parts(self) -> Iterator[tuple[str, Rank, PeerNode]]:
        for node in self._nodes():
            is_online = node.state.state == "online"
            for name, joined in node.known_channels().items():
                if not is_canary(name):
                    yield name, (is_online, joined), node


def is_lonely(picture: dict[str, Any]) -> bool:
    """Whether a channel looks as it would to a node that is cut off."""
    return any(reason["code"] in LONELY for reason in picture["verdict"]["reasons"])


def sees_more(picture: dict[str, Any], than: dict[str, Any]) -> bool:
    """Whether the channel is better off by this picture, or more of its initiators answer."""
    return _seen(picture) > _seen(than)


def _seen(picture: dict[str, Any]) -> tuple[int, int]:
    answering = sum(1 for each in picture["initiators"] if each["answers"])
    return SEVERITY[picture["verdict"]["state"]], answering
