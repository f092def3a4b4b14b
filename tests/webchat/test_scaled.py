"""Two processes over a real Redis, and what happens when either, or Redis itself, goes away."""

from __future__ import annotations

import asyncio

import pytest
from channels.layers import get_channel_layer
from pytest_django import Settings

from tests.support.redis_server import RedisServer
from tests.webchat.conftest import Open, WorkerProgram, use_redis
from webchat.chat.layer import listen


@pytest.fixture
def _impatient(settings: Settings) -> None:
    settings.STREAM_CHECK_S = 0.2
    settings.COMMAND_TIMEOUT_S = 1.5
    settings.COMMAND_RESEND_S = 0.5


@pytest.mark.usefixtures("_impatient")
async def test_a_killed_worker_is_told_and_comes_back_with_everything(
    worker_program: WorkerProgram, open_page: Open
) -> None:
    ann, bob = await open_page("ann"), await open_page("bob")
    await ann.hello()
    await bob.hello()
    await ann.join("#lobby")
    await bob.join("#lobby")
    before = await ann.say("#lobby", "before")
    await bob.expect("message", id=before["id"])

    worker_program.kill()
    await ann.expect("node.state", code="WORKER_UNAVAILABLE")
    refused = await ann.ask("channel.join", channel="#other")
    assert refused["code"] == "WORKER_UNAVAILABLE"

    worker_program.start()
    welcome = await ann.welcomed_back("#lobby")
    assert [m["text"] for m in welcome["channels"][0]["messages"]] == ["before"]
    after = await ann.say("#lobby", "after")
    assert (await bob.see(after["id"]))["text"] == "after"


@pytest.mark.usefixtures("_impatient")
async def test_a_restarted_redis_is_told_and_loses_nothing(
    worker_program: WorkerProgram, redis_server: RedisServer, open_page: Open
) -> None:
    ann, bob = await open_page("ann"), await open_page("bob")
    await ann.hello()
    await bob.hello()
    await ann.join("#lobby")
    await bob.join("#lobby")

    redis_server.stop()
    await ann.expect("node.state", code="WORKER_UNAVAILABLE")
    redis_server.start()
    await ann.welcomed_back("#lobby")
    sent = await ann.say("#lobby", "after the outage")
    assert (await bob.see(sent["id"]))["text"] == "after the outage"


async def test_an_idle_receive_that_times_out_goes_on(settings: Settings, redis_server: RedisServer) -> None:
    use_redis(settings, redis_server.url, socket_timeout=0.2)
    layer = get_channel_layer()
    assert layer.hosts[0]["socket_timeout"] < layer.brpop_timeout
    received = listen(layer, "peer-worker")
    waiting = asyncio.ensure_future(anext(received))
    done, _ = await asyncio.wait([waiting], timeout=1.0)  # several times the socket's patience
    assert not done
    # A message that meets the end of a receive may be lost, so commands are sent again; so is this.
    for _ in range(50):
        await layer.send("peer-worker", {"type": "late"})
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        if done:
            break
    assert (await waiting)["type"] == "late"
    await received.aclose()
    await layer.close_pools()
