"""What the page says of the host: whatever is wrong has a code and a remedy, by the doctor's measures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from pytest_django import Settings

from peernode.doctor.storehealth import disk
from tests.webchat.conftest import running_worker
from tests.webchat.test_health_watching import until
from webchat.bridge import CATALOGUE
from webchat.health.nodes import HostView
from webchat.worker import Worker

NOBODY = ("127.0.0.1", 9)
"""Where no node is."""


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


def verdict_of(view: HostView, states: list[str], failed: int = 0) -> tuple[str, str, str]:
    """State and cause of the host, and the code of what to do about it, with its texts."""
    verdict: dict[str, Any] = view.host(states, 0, failed)["verdict"]
    error = verdict["error"]
    if error is None:
        return verdict["state"], verdict["cause"], ""
    assert error.keys() == {"code", "message", "remedy"}
    assert error["remedy"] == CATALOGUE[error["code"]].remedy
    return verdict["state"], verdict["cause"], error["code"]


@pytest.mark.parametrize(
    ("free", "state", "code"),
    [
        ((64 << 20) - 1, "down", "STORE_FULL"),
        (64 << 20, "degraded", "DISK_LOW"),
        ((1 << 30) - 1, "degraded", "DISK_LOW"),
        (1 << 30, "healthy", ""),
    ],
)
async def test_the_disk_is_judged_as_the_doctor_judges_it(
    worker: Worker, free: int, state: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda place: _Usage(10 << 30, 0, free))
    view = HostView(worker.host)
    assert verdict_of(view, ["healthy"]) == (state, "store" if code else "", code)
    assert disk(worker.host.database).code == code
    store = view.host(["healthy"], 0)["store"]
    assert (store["free"], store["ok"], store["low"]) == (free, state != "down", state != "healthy")


@pytest.mark.usefixtures("transactional_db")
async def test_a_host_that_reaches_nobody_says_what_to_do(deployment: Settings) -> None:
    deployment.DEPLOYMENT = replace(deployment.DEPLOYMENT, bootstrap=(NOBODY,))
    async with running_worker() as worker:
        view = HostView(worker.host)
        assert verdict_of(view, ["healthy"]) == ("down", "node", ""), "it has only begun to look"
        await until(lambda: verdict_of(view, ["healthy"]) != ("down", "node", ""))
        assert verdict_of(view, ["healthy"]) == ("down", "node", "NO_BOOTSTRAP")


async def test_channels_that_can_not_be_looked_at_have_a_code_and_those_that_are_ill_bring_theirs(
    worker: Worker,
) -> None:
    view = HostView(worker.host)
    assert verdict_of(view, ["healthy"], failed=1) == ("degraded", "unseen", "CHANNEL_UNSEEN")
    assert verdict_of(view, ["degraded"], failed=1) == ("degraded", "channels", "")
    assert verdict_of(view, ["healthy"]) == ("healthy", "", "")
