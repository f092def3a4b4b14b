"""Every table of a running node is counted by ``sizes``, or it is known here why it can't grow."""

from __future__ import annotations

import ast
import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from peernode.pubsub.relay import Relays
from tests.pubsub.flock import Flock, story
from tools.tracked import tracked, tree_of

COUNTING = ("sizes", "bounds", "__len__")
UNCOUNTED = ("Tasks",)
"""Its length bounds nothing: whoever starts a task bounds how many."""

LOOKED_INTO_MAX = 50
"""Members of a table whose own tables are looked at."""

OTHERWISE = {
    "names that the code has: counters, servers, steps": "_counters _servers counters parts steps",
    "at most two: why keys are to be put right": "Repair._wrong",
    "a deque with maxlen": "_found_s _marks _roots _slices",
    "per routing table: k per bucket, 160 buckets": "buckets nodes replacement_nodes",
    "at most one per request that is served": "_working",
    "emptied when it is full": "_rankings Audience._looked",
    "at most one per channel": "_dropping _refreshing _scrubbed WantedFiles._looked",
    "what peers had taken up, by prefix": "PrefixShares._counts",
    "at most one per row of the outbox": "TakeUp._lost _orphaned",
    "at most one per file that is being fetched": "_gives_way _got",
    "cut where it is filled, or when it is read": "rumoured starts",
    "one digest per bucket": "_bucket_digests",
    "what the store's queue has room for": "_accepting pending",
    "as large as another table that is counted": "_sorted _timers _gates PushRoom._sent",
    "what others can begin is one for each request that is served, or entry of a table": "Tasks._tasks",
    "no more than the routing table has nodes": "Pings._tasks",
    "one per initiator and channel that are being compared": "_leasing",
    "emptied each tick of the loop": "_parcels",
    "per own message: its initiators": "counts followed members other_sets receipts refusals targets unready",
    "per message: its channel's subscribers": "acked_ms acks agreed audience pushing shared unreachable",
    "per stream: each entry is a message that took room in the log": "forks spans tears",
    "of one subscription: whom it asks, 16 named by each of them": """
        Subscription.accepted Subscription.asking Subscription.behind Subscription.full Subscription.named
        Subscription.namers Subscription.said Subscription.untimely
        """,
    "functions told, added when the node is made": "beside depended",
}


def counted() -> set[str]:
    """Names of attributes that the functions which count tables read."""
    paths = [path for path in tracked(".py") if path.startswith("peernode/")]
    classes = [node for path in paths for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)]
    functions = [
        node
        for each in classes
        if each.name not in UNCOUNTED
        for node in ast.walk(each)
        if isinstance(node, ast.FunctionDef) and node.name in COUNTING
    ]
    return {part.attr for each in functions for part in ast.walk(each) if isinstance(part, ast.Attribute)}


def attributes(thing: object) -> Iterator[tuple[str, Any]]:
    yield from getattr(thing, "__dict__", {}).items()
    for kind in type(thing).__mro__:
        for name in getattr(kind, "__slots__", ()):
            if hasattr(thing, name):
                yield name, getattr(thing, name)


def is_engine(thing: object) -> bool:
    module = type(thing).__module__
    return module.startswith("peernode.") and not module.startswith(("peernode.simulation", "peernode.store"))


def tables(thing: object, seen: dict[int, object]) -> Iterator[str]:
    """``Class.attribute`` of all tables that can be reached."""
    if id(thing) in seen or not is_engine(thing) or isinstance(thing, type):
        return
    seen[id(thing)] = thing
    for name, value in attributes(thing):
        inside: list[Any] = [getattr(value, "__self__", value)]
        if isinstance(value, dict | list | set | deque):
            yield f"{type(thing).__name__}.{name}"
            inside = [*(value.values() if isinstance(value, dict) else value)][:LOOKED_INTO_MAX]
        for each in inside:
            yield from tables(each, seen)


def uncounted() -> list[str]:
    found: list[str] = []

    async def tell(flock: Flock) -> None:
        await flock.join()
        for bird in flock:
            await bird.say(f"from {bird.index}")
        await asyncio.sleep(3)
        found.extend(dict.fromkeys(tables(flock[0].node, {})))

    story(tell, 6)
    assert len(found) >= 100
    known = {*counted(), *(name for names in OTHERWISE.values() for name in names.split())}
    return [
        table
        for table in found
        if not known & {table, table.partition(".")[2]} and not table.partition(".")[2].startswith("on_")
    ]


def test_every_table_of_a_running_node_is_counted_or_bounded_otherwise() -> None:
    assert uncounted() == []


def test_a_table_that_nobody_counts_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Relays.__init__

    def with_a_table(self: Relays, *parts: Any) -> None:
        made(self, *parts)
        self._forgotten_by_all = {}  # type: ignore[attr-defined]

    monkeypatch.setattr(Relays, "__init__", with_a_table)
    assert uncounted() == ["Relays._forgotten_by_all"]
