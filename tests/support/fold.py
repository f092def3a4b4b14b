"""What a browser knows: a snapshot, changed by each event; the fold that ``docs/api.md`` describes.

Two browsers that were told the same must hold the same, whatever part of it one of them got as a snapshot.
``shown`` is what is compared: all that a page could show, but neither hints that mean nothing a moment
later (``typing``, ``trouble``) nor how far a join has got.
"""

from __future__ import annotations

import copy
from typing import Any

Frame = dict[str, Any]

NOT_SHOWN = ("typing", "trouble", "channel.progress", "channel.delayed")
NEWEST = 50
"""So many messages of each channel are in a snapshot."""

LOOK = (
    *("id", "author", "text", "html", "order", "at_ms", "own", "reply_to", "edited_ms"),
    *("deleted", "reactions", "file"),
)
"""What a message looks like; its author's name is one of the channel's names."""

LATER = ("/read/", "/stored", "/delivered", "/acks", "/unreachable", "/alone")
"""Counts of which the events may tell a moment later than a snapshot, several changes at once."""

READ = ("upto", "unread", "mentions")

HEALTH = ("state", "initiators", "error")

WRITTEN = ("text", "reply", "file")
"""Kinds of own messages that are messages to the eye, too."""


class Page:
    """See the module."""

    def __init__(self, welcome: Frame) -> None:
        self.channels: dict[str, Frame] = {}
        self.just_joined: set[str] = set()
        """Channels that were joined since, whose newest messages a page asks for."""
        self.take(welcome)

    def copy(self) -> Page:
        """The same once more."""
        return copy.deepcopy(self)

    def take(self, welcome: Frame) -> None:
        """A ``welcome``; one that begins a replay tells the present of all but the messages."""
        self.node = {name: welcome["node"][name] for name in ("state", "peers", "reason", "node_id")}
        self.blocked, self.verified = welcome["blocked"], welcome["verified"]
        self.profile = welcome["profile"]
        old, self.channels = self.channels, {}
        for told in welcome["channels"]:
            channel = old.get(told["name"], _empty()) if welcome["replayed"] else _empty()
            self.channels[told["name"]] = channel
            channel["joined"] = told["joined"]
            if not welcome["replayed"]:  # else the events bring it
                channel["health"] = told.get("health")
            channel["names"] = dict(told.get("names", {}))
            channel["pictures"] = dict(told.get("pictures", {}))
            if "read" in told and not welcome["replayed"]:  # the events count on from what was known
                channel["read"] = {name: told["read"][name] for name in READ}
            for message in told.get("messages", ()):
                channel["looks"][message["id"]] = _look(message)
            for state in told["outbox"]:
                self._state(channel, state)

    def apply(self, frame: Frame) -> None:
        """One event."""
        kind = frame["type"]
        if kind in NOT_SHOWN:
            return
        if kind == "message.discarded" and frame["channel"] not in self.channels:
            return  # of a channel that was left
        if kind == "node.state":
            self.node.update({name: frame[name] for name in ("state", "peers", "reason")})
        elif kind == "person.blocked":
            self.blocked = frame["blocked"]
        elif kind == "person.verified":
            self.verified = frame["verified"]
        elif kind == "profile":
            self.profile = {name: frame[name] for name in ("name", "about", "picture")}
        elif kind == "channel.left":
            self.channels.pop(frame["channel"], None)
        else:
            self._in_channel(self.channels.setdefault(frame["channel"], _empty()), kind, frame)

    def _in_channel(self, channel: Frame, kind: str, frame: Frame) -> None:
        if kind == "channel.joined":
            channel["joined"] = True
            self.just_joined.add(frame["channel"])
        elif kind == "channel.health":
            channel["health"] = {name: frame[name] for name in HEALTH}
        elif kind == "channel.name":
            channel["names"][frame["author"]] = frame["name"]
        elif kind == "channel.card":
            channel["pictures"].pop(frame["author"], None)
            if frame["picture"]:
                channel["pictures"][frame["author"]] = frame["picture"]
        elif kind == "channel.read":
            channel["read"] = {name: frame[name] for name in READ}
        elif kind == "message":
            self._count(channel, frame)
            channel["looks"][frame["id"]] = _look(frame)
        elif kind == "message.changed":
            channel["looks"][frame["id"]] = _look(frame)
        elif kind == "message.state":
            self._state(channel, frame)
        elif kind == "message.discarded":
            channel["states"].pop(frame["id"], None)
            channel["looks"].pop(frame["id"], None)
        else:
            raise AssertionError(f"an event that the fold does not know: {frame}")

    def _count(self, channel: Frame, message: Frame) -> None:
        """What somebody else wrote behind the mark counts as unread from then on."""
        read = channel["read"]
        counts = not message["own"] and not message["deleted"] and message["author"] not in self.blocked
        if counts and read["upto"] and message["order"] > read["upto"]:
            mention = f"<@{self.node['node_id']}>" in message["text"]
            channel["read"] = {
                **read,
                "unread": min(100, read["unread"] + 1),
                "mentions": read["mentions"] + mention,
            }

    def _state(self, channel: Frame, state: Frame) -> None:
        fields = {name: value for name, value in state.items() if name not in ("type", "cursor")}
        channel["states"][state["id"]] = fields
        if state["kind"] in WRITTEN and state["id"] not in channel["looks"]:
            reply_to = state["target"] if state["kind"] == "reply" else ""
            unchanged = {"reply_to": reply_to, "edited_ms": 0, "deleted": False, "reactions": []}
            channel["looks"][state["id"]] = _look(
                {**state, **unchanged, "author": self.node["node_id"], "own": True}
            )

    def add_history(self, channel: str, messages: list[Frame]) -> None:
        """A page of what the node holds: what is not here yet."""
        for message in messages:
            self.channels[channel]["looks"].setdefault(message["id"], _look(message))

    def shown(self) -> Frame:
        """All that could be on the screen, of each channel as many messages as a snapshot has."""
        channels = {}
        for name, channel in self.channels.items():
            looks = sorted(channel["looks"].values(), key=lambda look: str(look["order"]))
            channels[name] = {**channel, "looks": {look["id"]: look for look in looks[-NEWEST:]}}
        mine = {"blocked": self.blocked, "verified": self.verified, "profile": self.profile}
        return {"node": self.node, "channels": channels, **mine}


def _empty() -> Frame:
    read = {"upto": "", "unread": 0, "mentions": 0}
    told: Frame = {"names": {}, "pictures": {}, "read": read, "looks": {}, "states": {}}
    return {"joined": False, "health": None, **told}


def _look(message: Frame) -> Frame:
    return {name: message[name] for name in LOOK}


def is_count(difference: str) -> bool:
    """Whether a difference may be gone with the next event."""
    return any(name in difference.partition(":")[0] for name in LATER)


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two pages differ, one line each; empty when they show the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted({*one, *other})
        return [
            line for name in names for line in differences(one.get(name), other.get(name), f"{path}/{name}")
        ]
    return [] if one == other else [f"{path}: {one!r} is not {other!r}"]
