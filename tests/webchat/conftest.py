"""The running app in tests: a worker with real nodes over real UDP, and browsers' sockets.

``serving`` gives both shapes: the worker on the same loop with the in-memory layer, and the worker
as a process of its own, ``manage.py worker``, over a real Redis.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from channels.db import database_sync_to_async
from channels.layers import channel_layers, get_channel_layer
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.utils import translation
from pytest_django import Settings

from tests.support.browser import Browser
from tests.support.redis_server import RedisServer
from tests.webchat.carrying import CARRIED, PASSPHRASE
from webchat.accounts.identityfile import wrapped
from webchat.worker import Worker

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 30.0

Open = Callable[[str], Awaitable[Browser]]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """No failures, no language of another test's browser, and a channel layer of the test's own."""
    cache.clear()
    channel_layers.backends.clear()
    yield
    translation.deactivate()
    channel_layers.backends.clear()


@pytest.fixture(scope="session")
def exported() -> bytes:
    """An identity's file; made once, because argon2id takes its time."""
    return wrapped(CARRIED, PASSPHRASE)


@pytest.fixture
def deployment(settings: Settings, tmp_path: Path) -> Settings:
    """Data of the test's own, free ports, and nodes whose network can be held."""
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, data=tmp_path / "data", udp_port=0)
    settings.DEPLOYMENT.data.mkdir()
    settings.NODE_ENVIRONMENT = "tests.support.network.environment"
    return settings


@asynccontextmanager
async def running_worker() -> AsyncIterator[Worker]:
    """A worker on this loop; ended as the server ends it."""
    started = asyncio.Event()
    worker = Worker(get_channel_layer())
    task = asyncio.create_task(worker.run(lambda address: started.set()))
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait([task, waiting], timeout=START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        await task
    try:
        yield worker
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def worker(deployment: Settings, transactional_db: None) -> AsyncIterator[Worker]:
    """The embedded shape's worker."""
    async with running_worker() as running:
        yield running


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis for this test alone."""
    server = RedisServer(tmp_path)
    yield server
    server.stop()


def use_redis(settings: Settings, url: str, **host: object) -> None:
    """Meet in this Redis from now on."""
    config = {"hosts": [{"address": url, "socket_timeout": 30, **host}], "prefix": "starling:starling"}
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "webchat.chat.redislayer.PatientRedisLayer", "CONFIG": config}
    }
    channel_layers.backends.clear()


class WorkerProgram:
    """``manage.py worker`` in a process of its own, on the test's database and data."""

    def __init__(self, data: Path, redis_url: str) -> None:
        database = connection.settings_dict["NAME"]
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings_e2e",
            "STARLING_DATA": str(data),
            "STARLING_UDP_PORT": "0",
            "DATABASE_URL": f"sqlite:///{database}",
            "REDIS_URL": redis_url,
        }
        self.start()

    def start(self) -> None:
        """Start it and wait until it is ready."""
        command = [sys.executable, "-W", "ignore", "manage.py", "worker"]
        self._program = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE)
        assert self._program.stdout is not None
        line = self._program.stdout.readline()
        assert line.startswith(b"Worker ready"), line

    def kill(self) -> None:
        """SIGKILL."""
        self._program.kill()
        self._end()

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        if self._program.poll() is None:
            self._program.terminate()
        return self._end()

    def _end(self) -> int:
        assert self._program.stdout is not None
        try:
            return self._program.wait(START_TIMEOUT_S)
        finally:
            self._program.kill()
            self._program.wait()
            self._program.stdout.close()


@pytest.fixture
async def worker_program(
    deployment: Settings, redis_server: RedisServer, transactional_db: None
) -> AsyncIterator[WorkerProgram]:
    """The scaled shape's worker; the test is the web process."""
    use_redis(deployment, redis_server.url)
    program = WorkerProgram(deployment.DEPLOYMENT.data, redis_server.url)
    yield program
    assert program.stop() == 0
    await get_channel_layer().close_pools()


@pytest.fixture(params=["embedded", "scaled"])
def serving(request: pytest.FixtureRequest) -> str:
    """Both shapes, one after the other."""
    request.getfixturevalue("worker" if request.param == "embedded" else "worker_program")
    return str(request.param)


@pytest.fixture
async def open_page(transactional_db: None) -> AsyncIterator[Open]:
    """``open_page("ann")``: a connected page of that user, who gets an account at the first call."""
    opened: list[Browser] = []

    async def open_one(name: str) -> Browser:
        user, _ = await database_sync_to_async(User.objects.get_or_create)(username=name)
        browser = await Browser.of(user)
        opened.append(browser)
        return browser

    yield open_one
    for browser in opened:
        await browser.close()


async def two_in_the_lobby(open_page: Open) -> tuple[Browser, Browser]:
    """Ann's and Bob's pages, both in ``#lobby``."""
    ann, bob = await open_page("ann"), await open_page("bob")
    for page in (ann, bob):
        await page.hello()
        await page.join("#lobby")
    return ann, bob
