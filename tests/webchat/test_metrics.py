"""``/metrics``: who may read it, that Prometheus understands it, and that names stay out of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import AsyncClient
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from tests.webchat.conftest import Open, running_worker, two_in_the_lobby
from webchat.exposition import METRICS, OF_WEB, PREFIX
from webchat.health.verdict import STATES
from webchat.worker import Worker

TOKEN = "a-token-for-tests-0123456789"
WEB = {"worker_up": 1.0, "web_sockets": 0, "build": {"0.1.0": 1.0}}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(autouse=True)
def _token(deployment: Settings) -> None:
    deployment.DEPLOYMENT = replace(deployment.DEPLOYMENT, metrics_token=TOKEN)


async def scraped(**headers: str) -> HttpResponse:
    answer: Any = await AsyncClient().get("/metrics", headers=headers or BEARER)
    return answer


def families(page: bytes) -> dict[str, Family]:
    found = {family.name: family for family in text_string_to_metric_families(page.decode())}
    assert all(name.startswith(PREFIX) for name in found)
    return found


def value(page: bytes, name: str, **labels: str) -> float:
    values = [
        sample.value
        for family in families(page).values()
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    ]
    assert len(values) == 1, (name, labels, values)
    return float(values[0])


async def test_the_page_tells_what_two_people_did(serving: str, open_page: Open) -> None:
    ann, bob = await two_in_the_lobby(open_page)
    sent = await ann.say("#lobby", "a word that is in no metric")
    await bob.see(sent["id"])
    await ann.expect("message.state", id=sent["id"], state="delivered")
    await ann.ask("channel.join", channel="two words")
    answer = await scraped()
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer["Cache-Control"].find("no-store") >= 0
    page = answer.content
    assert set(families(page)) == {PREFIX + metric.name for metric in METRICS}
    assert value(page, "starling_worker_up") == 1
    assert value(page, "starling_web_sockets") == 2
    assert value(page, "starling_messages_total", state="accepted") >= 1
    assert value(page, "starling_messages_total", state="delivered") >= 1
    assert value(page, "starling_joins_total", outcome="ok") == 2
    assert value(page, "starling_nodes", state="online") == 3
    verdicts = {name: value(page, "starling_channels", verdict=name) for name in STATES}
    assert (sum(verdicts.values()), verdicts["down"]) == (1, 0), "it may be looked at just now"
    assert value(page, "starling_subscribers") >= 2
    assert value(page, "starling_outbox_waiting") == 0
    assert value(page, "starling_codes_total", code="CHANNEL_NAME_INVALID") == 1
    assert value(page, "starling_push_latency_seconds_count") >= 1
    assert value(page, "starling_join_seconds_count") == 2
    assert value(page, "starling_commit_seconds_bucket", le="+Inf") >= 1
    assert value(page, "starling_datagrams_total", direction="in") > 0
    shown = {
        label
        for each in families(page).values()
        for sample in each.samples
        for label in sample.labels.values()
    }
    assert shown.isdisjoint({"ann", "bob", "#lobby"})
    assert b"lobby" not in page and b"a word that" not in page


def _are_listed(worker: Worker) -> bool:
    """Whether the canary has its channel, and each node lists Ann and Bob in the lobby."""
    nodes = worker.host.nodes()
    lists = [node.leaseholders("#lobby") for node in nodes]
    return worker.host.canary()["state"] == "ok" and all(len(each) == 2 for each in lists)


@pytest.mark.usefixtures("transactional_db")
async def test_channels_and_leases_are_those_of_people_and_counted_as_the_help_says(
    deployment: Settings, open_page: Open
) -> None:
    deployment.DEPLOYMENT = replace(deployment.DEPLOYMENT, canary=True)
    async with running_worker() as worker:
        await two_in_the_lobby(open_page)
        for _ in range(1500):
            if _are_listed(worker):
                break
            await asyncio.sleep(0.01)
        assert _are_listed(worker)
        page = (await scraped()).content
        assert [node.stored_channels() for node in worker.host.nodes()] == [{"#lobby"}] * 3
        assert worker.host.node.leaseholders(worker.host.canary_channel), "it has a lease as well"
        assert value(page, "starling_channels_stored") == 1
        assert value(page, "starling_subscribers") == 2 * 3
        assert value(page, "starling_outbox_waiting") == 0
        assert value(page, "starling_nodes", state="online") == 3
        assert value(page, "starling_peers") == 3 * 2
        assert value(page, "starling_messages_total", state="sent") >= 1, "that of the canary"


@pytest.mark.usefixtures("worker")
async def test_a_node_that_ends_takes_nothing_back(worker: Worker, open_page: Open) -> None:
    ann, _ = await two_in_the_lobby(open_page)
    await ann.expect("message.state", id=(await ann.say("#lobby", "x"))["id"], state="delivered")
    names = ("datagrams", "traffic_bytes", "joins", "messages", "pushes_attempted", "pushes_acked")

    async def counted() -> dict[Any, float]:
        found = families((await scraped()).content)
        return {
            (sample.name, *sample.labels.items()): sample.value
            for name in names
            for sample in found[PREFIX + name].samples
        }

    before = await counted()
    for user in list(worker.residents._residents):
        await worker.residents.rest(user)
    after = await counted()
    assert before.keys() == after.keys()
    assert {key: (before[key], after[key]) for key in before if after[key] < before[key]} == {}


@pytest.mark.django_db(transaction=True)
async def test_without_a_worker_the_page_says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webchat.metrics.ANSWER_MAX_S", 0.2)
    answer = await scraped()
    assert answer.status_code == 200
    assert value(answer.content, "starling_worker_up") == 0
    assert set(families(answer.content)) == {PREFIX + metric.name for metric in OF_WEB}


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer \N{LATIN SMALL LETTER E WITH ACUTE}",
    ],
)
@pytest.mark.django_db(transaction=True)
async def test_who_shows_no_right_token_is_asked_for_one(shown: str) -> None:
    answer = await scraped(Authorization=shown)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert b"starling_" not in answer.content and TOKEN.encode() not in answer.content


@pytest.mark.django_db(transaction=True)
async def test_without_a_token_set_none_is_right(deployment: Settings) -> None:
    deployment.DEPLOYMENT = replace(deployment.DEPLOYMENT, metrics_token="")
    for shown in ("Bearer ", "Bearer x", ""):
        assert (await scraped(Authorization=shown)).status_code == 401


@pytest.mark.parametrize(("staff", "status"), [(True, 200), (False, 403)])
@pytest.mark.django_db(transaction=True)
async def test_of_people_only_administrators_read_it(
    staff: bool, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webchat.metrics.ANSWER_MAX_S", 0.2)
    user = await database_sync_to_async(User.objects.create_user)("ann", is_staff=staff)
    client = AsyncClient()
    await client.aforce_login(user)
    answer = await client.get("/metrics")
    assert answer.status_code == status
    assert (b"starling_worker_up" in answer.content) is staff
    posted = await client.post("/metrics")
    assert posted.status_code in (403, 405)
