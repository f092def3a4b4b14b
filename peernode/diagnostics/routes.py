"""The route of an operation: by which method, who was asked, who answered.

Pure. Invariants: at most ``PEERS_MAX`` nodes of each kind are named, the rest is counted; who did not answer
is named before the others, for it is whom a failure concerns. Ids are whole ones, by which the page knows
names, the bundle stand-ins, and a reader the same node elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peernode.identity import node_id_of

PEERS_MAX = 8

LOCAL = "local"
"""The method of what asks nobody."""


def route_of(method: str, asked: Iterable[bytes], answered: Iterable[bytes] = ()) -> dict[str, Any]:
    """JSON-able; ``asked`` and ``answered`` are node ids.

    ``method``: ``direct``, ``initiator`` or ``relay`` (through another one), ``pull``, ``lookup``, ``local``.
    """
    heard = dict.fromkeys(answered)
    tried = dict.fromkeys((*asked, *heard))
    silent_first = sorted(tried, key=lambda node_id: node_id in heard)  # stable: else as they were asked
    return {
        "method": method,
        "asked": [node_id.hex() for node_id in silent_first[:PEERS_MAX]],
        "answered": [node_id.hex() for node_id in list(heard)[:PEERS_MAX]],
        "of": len(tried),
        "count": len(heard),
    }


def route_by_keys(method: str, asked: Iterable[bytes], answered: Iterable[bytes] = ()) -> dict[str, Any]:
    """The same from public keys."""
    return route_of(method, map(node_id_of, asked), map(node_id_of, answered))
