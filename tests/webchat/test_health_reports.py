"""Whatever operation fails, its row in the log leads to a report: tries, paths, where, why, what to do."""

from __future__ import annotations

from typing import Any

import pytest

from peernode.channel.ids import channel_id_of
from peernode.diagnostics.collector import EXCHANGES_MAX
from peernode.diagnostics.operationreport import WHOLE
from peernode.diagnostics.records import Wanted
from peernode.pubsub.traces import JoinTrace
from tests.support.network import set_mode
from tests.webchat.conftest import Open, two_in_the_lobby
from tests.webchat.test_health_files import record as a_record
from tests.webchat.test_health_socket import watcher
from webchat.health.records import RECORDS_MAX
from webchat.worker import Worker

PEER = "ab" * 20


def fail(worker: Worker, operation: str) -> str:
    """Have a node record that this failed, as the engine does; its trace."""
    context = [*worker.host.nodes()][-1]._context
    trace = str(context.operation_id())
    span = context.collector.begin(operation, "#lobby", trace)
    span.end("NO_INITIATOR", method="direct", asked=[PEER], answered=[], count=1)
    return trace


@pytest.mark.parametrize("operation", WHOLE)
async def test_an_operation_that_failed_has_a_report(worker: Worker, open_page: Open, operation: str) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    fail(worker, operation)
    page = await watcher()
    past = await page.ask("events", operation=operation, outcome="NO_INITIATOR")
    (record,) = past["records"]
    trace = (await page.ask("trace", channel="#lobby", id=record["trace"]))["trace"]
    report: dict[str, Any] = trace["operation"]
    assert (report["operation"], report["subject"], report["outcome"]) == (operation, "#lobby", "failed")
    assert report["cause"]["code"] == "NO_INITIATOR"
    assert len(report["cause"]["remedy"].split()) > 3
    assert [each["outcome"] for each in report["attempts"]] == ["NO_INITIATOR"]
    assert [(each["peer"], each["reached"]) for each in report["paths"]] == [(PEER, False)]
    assert [(each["peer"], each["times"]) for each in report["failure_points"]] == [(PEER, 1)]
    assert (trace["nodes"], trace["report"]) == ([], None)
    await page.close()


def flood(worker: Worker) -> None:
    """Nothing of what was recorded before is in the event log any more."""
    for _ in range(RECORDS_MAX):
        worker.health.view.log.add(PEER, a_record())


async def test_a_report_does_not_hang_on_the_event_log(worker: Worker, open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    trace = fail(worker, "join")
    flood(worker)
    page = await watcher()
    answer = await page.ask("trace", channel="#lobby", id=trace)
    assert answer["trace"]["operation"]["cause"]["code"] == "NO_INITIATOR"
    await page.close()


async def test_a_join_that_hangs_has_its_report_in_the_picture(worker: Worker, open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    node, trace = [*worker.host.nodes()][-1], fail(worker, "join.attempt")
    channel_id = channel_id_of(node._context.network_id, "#lobby")
    node._pubsub.joiner.log.begun(channel_id, JoinTrace(id=trace, outcome="delayed", attempts=1))
    joins = (await worker.health.view.channel("#lobby"))["joins"]["recent"]
    through, hanging = sorted(joins, key=lambda join: join["report"] is not None)
    assert (through["outcome"], through["report"]) == ("ok", None)
    report: dict[str, Any] = hanging["report"]
    assert (hanging["outcome"], report["outcome"], report["subject"]) == ("delayed", "running", "#lobby")
    assert (report["cause"]["code"], bool(report["cause"]["remedy"])) == ("NO_INITIATOR", True)
    assert [(each["peer"], each["reached_otherwise"]) for each in report["failure_points"]] == [(PEER, False)]


async def test_what_did_not_get_out_is_asked_of_its_author(worker: Worker, open_page: Open) -> None:
    """Ann's node comes first in the channel, Bob's alone has the message, and the log knows nothing."""
    _, bob = await two_in_the_lobby(open_page)
    page = await watcher()
    try:
        set_mode("*", "cut")
        said = await bob.say("#lobby", "Into the void")
        flood(worker)
        answer = await page.ask("trace", channel="#lobby", id=said["id"])
    finally:
        set_mode("*", "open")
    assert answer["names"][answer["trace"]["author"]] == "bob"
    await page.close()


async def test_a_file_says_that_single_requests_may_be_gone(worker: Worker) -> None:
    context = [*worker.host.nodes()][-1]._context
    for wanted in ({}, {"operation": "rpc"}, {"operation": "rpc.PUSH"}):
        assert not (await worker.health.view.records(wanted, 10_000, requests=True))[1]
    for _ in range(EXCHANGES_MAX):
        context.collector.exchanged("PUSH", PEER, "ok", 0.1, 1)
    last_ms = context.collector.records(Wanted(operations=("rpc",)))[-1].wall_ms
    for wanted, more in (({}, True), ({"operation": "rpc"}, True), ({"operation": "join"}, False)):
        assert (await worker.health.view.records(wanted, 10_000, requests=True))[1] is more, wanted
    later = {"since": last_ms + 1}
    assert not (await worker.health.view.records(later, 10_000, requests=True))[1]


async def test_the_trace_of_a_message_is_no_operations(worker: Worker, open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    said = await ann.say("#lobby", "Hello")
    page = await watcher()
    trace = (await page.ask("trace", channel="#lobby", id=said["id"]))["trace"]
    assert trace["operation"] is None
    assert trace["author"]
    await page.close()
