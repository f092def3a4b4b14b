"""The same code as two processes over a real Redis; a dead worker is told and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from e2e.conftest import People
from e2e.servers import Server, accepts_connections, redis_program

SCALED = ("worker", "web")
RESTART_MAX_MS = 30_000


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis server for this test alone."""
    redis, url = redis_program(tmp_path / "redis")
    redis.start()
    try:
        redis.wait_until(lambda: accepts_connections(urlsplit(url).port or 0))
        yield url
    finally:
        redis.kill()


def test_a_conversation(redis_url: str, people: People, launch: Callable[..., Server], channel: str) -> None:
    server = launch("scaled", shape=SCALED, REDIS_URL=redis_url)
    ann = people("ann", server).sign_up().join(channel)
    bob = people("bob", server).sign_up().join(channel)

    hello = ann.say("Through Redis")
    bob.expect_message(hello)
    answer = bob.say("And back")
    ann.expect_message(answer)

    ann.expect_delivered(hello).expect_order([hello, answer])
    bob.expect_delivered(answer).expect_order([hello, answer])
    ann.reload().expect_open(channel).expect_order([hello, answer])


def test_a_dead_worker_is_told_and_nothing_is_lost(
    redis_url: str, people: People, launch: Callable[..., Server], channel: str
) -> None:
    server = launch("scaled", shape=SCALED, REDIS_URL=redis_url)
    ann = people("ann", server).sign_up().join(channel)
    bob = people("bob", server).sign_up().join(channel)
    before = ann.say("While it lives")
    bob.expect_message(before)

    server.programs["worker"].kill()
    ann.disturbed = True
    meanwhile = ann.say("While it is dead")
    ann.expect_waiting_for_the_node(meanwhile).expect_trouble("WORKER_UNAVAILABLE")
    ann.picture("worker-unavailable")

    server.programs["worker"].start()
    bob.expect_message(meanwhile, timeout_ms=RESTART_MAX_MS).expect_order([before, meanwhile])
    ann.expect_delivered(meanwhile)
