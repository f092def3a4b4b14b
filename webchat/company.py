"""Whether a message that is sent is on this server alone: its copies there are as safe as one disk.

Beside every user's node runs the server's own, so nobody here is ever alone on the network, and a single
person reads of several nodes that keep a message. What that is worth is said plainly (``local``). Invariant:
it is said only while nothing known speaks against it: all receipts name one machine, nobody else subscribed
when they came, and every initiator, subscriber and author that the node knows is one of this server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from webchat.bridge import PeerNode

AllOurs = Callable[[Iterable[str]], bool]
"""Whether all of these nodes, by id, run on this server."""


def may_be_local(state: Any) -> bool:
    """By its receipts alone: whether a message (an ``OutboxState``) can be on this server alone."""
    _, others = state.delivered
    return state.state == "sent" and state.machines == 1 and not others and not state.alone


def is_local(state: Any, node: PeerNode, all_ours: AllOurs) -> bool:
    """Whether only nodes of this server have a message."""
    if not may_be_local(state) or state.channel not in node.channels():
        return False
    initiators = node.coordinator(state.channel)["initiators"]
    known = [*initiators, *node.leaseholders(state.channel), *node.names(state.channel)]
    return bool(initiators) and all_ours(known)
