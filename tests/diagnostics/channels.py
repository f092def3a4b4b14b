"""A healthy channel as ``ChannelDiagnostics`` tells of it, and each kind of damage to it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

Channel = dict[str, Any]


def healthy(initiators: int = 5, subscribers: int = 12, p95_ms: float = 80.0) -> Channel:
    """All is well in it."""
    slot = {"attempted": 40, "acked": 40, "retried": 0, "failed": 0, "p95_ms": p95_ms}
    return {
        "online": True,
        "audience": subscribers,
        "initiators": [
            {
                "own": index == 0,
                "answers": True,
                "unheard": False,
                "rtt_ms": 0.0 if index == 0 else 40.0,
                "behind": 0,
            }
            for index in range(initiators)
        ],
        "subscribers": [
            {"reached": "directly", "broken": 0, "slow": False, "listed_by": initiators, "of": initiators}
            for _ in range(subscribers)
        ],
        "coordinator": {"state": "ACTIVE", "agree": initiators, "of": initiators},
        "series": [dict(slot) for _ in range(30)],
        "replication": {"of": initiators, "held_by": [0] * initiators + [100], "under": 0},
        "joins": {"ok": 1, "failed": 0, "recent": [{"outcome": "ok"}]},
    }


def speaking(initiators: int = 5, subscribers: int = 12, p95_ms: float = 80.0) -> Channel:
    """The same, whose initiators say how their pushes of the last minute went, as those of today do."""
    channel = healthy(initiators, subscribers, p95_ms)
    for each in channel["initiators"]:
        each["now"] = {"attempted": 48, "failed": 0, "p95_ms": p95_ms, "parts": {"network": 40.0}}
    channel["minute"] = {"attempted": 48 * initiators, "failed": 0, "p95_ms": p95_ms}
    return channel


def silence(channel: Channel, count: int) -> None:
    """So many initiators, the other ones first, do not answer."""
    for each in channel["initiators"][::-1][:count]:
        each["answers"], each["rtt_ms"], each["unheard"] = False, None, False


def unhear(channel: Channel, count: int) -> None:
    """So many initiators have not answered yet, unless they are silent already."""
    for each in channel["initiators"][::-1][:count]:
        if each["answers"]:
            each["answers"], each["rtt_ms"], each["unheard"] = False, None, True


def doubt(channel: Channel, count: int) -> None:
    """The numbers of so many initiators are contradicted."""
    for each in channel["initiators"][::-1][:count]:
        each["doubted"] = ["messages"]


def fill(channel: Channel, count: int) -> None:
    """So many initiators refuse messages for want of room."""
    for each in channel["initiators"][::-1][:count]:
        each["full"] = True


def unreach(channel: Channel, count: int, reached: str = "no") -> None:
    """So many subscribers are not reached, or only by a relay."""
    worse = ("directly", "untested", "relay", "no")
    for each in channel["subscribers"][:count]:
        each["reached"] = max(each["reached"], reached, key=worse.index)


def break_paths(channel: Channel, count: int) -> None:
    """So many subscribers lack an initiator's path."""
    for each in channel["subscribers"][:count]:
        each["broken"] += 1


def slow_down(channel: Channel, count: int) -> None:
    """So many subscribers answer slowly."""
    for each in channel["subscribers"][:count]:
        each["slow"] = True


def unlist(channel: Channel, count: int) -> None:
    """Most initiators forget so many subscribers."""
    for each in channel["subscribers"][:count]:
        each["listed_by"] = 1


def part_logs(channel: Channel, count: int) -> None:
    """So many initiators hold other messages than the rest, as many."""
    channel["replication"]["apart"] = channel["replication"].get("apart", 0) + count


def lose_copies(channel: Channel, count: int) -> None:
    """So many messages lack a copy."""
    channel["replication"]["under"] += count


def disagree(channel: Channel, count: int) -> None:
    """So many initiators name another set."""
    channel["coordinator"]["agree"] = max(0, channel["coordinator"]["agree"] - count)


def forget_set(channel: Channel, count: int) -> None:
    """Who stores the channel is not known for certain."""
    channel["coordinator"]["state"] = ("RECOVERING", "FAILED")[min(count, 2) - 1]


def fail_pushes(channel: Channel, count: int) -> None:
    """So many more pushes of the last minute fail."""
    for slot in channel["series"][-6:]:
        slot["attempted"] += count
        slot["failed"] += count
    for each in pushing(channel):
        each["attempted"] += count
        each["failed"] += count


def pushing(channel: Channel) -> list[dict[str, Any]]:
    """What the initiators say of their pushes, those that say it."""
    return [each["now"] for each in channel["initiators"] if "now" in each]


def fail_one(channel: Channel, count: int) -> None:
    """So many pushes of one initiator fail."""
    for each in pushing(channel)[:1]:
        each["attempted"] += count
        each["failed"] += count


def slow_one(channel: Channel, count: int, part: str = "disk") -> None:
    """One initiator takes so many tenths of a second more."""
    for each in pushing(channel)[:1]:
        each["p95_ms"] += 100.0 * count
        each["parts"][part] = each["parts"].get(part, 0.0) + 100.0 * count


def slow_pushes(channel: Channel, count: int) -> None:
    """The slowest ones take so many tenths of a second more."""
    channel["series"][-1]["p95_ms"] += 100.0 * count
    for each in pushing(channel):
        each["p95_ms"] += 100.0 * count


def slow_network(channel: Channel, count: int) -> None:
    """Each round trip takes so many tenths of a second more."""
    for each in channel["initiators"]:
        if each["rtt_ms"] is not None:
            each["rtt_ms"] += 100.0 * count


def hang_joins(channel: Channel, count: int) -> None:
    """So many joins are not complete."""
    channel["joins"]["failed"] += count
    channel["joins"]["recent"] += [{"outcome": "delayed"}] * count


def go_offline(channel: Channel, count: int) -> None:
    """This node reaches nobody."""
    channel["online"] = False
    silence(channel, sum(1 for each in channel["initiators"] if not each["own"]))


DAMAGES: tuple[Callable[[Channel, int], None], ...] = (
    silence,
    unreach,
    lambda channel, count: unreach(channel, count, "relay"),
    break_paths,
    slow_down,
    unlist,
    lose_copies,
    disagree,
    forget_set,
    fail_pushes,
    slow_pushes,
    slow_network,
    hang_joins,
    go_offline,
    unhear,
    doubt,
    fill,
    part_logs,
    fail_one,
    slow_one,
    lambda channel, count: slow_one(channel, count, "network"),
)


def damaged(channel: Channel, damage: Callable[[Channel, int], None], count: int) -> Channel:
    """A copy of the channel with one more damage."""
    found = copy.deepcopy(channel)
    damage(found, count)
    return found
