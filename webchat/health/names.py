"""Which account of this server a node belongs to: for the page alone, never for a file or a log."""

from __future__ import annotations

from collections.abc import Iterable

from webchat.models import PeerIdentity

IDS_AT_ONCE = 500


def names_of(nodes: Iterable[str]) -> dict[str, str]:
    """The user names of those that live here, by node id."""
    found: dict[str, str] = {}
    ids = sorted(nodes)
    for at in range(0, len(ids), IDS_AT_ONCE):
        rows = PeerIdentity.objects.filter(node_id__in=ids[at : at + IDS_AT_ONCE])
        found.update((str(node), name) for node, name in rows.values_list("node_id", "user__username"))
    return found
