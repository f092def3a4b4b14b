"""What this process's nodes count and measure, added up: what ``/metrics`` shows.

Invariants: a sum of counters never goes down, also when a node ends (what it had counted by then stays in the
sum); nothing here has a name of a channel or a person, and every label comes from a fixed
set (methods, states, codes of the catalogue, names of tables), so that there are no more series with a
thousand channels than with one; memory is bounded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from webchat.tables import WATCHED

PUSH_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
JOIN_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)
COMMIT_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)

METHODS = ("publish", "direct", "initiator", "alternative", "relay", "pull")
STATES = ("online", "degraded", "offline")
TRAFFIC = ("datagrams_in", "datagrams_out", "bytes_in", "bytes_out", "timeouts", "retransmitted")

FOLLOWED_MAX = 4096
"""Own messages whose state is remembered, so that each state counts once; the oldest is forgotten."""


class Node(Protocol):
    """What is asked of a node."""

    @property
    def state(self) -> Any:
        """Its place in the network."""

    def counters(self) -> dict[str, int]:
        """Its traffic."""

    def happened(self) -> dict[str, int]:
        """What happened beside it."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Its tables, each with its bound."""

    def census(self) -> dict[str, int]:
        """How much of each thing there is."""

    def stored_channels(self) -> set[str]:
        """Which channels it stores."""

    def on_attempt(self, listener: Callable[[str, Any], None]) -> None:
        """Tell of pushes."""

    def on_record(self, listener: Callable[[Any], None]) -> None:
        """Tell of operations."""


class Histogram:
    """Counts by fixed bounds; what is over the last one is in the sum and the count alone."""

    def __init__(self, bounds_s: tuple[float, ...]) -> None:
        self._bounds_s = bounds_s
        self._counts = [0] * (len(bounds_s) + 1)
        self._sum_s = 0.0

    def add(self, seconds: float, times: int = 1) -> None:
        """It took so long, so many times."""
        self._counts[bisect_left(self._bounds_s, seconds)] += times
        self._sum_s += seconds * times

    def told(self) -> dict[str, Any]:
        """JSON-able: of each bound how many were not over it, and all of them under ``+Inf``."""
        so_far, buckets = 0, []
        for bound, count in zip([*map(str, self._bounds_s), "+Inf"], self._counts, strict=True):
            so_far += count
            buckets.append([bound, so_far])
        return {"buckets": buckets, "sum": self._sum_s}


class Numbers:
    """See the module; of one process."""

    def __init__(self) -> None:
        self._nodes: dict[int, Node] = {}
        self._ended: Counter[str] = Counter()
        self._messages: OrderedDict[str, str] = OrderedDict()
        self._states: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._histograms = {
            "push": Histogram(PUSH_BUCKETS_S),
            "join": Histogram(JOIN_BUCKETS_S),
            "commit": Histogram(COMMIT_BUCKETS_S),
        }

    # -- what is heard ---------------------------------------------------------------------------

    def watch(self, key: int, node: Node) -> None:
        """A node has been made, ``key`` names it as long as it runs."""
        self.leave(key)
        self._nodes[key] = node
        node.on_attempt(self._attempted)
        node.on_record(self._recorded)

    def leave(self, key: int) -> None:
        """A node has ended, or is about to."""
        node = self._nodes.pop(key, None)
        if node is not None:
            self._ended.update(_counted(node))

    def event(self, event: Any) -> None:
        """A node tells something: how far a message has got, what went wrong."""
        kind = type(event).__name__
        if kind == "MessageState":
            self._message(event.state)
        elif kind in ("Trouble", "JoinDelayed"):
            self.refused(event.error.code)

    def refused(self, code: str) -> None:
        """Somebody was told this code of the catalogue."""
        self._codes[code] += 1

    def _message(self, state: Any) -> None:
        before = self._messages.pop(state.id, "")
        self._messages[state.id] = state.state
        if len(self._messages) > FOLLOWED_MAX:
            self._messages.popitem(last=False)
        if before == state.state:
            return
        if state.state == "delivered" and before != "sent":
            self._states["sent"] += 1
        if state.state in ("sent", "delivered", "failed"):
            self._states[state.state] += 1
        if state.state == "failed" and state.error is not None:
            self.refused(state.error.code)

    def _attempted(self, message: str, attempt: Any) -> None:
        if attempt.outcome == "ok" and attempt.method not in ("publish", "pull"):
            self._histograms["push"].add(attempt.elapsed_ms / 1000)

    def _recorded(self, record: Any) -> None:
        if record.outcome != "ok":
            return
        if record.operation == "join":
            self._histograms["join"].add(record.elapsed_ms / 1000, record.stands_for)
        elif record.operation == "accept":
            self._histograms["commit"].add(record.parts.get("disk", 0.0) / 1000, record.stands_for)

    # -- what is shown ---------------------------------------------------------------------------

    def told(self) -> dict[str, Any]:
        """All of it, JSON-able."""
        total = self._total()
        attempts = {
            outcome: {method: total[f"attempt.{method}.{outcome}"] for method in METHODS}
            for outcome in ("ok", "failed", "retried")
        }
        census = Counter[str]()
        for node in self._nodes.values():
            census.update(node.census())
        census["channels.stored"] = len(
            {name for node in self._nodes.values() for name in node.stored_channels()}
        )
        return {
            "messages": {
                "accepted": total["accept.ok"],
                **{state: self._states[state] for state in ("sent", "delivered", "failed")},
            },
            "pushes": {
                "attempted": {
                    method: attempts["ok"][method] + attempts["failed"][method] for method in METHODS
                },
                "acked": attempts["ok"],
                "failed": attempts["failed"],
                "retried": attempts["retried"],
            },
            "joins": {"ok": total["join.ok"], "delayed": total["join.delayed.failed"]},
            "traffic": {name: total[name] for name in TRAFFIC},
            "rejected": sum(count for name, count in total.items() if name.startswith("rejected.")),
            "crashes": total["tasks.crashed"],
            "codes": dict(self._codes),
            "nodes": self._by_state(),
            "census": dict(census),
            "tables": self._fill(),
            "histograms": {name: each.told() for name, each in self._histograms.items()},
        }

    def _total(self) -> Counter[str]:
        total = Counter(self._ended)
        for node in self._nodes.values():
            total.update(_counted(node))
        return total

    def _by_state(self) -> dict[str, int]:
        found = Counter(node.state.state for node in self._nodes.values())
        return {state: found[state] for state in STATES}

    def _fill(self) -> dict[str, float]:
        """How full each watched table is at the node where it is fullest, 1 at its bound."""
        fill: dict[str, float] = {}
        for node in self._nodes.values():
            for name, (size, bound) in node.sizes().items():
                if name in WATCHED:
                    fill[name] = max(fill.get(name, 0.0), size / bound if bound else 0.0)
        return fill


def _counted(node: Node) -> Counter[str]:
    return Counter({**node.happened(), **node.counters()})
