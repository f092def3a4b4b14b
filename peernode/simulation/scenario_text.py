"""A scenario as a TOML file: what ``scenario.parse`` reads back is the same scenario.

Everything is written out, defaults too where they are values: such a file means the same when a default
changes. What is absent (None) is left out.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from peernode.simulation.node_keys import NodesSpec, When
from peernode.simulation.scenario import ChannelSpec, FaultSpec, PublishSpec, Scenario, meaningless
from peernode.simulation.world.latency import Clusters, Matrix
from peernode.simulation.world.network import NetworkSettings


def scenario_text(scenario: Scenario, comment: str = "") -> str:
    """The file; ``comment`` comes on top, each line behind a ``#``."""
    head = {"name": scenario.name, "seed": scenario.seed}
    head |= {"duration_s": scenario.duration_s, "settle_s": scenario.settle_s}
    tables = [_lines(head)]
    tables.append(["[network]", *_lines(_network(scenario.network))])
    tables.append(["[nodes]", *_lines(_nodes(scenario.nodes))])
    tables += [["[[channels]]", *_lines(_channel(channel))] for channel in scenario.channels]
    tables += [["[[publish]]", *_lines(_publish(publish))] for publish in scenario.publish]
    tables += [["[[faults]]", *_lines(_fault(fault))] for fault in scenario.faults]
    tables += [["[[lookups]]", *_lines(asdict(lookups))] for lookups in scenario.lookups]
    expect = {item.name: getattr(scenario.expect, item.name) for item in fields(scenario.expect)}
    if bounds := _lines(expect):
        tables.append(["[expect]", *bounds])
    remarks = "".join(f"# {line}".rstrip() + "\n" for line in comment.splitlines())
    return remarks + "\n\n".join("\n".join(lines) for lines in tables) + "\n"


def _network(network: NetworkSettings) -> dict[str, Any]:
    latency = network.latency
    if isinstance(latency, Matrix):
        delays: dict[str, Any] = {"model": "matrix", "matrix": latency.path}
    elif isinstance(latency, Clusters):
        clusters = [{"share": one.share, "within_ms": one.within_ms} for one in latency.clusters]
        delays = {"model": "clusters", "clusters": clusters, "between_ms": latency.between_ms}
    else:
        delays = {"one_way_ms": latency.one_way_ms}
    return delays | {
        item.name: getattr(network, item.name) for item in fields(network) if item.name != "latency"
    }


def _nodes(nodes: NodesSpec) -> dict[str, Any]:
    written = {item.name: getattr(nodes, item.name) for item in fields(nodes)}
    return written | {"nat": dict(nodes.nat), "online": _when(nodes.online)}


def _channel(channel: ChannelSpec) -> dict[str, Any]:
    members = channel.members if channel.who is None else channel.who
    return {"name": channel.name, "members": members, "join": _when(channel.join)}


def _publish(publish: PublishSpec) -> dict[str, Any]:
    written = {item.name: getattr(publish, item.name) for item in fields(publish) if item.name != "who"}
    return written | {"authors": publish.authors if publish.who is None else publish.who}


def _fault(fault: FaultSpec) -> dict[str, Any]:
    written = {item.name: getattr(fault, item.name) for item in fields(fault) if item.name != "options"}
    # Of one fault ``count`` is either for all kinds the same or a key of its own.
    own = {key: value for key, value in fault.options.items() if key not in meaningless(fault)}
    return {key: value for key, value in written.items() if value is not None} | own


def _when(when: When) -> dict[str, float]:
    return {"at_s": when.at_s, "over_s": when.over_s}


def _lines(values: dict[str, Any]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in values.items() if value is not None]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return repr(int(value)) if float(value).is_integer() else repr(value)
