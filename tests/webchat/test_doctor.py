"""The connection doctor of a running server, as a page asks for it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from peernode.doctor.examination import Examination
from peernode.doctor.steps import STEPS, Step
from tests.webchat.conftest import Open, two_in_the_lobby
from tests.webchat.test_health_socket import until, watcher
from webchat.bridge import error_fields
from webchat.chat.commands import CommandError
from webchat.health.doctor import examined
from webchat.languages.errors import translated
from webchat.worker import Worker


def by_name(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in result["steps"]}


@pytest.mark.parametrize("channel", ["#lobby", "lobby", " lobby "])
async def test_the_host_node_is_examined_in_both_shapes(serving: str, open_page: Open, channel: str) -> None:
    await two_in_the_lobby(open_page)
    steps = by_name(await examined("", channel))
    assert list(steps) == list(STEPS)
    assert steps["channel"]["result"] == "ok", steps["channel"]
    assert "sound" in steps["store"]["sentence"]
    assert not any(step["result"] == "failed" for step in steps.values()), steps
    assert "lobby" not in json.dumps(steps)


async def test_another_node_s_address_can_be_tried(worker: Worker, open_page: Open) -> None:
    await two_in_the_lobby(open_page)
    peer = await worker.residents.peer(next(iter(worker.residents._residents)))
    host, port = peer.node.address
    step = by_name(await examined(f" {host}:{port} "))["bootstrap"]
    assert (step["subject"], step["result"]) == (f"{host}:{port}", "ok")


@pytest.mark.usefixtures("worker")
async def test_a_silent_address_fails_with_a_remedy_in_the_reader_s_language() -> None:
    step = by_name(await examined("127.0.0.1:9"))["bootstrap"]
    assert (step["result"], step["code"]) == ("failed", "BOOTSTRAP_SILENT")
    assert translated(step, "de")["remedy"].startswith("Prüfe die Adresse")


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("address", "channel", "code"),
    [
        ("nowhere", "", "ADDRESS_INVALID"),
        (":80", "", "ADDRESS_INVALID"),
        ("127.0.0.1:0", "", "ADDRESS_INVALID"),
        ("127.0.0.1:65536", "", "ADDRESS_INVALID"),
        ("127.0.0.1:" + "9" * 5000, "", "ADDRESS_INVALID"),
        ("a" * 300 + ":80", "", "ADDRESS_INVALID"),
        ("a..b:80", "", "ADDRESS_UNKNOWN"),
        ("", "two words", "CHANNEL_NAME_INVALID"),
    ],
)
async def test_what_is_no_address_or_channel_is_refused(address: str, channel: str, code: str) -> None:
    with pytest.raises(CommandError) as refused:
        await examined(address, channel)
    assert refused.value.code == code


@pytest.mark.usefixtures("worker")
async def test_what_is_wrong_with_an_address_is_said_in_words() -> None:
    words = []
    for address in ("127.0.0.1:65536", "a..b:80"):
        with pytest.raises(CommandError) as refused:
            await examined(address)
        words.append({each: error_fields(refused.value)[each] for each in ("message", "remedy")})
    assert words[0]["message"] == "This is no address of a node"
    assert words[0]["remedy"].startswith("Write it as HOST:PORT")
    assert words[1]["message"] == "The name a..b leads to no address"


@pytest.mark.usefixtures("worker")
async def test_one_examination_goes_on_at_a_time() -> None:
    first = asyncio.create_task(examined("127.0.0.1:9"))
    second: CommandError | None = None
    while second is None and not first.done():
        try:
            await examined("nowhere")
        except CommandError as error:
            second = error if error.code == "EXAMINATION_RUNNING" else None
    assert second is not None and second.params["retry_after"] > 0
    assert error_fields(second)["remedy"].startswith("Wait until it has ended, after 35 seconds")
    await first
    assert (await examined(""))["steps"]


@pytest.mark.usefixtures("worker")
async def test_while_the_doctor_goes_on_who_asked_hears_the_steps_that_have_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look, go_on = Examination._bootstraps, asyncio.Event()

    async def bootstraps(self: Examination) -> list[Step]:
        await go_on.wait()
        return await look(self)

    monkeypatch.setattr(Examination, "_bootstraps", bootstraps)
    page, other = await watcher(), await watcher("bea")
    assert (await page.expect("health"))["examination"] is None
    ref = await page.send("doctor", address="127.0.0.1:9")
    begun = await until(page, "health", lambda frame: bool(frame["examination"]))
    assert [step["name"] for step in begun["examination"]] == ["socket"]
    at_ms = begun["host"]["at_ms"]
    beside = await until(other, "health", lambda frame: frame["host"]["at_ms"] >= at_ms)
    assert beside["examination"] is None, "it is not theirs"
    refused = await other.ask("doctor")
    assert refused["code"] == "EXAMINATION_RUNNING"
    assert (await until(other, "health", lambda frame: frame["host"]["at_ms"] > at_ms))["examination"] is None
    go_on.set()
    answer = await page.expect("doctor", ref=ref)
    assert answer["steps"][0] == begun["examination"][0] and len(answer["steps"]) > 1
    await until(page, "health", lambda frame: frame["examination"] is None)
    await page.close()
    await other.close()
