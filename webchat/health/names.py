"""Which account of this server a node belongs to: for the page alone, never for a file or a log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User

from webchat.models import PeerIdentity

IDS_AT_ONCE = 500
ACCOUNT = "account:{}"
"""The key of an account that is named itself, beside node ids; see ``webchat.health.actions``."""


def names_of(nodes: Iterable[str]) -> dict[str, str]:
    """The user names of those that live here, by node id."""
    found: dict[str, str] = {}
    ids = sorted(nodes)
    for at in range(0, len(ids), IDS_AT_ONCE):
        rows = PeerIdentity.objects.filter(node_id__in=ids[at : at + IDS_AT_ONCE])
        found.update((str(node), name) for node, name in rows.values_list("node_id", "user__username"))
    return found


def names_in(records: Iterable[dict[str, Any]]) -> dict[str, str]:
    """The names in records of the event log: of their nodes, and of the accounts of administrators."""
    nodes, accounts = set[str](), set[int]()
    for record in records:
        if record["node"]:
            nodes.add(record["node"])
        elif "account" in record["route"]:
            accounts.add(record["route"]["account"])
    rows = User.objects.filter(pk__in=accounts).values_list("pk", "username") if accounts else ()
    return {**names_of(nodes), **{ACCOUNT.format(pk): name for pk, name in rows}}
