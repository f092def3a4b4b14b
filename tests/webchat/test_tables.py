"""The alert about full tables hears of those that refuse something, not of what any old server has full."""

from __future__ import annotations

import asyncio
import importlib
import re
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from tests.webchat.conftest import Open, running_worker, two_in_the_lobby
from tests.webchat.test_metrics import WEB, families
from tests.webchat.test_numbers import ManyChannels
from tools.tracked import text_of
from webchat.exposition import exposition
from webchat.numbers import Numbers
from webchat.tables import IN_TURNS, LAST_SO_MANY, WATCHED
from webchat.worker import Worker

SMALL = 2
"""What a bound becomes, so that a server is old after some messages."""

BOUNDS = {
    "rpc.measured": "rpc.rto.MEASURED_MAX",
    "rpc.addresses_seen": "rpc.bearings.REPORTERS_MAX",
    "rpc.clock_offsets": "rpc.bearings.REPORTERS_MAX",
    "overlay.contacted": "overlay.dialler.CONTACTED_MAX overlay.dialback.CONTACTED_MAX",
    "overlay.words": "overlay.moves.WORDS_MAX",
    "pubsub.spreads": "pubsub.delivery.SPREADS_MAX",
    "pubsub.reachability": "pubsub.reachability.RECORDS_MAX",
    "pubsub.relay_heard": "pubsub.relaying.HEARD_PEERS_MAX",
    "pubsub.subscribers_told": "pubsub.audience.TELLERS_MAX pubsub.replica.TELLERS_MAX",
    "pubsub.subscribers_begun": "pubsub.membership.BEGUN_MAX",
    "pubsub.nonces_of_peer": "pubsub.nonces.PER_PEER_MAX",
    "pubsub.presence_answered": "pubsub.presence.ANSWERED_MAX",
    "pubsub.health_looks": "pubsub.looking.LOOKS_MAX",
    "pubsub.health_told": "pubsub.channelhealth.TOLD_MAX",
    "pubsub.join_log": "pubsub.joinlog.JOINS_MAX",
    "diagnostics.records": "diagnostics.collector.RECORDS_PER_OPERATION_MAX",
    "diagnostics.windows": "diagnostics.collector.WINDOWS_MAX",
}
"""Tables that keep the last so many, with the constants that say how many."""

CHANNELS = ("#lobby", "#tea", "#garden")
ROUNDS_MAX = 1500


def alerted(numbers: Numbers) -> set[str]:
    """The tables for which the documented alert would be raised."""
    alerts = text_of("docs/operations.md").partition("### Alerts")[2]
    [limit] = re.findall(r"^\| a table is full \| `starling_table_fill_ratio > ([\d.]+)`", alerts, re.M)
    page = exposition(WEB, {**numbers.told(), "canary": {"state": "off", "code": ""}})
    samples = families(page)["starling_table_fill_ratio"].samples
    return {sample.labels["table"] for sample in samples if sample.value > float(limit)}


async def test_whether_a_full_table_is_a_trouble_is_decided_of_each(worker: Worker) -> None:
    kinds = (WATCHED, LAST_SO_MANY, IN_TURNS)
    assert sum(map(len, kinds)) == len(frozenset().union(*kinds)), "each is of one kind"
    await worker.host.node.join("#lobby")  # some tables are of a channel
    assert frozenset().union(*kinds) == worker.host.node.sizes().keys()


@pytest.fixture
def _soon_old(deployment: Settings, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that a canary and some messages among three nodes reach; in time a canary alone would do it."""
    deployment.DEPLOYMENT = replace(deployment.DEPLOYMENT, canary=True)
    for places in BOUNDS.values():
        for place in places.split():
            module, _, constant = f"peernode.{place}".rpartition(".")
            assert isinstance(getattr(importlib.import_module(module), constant), int)
            monkeypatch.setattr(importlib.import_module(module), constant, SMALL)


@pytest.mark.usefixtures("_soon_old")
async def test_a_server_that_has_run_for_long_raises_no_alert_about_its_tables(open_page: Open) -> None:
    async with running_worker() as worker:
        ann, bob = await two_in_the_lobby(open_page)
        for page in (ann, bob):
            for name in CHANNELS[1:]:
                await page.join(name)
        for name in CHANNELS:
            await bob.see((await ann.say(name, "a message"))["id"])
        full: set[str] = set()
        for _ in range(ROUNDS_MAX):
            for name in CHANNELS:
                await worker.health.view.channel(name)
            for node in worker.host.nodes():
                sizes = node.sizes()
                assert all(size <= SMALL for name, (size, _) in sizes.items() if name in BOUNDS)
                full.update(name for name, (size, bound) in sizes.items() if size == bound)
            if full >= BOUNDS.keys():
                break
            await asyncio.sleep(0.01)  # real nodes probe each other in their own time
        assert BOUNDS.keys() - full == set(), "each was at its bound"
        assert alerted(worker.host.numbers) == set()


async def test_a_table_that_refuses_something_when_it_is_full_raises_the_alert(worker: Worker) -> None:
    await worker.host.node.join("#lobby")

    class Crowded(ManyChannels):
        def sizes(self) -> dict[str, tuple[int, int]]:
            return {name: (bound, bound) for name, (_, bound) in worker.host.node.sizes().items()}

    numbers: Any = Numbers()
    numbers.watch(1, Crowded(1))
    assert alerted(numbers) == WATCHED
