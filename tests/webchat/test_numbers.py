"""What is counted for ``/metrics``: bounded whatever the number of channels, once each, and written about."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from peernode.diagnostics.codes import CATALOGUE
from peernode.diagnostics.collector import PUSHES
from tests.webchat.test_metrics import WEB, families, value
from tools.tracked import text_of
from webchat.canary import CANARY_STATES
from webchat.exposition import METRICS, exposition
from webchat.health.verdict import STATES as VERDICTS
from webchat.numbers import METHODS, STATES, Numbers
from webchat.worker import Worker


class ManyChannels:
    """A node in a number of channels, as far as its metrics are concerned."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.state = type("State", (), {"state": "online"})

    def counters(self) -> dict[str, int]:
        return {"datagrams_in": 10 * self.channels, "rejected.rate": 1}

    def happened(self) -> dict[str, int]:
        return {f"attempt.{method}.ok": self.channels for method in METHODS}

    def sizes(self) -> dict[str, tuple[int, int]]:
        return {"pubsub.channels": (self.channels, 5120)}

    def census(self) -> dict[str, int]:
        return {"channels.healthy": self.channels, "peers": 1}

    def stored_channels(self) -> set[str]:
        return {f"#channel-{number}" for number in range(self.channels)}

    def on_attempt(self, listener: Any) -> None:
        self.attempted = listener

    def on_record(self, listener: Any) -> None:
        self.recorded = listener


def series_of(numbers: Numbers) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    page = exposition(WEB, {**numbers.told(), "canary": {"state": "off", "code": ""}})
    return [
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in families(page).values()
        for sample in family.samples
    ]


def test_a_thousand_channels_have_no_more_series_than_one() -> None:
    few, many = Numbers(), Numbers()
    few.watch(1, ManyChannels(1))
    many.watch(1, ManyChannels(1000))
    assert series_of(many) == series_of(few)
    assert len(series_of(few)) < 200


async def test_a_real_node_in_a_thousand_channels_has_no_more_series(worker: Worker) -> None:
    node = worker.host.node
    await node.join("#channel-0")
    before = series_of(worker.host.numbers)
    for first in range(0, 1000, 20):
        await asyncio.gather(*(node.join(f"#channel-{first + number}") for number in range(20)))
    assert len(node.channels()) == 1000
    after = series_of(worker.host.numbers)
    assert set(after) == set(before)
    assert not any("channel-" in part for _, labels in after for pair in labels for part in pair)


def test_every_value_of_a_label_is_of_a_fixed_set() -> None:
    numbers = Numbers()
    numbers.watch(1, ManyChannels(3))
    numbers.refused("NO_QUORUM")
    page = exposition(WEB, {**numbers.told(), "canary": {"state": "failed", "code": "CANARY_LATE"}})
    allowed = {
        "state": {*STATES, *CANARY_STATES, "accepted", "sent", "delivered", "failed"},
        "method": set(METHODS),
        "outcome": {"ok", "delayed", "failed"},
        "direction": {"in", "out"},
        "code": set(CATALOGUE),
        "verdict": set(VERDICTS),
        "table": {"pubsub.channels"},
        "version": {"0.1.0"},
    }
    for family in families(page).values():
        for sample in family.samples:
            for label, shown in sample.labels.items():
                assert label == "le" or shown in allowed[label], (sample.name, label, shown)


@pytest.mark.parametrize("state", CANARY_STATES)
def test_the_state_of_the_test_messages_is_told_by_name(state: str) -> None:
    page = exposition(WEB, {**Numbers().told(), "canary": {"state": state, "code": ""}})
    for each in CANARY_STATES:
        assert value(page, "starling_canary_state", state=each) == (each == state)


def test_a_channel_that_two_nodes_store_is_one() -> None:
    numbers = Numbers()
    numbers.watch(1, ManyChannels(3))
    numbers.watch(2, ManyChannels(5))
    page = exposition(WEB, {**numbers.told(), "canary": {"state": "off", "code": ""}})
    assert value(page, "starling_channels_stored") == 5
    assert value(page, "starling_peers") == 2


def test_a_message_counts_once_in_each_state() -> None:
    numbers = Numbers()
    error = type("Error", (), {"code": "NO_QUORUM"})

    def told(message: str, state: str) -> None:
        fields = {"id": message, "state": state, "error": error if state == "failed" else None}
        event = type("MessageState", (), {"state": type("State", (), fields)})
        numbers.event(event())

    for state in ("pending", "failed", "failed", "sent", "sent", "delivered", "delivered"):
        told("one", state)
    told("two", "delivered")
    assert numbers.told()["messages"] == {"accepted": 0, "sent": 2, "delivered": 2, "failed": 1}
    assert numbers.told()["codes"] == {"NO_QUORUM": 1}


def test_buckets_count_what_is_not_over_them() -> None:
    numbers, node = Numbers(), ManyChannels(1)
    numbers.watch(1, node)
    for ms in (5, 6, 60_000):
        node.attempted("digest", type("Attempt", (), {"outcome": "ok", "method": "direct", "elapsed_ms": ms}))
    page = exposition(WEB, {**numbers.told(), "canary": {"state": "off", "code": ""}})
    assert value(page, "starling_push_latency_seconds_bucket", le="0.005") == 1
    assert value(page, "starling_push_latency_seconds_bucket", le="0.01") == 2
    assert value(page, "starling_push_latency_seconds_bucket", le="10.0") == 2
    assert value(page, "starling_push_latency_seconds_bucket", le="+Inf") == 3
    assert value(page, "starling_push_latency_seconds_sum") == pytest.approx(60.011)


def test_every_metric_is_documented() -> None:
    document = text_of("docs/operations.md")
    assert [m.full_name for m in METRICS if f"`{m.full_name}`" not in document] == []


def test_the_documented_help_is_that_of_the_page() -> None:
    rows = re.findall(
        r"^\| `(starling_\w+)` \| (\w+) \|[^|]*\| (.*) \|$", text_of("docs/operations.md"), re.M
    )
    told = {name: text for name, _, text in rows}
    apart = [m.full_name for m in METRICS if not told[m.full_name].startswith(m.help.removesuffix("."))]
    assert apart == []


def test_alerts_and_dashboard_count_every_verdict_that_is_not_well() -> None:
    alerts = text_of("docs/operations.md").partition("### Alerts")[2].partition("\n## ")[0]
    not_well = set(VERDICTS) - {"healthy"}
    assert set(re.findall(r'starling_channels{verdict="(\w+)"} > 0', alerts)) == not_well
    [shown] = re.findall(r'starling_channels{[^}]*verdict=~\\"([^"\\]+)', text_of("docs/grafana.json"))
    assert set(shown.split("|")) == not_well
    known = {name for metric in METRICS for name in (metric.full_name, f"{metric.full_name}_bucket")}
    assert set(re.findall(r"starling_\w+", alerts)) - known == set()


def test_the_alert_about_pushes_counts_what_is_pushed_alone() -> None:
    """Thousands of messages that are published or pulled well would hide that none gets to a subscriber."""
    alerts = text_of("docs/operations.md").partition("### Alerts")[2]
    [expression] = re.findall(r"^\| pushes fail \| `([^`]*)`", alerts, re.M)
    selectors = re.findall(r"starling_pushes_(\w+)_total{([^}]*)}", expression)
    assert [name for name, _ in selectors] == ["failed", "attempted"]
    for _, selector in selectors:
        assert set(METHODS) - set(re.findall(r'method!="(\w+)"', selector)) == set(PUSHES)


def test_no_alert_where_nobody_could_store_a_test() -> None:
    """The last success stays where it was while a server is alone, which is no failure."""
    alerts = text_of("docs/operations.md").partition("### Alerts")[2]
    [expression] = re.findall(r"`(time\(\) - starling_canary_last_success[^`]*)`", alerts)
    assert expression.endswith('unless on (job, instance) starling_canary_state{state="alone"} == 1')
    assert "alone" in CANARY_STATES


def test_the_dashboard_uses_metrics_that_exist_and_all_kinds_of_them() -> None:
    text = text_of("docs/grafana.json")
    dashboard = json.loads(text)
    expressions = list(_expressions(dashboard))
    assert len(expressions) >= 12
    known = {name for metric in METRICS for name in (metric.full_name, f"{metric.full_name}_bucket")}
    used = set(re.findall(r"starling_\w+", text))
    assert used - known == set()
    grouped = {
        label
        for each in expressions
        for group in re.findall(r"by \(([^)]*)\)", each)
        for label in group.split(",")
    }
    labels = {label for metric in METRICS for label in metric.labels} | {"le"}
    assert {label.strip() for label in grouped} - labels == set()
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)


def _expressions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("expr"), str):
            yield value["expr"]
        for inner in value.values():
            yield from _expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _expressions(inner)
