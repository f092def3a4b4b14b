"""What the health page gets over its socket, with real nodes: live, shared, with nothing private."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from tests.support.browser import Browser
from tests.support.network import set_mode
from tests.webchat.conftest import Open
from tests.webchat.test_health_access import account, socket_of
from tests.webchat.test_health_files import record
from webchat.bridge import error_fields
from webchat.chat.commands import CommandError
from webchat.chat.link import WorkerLink
from webchat.health import feed, watching
from webchat.health.frames import SERVER_FRAMES
from webchat.health.records import TAIL_MAX
from webchat.worker import Worker

LIVE_MS = 2000
"""As in static/webchat/js/health/model.js."""

FRAMES_MAX = 30
"""One comes each second."""

TEXT = "meet-me-at-the-old-mill-at-midnight"


async def watcher(name: str = "ada") -> Browser:
    """Somebody who is staff and watches."""
    page = await socket_of(await account(name, staff=True))
    assert await page.open()
    await page.hello()
    return page


async def until(page: Browser, kind: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first frame of this kind of which it holds, within so many seconds."""
    seen = []
    for _ in range(FRAMES_MAX):
        frame = await page.expect(kind)
        if holds(frame):
            return frame
        seen.append(frame)
    raise AssertionError(f"not one of {FRAMES_MAX}: {json.dumps(seen[-3:])[:4000]}")


def is_live(frame: dict[str, Any]) -> bool:
    """Whether the picture of the watched channel is as new as the page promises; older ones it calls so."""
    return bool(frame["host"]["at_ms"] - frame["detail"]["as_of_ms"] <= LIVE_MS)


def is_troubled(frame: dict[str, Any]) -> bool:
    """Whether the watched channel is not called healthy."""
    return bool(frame["detail"]["verdict"]["state"] != "healthy")


async def watched(page: Browser, channel: str) -> dict[str, Any]:
    """The next picture of this channel."""
    assert (await page.ask("watch", channel=channel))["type"] == "ok"
    return await until(page, "health", lambda frame: (frame["detail"] or {}).get("channel") == channel)


@pytest.fixture
async def talking(serving: str, open_page: Open) -> dict[str, Any]:
    """Two people in a channel, one message; in both shapes."""
    ann, bob = await open_page("ann"), await open_page("bob")
    for page in (ann, bob):
        await page.hello()
        await page.join("#lobby")
    said = await ann.say("#lobby", TEXT)
    await bob.see(said["id"])
    return said


async def test_the_page_gets_the_whole_of_what_it_watches(talking: dict[str, Any]) -> None:
    page = await watcher()
    frame = await watched(page, "#lobby")
    assert frame.keys() - {"type"} == {*SERVER_FRAMES["health"]}
    assert frame["host"]["node"]["state"] == "online"
    assert frame["host"]["users"] == 2
    detail = frame["detail"]
    assert len(detail["initiators"]) == 3
    assert all(each["answers"] for each in detail["initiators"])
    assert set(frame["names"].values()) >= {"ann", "bob"}
    assert frame["channels"][0]["answering"] == 3
    assert detail["failing_only"] is False
    for row in detail["matrix"].values():
        assert row.keys() == {"outcome", "until", "subscribers"}
        assert all(0 <= cell["age_ms"] <= LIVE_MS for cell in row["subscribers"].values())
    joins = detail["joins"]
    assert (joins["ok"], joins["steps"]["inbound"]["count"]) == (2, 2), "of all nodes, not of one"
    assert {frame["names"][join["node"]] for join in joins["recent"]} == {"ann", "bob"}
    await until(page, "health", is_live)
    await page.close()


async def test_the_log_comes_as_past_and_live_tail(talking: dict[str, Any], open_page: Open) -> None:
    page = await watcher()
    past = await page.ask("events", operation="publish")
    assert talking["id"] in [each["trace"] for each in past["records"]], "nodes publish names as well"
    assert all(each["operation"].startswith("publish") for each in past["records"])
    await page.expect("health")
    page.put_aside()
    said = await (await open_page("ann")).say("#lobby", "And again")
    news = await until(page, "events", lambda told: said["id"] in [each["trace"] for each in told["events"]])
    assert news["epoch"] == past["epoch"]
    await page.close()


async def test_the_pushes_of_an_hour_and_a_day_are_told_slice_by_slice(talking: dict[str, Any]) -> None:
    page = await watcher()
    pushes = (await page.ask("history", channel="#lobby"))["pushes"]
    assert {*pushes} == {"1h", "24h"}
    for window, slice_ms in (("1h", 60_000), ("24h", 1_800_000)):
        assert sum(each["acked"] for each in pushes[window]) >= 1
        assert all(each["at_ms"] % slice_ms == 0 for each in pushes[window])
        assert pushes[window][-1]["p95_ms"] > 0
    refused = await page.ask("history", channel="#nowhere")
    assert refused["code"] == "CHANNEL_UNKNOWN"
    await page.close()


async def test_a_trace_tells_every_try_of_everybody(talking: dict[str, Any]) -> None:
    page = await watcher()
    answer = await page.ask("trace", channel="#lobby", id=talking["id"])
    assert answer["type"] == "trace"
    trace = answer["trace"]
    tries = [each for node in trace["nodes"] for each in node["attempts"]]
    assert {"publish"} <= {each["method"] for each in tries}
    for each in tries:
        assert sum(each["parts"].values()) == pytest.approx(each["elapsed_ms"], abs=0.01)
    assert answer["names"][trace["author"]] == "ann"
    await page.close()


async def test_what_can_not_be_done_is_refused_with_a_code(worker: Worker) -> None:
    page = await watcher()
    refused = await page.ask("trace", channel="#nowhere", id="01890a5d-ac96-774b-bcce-b302099a8057")
    assert (refused["type"], refused["code"]) == ("error", "CHANNEL_UNKNOWN")
    refused = await page.ask("repair", channel="#nowhere", subscriber="ab" * 20)
    assert refused["code"] == "CHANNEL_UNKNOWN"
    refused = await page.ask("message.send", channel="#lobby", text="no chat here")
    assert refused["code"] == "BAD_FRAME"
    await page.write("[]")
    assert (await page.expect("error", ref=None))["code"] == "BAD_FRAME"
    assert (await page.ask("ping"))["type"] == "ok"
    await page.close()


async def test_the_doctor_tells_every_step_or_why_it_does_not_look(worker: Worker) -> None:
    page = await watcher()
    refused = await page.ask("doctor", address="nowhere")
    assert (refused["type"], refused["code"]) == ("error", "ADDRESS_INVALID")
    answer = await page.ask("doctor")
    assert answer["type"] == "doctor"
    assert "socket" in [step["name"] for step in answer["steps"]]
    for step in answer["steps"]:
        assert step["sentence"]
        assert bool(step["remedy"]) is (step["result"] in ("warning", "failed"))
    await page.close()


async def test_the_diagnostic_mode_is_switched_for_all_nodes(worker: Worker, open_page: Open) -> None:
    await (await open_page("ann")).hello()
    page = await watcher()
    assert (await page.ask("diagnostic", on=True))["result"] == {"diagnostic": True}
    assert [node.diagnostic for node in worker.host.nodes()] == [True, True]
    await page.expect("health")
    await (await open_page("bob")).hello()  # a node that starts later, too
    assert [node.diagnostic for node in worker.host.nodes()] == [True, True, True]
    assert (await page.ask("diagnostic", on=False))["result"] == {"diagnostic": False}
    assert not any(node.diagnostic for node in worker.host.nodes())
    await page.close()


async def test_the_list_of_channels_is_bounded_and_the_worst_are_in_it(
    worker: Worker, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "CHANNELS_MAX", 2)
    ann = await open_page("ann")
    await ann.hello()
    for name in ("#a", "#b", "#c"):
        await ann.join(name)
    page = await watcher()
    frame = await until(page, "health", lambda told: all(each["verdict"] for each in told["channels"]))
    assert [each["channel"] for each in frame["channels"]] == ["#a", "#b"]
    assert frame["more"] == 1
    assert (await watched(page, "#c"))["detail"]["channel"] == "#c"
    await page.close()


async def test_why_the_test_message_fails_and_what_to_do_is_in_the_verdict(worker: Worker) -> None:
    trouble = error_fields(CommandError("CANARY_LATE"))
    told = {name: trouble[name] for name in ("code", "message", "remedy")}
    worker.host.canary = lambda: {"state": "failed", **told}
    page = await watcher()
    host = (await page.expect("health"))["host"]
    assert (host["verdict"]["cause"], host["verdict"]["error"]) == ("canary", told)
    assert host["canary"] == {"state": "failed", **told, "last_ok_ms": None, "latency_ms": None}
    worker.host.canary = lambda: {"state": "alone", "code": ""}
    well = await until(page, "health", lambda frame: frame["host"]["canary"]["state"] == "alone")
    assert well["host"]["verdict"]["error"] is None
    await page.close()


async def test_without_the_worker_the_page_is_told_why(deployment: Settings, transactional_db: None) -> None:
    page = await watcher()
    lost = await page.expect("health.lost")
    assert lost["error"]["code"] == "WORKER_UNAVAILABLE"
    assert lost["error"]["remedy"]
    await page.close()
    assert WorkerLink.of_running_loop().idle


async def test_one_comes_while_the_last_one_goes(worker: Worker) -> None:
    first, second = await watcher("ada-1"), await socket_of(await account("ada-2", staff=True))
    await first.expect("health")
    assert await second.open()
    await asyncio.gather(first.close(), second.hello())
    await second.expect("health")
    await second.expect("health")
    await second.close()


async def test_who_begins_to_watch_is_told_what_comes_and_no_past(worker: Worker) -> None:
    log = worker.health.view.log
    for number in range(2 * TAIL_MAX):
        log.add("ab" * 20, record(serial=number))
    page = await watcher()
    await page.expect("health")
    log.add("ab" * 20, record(outcome="NO_QUORUM"))
    told = await until(
        page, "events", lambda frame: any(e["outcome"] == "NO_QUORUM" for e in frame["events"])
    )
    assert told["skipped"] == 0
    await page.close()


async def test_answers_that_only_read_are_not_remembered(worker: Worker) -> None:
    page = await watcher()
    for _ in range(3):
        await page.expect("health")
    kept = [
        answer for answer in worker._answers.values() if answer and "channels" in answer.get("result", {})
    ]
    assert kept == []
    await page.close()


async def test_a_failure_of_one_question_ends_nothing(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(nodes: Any) -> dict[str, str]:
        raise OSError("the database is away")

    page = await watcher()
    await page.expect("health")
    with monkeypatch.context() as patch:
        patch.setattr(feed, "names_of", broken)
        assert (await page.expect("health.lost"))["error"]["code"] == "INTERNAL"
    page.put_aside()
    await page.expect("health")
    await page.close()


async def test_a_silent_node_leaves_the_page_live(worker: Worker, open_page: Open) -> None:
    pages = [await open_page(name) for name in ("ann", "bob")]
    for page in pages:
        await page.hello()
        await page.join("#lobby")
    staff = await watcher()
    await watched(staff, "#lobby")
    await until(staff, "health", lambda told: told["channels"][0]["answering"] == 3)
    set_mode("bob", "cut")
    try:
        frame = await until(staff, "health", is_troubled)
        assert frame["detail"]["verdict"]["reasons"][0]["remedy"]
        assert frame["host"]["verdict"]["cause"] == "channels"
        # It may be out of the set of initiators by then: what counts is that the page is live all the same.
        await until(staff, "health", lambda told: is_live(told) and is_troubled(told))
    finally:
        set_mode("bob", "open")
    await staff.close()
