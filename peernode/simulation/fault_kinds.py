"""The kinds of faults that a scenario may ask for, their keys and defaults. Only declarations.

``faults`` makes them happen. A kind or key that this version does not carry out is declared too, and
refused by name: a scenario never runs with less than it asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peernode.simulation.schema import Table

COMMON_KEYS = (
    ("at_s", "required", "when it begins, in virtual seconds"),
    ("for_s", "until the quiet time", "how long it lasts"),
    ("nodes", "-", "indices of the nodes it hits, from 0"),
    ("count", "each kind's own", "instead of nodes: how many, drawn by the seed"),
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a kind: ``form`` is a reader of ``read_key``; a default of None makes it optional."""

    name: str
    form: str
    default: Any
    meaning: str


@dataclass(frozen=True, slots=True)
class FaultKind:
    """``targets``: which nodes it hits when the scenario names none: ``one``, ``all``, ``bootstrap``
    or ``own`` (the kind chooses, ``nodes`` and ``count`` are not its keys)."""

    name: str
    meaning: str
    targets: str
    keys: tuple[Key, ...] = ()
    supported: bool = True


KINDS: dict[str, FaultKind] = {
    kind.name: kind
    for kind in (
        FaultKind("crash", "power cut; with for_s it starts again then", "one"),
        FaultKind("restart", "orderly stop, and a start when it is over", "one"),
        FaultKind(
            "partition",
            "groups that can't reach each other",
            "own",
            (
                Key(
                    "groups",
                    "groups",
                    (0.5, 0.5),
                    "fractions of the nodes, drawn by the seed, or lists of indices; the rest is one more",
                ),
            ),
        ),
        FaultKind(
            "block",
            "one way: what the nodes send does not arrive",
            "one",
            (Key("to", "indices", None, "indices of those who don't hear them; default all others"),),
        ),
        FaultKind(
            "loss",
            "datagrams from and to the nodes get lost",
            "all",
            (Key("loss", "fraction", 0.2, "fraction lost, beside the network's own"),),
        ),
        FaultKind(
            "latency",
            "datagrams from and to the nodes take longer",
            "all",
            (
                Key("extra_ms", "ms", 200.0, "added to each one-way delay"),
                Key("jitter_ms", "ms", 0.0, "exponential mean added per datagram"),
            ),
        ),
        FaultKind("pause", "a frozen process: no code runs, the socket buffers", "one"),
        FaultKind(
            "clock_skew",
            "a wrong wall clock",
            "one",
            (Key("skew_ms", "signed_ms", 30_000.0, "how far it is ahead; negative: behind"),),
        ),
        FaultKind("bootstrap_down", "power cut of the bootstrap nodes", "bootstrap"),
        FaultKind(
            "churn",
            "nodes lose their power at random times and come back",
            "own",
            (
                Key("rate", "fraction", 0.3, "fraction of the nodes that go, over its whole time"),
                Key("down_s", "s", 10.0, "how long each is away"),
            ),
        ),
        FaultKind(
            "initiators_crash",
            "power cut of a channel's initiators, the closest first",
            "own",
            (
                Key("channel", "channel", None, "which channel; default the first"),
                Key("count", "count", 2, "how many of them"),
            ),
        ),
        FaultKind("disk_loss", "power cut, and the node comes back on an empty disk, joining again", "one"),
        FaultKind("disk_full", "the nodes' disks take no more writes", "one"),
        FaultKind(
            "disk_slow",
            "the nodes' disks take longer to flush",
            "one",
            (Key("flush_ms", "ms", 100.0, "how long a flush takes, instead of 2 ms"),),
        ),
        FaultKind(
            "bit_rot",
            "bits on the nodes' disks flip, at once",
            "one",
            (Key("rows", "rows", 10, "messages and parts hit on each disk"),),
        ),
        FaultKind(
            "hostile", "garbage, forged, replayed or withheld frames from a node", "one", supported=False
        ),
    )
}


def read_key(table: Table, key: Key, nodes: int, channels: tuple[str, ...]) -> Any:
    """The checked value of a kind's own key."""
    if key.name not in table and key.default is None:
        return channels[0] if key.form == "channel" and channels else None
    if key.form == "fraction":
        return table.number(key.name, key.default, 0.0, 1.0)
    if key.form in ("ms", "s"):
        return table.number(key.name, key.default, 0.0, 3_600_000.0)
    if key.form == "signed_ms":
        return table.number(key.name, key.default, -86_400_000.0, 86_400_000.0)
    if key.form == "count":
        return table.integer(key.name, key.default, 1, nodes)
    if key.form == "rows":
        return table.integer(key.name, key.default, 1)
    if key.form == "indices":
        return table.integers(key.name, nodes)
    if key.form == "channel":
        return table.choice(key.name, channels)
    return _read_groups(table, key, nodes)


def _read_groups(table: Table, key: Key, nodes: int) -> tuple[Any, ...]:
    value = table.raw(key.name, list(key.default))
    expected = "fractions that sum up to at most 1, or lists of different indices"
    if not isinstance(value, list) or not value:
        table.refuse(key.name, f"{value!r}: {expected}")
    if all(isinstance(item, list) for item in value):
        flat = [index for group in value for index in group]
        whole = all(isinstance(index, int) and not isinstance(index, bool) for index in flat)
        if not whole or len(set(flat)) != len(flat) or not all(0 <= index < nodes for index in flat):
            table.refuse(key.name, f"{value!r}: {expected} from 0 to {nodes - 1}")
        return tuple(tuple(group) for group in value)
    if not all(isinstance(item, int | float) and not isinstance(item, bool) and item > 0 for item in value):
        table.refuse(key.name, f"{value!r}: {expected}")
    if sum(value) > 1.000001:
        table.refuse(key.name, f"{value!r}: {expected}")
    return tuple(float(item) for item in value)


def described() -> str:
    """The kinds as text, for ``list --faults``."""
    lines = ["Keys of every kind:"]
    lines += [f"    {name:<10} {default:<22} {meaning}" for name, default, meaning in COMMON_KEYS]
    for kind in KINDS.values():
        support = "" if kind.supported else "  (not supported yet)"
        lines += ["", f"{kind.name}: {kind.meaning}{support}"]
        if kind.targets == "own":
            lines.append("    nodes      not a key of this kind")
        else:
            whom = {"one": "1 node", "all": "all nodes", "bootstrap": "all bootstrap nodes"}[kind.targets]
            lines.append(f"    count      {whom}")
        for key in kind.keys:
            default = "-" if key.default is None else _toml(key.default)
            lines.append(f"    {key.name:<10} {default:<22} {key.meaning}")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    return f"[{', '.join(f'{item:g}' for item in value)}]" if isinstance(value, tuple) else f"{value:g}"
