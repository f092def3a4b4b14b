"""The last joins: bounded, and the one that hangs is not forgotten before those that ended."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from peernode.pubsub.joinlog import JOINS_MAX, JoinLog
from peernode.pubsub.traces import JoinTrace

CHANNEL = bytes(20)


class Times:
    """What the log takes of a node, with both clocks moved by hand."""

    identity = SimpleNamespace(node_id=bytes(20))

    def __init__(self) -> None:
        self.s = 100.0
        self.env = SimpleNamespace(clock=SimpleNamespace(wall_ms=lambda: int(self.s * 1000)))

    def now(self) -> float:
        return self.s

    def wall_ms(self) -> int:
        """Corrected: the machine's clock is an hour late."""
        return int(self.s * 1000) + 3_600_000


def test_one_that_goes_on_has_lasted_until_now_and_one_that_ended_as_long_as_it_took() -> None:
    times = Times()
    log, trace = JoinLog(cast(Any, times)), JoinTrace("t")
    log.begun(CHANNEL, trace)
    times.s += 2
    assert [join["elapsed_ms"] for join in log.told(CHANNEL)] == [2000]
    assert [join["at_ms"] for join in log.told(CHANNEL)] == [100_000], "by the clock of the event log"
    trace.outcome, trace.elapsed_ms = "delayed", 5000.0
    times.s += 3598
    assert [join["elapsed_ms"] for join in log.told(CHANNEL)] == [3_600_000]
    trace.outcome, trace.elapsed_ms = "ok", 3_600_000.0
    times.s += 60
    assert [join["elapsed_ms"] for join in log.told(CHANNEL)] == [3_600_000]


def test_the_oldest_that_has_ended_falls_out_first() -> None:
    log = JoinLog(cast(Any, Times()))
    for at in range(JOINS_MAX + 5):
        log.begun(CHANNEL, JoinTrace(str(at), outcome="delayed" if at < 2 else "ok"))
    kept = [join["trace"] for join in log.told(CHANNEL)]
    assert kept[:3] == ["0", "1", "7"] and len(kept) == JOINS_MAX
    for at in range(2 * JOINS_MAX):
        log.begun(CHANNEL, JoinTrace(f"hangs {at}", outcome="delayed"))
    assert log.sizes() == {"join_log": (JOINS_MAX, JOINS_MAX)}
