"""What the health page tells of a message is by the clock of its machine, as the event log is."""

from __future__ import annotations

import time
from typing import Any

from tests.webchat.conftest import Open, two_in_the_lobby
from tests.webchat.test_health_socket import watcher
from webchat.health.nodes import trace_by_clock
from webchat.worker import Worker

HOUR_MS = 3_600_000
NEAR_MS = 60_000


def set_others_ahead(worker: Worker) -> None:
    """Every node here hears of most others that it is an hour later than this machine says."""
    for node in worker.host.nodes():
        for reporter in range(9):
            later_ms = round(time.time() * 1000) + HOUR_MS
            node._context.rpc._bearings.clock_read(bytes([reporter]) * 20, later_ms, 0.0)


async def test_a_trace_is_told_by_the_clock_of_the_machine(worker: Worker, open_page: Open) -> None:
    ann, _ = await two_in_the_lobby(open_page)
    said = await ann.say("#lobby", "What time is it?")
    page = await watcher()
    set_others_ahead(worker)
    assert all(node.clock_ahead_ms() > HOUR_MS - NEAR_MS for node in worker.host.nodes())
    trace = (await page.ask("trace", channel="#lobby", id=said["id"]))["trace"]
    now_ms = round(time.time() * 1000)
    tries = [each["at_ms"] for node in trace["nodes"] for each in node["attempts"]]
    ways = [way["at_ms"] for path in trace["report"]["paths"] for way in path["ways"]]
    assert tries and ways
    assert [at_ms for at_ms in (*tries, *ways) if abs(at_ms - now_ms) >= NEAR_MS] == []
    await page.close()


def test_no_moment_of_a_trace_is_left_where_it_was() -> None:
    tried: dict[str, Any] = {"at_ms": 90_000, "elapsed_ms": 5.0}
    point = {"peer": "b", "first_ms": 90_000, "last_ms": 95_000, "times": 2}
    trace = {
        "at_ms": 89_000,
        "claimed_ms": 89_000,
        "nodes": [{"id": "a", "uncertain_ms": 4, "attempts": [tried]}],
        "report": {"paths": [{"peer": "b", "ways": [tried]}], "failure_points": [point]},
        "records": [{"wall_ms": 40_000}],
    }
    told = trace_by_clock(trace, 50_000)
    assert told["at_ms"] == 39_000
    assert told["nodes"] == [{"id": "a", "uncertain_ms": 4, "attempts": [{**tried, "at_ms": 40_000}]}]
    assert told["report"]["paths"][0]["ways"] == [{**tried, "at_ms": 40_000}]
    assert told["report"]["failure_points"] == [{**point, "first_ms": 40_000, "last_ms": 45_000}]
    assert (told["claimed_ms"], told["records"]) == (89_000, trace["records"])
    assert trace_by_clock({**trace, "at_ms": None}, 50_000)["at_ms"] is None
