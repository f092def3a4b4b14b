"""What a node says of its place in the network, of the channels it knows, and of each record it keeps."""

from __future__ import annotations

import asyncio
import json

from peernode.diagnostics.records import Record
from tests.pubsub.flock import LOBBY, Flock, story


def test_a_node_tells_where_it_stands_and_asks_nobody_for_it() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        node = flock[0].node
        sent = node.counters()
        standing = node.standing()
        assert node.counters() == sent
        assert json.loads(json.dumps(standing)) == standing
        assert (standing["id"], standing["state"], standing["reason"]) == (node.node_id, "online", "")
        assert standing["address"] == list(node.address)
        ids = {bird.node.node_id for bird in flock}
        assert {peer["id"] for peer in standing["peers"]} == ids - {node.node_id}
        assert sum(bucket["peers"] for bucket in standing["buckets"]) == len(ids) - 1

    story(tell, count=4)


def test_channels_are_known_where_they_are_joined_or_stored() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        assert flock[0].node.known_channels() == {}
        await flock[0].node.join(LOBBY)
        await asyncio.sleep(3)
        assert flock[0].node.known_channels() == {LOBBY: True}
        assert [bird.node.known_channels() for bird in flock][1:] == [{LOBBY: False}] * 3

    story(tell, count=4)


def test_a_listener_hears_each_record_that_is_kept() -> None:
    async def tell(flock: Flock) -> None:
        heard: list[Record] = []
        flock[0].node.on_record(heard.append)
        await asyncio.sleep(3)
        await flock[0].node.join(LOBBY)
        joins = [record for record in heard if record.operation == "join"]
        assert [(record.subject, record.outcome) for record in joins] == [(LOBBY, "ok")]
        told = flock[0].node.records()
        assert {record.serial for record in heard} <= {each["serial"] for each in told}

    story(tell, count=4)
