"""``Expect``: the bounds that a scenario sets on its result; each key's name ends in ``_min`` or ``_max``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expect:
    """Bounds on the result; None is not asked for."""

    delivered_min: float | None = None
    lost_acked_max: float | None = None
    duplicates_max: float | None = None
    latency_p50_ms_max: float | None = None
    latency_p99_ms_max: float | None = None
    latency_p50_one_way_max: float | None = None
    join_p99_ms_max: float | None = None
    datagrams_per_delivery_max: float | None = None
    bytes_per_delivery_max: float | None = None
    latency_max_ms_max: float | None = None
    joined_min: float | None = None
    healed_s_max: float | None = None
    verified_min: float | None = None
    equal_s_max: float | None = None
    lookups_min: float | None = None
    listed_min: float | None = None
