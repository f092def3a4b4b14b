"""The connection doctor of a running server, as a page asks for it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from peernode.doctor.steps import STEPS
from tests.webchat.conftest import Open, two_in_the_lobby
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
        ("nowhere", "", "BAD_FRAME"),
        (":80", "", "BAD_FRAME"),
        ("127.0.0.1:0", "", "BAD_FRAME"),
        ("127.0.0.1:65536", "", "BAD_FRAME"),
        ("127.0.0.1:" + "9" * 5000, "", "BAD_FRAME"),
        ("a" * 300 + ":80", "", "BAD_FRAME"),
        ("a..b:80", "", "BAD_FRAME"),
        ("", "two words", "CHANNEL_NAME_INVALID"),
    ],
)
async def test_what_is_no_address_or_channel_is_refused(address: str, channel: str, code: str) -> None:
    with pytest.raises(CommandError) as refused:
        await examined(address, channel)
    assert refused.value.code == code


@pytest.mark.usefixtures("worker")
async def test_one_examination_goes_on_at_a_time() -> None:
    first = asyncio.create_task(examined("127.0.0.1:9"))
    second: CommandError | None = None
    while second is None and not first.done():
        try:
            await examined("nowhere")
        except CommandError as error:
            second = error if error.code == "RATE_LIMITED" else None
    assert second is not None and second.params["retry_after"] > 0
    await first
    assert (await examined(""))["steps"]
