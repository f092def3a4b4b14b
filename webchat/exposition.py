"""The numbers as Prometheus reads them: which metrics there are, and how they follow from what was counted.

``METRICS`` is all of them; tests hold the page, ``docs/operations.md`` and ``docs/grafana.json`` to it.
Invariants: names end in their unit, counters in ``_total``; a label's values come from a fixed set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from webchat.canary import CANARY_STATES
from webchat.health.verdict import STATES

Numbers = dict[str, Any]
Samples = Iterable[tuple[tuple[str, ...], Any]]
"""Values of the labels, and the number (of a histogram: buckets and sum)."""

PREFIX = "starling_"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; ``samples`` finds its numbers in what the worker told."""

    kind: type[CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily]
    name: str
    help: str
    labels: tuple[str, ...]
    samples: Callable[[Numbers], Samples]

    @property
    def full_name(self) -> str:
        """As it stands on the page: a counter with its ending."""
        return f"{PREFIX}{self.name}{'_total' if self.kind is CounterMetricFamily else ''}"


def _one(*path: str) -> Callable[[Numbers], Samples]:
    """A single number; left out where there is none."""

    def samples(numbers: Numbers) -> Samples:
        for name in path:
            numbers = numbers[name]
        return [] if numbers is None else [((), numbers)]

    return samples


def _each(*path: str) -> Callable[[Numbers], Samples]:
    """A number for each value of one label."""

    def samples(numbers: Numbers) -> Samples:
        for name in path:
            numbers = numbers[name]
        return [((value,), number) for value, number in sorted(numbers.items())]

    return samples


def _histogram(name: str) -> Callable[[Numbers], Samples]:
    return lambda numbers: [((), numbers["histograms"][name])]


def _directions(unit: str) -> Callable[[Numbers], Samples]:
    return lambda numbers: [((way,), numbers["traffic"][f"{unit}_{way}"]) for way in ("in", "out")]


def _verdicts(numbers: Numbers) -> Samples:
    return [((verdict,), numbers.get("verdicts", {}).get(verdict, 0)) for verdict in STATES]


def _census(name: str) -> Callable[[Numbers], Samples]:
    return lambda numbers: [((), numbers["census"].get(name, 0))]


def _canary_up(numbers: Numbers) -> Samples:
    state = numbers["canary"]["state"]
    return [] if state not in ("ok", "failed") else [((), float(state == "ok"))]


def _canary_state(numbers: Numbers) -> Samples:
    return [((state,), float(numbers["canary"]["state"] == state)) for state in CANARY_STATES]


def _canary_ms(name: str) -> Callable[[Numbers], Samples]:
    def samples(numbers: Numbers) -> Samples:
        value = numbers["canary"].get(name)
        return [] if value is None else [((), value / 1000)]

    return samples


def _canary_code(numbers: Numbers) -> Samples:
    code = numbers["canary"]["code"]
    return [((code,), 1.0)] if code else []


COUNTER, GAUGE, HISTOGRAM = CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

OF_WEB = (
    Metric(GAUGE, "worker_up", "Whether the worker answered this page.", (), _one("worker_up")),
    Metric(
        GAUGE,
        "web_sockets",
        "Open sockets of pages, of the chat and of health, at this web process.",
        (),
        _one("web_sockets"),
    ),
    Metric(GAUGE, "build_info", "The version, as a label of a constant 1.", ("version",), _each("build")),
)
OF_WORKER = (
    Metric(
        COUNTER,
        "messages",
        "Own messages by the state they reached, this server's test messages among them.",
        ("state",),
        _each("messages"),
    ),
    Metric(
        COUNTER,
        "pushes_attempted",
        "Tries to bring a message to a node.",
        ("method",),
        _each("pushes", "attempted"),
    ),
    Metric(COUNTER, "pushes_acked", "Tries that were acknowledged.", ("method",), _each("pushes", "acked")),
    Metric(
        COUNTER,
        "pushes_retried",
        "Tries that were not the first of their message to that node.",
        ("method",),
        _each("pushes", "retried"),
    ),
    Metric(
        COUNTER,
        "pushes_failed",
        "Tries without an ack: no answer, a refusal, a malformed answer, or too much waiting already.",
        ("method",),
        _each("pushes", "failed"),
    ),
    Metric(COUNTER, "joins", "Joins of channels by their outcome.", ("outcome",), _each("joins")),
    Metric(COUNTER, "datagrams", "UDP datagrams.", ("direction",), _directions("datagrams")),
    Metric(COUNTER, "traffic_bytes", "Bytes of UDP payload.", ("direction",), _directions("bytes")),
    Metric(COUNTER, "rpc_timeouts", "Requests that nobody answered.", (), _one("traffic", "timeouts")),
    Metric(COUNTER, "rpc_retransmissions", "Requests sent again.", (), _one("traffic", "retransmitted")),
    Metric(COUNTER, "rejected", "Datagrams and requests that were refused as invalid.", (), _one("rejected")),
    Metric(
        COUNTER, "codes", "Errors told to people or met by test messages, by code.", ("code",), _each("codes")
    ),
    Metric(COUNTER, "crashes", "Tasks of nodes that ended by a bug.", (), _one("crashes")),
    Metric(GAUGE, "nodes", "Nodes of this worker by state.", ("state",), _each("nodes")),
    Metric(
        GAUGE, "peers", "Peers known to be alive, summed over the nodes of this worker.", (), _census("peers")
    ),
    Metric(GAUGE, "channels", "Channels of this server, by verdict.", ("verdict",), _verdicts),
    Metric(
        GAUGE,
        "channels_stored",
        "Channels whose messages are stored here, each once, however many nodes here do; not the canary's.",
        (),
        _census("channels.stored"),
    ),
    Metric(
        GAUGE,
        "subscribers",
        "Live leases, one of each subscriber at each node here that stores its channel; not the canary's.",
        (),
        _census("subscribers"),
    ),
    Metric(GAUGE, "outbox_waiting", "Own messages that are not safe yet.", (), _census("outbox")),
    Metric(
        GAUGE, "table_fill_ratio", "How full a bounded table is, 1 at its bound.", ("table",), _each("tables")
    ),
    Metric(
        HISTOGRAM,
        "push_latency_seconds",
        "From a push to its ack, of test messages as well.",
        (),
        _histogram("push"),
    ),
    Metric(HISTOGRAM, "join_seconds", "Joins that succeeded.", (), _histogram("join")),
    Metric(HISTOGRAM, "commit_seconds", "From a message to its durable row.", (), _histogram("commit")),
    Metric(GAUGE, "canary_up", "Whether the last test message got through.", (), _canary_up),
    Metric(GAUGE, "canary_state", "1 for the state of the test messages.", ("state",), _canary_state),
    Metric(GAUGE, "canary_latency_seconds", "How long it took.", (), _canary_ms("latency_ms")),
    Metric(
        GAUGE,
        "canary_last_success_timestamp_seconds",
        "When one last got through.",
        (),
        _canary_ms("last_ok_ms"),
    ),
    Metric(GAUGE, "canary_code", "Why it did not, 1 for the code.", ("code",), _canary_code),
    Metric(
        COUNTER,
        "canary_tests",
        "Test messages by outcome.",
        ("outcome",),
        lambda numbers: sorted(
            ((key,), count) for key, count in numbers["canary"].get("outcomes", {}).items()
        ),
    ),
)
METRICS = (*OF_WEB, *OF_WORKER)


class _Numbers(Collector):
    """What was told, as families of metrics."""

    def __init__(self, web: Numbers, worker: Numbers | None) -> None:
        self._sources = [(OF_WEB, web)] + ([(OF_WORKER, worker)] if worker is not None else [])

    def collect(self) -> Iterator[Family]:
        """Every metric, also one without a sample."""
        for metrics, numbers in self._sources:
            for metric in metrics:
                yield _family(metric, numbers)


def _family(metric: Metric, numbers: Numbers) -> Family:
    family = metric.kind(PREFIX + metric.name, metric.help, labels=metric.labels)
    for labels, value in metric.samples(numbers):
        if isinstance(family, HistogramMetricFamily):
            family.add_metric(labels, [tuple(bucket) for bucket in value["buckets"]], value["sum"])
        else:
            family.add_metric(labels, value)
    return family


def exposition(web: Numbers, worker: Numbers | None) -> bytes:
    """The page; ``worker``: None when it does not answer."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Numbers(web, worker))
    return generate_latest(registry)
