"""What a node remembers of its operations: all that failed, a share of a flood, nothing without bound."""

from __future__ import annotations

import json

import pytest

from peernode.diagnostics import collector as module
from peernode.diagnostics.collector import (
    FAILURES_MAX,
    OPERATIONS_MAX,
    RECORDS_PER_OPERATION_MAX,
    SAMPLE,
    SAMPLED_OVER_PER_S,
    WINDOWS_MAX,
    DiagnosticCollector,
)
from peernode.diagnostics.records import Record, Wanted
from peernode.span import DISK, NETWORK
from tests.diagnostics.hand import Hand


def made(traces_max: int = 4) -> tuple[Hand, DiagnosticCollector]:
    clock = Hand()
    return clock, DiagnosticCollector(clock, traces_max)


def test_an_operation_is_kept_with_the_way_of_its_time_and_is_json() -> None:
    clock, collector = made()
    heard = list[Record]()
    collector.on_record.append(heard.append)
    with collector.begin("publish", "#lobby", "trace-1") as span:
        span.enter(DISK)
        clock.now += 0.25
        span.leave(DISK)
        span.enter(NETWORK)
        clock.now += 0.5
    span.end("NO_QUORUM", receipts=1, of=5)
    (record,) = collector.records()
    assert heard == [record]
    assert json.loads(json.dumps(record.told())) == {
        "serial": 1,
        "wall_ms": 100_750,
        "operation": "publish",
        "subject": "#lobby",
        "outcome": "NO_QUORUM",
        "elapsed_ms": 750,
        "parts": {"disk": 250, "network": 500},
        "trace": "trace-1",
        "route": {"receipts": 1, "of": 5},
        "stands_for": 1,
    }
    assert collector.counters == {"publish.failed": 1}


def test_a_flood_is_sampled_unless_somebody_diagnoses_and_what_fails_is_kept() -> None:
    clock, collector = made()

    def flood() -> list[Record]:
        clock.now += 10
        first = max((record.serial for record in collector.records()), default=0)
        for _ in range(SAMPLED_OVER_PER_S + 5 * SAMPLE):
            collector.happened("sync", "#lobby")
        collector.happened("sync", "#lobby", "TIMEOUT")
        return collector.records(Wanted(after=first))

    kept = flood()
    assert [record.stands_for for record in kept] == [1] * SAMPLED_OVER_PER_S + [SAMPLE] * 5 + [1]
    assert kept[-1].outcome == "TIMEOUT"
    collector.diagnostic = True
    assert len(flood()) == SAMPLED_OVER_PER_S + 5 * SAMPLE + 1
    collector.diagnostic = False
    assert len(flood()) == SAMPLED_OVER_PER_S + 6
    assert collector.counters["sync.ok"] == 3 * (SAMPLED_OVER_PER_S + 5 * SAMPLE)


def test_a_flood_of_one_operation_pushes_out_no_other_and_everything_has_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, collector = made()
    collector.happened("join", "#lobby")
    for number in range(2 * FAILURES_MAX):
        clock.now += 1
        collector.happened("renewal", str(number), "NO_INITIATOR")
        span = collector.span()
        place = ((number.to_bytes(20, "big"), "#lobby"), "trace")
        collector.attempt(str(number), f"peer {number}", "initiator", "timeout", span, *place)
    assert collector.records(Wanted(operations=("join",)))
    for used, bound in collector.sizes().values():
        assert used <= bound
    assert len(collector.records(Wanted(operations=("renewal",)), limit=10_000)) == FAILURES_MAX
    assert len(collector.records(limit=10_000)) <= FAILURES_MAX + 2 * RECORDS_PER_OPERATION_MAX + 1
    assert collector.sizes()["windows"] == (WINDOWS_MAX, WINDOWS_MAX)
    monkeypatch.setattr(module, "OPERATIONS_MAX", collector.sizes()["operations"][0])
    collector.happened("one more", "#lobby")
    assert collector.counters["diagnostics.operations_full"] == 1
    assert OPERATIONS_MAX >= 100


def test_records_are_found_by_what_is_asked_for() -> None:
    clock, collector = made()
    for operation, subject, outcome in (
        ("join", "#a", "ok"),
        ("join.attempt", "#a", "TIMEOUT"),
        ("publish", "#b", "ok"),
        ("publish", "#a", "NO_QUORUM"),
    ):
        clock.now += 1
        collector.happened(operation, subject, outcome)

    def found(**wanted: object) -> list[int]:
        return [record.serial for record in collector.records(Wanted(**wanted))]  # type: ignore[arg-type]

    assert found() == [1, 2, 3, 4]
    assert found(operations=("join",)) == [1, 2]
    assert found(operations=("join.attempt", "publish")) == [2, 3, 4]
    assert found(subject="#a", failed=True) == [2, 4]
    assert found(since_ms=102_000, until_ms=103_000) == [2, 3]
    assert found(after=3) == [4]
    assert [record.serial for record in collector.records(limit=2)] == [3, 4]


def test_tries_are_counted_by_channel_and_kept_by_message() -> None:
    clock, collector = made(traces_max=2)
    channel = (bytes(20), "#lobby")
    for again, outcome, took_s in ((False, "timeout", 1.0), (True, "ok", 0.08)):
        span = collector.span()
        clock.now += took_s
        collector.attempt("m", "p", "initiator", outcome, span, channel, "trace", again)
    collector.attempt("m", "p", "publish", "ok", collector.span(), channel, "trace")
    tally = collector.windows(channel[0]).tally("5m", clock.now)
    assert (tally.attempted, tally.acked, tally.failed, tally.retried) == (2, 1, 1, 1)
    assert [attempt.outcome for attempt in collector.attempts("m")] == ["timeout", "ok", "ok"]
    assert [record.operation for record in collector.records()] == ["attempt.initiator"]
    collector.diagnostic = True
    collector.attempt("m", "p", "relay", "ok", collector.span(), channel, "trace")
    route = {"message": "m", "peer": "p", "channel": "#lobby", "method": "relay"}
    assert collector.records()[-1].route == route
    assert collector.windows(b"another").tally("5m", clock.now).attempted == 0


def test_a_listener_that_fails_is_counted_and_stops_nothing() -> None:
    _, collector = made()

    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    heard = list[Record]()
    collector.on_record += [full, heard.append]
    collector.on_attempt.append(full)
    collector.happened("join", "#lobby")
    collector.attempt("m", "p", "initiator", "ok", collector.span(), (bytes(20), "#lobby"), "trace")
    assert len(heard) == 1
    assert collector.counters["diagnostics.listener.OSError"] == 2


def test_what_nobody_wanted_any_more_is_no_failure() -> None:
    _, collector = made()
    for outcome in ("cancelled", "left", "TIMEOUT"):
        collector.begin("join", "#lobby").end(outcome)
    assert collector.counters == {"join.given_up": 2, "join.failed": 1}
    assert collector.sizes()["failures"][0] == 1
