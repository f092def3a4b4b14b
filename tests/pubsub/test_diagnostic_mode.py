"""The diagnostic mode: everything is recorded and written down, by the message's id, and nothing private."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import pytest

from peernode.diagnostics.jsonlines import LineWriter
from peernode.diagnostics.records import Wanted
from tests.pubsub.flock import LOBBY, Flock, story

SECRET = "what nobody but us may read"


def ended(writer: LineWriter, stream: io.StringIO) -> list[dict[str, Any]]:
    assert writer.close(30) == 0
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_id_follows_a_message_through_all_nodes_and_its_text_does_not() -> None:
    async def tell(flock: Flock) -> None:
        streams = [io.StringIO() for _ in flock]
        writers = [LineWriter(stream) for stream in streams]
        for bird, writer in zip(flock, writers, strict=True):
            bird.node.write_records(writer)
            bird.node.diagnostic = True
        await flock.join()
        state = await flock[0].say(SECRET)
        await flock.expect(lambda: flock[0].state(state.id).state == "delivered", 5, "delivered")
        await asyncio.sleep(1)
        lines = list(map(ended, writers, streams))
        for bird, stream, told in zip(flock, streams, lines, strict=True):
            assert SECRET not in stream.getvalue()
            assert {line["node"] for line in told} == {bird.node.node_id}
            mine = [line["operation"] for line in told if line["trace"] == state.id]
            if bird is flock[0]:
                assert {"accept", "publish", "attempt.publish"} <= set(mine)
        everywhere = [line for told in lines for line in told if line["trace"] == state.id]
        reached = {line["subject"] for line in everywhere if line["operation"].startswith("attempt.")}
        assert reached == {bird.node.node_id for bird in flock[1:]}
        for line in everywhere:
            assert sum(line["parts"].values()) == pytest.approx(line["elapsed_ms"])

    story(tell, 4)


def test_requests_are_told_while_it_is_on_and_not_afterwards() -> None:
    async def tell(flock: Flock) -> None:
        writer = LineWriter(io.StringIO())
        flock[1].node.write_records(writer)
        flock[1].node.diagnostic = True
        await flock.join()
        flock[1].node.diagnostic = False
        assert not flock[1].node.diagnostic
        found = flock[1].node.records(Wanted(operations=("rpc",)))
        assert "rpc.SUBSCRIBE" in {record["operation"] for record in found}
        assert all(record["route"]["sends"] >= 1 for record in found)
        kept = [record.told() for record in flock[1].node.exchanges()]
        assert kept[-len(found) :] == found
        assert writer.close(30) == 0
        await flock[1].say("after")
        await asyncio.sleep(1)
        assert flock[1].node.records(Wanted(operations=("rpc",))) == found
        assert writer.lost == 0, "nothing more was brought to it"

    story(tell, 3)


def test_a_join_says_where_its_time_went_step_by_step() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        for bird in flock:
            trace = bird.node.coordinator(LOBBY)["join"]
            for step in trace["steps"]:
                assert sum(step["parts"].values()) == pytest.approx(step["elapsed_ms"]), step
            (record,) = bird.node.records(Wanted(operations=("join",), subject=LOBBY))[-1:]
            assert (record["operation"], record["outcome"]) == ("join", "ok")
            waited = record["parts"].get("network", 0) + record["parts"].get("lookup", 0)
            assert waited > 0 or bird is flock[0], "who comes first has nobody to wait for"
            assert sum(record["parts"].values()) == pytest.approx(record["elapsed_ms"])

    story(tell, 4)


@pytest.mark.parametrize(("slow", "most"), [(True, "network"), (False, "disk")])
def test_the_time_is_that_of_what_is_slow(slow: bool, most: str) -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        if not slow:
            for bird in flock:
                bird.disk.latency_s = 0.3 if bird is flock[0] else bird.disk.latency_s
        state = await flock[0].say("slow")
        await flock.expect(lambda: flock[0].state(state.id).state == "delivered", 30, "delivered")
        spent = dict[str, float]()
        for record in flock[0].node.records(Wanted(trace=state.id)):
            if record["operation"] in ("accept", "publish"):
                for part, ms in record["parts"].items():
                    spent[part] = spent.get(part, 0) + ms
        assert max(spent, key=lambda part: spent[part]) == most, spent

    story(tell, 3, **({"one_way_ms": (200, 200)} if slow else {"one_way_ms": (2, 2)}))
