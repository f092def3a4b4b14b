"""The kinds of faults that a scenario may ask for, their keys and defaults. Only declarations.

``timetable`` makes them happen. A scenario never runs with less than it asks for: a kind or key that is
not declared here is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peernode.simulation.faults.keys import Key

RAGING = ("garbage", "forged", "replayed")
"""What a hostile node sends by itself, so many a second; the other modes answer what comes to it."""
HOSTILE_MODES = (*RAGING, "withheld")
INVENTED = "invented"
"""Only when it is asked for: it makes up nodes, which is about lookups alone."""
NAMED = "named"
"""Only when it is asked for: it concerns channels large enough for acks to be reported by name."""
PERJURED = "perjured"
"""Only when it is asked for: promised is that one such liar among a quorum costs nothing."""
IN_FLIGHT = ("drawn", "lost", "survives", "torn")

COMMON_KEYS = (
    ("at_s", "required", "when it begins, in virtual seconds"),
    ("for_s", "until the quiet time", "how long it lasts"),
    ("spread_s", "0", "it begins up to so much later than at_s, drawn by the seed"),
    ("nodes", "-", "indices of the nodes it hits, from 0"),
    ("count", "each kind's own", "instead of nodes: how many, drawn by the seed"),
    ("draw", "its place in the file", "number of the stream of randomness that it draws from"),
)

_DISK = Key(
    "disk",
    "choice",
    "drawn",
    "what was being flushed when the power went: lost, torn, survives, or drawn",
    IN_FLIGHT,
)
_IN_FLUSH = Key("in_flush", "flag", False, "wait for a flush, up to 10 s, and come in its middle")


@dataclass(frozen=True, slots=True)
class FaultKind:
    """``targets``: which nodes it hits when the scenario names none: ``one``, ``all``, ``bootstrap``
    or ``own`` (the kind chooses, ``nodes`` and ``count`` are not its keys)."""

    name: str
    meaning: str
    targets: str
    keys: tuple[Key, ...] = ()


KINDS: dict[str, FaultKind] = {
    kind.name: kind
    for kind in (
        FaultKind("crash", "power cut; with for_s it starts again then", "one", (_DISK, _IN_FLUSH)),
        FaultKind("restart", "orderly stop, and a start when it is over (for_s: default 1)", "one"),
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
        FaultKind(
            "duplicate",
            "datagrams from and to the nodes arrive twice",
            "all",
            (Key("duplicate", "fraction", 0.2, "fraction doubled, beside the network's own"),),
        ),
        FaultKind(
            "reorder",
            "datagrams from and to the nodes are held up and overtaken",
            "all",
            (
                Key("reorder", "fraction", 0.2, "fraction held up, beside the network's own"),
                Key("extra_ms", "ms", 200.0, "held up by a uniform part of this"),
            ),
        ),
        FaultKind(
            "bandwidth",
            "the nodes' lines become slow; 64 KiB wait at each end, the rest is dropped",
            "one",
            (
                Key("up_kbit_s", "kbit_s", 64.0, "what the nodes can send"),
                Key("down_kbit_s", "kbit_s", 256.0, "what they can receive"),
            ),
        ),
        FaultKind("pause", "a frozen process: no code runs, the socket buffers", "one"),
        FaultKind(
            "clock_skew",
            "a wrong wall clock",
            "one",
            (
                Key("skew_ms", "signed_ms", 30_000.0, "how far it is ahead; negative: behind"),
                Key("drift_ppm", "ppm", 0.0, "how much faster it runs while it lasts; negative: slower"),
            ),
        ),
        FaultKind("bootstrap_down", "power cut of the bootstrap nodes", "bootstrap", (_DISK,)),
        FaultKind(
            "churn",
            "nodes lose their power at random times and come back",
            "own",
            (
                Key("rate", "fraction", 0.3, "fraction of the nodes that go, over its whole time"),
                Key("down_s", "s", 10.0, "how long each is away"),
                _DISK,
            ),
        ),
        FaultKind(
            "replace",
            "nodes, never bootstrap nodes, lose their power for good; spare ones take their places",
            "own",
            (Key("down_s", "s", 5.0, "how long until the new one comes, its disk empty"), _DISK),
        ),
        FaultKind(
            "initiators_crash",
            "power cut of a channel's initiators, the closest first",
            "own",
            (
                Key("channel", "channel", None, "which channel; default the first"),
                Key("count", "nodes", 2, "how many of them"),
                _DISK,
                _IN_FLUSH,
            ),
        ),
        FaultKind("disk_loss", "power cut, and the node comes back on an empty disk, joining again", "one"),
        FaultKind(
            "disk_rollback",
            "a backup is taken; when the fault ends: power cut, and the node comes back on the backup",
            "one",
        ),
        FaultKind(
            "disk_full",
            "the nodes' disks take no more writes",
            "one",
            (Key("free_bytes", "bytes", 0, "what they take before, drawn from 0 to this"),),
        ),
        FaultKind(
            "disk_slow",
            "the nodes' disks take longer to flush",
            "one",
            (Key("flush_ms", "ms", 100.0, "how long a flush takes, instead of 2 ms"),),
        ),
        FaultKind(
            "bit_rot",
            "bits on the nodes' disks flip, at once; for_s means nothing",
            "one",
            (Key("rows", "rows", 10, "messages and parts hit on each disk"),),
        ),
        FaultKind(
            "hostile",
            "from the nodes' machines come garbage, forged and replayed frames, lies, and less than should",
            "one",
            (
                Key(
                    "modes",
                    "choices",
                    HOSTILE_MODES,
                    "what they do",
                    (*HOSTILE_MODES, INVENTED, NAMED, PERJURED),
                ),
                Key("rate_per_s", "rate", 20.0, "hostile datagrams per node and second"),
                Key("withhold", "fraction", 0.3, "withheld: fraction of its own datagrams not sent"),
            ),
        ),
    )
}


def described() -> str:
    """The kinds as text, for ``list --faults``."""
    lines = ["Keys of every kind:"]
    lines += [f"    {name:<11} {default:<22} {meaning}" for name, default, meaning in COMMON_KEYS]
    for kind in KINDS.values():
        lines += ["", f"{kind.name}: {kind.meaning}"]
        if kind.targets == "own":
            lines.append("    nodes       not a key of this kind")
        else:
            whom = {"one": "1 node", "all": "all nodes", "bootstrap": "all bootstrap nodes"}[kind.targets]
            lines.append(f"    count       {whom}")
        for key in kind.keys:
            default = "-" if key.default is None else toml(key.default)
            lines.append(f"    {key.name:<11} {default:<22} {key.meaning}")
    return "\n".join(lines)


def toml(value: Any) -> str:
    """A default as a scenario would write it."""
    if isinstance(value, tuple):
        return f"[{', '.join(toml(item) for item in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"
