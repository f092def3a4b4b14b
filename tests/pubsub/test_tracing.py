"""One message followed through all nodes: every try, its way, its time and its reason."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.diagnostics.codes import CATALOGUE
from peernode.diagnostics.records import Attempt
from peernode.errors import PeerNodeError
from peernode.pubsub.tracing import PAGE_BYTES, TRIES_MAX, Try, page_of
from peernode.span import PARTS
from peernode.wire.codec import pack, unpack
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_channel_health import cast, of_last_release


async def trace(bird: Bird, message_id: str) -> dict[str, Any]:
    """What a person at this node is shown."""
    told: dict[str, Any] = json.loads(json.dumps(await bird.call(bird.node.trace_of(LOBBY, message_id))))
    return told


def test_all_tries_of_all_nodes_are_told_with_path_time_and_reason() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        initiators, others = cast(flock)
        target, author = others
        flock.block([*initiators, author], [target])
        sent = await author.say("in vain")
        await asyncio.sleep(8)
        found = await trace(initiators[0], sent.id)
        assert found["author"] == author.node.node_id
        assert found["digest"]
        outcomes = {node["id"]: node["outcome"] for node in found["nodes"]}
        assert outcomes == {bird.node.node_id: "ok" for bird in (*initiators, author)}
        for node in found["nodes"]:
            bird = next(bird for bird in flock if bird.node.node_id == node["id"])
            own = bird.node.attempts(found["digest"])
            assert len(node["attempts"]) == len(own)
            for told, known in zip(node["attempts"], own, strict=True):
                assert (told["peer"], told["method"], told["outcome"]) == (
                    known.peer,
                    known.method,
                    known.outcome,
                )
                assert abs(told["elapsed_ms"] - known.elapsed_ms) < 0.01
                assert sum(told["parts"].values()) == pytest.approx(told["elapsed_ms"])
        tries = [one for node in found["nodes"] for one in node["attempts"]]
        failed = [one for one in tries if one["peer"] == target.node.node_id]
        assert {"direct", "initiator", "relay"} <= {one["method"] for one in failed}
        assert "ok" not in {one["outcome"] for one in failed}
        assert max(one["parts"].get("retry", 0) for one in failed) > 500
        report = found["report"]
        assert report["outcome"] == "partly"
        assert report["cause"]["code"] in CATALOGUE
        assert {point["peer"] for point in report["failure_points"]} == {target.node.node_id}
        assert sum(len(path["ways"]) for path in report["paths"]) == len(tries)
        times = sorted(one["at_ms"] for one in tries)
        assert found["at_ms"] - 10 <= times[0] <= times[-1] <= found["at_ms"] + 9_000

    story(tell, 7, loss=0)


def test_who_does_not_hold_the_message_or_is_silent_or_old_says_so() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        initiators, others = cast(flock)
        author, asker = others
        missing, silent, old = initiators[:3]
        flock.block([author, *initiators], [missing])
        sent = await author.say("not everywhere")
        await asyncio.sleep(0.3)
        silent.crash()
        of_last_release(old)
        found = await trace(asker, sent.id)
        outcomes = {node["id"]: node["outcome"] for node in found["nodes"]}
        assert outcomes[silent.node.node_id] == "timeout"
        assert outcomes[old.node.node_id] == "does not say"
        assert outcomes[asker.node.node_id] == outcomes[author.node.node_id] == "ok"

        unknown = str(uuid.UUID(int=7))
        found = await trace(asker, unknown)
        assert (found["digest"], found["author"], found["at_ms"]) == (None, None, None)
        assert found["nodes"][0] == {
            "id": asker.node.node_id,
            "outcome": "missing",
            "uncertain_ms": 0,
            "attempts": [],
        }
        with pytest.raises(PeerNodeError, match="BAD_FRAME"):
            await trace(asker, "no uuid")

    story(tell, 7, loss=0)


@pytest.mark.parametrize(
    "tries",
    [
        [[0, bytes(19), "direct", "ok", 5, [0, 0, 5, 0, 0]]],
        [[-1, bytes(20), "direct", "ok", 5, [0, 0, 5, 0, 0]]],
        [[0, bytes(20), "direct", "ok", 5, [0, 0, 5, 1, 0]]],
        [[0, bytes(20), "direct", "ok", 5, [0, 0, 5, 0]]],
        [[0, bytes(20), "direct", "x" * 49, 5, [0, 0, 5, 0, 0]]],
        [[0, bytes(20), b"direct", "ok", 5, [0, 0, 5, 0, 0]]],
        [[]],
        7,
    ],
)
def test_a_hostile_trace_is_malformed_and_harms_nothing(tries: Any) -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        initiators, others = cast(flock)
        sent = await others[0].say("traced")
        await asyncio.sleep(1)
        liar = initiators[0]
        liar.node._context.rpc._servers[Op.TRACE] = lambda caller, body: [bytes(16), tries, None]
        found = await trace(others[0], sent.id)
        outcomes = {node["id"]: node["outcome"] for node in found["nodes"]}
        assert outcomes.pop(liar.node.node_id) == "malformed"
        assert set(outcomes.values()) == {"ok"}

    story(tell, 7, loss=0)


parts = st.dictionaries(st.sampled_from(PARTS), st.floats(0.0, 9_000.0), max_size=6)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(parts, st.floats(0.0, 1e6), st.text(max_size=80))
def test_a_try_comes_through_with_parts_that_add_up(
    spent: dict[str, float], age_s: float, outcome: str
) -> None:
    whole = sum(spent.values())
    attempt = Attempt(10.0, "ab" * 20, "relay", outcome, whole, spent)
    told = Try.of(attempt, 10.0 + age_s)
    read = Try.decode(unpack(pack(told.encode())))
    assert read == told
    assert outcome.startswith(read.outcome)
    shown = read.told(1_000_000_000)
    assert sum(shown["parts"].values()) == pytest.approx(shown["elapsed_ms"])
    assert abs(shown["elapsed_ms"] - whole) < 0.01
    for name, ms in shown["parts"].items():
        assert abs(ms - spent.get(name, 0.0)) < 0.01


def test_pages_of_tries_fit_a_datagram_and_leave_none_out() -> None:
    tries = [
        Try(1 << 40, bytes(20), "m" * 48, f"{number:048}", 1 << 44, (1 << 41,) * 5) for number in range(256)
    ]
    found: list[Try] = []
    after: int | None = 0
    while after is not None:
        page, after = page_of(tries, after)
        assert 0 < len(page) <= TRIES_MAX
        assert sum(len(pack(one.encode())) for one in page) <= PAGE_BYTES
        found += page
    assert found == tries
