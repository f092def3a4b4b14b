"""The stable result of a run: numbers, verdicts of the checkers, and whether it met what was expected.

``docs/simulation.md`` says what each field counts. Invariant: a bound on something that was not
measured is not met; a run without any delivery never passes for a good one by having no numbers.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, fields
from importlib import metadata
from typing import Any

from peernode.simulation import checkers
from peernode.simulation.checkers import delivered as delivered_checker
from peernode.simulation.checkers import durable, exactly_once, no_phantom, order
from peernode.simulation.evidence import Evidence, Traffic
from peernode.simulation.healing import healing
from peernode.simulation.listing import listed
from peernode.simulation.lookups import judged
from peernode.simulation.run import Run

COUNTED_MS = 100
"""The width of a step in ``latency_counts``."""

IDLE_OPS = ("PING", "FIND_NODE", "DIALBACK", "SUBSCRIBE", "RENEW", "PROBE", "ECHO", "ECHO_VIA", "SYNC")
"""What nodes say to each other when nothing is published: each a request and its answer."""


@dataclass(frozen=True, slots=True)
class Result:
    """All fields of the JSON form, in its order."""

    name: str
    seed: int
    version: str
    trace_hash: str
    virtual_s: float
    wall_s: float
    rss_mib: float
    nodes: int
    members: int
    published: int
    acked: int
    failed: int
    expected: int
    delivered: int
    lost_acked: int
    duplicates: int
    phantom: int
    order_equal: bool
    latency_ms: dict[str, float | None]
    latency_one_way: dict[str, float | None]
    join_ms: dict[str, float | None]
    joins: dict[str, int]
    datagrams: dict[str, float | None]
    bytes: dict[str, float | None]
    by_op: dict[str, int]
    checkers: dict[str, dict[str, Any]]
    coverage: dict[str, int]
    expect: dict[str, dict[str, Any]]
    ok: bool
    rss_kib_per_node: float
    sealing: str
    latency_counts: dict[str, int]
    healing: dict[str, float | None]
    lookups: dict[str, int]
    listed: dict[str, int]

    def to_json(self) -> str:
        """The stable JSON form."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def summarize(run: Run, wall_s: float, rss_mib: float) -> Result:
    """Judge a run; ``wall_s`` and ``rss_mib`` are what it cost here and now."""
    evidence = run.evidence
    acknowledged = evidence.acknowledged()
    expected = sum(len(evidence.entitled(sending)) for sending in acknowledged)
    delivered = expected - len(delivered_checker.missing(evidence))
    latencies = latencies_ms(evidence)
    one_way_ms = sum(run.one_way_ms.values()) / len(run.one_way_ms) if run.one_way_ms else None
    joins_ms = [
        (joining.joined_at_s - joining.asked_at_s) * 1000
        for joining in evidence.joinings.values()
        if joining.joined_at_s is not None
    ]
    verdicts = checkers.judge(evidence)
    unjudged = {f"too short a run for all of: {name}": 1 for name in checkers.unjudged(evidence)}
    datagrams, sent_bytes = _traffic(evidence, delivered)
    measured: dict[str, Any] = {
        "lost_acked": len(durable.lost(evidence)),
        "duplicates": len(exactly_once.violations(evidence)),
        "phantom": len(no_phantom.phantoms(evidence)),
        "latency_ms": percentiles(latencies, 50, 90, 99, 100),
        "latency_one_way": percentiles([ms / one_way_ms for ms in latencies] if one_way_ms else [], 50, 99),
        "join_ms": percentiles(joins_ms, 50, 99, 100),
        "datagrams": datagrams,
        "bytes": sent_bytes,
        "delivered_share": delivered / expected if expected else None,
        "joined_share": len(joins_ms) / len(evidence.joinings) if evidence.joinings else None,
        "healing": healing(evidence),
        "lookups": judged(evidence.lookups, evidence.hostile),
        "listed": listed(evidence),
    }
    expect = _expectations(run, measured)
    del measured["delivered_share"], measured["joined_share"]
    return Result(
        name=run.scenario.name,
        seed=run.seed,
        version=version(),
        trace_hash=run.trace_hash,
        virtual_s=round(run.virtual_s, 6),
        wall_s=round(wall_s, 3),
        rss_mib=round(rss_mib, 1),
        nodes=run.scenario.nodes.count,
        members=len(evidence.joinings),
        published=len(evidence.sendings),
        acked=len(acknowledged),
        failed=sum(1 for sending in evidence.sendings.values() if sending.state == "failed"),
        expected=expected,
        delivered=delivered,
        order_equal=order.order_equal(evidence),
        joins={"tried": len(evidence.joinings), "ok": len(joins_ms)},
        by_op=_by_op(evidence),
        checkers={name: {"ok": not found, "violations": found} for name, found in verdicts.items()},
        coverage=dict(sorted({**evidence.coverage, **unjudged}.items())),
        expect=expect,
        ok=not any(verdicts.values()) and all(item["ok"] for item in expect.values()),
        rss_kib_per_node=round(rss_mib * 1024 / run.scenario.nodes.count, 1),
        sealing=run.sealing,
        latency_counts=counts_by_step(latencies),
        **measured,
    )


def version() -> str:
    """Of the program, as installed."""
    try:
        return metadata.version("starling")
    except metadata.PackageNotFoundError:
        return "not installed"


def latencies_ms(evidence: Evidence) -> list[float]:
    """From asking to publish to being told, where nothing but distance and loss was in between.

    That is: the receiver had joined before, and from asking to being told both had power and no
    partition or pause kept them apart. Late arrivals by catching up count like all others.
    """
    found = []
    for (node, message_id), sighting in evidence.first_seen().items():
        sending = evidence.sendings.get(message_id)
        if sending is None or node == sending.author:
            continue
        joining = evidence.joinings.get((node, sending.channel))
        joined_at_s = joining.joined_at_s if joining is not None else None
        if joined_at_s is None or joined_at_s > sending.asked_at_s:
            continue
        if evidence.in_touch(sending.author, node, sending.asked_at_s, sighting.at_s):
            found.append((sighting.at_s - sending.asked_at_s) * 1000)
    return found


def percentiles(values: list[float], *wanted: int) -> dict[str, float | None]:
    """Nearest-rank percentiles as ``p50`` …; 100 is ``max``; None when there are no values."""
    ordered = sorted(values)
    return {
        "max" if percent == 100 else f"p{percent}": (
            round(ordered[max(0, -(-len(ordered) * percent // 100) - 1)], 3) if ordered else None
        )
        for percent in wanted
    }


def counts_by_step(values: list[float]) -> dict[str, int]:
    """How many lie in each ``COUNTED_MS``, by its lower end; empty ones are left out."""
    counts = Counter(int(value // COUNTED_MS) * COUNTED_MS for value in values)
    return {str(lowest): counts[lowest] for lowest in sorted(counts)}


def _by_op(evidence: Evidence) -> dict[str, int]:
    end = evidence.traffic.get("end")
    return dict(end.by_op) if end is not None else {}


def _traffic(evidence: Evidence, delivered: int) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """From the first publish to the end, without idle renewals; totals are of the whole run."""
    begin, quiet, end = (evidence.traffic.get(name) for name in ("publish", "quiet", "end"))
    if begin is None or quiet is None or end is None:
        return {"total": None, "idle": None, "per_delivery": None}, {"total": None, "per_delivery": None}
    idle = min(2 * (_idle_requests(end) - _idle_requests(begin)), end.datagrams - begin.datagrams)
    busy = end.datagrams - begin.datagrams - idle
    # An idle datagram is as large as those of the quiet time are on average.
    quiet_datagrams = end.datagrams - quiet.datagrams
    idle_bytes = idle * (end.bytes - quiet.bytes) / quiet_datagrams if quiet_datagrams else 0.0
    busy_bytes = max(0.0, end.bytes - begin.bytes - idle_bytes)
    return (
        {
            "total": end.datagrams,
            "idle": idle,
            "per_delivery": round(busy / delivered, 3) if delivered else None,
        },
        {"total": end.bytes, "per_delivery": round(busy_bytes / delivered, 1) if delivered else None},
    )


def _idle_requests(traffic: Traffic) -> int:
    return sum(traffic.by_op.get(f"op.{op}.out", 0) for op in IDLE_OPS) + traffic.by_op.get("hello.out", 0)


def _expectations(run: Run, measured: dict[str, Any]) -> dict[str, dict[str, Any]]:
    lookups, lists = measured["lookups"], measured["listed"]
    actual = {
        "delivered_min": measured["delivered_share"],
        "lost_acked_max": measured["lost_acked"],
        "duplicates_max": measured["duplicates"],
        "latency_p50_ms_max": measured["latency_ms"]["p50"],
        "latency_p99_ms_max": measured["latency_ms"]["p99"],
        "latency_p50_one_way_max": measured["latency_one_way"]["p50"],
        "join_p99_ms_max": measured["join_ms"]["p99"],
        "datagrams_per_delivery_max": measured["datagrams"]["per_delivery"],
        "bytes_per_delivery_max": measured["bytes"]["per_delivery"],
        "latency_max_ms_max": measured["latency_ms"]["max"],
        "joined_min": measured["joined_share"],
        "healed_s_max": measured["healing"]["healed_s"],
        "verified_min": measured["healing"]["verified_share"],
        "equal_s_max": measured["healing"]["equal_s"],
        "lookups_min": lookups["right"] / lookups["tried"] if lookups["tried"] else None,
        "listed_min": lists["by_all"] / lists["members"] if lists["members"] else None,
    }
    verdicts: dict[str, dict[str, Any]] = {}
    for field in fields(run.scenario.expect):
        bound = getattr(run.scenario.expect, field.name)
        if bound is None:
            continue
        value = actual[field.name]
        within = value is not None and (value >= bound if field.name.endswith("_min") else value <= bound)
        verdicts[field.name] = {"bound": bound, "actual": value, "ok": within}
    return verdicts
