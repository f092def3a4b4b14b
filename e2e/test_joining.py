"""Joining shows its steps and how long they take, and is done within five seconds."""

from __future__ import annotations

from e2e.chat import JOIN_MAX_MS
from e2e.conftest import People
from e2e.servers import Server


def test_a_join_shows_its_steps_and_its_time(people: People, server: Server, channel: str) -> None:
    people("fred", server).sign_up().join(channel)
    gina = people("gina", server).sign_up()

    gina.ask_to_join(channel).expect_joined(channel)
    join = gina.expect_join_steps()

    assert len(join.steps) >= 5
    assert 0 < join.elapsed_ms <= JOIN_MAX_MS
