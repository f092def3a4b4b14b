"""The keys that kinds of faults have of their own: how each form of value is read and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from peernode.simulation.schema import Table

DAY_MS = 86_400_000.0
HOUR_MS = 3_600_000.0
DRIFT_PPM_MAX = 100_000.0
"""A tenth: far worse than any oscillator."""
KBIT_S_MIN, KBIT_S_MAX = 0.1, 1e7


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a kind. ``form`` is one of ``FORMS``; a default of None makes it optional."""

    name: str
    form: str
    default: Any
    meaning: str
    allowed: tuple[str, ...] = ()
    """For ``choice`` and ``choices``."""


@dataclass(frozen=True, slots=True)
class Around:
    """What of the scenario a key may refer to."""

    nodes: int
    channels: tuple[str, ...]


def read_key(table: Table, key: Key, around: Around) -> Any:
    """The checked value of a kind's own key."""
    if key.name not in table and key.default is None:
        return around.channels[0] if key.form == "channel" and around.channels else None
    return FORMS[key.form](table, key, around)


def _number(low: float, high: float) -> Callable[[Table, Key, Around], float]:
    return lambda table, key, _: table.number(key.name, key.default, low, high)


def _choices(table: Table, key: Key, _: Around) -> tuple[str, ...]:
    value = table.raw(key.name, list(key.default))
    allowed = ", ".join(key.allowed)
    if not isinstance(value, list) or not value:
        table.refuse(key.name, f"{value!r} is not a list of some of {allowed}")
    for item in value:
        if item not in key.allowed:
            table.refuse(key.name, f"{item!r} is none of {allowed}")
    if len(set(value)) != len(value):
        table.refuse(key.name, f"{value!r} names one twice")
    return tuple(value)


def _groups(table: Table, key: Key, around: Around) -> tuple[Any, ...]:
    value = table.raw(key.name, list(key.default))
    expected = "fractions that sum up to at most 1, or lists of different indices"
    if not isinstance(value, list) or not value:
        table.refuse(key.name, f"{value!r}: {expected}")
    if all(isinstance(item, list) for item in value):
        flat = [index for group in value for index in group]
        whole = all(isinstance(index, int) and not isinstance(index, bool) for index in flat)
        if (
            not whole
            or not flat
            or len(set(flat)) != len(flat)
            or not all(0 <= index < around.nodes for index in flat)
        ):
            table.refuse(key.name, f"{value!r}: {expected} from 0 to {around.nodes - 1}")
        return tuple(tuple(group) for group in value)
    if not all(isinstance(item, int | float) and not isinstance(item, bool) and item > 0 for item in value):
        table.refuse(key.name, f"{value!r}: {expected}")
    if not sum(value) <= 1.000001:
        table.refuse(key.name, f"{value!r}: {expected}")
    return tuple(float(item) for item in value)


FORMS: dict[str, Callable[[Table, Key, Around], Any]] = {
    "fraction": _number(0.0, 1.0),
    "ms": _number(0.0, HOUR_MS),
    "s": _number(0.0, HOUR_MS),
    "signed_ms": _number(-DAY_MS, DAY_MS),
    "ppm": _number(-DRIFT_PPM_MAX, DRIFT_PPM_MAX),
    "kbit_s": _number(KBIT_S_MIN, KBIT_S_MAX),
    "rate": _number(0.01, 10_000.0),
    "nodes": lambda table, key, around: table.integer(key.name, key.default, 1, around.nodes),
    "rows": lambda table, key, _: table.integer(key.name, key.default, 1),
    "bytes": lambda table, key, _: table.integer(key.name, key.default, 0),
    "flag": lambda table, key, _: table.flag(key.name, key.default),
    "indices": lambda table, key, around: table.integers(key.name, around.nodes),
    "channel": lambda table, key, around: table.choice(key.name, around.channels),
    "choice": lambda table, key, _: table.choice(key.name, key.allowed, key.default),
    "choices": _choices,
    "groups": _groups,
}
