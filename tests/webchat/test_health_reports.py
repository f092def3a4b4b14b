"""Whatever operation fails, its row in the log leads to a report: tries, paths, where, why, what to do."""

from __future__ import annotations

from typing import Any

import pytest

from peernode.diagnostics.operationreport import WHOLE
from tests.webchat.conftest import Open
from tests.webchat.test_health_socket import watcher
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
