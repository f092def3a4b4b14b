"""A scenario file as frozen dataclasses: what runs, what goes wrong, what is expected.

The schema is stable; ``docs/simulation.md`` describes every key. Invariant: what ``load`` returns can
be run as it is; anything that can't be is a ``ScenarioError`` with line, key and expectation.
The quiet time is the last ``settle_s`` of ``duration_s``: faults have ended when it begins.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from peernode.simulation.expect import Expect
from peernode.simulation.faults.keys import Around, read_key
from peernode.simulation.faults.kinds import KINDS, RAGING
from peernode.simulation.lookups import LookupsSpec, read_lookups
from peernode.simulation.network_keys import read_network
from peernode.simulation.node_keys import NODES_MAX, NodesSpec, When, read_nodes, read_when
from peernode.simulation.schema import Document, ScenarioError, Table
from peernode.simulation.world.network import NetworkSettings

MESSAGES_MAX = 1_000_000
TEXT_BYTES_MAX = 16 * 1024
CHANNEL_CHARS_MAX = 64
SHIPPED = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A channel and how many of the nodes join it."""

    name: str
    members: int
    join: When
    who: tuple[int, ...] | None = None
    """The members, in the order in which they join; None: drawn by the seed."""


@dataclass(frozen=True, slots=True)
class PublishSpec:
    """``messages`` in all, round robin over ``authors`` members of the channel."""

    channel: str
    authors: int
    messages: int
    start_s: float
    every_s: float
    size_bytes: int
    who: tuple[int, ...] | None = None
    """The authors in turn; None: drawn by the seed."""


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One fault. ``nodes`` or ``count`` say whom it hits; both None: the kind's default."""

    kind: str
    at_s: float
    for_s: float | None
    nodes: tuple[int, ...] | None
    count: int | None
    options: dict[str, Any]
    spread_s: float = 0.0
    """It begins up to so much after ``at_s``, drawn by the seed."""
    draw: int | None = None
    """Its stream of randomness; None: its place among the faults."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole run."""

    name: str
    seed: int
    duration_s: float
    settle_s: float
    network: NetworkSettings
    nodes: NodesSpec
    channels: tuple[ChannelSpec, ...]
    publish: tuple[PublishSpec, ...]
    faults: tuple[FaultSpec, ...]
    expect: Expect
    lookups: tuple[LookupsSpec, ...] = ()

    @property
    def quiet_from_s(self) -> float:
        """When the faults are over."""
        return self.duration_s - self.settle_s


def load(path: Path) -> Scenario:
    """Read a file; a bare name is looked for among the shipped scenarios as well."""
    place = path
    if not place.exists() and place == Path(place.name):
        place = SHIPPED / place.with_suffix(".toml").name
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        said = "can't be read: neither a file nor the name of a shipped scenario (see the command list)"
        raise ScenarioError(str(path), 1, "", said) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(str(path), 1, "", f"can't be read: {error}") from error
    return parse(text, str(path), place.parent)


def parse(text: str, source: str = "scenario", folder: Path | None = None) -> Scenario:
    """Read a scenario's text; ``source`` names it in errors, files that it names lie in ``folder``."""
    root = Document(text, source).root
    root.only(*(field.name for field in fields(Scenario)))
    duration_s = root.number("duration_s", 120.0, 1.0, 1e6)
    settle_s = root.number("settle_s", min(30.0, duration_s / 2), 0.0)
    if settle_s >= duration_s:
        root.refuse("settle_s", f"{settle_s:g} leaves nothing of duration_s = {duration_s:g}")
    nodes = read_nodes(root.table("nodes"), duration_s)
    channels = tuple(_read_channel(table, nodes.count, duration_s) for table in root.tables("channels"))
    names = tuple(channel.name for channel in channels)
    for number, table in enumerate(root.tables("channels")):
        if (name := names[number]) in names[:number]:
            table.refuse("name", f"{name!r} occurs twice")
    return Scenario(
        name=root.text("name"),
        seed=root.integer("seed", 1, 0, 2**63 - 1),
        duration_s=duration_s,
        settle_s=settle_s,
        network=read_network(root.table("network"), folder or Path()),
        nodes=nodes,
        channels=channels,
        publish=tuple(
            _read_publish(table, channels, nodes.count, duration_s) for table in root.tables("publish")
        ),
        faults=tuple(
            _read_fault(table, nodes.count, names, duration_s - settle_s) for table in root.tables("faults")
        ),
        expect=_read_expect(root.table("expect")),
        lookups=tuple(read_lookups(table, duration_s) for table in root.tables("lookups")),
    )


def _read_channel(table: Table, nodes: int, duration_s: float) -> ChannelSpec:
    name = table.text("name")
    normal = unicodedata.normalize("NFC", name)
    printable = not any(char.isspace() or unicodedata.category(char).startswith("C") for char in normal)
    if len(normal) > CHANNEL_CHARS_MAX or not printable:
        table.refuse("name", f"{name!r} is not a channel name: 1 to 64 characters, no spaces")
    asked = table.raw("members", "all")
    who = table.integers("members", nodes) if isinstance(asked, list) else None
    members = nodes if asked == "all" else len(who or ()) or table.integer("members", low=1, high=nodes)
    channel = ChannelSpec(name, members, read_when(table.table("join"), duration_s), who)
    table.done()
    return channel


def _read_publish(
    table: Table, channels: tuple[ChannelSpec, ...], nodes: int, duration_s: float
) -> PublishSpec:
    name = table.choice("channel", tuple(channel.name for channel in channels))
    channel = next(channel for channel in channels if channel.name == name)
    who = table.integers("authors", NODES_MAX) if isinstance(table.raw("authors", 1), list) else None
    if not set(who or ()) <= set(range(nodes) if channel.who is None else channel.who):
        table.refuse("authors", f"{list(who or ())}: not all of them are members of {name}")
    if who is not None and channel.who is None and channel.members < nodes:
        table.refuse("authors", "a list of authors needs a list of members, or all")
    publish = PublishSpec(
        channel=name,
        authors=table.integer("authors", 1, 1, channel.members) if who is None else len(who),
        messages=table.integer("messages", low=1, high=MESSAGES_MAX),
        start_s=table.number("start_s"),
        every_s=table.number("every_s", 1.0),
        size_bytes=table.integer("size_bytes", 100, 1, TEXT_BYTES_MAX),
        who=who,
    )
    table.done()
    last_s = publish.start_s + (publish.messages - 1) * publish.every_s
    if last_s >= duration_s:
        table.refuse("messages", f"the last one, at {last_s:g} s, is after the end at {duration_s:g} s")
    return publish


def _read_fault(table: Table, nodes: int, channels: tuple[str, ...], quiet_from_s: float) -> FaultSpec:
    name = table.choice("kind", tuple(KINDS))
    kind = KINDS[name]
    own_keys = tuple(key.name for key in kind.keys)
    chooses = kind.targets != "own"
    if chooses and "nodes" in table and "count" in table:
        table.refuse("count", "either nodes or count, not both")
    at_s, spread_s = table.number("at_s"), table.number("spread_s", 0.0)
    if at_s >= quiet_from_s:
        table.refuse("at_s", f"{at_s:g} lies in the quiet time, which begins at {quiet_from_s:g} s")
    if at_s + spread_s >= quiet_from_s:
        latest_s = f"begins at {at_s + spread_s:g} s at the latest"
        table.refuse("spread_s", f"{latest_s}, in the quiet time, which begins at {quiet_from_s:g} s")
    around = Around(nodes, channels)
    fault = FaultSpec(
        kind=name,
        at_s=at_s,
        for_s=table.optional_number("for_s", 0.001),
        nodes=table.integers("nodes", nodes) if chooses and "nodes" in table else None,
        count=table.optional_integer("count", 1, nodes) if chooses else None,
        options={key.name: read_key(table, key, around) for key in kind.keys},
        spread_s=spread_s,
        draw=table.optional_integer("draw"),
    )
    if kind.name == "initiators_crash" and fault.options["channel"] is None:
        table.refuse("channel", "the scenario has no channel")
    _refuse_what_means_nothing(table, fault)
    table.done(*own_keys, *(("nodes",) if chooses else ()))
    return fault


def meaningless(fault: FaultSpec) -> dict[str, str]:
    """Own keys that say nothing for this fault, and why."""
    if fault.kind != "hostile":
        return {}
    modes, found = fault.options["modes"], dict[str, str]()
    if "withheld" not in modes:
        found["withhold"] = 'means nothing without "withheld" in modes'
    if not set(modes) & set(RAGING):
        found["rate_per_s"] = "means nothing when all that a node does is to withhold or to lie"
    return found


def _refuse_what_means_nothing(table: Table, fault: FaultSpec) -> None:
    for key, why in meaningless(fault).items():
        if key in table:
            table.refuse(key, why)


def _read_expect(table: Table) -> Expect:
    highest = {"listed_min": 1.0}  # more than everybody is a mistake
    expect = Expect(
        **{
            field.name: table.optional_number(field.name, high=highest.get(field.name, 1e9))
            for field in fields(Expect)
        }
    )
    table.done()
    return expect
