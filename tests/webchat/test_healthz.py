"""``/healthz``: one word, quickly, whatever is broken, and never more than one look a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import AsyncClient
from pytest_django import Settings

from tests.webchat.conftest import WorkerProgram
from webchat import healthz
from webchat.worker import Worker


@pytest.fixture(autouse=True)
async def _forgotten() -> AsyncIterator[None]:
    healthz._probes.clear()
    yield
    healthz._probes.clear()


async def asked() -> tuple[int, Any]:
    answer = await AsyncClient().get("/healthz")
    return answer.status_code, answer.json()


async def test_all_is_well_in_both_shapes(serving: str) -> None:
    assert await asked() == (200, {"status": "ok"})


async def test_a_failed_test_message_is_degraded_and_nothing_more(worker: Worker) -> None:
    worker.host.canary = lambda: {"state": "failed", "code": "NO_QUORUM"}
    assert await asked() == (200, {"status": "degraded"})


@pytest.mark.django_db(transaction=True)
async def test_without_a_worker_it_is_unavailable_within_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert healthz.ANSWER_MAX_S <= 2.0
    monkeypatch.setattr(healthz, "ANSWER_MAX_S", 0.2)
    began = asyncio.get_running_loop().time()
    assert await asked() == (503, {"status": "unavailable"})
    assert asyncio.get_running_loop().time() - began < 2.0


async def test_a_worker_that_dies_is_noticed(
    worker_program: WorkerProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await asked())[0] == 200
    monkeypatch.setattr(healthz, "REMEMBERED_S", 0.0)
    monkeypatch.setattr(healthz, "ANSWER_MAX_S", 0.5)
    worker_program.kill()
    assert await asked() == (503, {"status": "unavailable"})
    monkeypatch.undo()
    worker_program.start()
    healthz._probes.clear()
    assert (await asked())[0] == 200


@pytest.mark.parametrize("part", ["_database", "_layer"])
async def test_a_database_or_layer_that_fails_is_unavailable(
    worker: Worker, part: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        raise (
            DatabaseError("secret details")
            if part == "_database"
            else ConnectionRefusedError("redis://:secret@x")
        )

    monkeypatch.setattr(healthz, part, broken)
    assert await asked() == (503, {"status": "unavailable"})
    assert "does not answer" in caplog.text


async def test_a_hundred_questions_are_one_look(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(healthz, "REMEMBERED_S", 60.0)
    looks = 0
    look = healthz._look

    async def counted() -> str:
        nonlocal looks
        looks += 1
        return await look()

    monkeypatch.setattr(healthz, "_look", counted)
    probe = healthz.Probe()
    answers = await asyncio.gather(*(probe.status() for _ in range(100)))
    assert set(answers) == {"ok"} and looks == 1


async def test_it_can_only_be_read(settings: Settings) -> None:
    assert (await AsyncClient().post("/healthz")).status_code == 405
