"""Names of addresses to start from that nobody knows yet: looked up again, and told on the health page."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

import pytest
from pytest_django import Settings

from tests.webchat.conftest import running_worker
from tests.webchat.test_doctor import by_name
from webchat import startpoints
from webchat.deployment import Address
from webchat.health.doctor import examined
from webchat.health.nodes import HostView
from webchat.startpoints import StartPoints

A, B = ("a.example", 8468), ("b.example", 8468)
HERE, THERE, FIXED = ("10.0.0.1", 8468), ("10.0.0.2", 8468), ("10.0.0.3", 8468)


class NameService:
    """Knows addresses, and names once it has been asked for them ``after`` times."""

    def __init__(self, names: dict[Address, Address], after: int = 0) -> None:
        self._names = names
        self._after = after
        self.asked: list[Address] = []
        self.levels: list[int] = []

    async def __call__(self, addresses: tuple[Address, ...], level: int) -> tuple[Address, ...]:
        [wanted] = addresses
        self.asked.append(wanted)
        self.levels.append(level)
        if wanted[0][0].isdigit():
            return addresses
        known = wanted in self._names and self.asked.count(wanted) > self._after
        return (self._names[wanted],) if known else ()


class Node:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Address] = []

    def add_bootstraps(self, addresses: Iterable[Address]) -> None:
        self.told += addresses


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are looked up again at once."""
    monkeypatch.setattr(startpoints, "AGAIN_S", 0)


@pytest.mark.usefixtures("impatient")
async def test_a_name_that_is_unknown_is_looked_up_until_it_leads_somewhere() -> None:
    names = NameService({B: THERE}, after=4)
    points = StartPoints((B, FIXED, FIXED), names)
    assert await points.look_up() == (FIXED,)
    assert (points.known, points.unknown) == ((FIXED,), (B,))
    [shown] = points.shown()
    assert (shown["address"], shown["state"]) == (list(B), "unknown")
    node = Node()
    await points.keep(lambda: [node])
    assert node.told == [THERE]
    assert (points.known, points.unknown, points.shown()) == ((FIXED, THERE), (), [])
    assert names.asked == [B, FIXED, B, B, B, B]
    assert names.levels == [logging.ERROR] * 2 + [logging.DEBUG] * 4


async def test_two_names_of_one_address_are_dialled_once() -> None:
    points = StartPoints((A, B), NameService({A: HERE, B: HERE}))
    assert await points.look_up() == (HERE,)
    assert (points.known, points.unknown) == ((HERE,), ())


async def test_where_all_is_known_nothing_is_looked_up_again() -> None:
    names = NameService({})
    points = StartPoints((FIXED,), names)
    await points.look_up()
    await points.keep(list)
    assert names.asked == [FIXED]


@pytest.mark.usefixtures("transactional_db")
async def test_a_server_whose_start_address_has_an_unknown_name_is_not_called_well(
    deployment: Settings,
) -> None:
    """Before, it said that none was configured, and that all was well."""
    nowhere = ("nowhere.invalid", 8468)
    deployment.DEPLOYMENT = replace(deployment.DEPLOYMENT, bootstrap=(nowhere,))
    async with running_worker() as worker:
        told = HostView(worker.host).host([], 0)
        assert (told["verdict"]["state"], told["verdict"]["cause"]) == ("degraded", "names")
        error = told["verdict"]["error"]
        assert error["code"] == "ADDRESS_UNKNOWN" and "nowhere.invalid" in error["message"]
        assert [(each["address"], each["state"]) for each in told["bootstraps"]] == [
            (list(nowhere), "unknown")
        ]
        step = by_name(await examined("", ""))["bootstrap"]
        assert (step["subject"], step["result"], step["code"]) == (
            "nowhere.invalid:8468",
            "failed",
            "ADDRESS_UNKNOWN",
        )
        worker.host.start_points.unknown = ()
        assert HostView(worker.host).host([], 0)["verdict"]["state"] == "healthy"
