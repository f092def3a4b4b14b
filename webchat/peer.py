"""``Peer``: one user's node in the words of ``docs/api.md``.

It takes plain values, and turns the node's events into frames. Invariants: what leaves this module is JSON;
events come out in the order in which the node gave them; a snapshot is read without awaiting, so it is of
one moment.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable
from dataclasses import asdict
from typing import Any

from webchat.background import Background
from webchat.bridge import (
    ORDER_KEY_BYTES,
    ReadState,
    channel_name,
    done,
    error_fields,
    is_canary,
)
from webchat.chat.commands import CommandError
from webchat.chat.eventframes import UNTOLD, event_frame, health_fields, message_fields, outbox_fields
from webchat.company import AllOurs, Company
from webchat.openings import Openings
from webchat.peoplepeer import Emit, PeoplePeer
from webchat.recounts import Recounts

SNAPSHOT_MESSAGES = 50
LEFT_MAX = 1024
"""Channels that were left and are remembered as such; over it the first is forgotten."""

NOTHING_READ = "0" * 2 * ORDER_KEY_BYTES
"""The mark before every message."""


class Peer(PeoplePeer):
    """One user's node, and what a page must know about its joins that are still going on."""

    def __init__(self, emit: Emit, all_ours: AllOurs = lambda _: False) -> None:
        """``emit`` takes each frame; ``all_ours`` tells nodes of this server from others."""
        super().__init__(emit)
        self._tasks = Background()
        self._company = Company(
            lambda: getattr(self, "node", None), all_ours, self._tell_progress, self._tasks
        )
        """Asks the node only once it was handed over: it tells of its messages before."""
        self._joining: dict[str, dict[str, Any]] = {}
        self._health: dict[str, dict[str, Any]] = {}
        """As the events have told it, of channels that are joined."""
        self._openings = Openings()
        self._left: dict[str, None] = {}
        """Channels of this life that no page shows any more, nor how far the user's messages there get."""
        self._untold: set[str] = set()
        """Ids of what the node is just being asked to accept, and has told nothing of."""
        self._recounts = Recounts(self._tasks, self._read_state, self._tell_read)
        self._told: dict[str, Any] = {"state": "offline", "peers": 0, "reason": "Starting …"}

    def on_event(self, event: Any) -> None:
        """Pass an event of the node on, and remember how far a join has got."""
        if type(event).__name__ in UNTOLD:
            return
        frame = event_frame(event)
        kind = frame["type"]
        back = frame.get("channel") in self._left
        if back and kind == "message.state":
            return  # told when somebody joins the channel again
        if kind == "node.state":
            self._told = {name: frame[name] for name in self._told}
        elif kind == "channel.progress":
            self._openings.end(frame["channel"])
            self._join_of(frame["channel"])["steps"][frame["step"]] = frame
        elif kind == "channel.delayed":
            self._join_of(frame["channel"])["delayed"] = frame
        elif kind == "message.state":
            self._untold.discard(frame["id"])
            frame["local"] = self._company.local(event.state)
        elif kind == "typing":
            frame["at_ms"] = round(time.time() * 1000)
        elif kind in ("channel.joined", "channel.left"):
            self._joining.pop(frame["channel"], None)
        elif kind == "channel.health":
            self._health[frame["channel"]] = health_fields(event)
        self._emit(frame)
        if kind == "channel.left":
            self._health.pop(frame["channel"], None)
            self._left[frame["channel"]] = None
            if len(self._left) > LEFT_MAX:
                del self._left[next(iter(self._left))]
        elif back:
            self._come_back(frame["channel"])
        if kind == "message.changed" and not frame["own"] and (frame["deleted"] or frame["edited_ms"]):
            self._recounts.changed(frame["channel"], frame["order"])
        elif kind == "message.discarded":
            self._recounts.changed(frame["channel"], event.order)
        elif kind in ("channel.name", "channel.card"):
            self._company.look(frame["channel"])
        elif kind == "message.state" and frame["state"] in ("sent", "delivered") and not frame["local"]:
            self._company.grew(frame["channel"])
        if kind == "channel.joined":
            self._begin_reading(frame["channel"])

    def _come_back(self, channel: str) -> None:
        """Pages begin it anew: tell them how far the user's messages there have got."""
        del self._left[channel]
        for fields in self._outbox(channel):
            self._emit({"type": "message.state", **fields})

    def _outbox(self, channel: str) -> list[dict[str, Any]]:
        return [self._progress(state) for state in self.node.outbox() if state.channel == channel]

    def _progress(self, state: Any) -> dict[str, Any]:
        return {**outbox_fields(state), "local": self._company.local(state)}

    def _tell_progress(self, state: Any) -> None:
        self._emit({"type": "message.state", **self._progress(state)})

    def _begin_reading(self, channel: str) -> None:
        """Who joins has nothing unread yet; who comes back goes on where he was, on whichever page."""
        state = self.node.read_state(channel)
        if state.upto:
            self._tell_read(state)
            return
        upto = self.node.newest(channel) or NOTHING_READ  # also what is here and about to be told
        self._tasks.spawn(self.mark_read(channel, upto), "beginning to read")

    def _read_state(self, channel: str) -> ReadState | None:
        return self.node.read_state(channel) if channel in self.node.channels() else None

    def _join_of(self, channel: str) -> dict[str, Any]:
        return self._joining.setdefault(channel, {"steps": {}, "delayed": None})

    async def stop(self) -> None:
        """End the node; what it accepted is kept."""
        await self._tasks.close()
        await self.node.stop()
        await self._tasks.close()  # what it told at its end may have begun more

    async def join(self, channel: str) -> None:
        """Begin to join, durably unless an event tells why not; how it ends comes as events, too.

        Raises ``CommandError`` for an impossible name, and when the disk takes long.
        """
        name = channel_name(channel)
        if name not in self.node.channels():
            if name not in self._joining:
                channel_name(channel, is_new=True)
            self._openings.begin(name)
        self._tasks.spawn(self._join(name), f"joining {name}")
        await self._openings.over(name)

    async def _join(self, channel: str) -> None:
        try:
            await done(self.node.join(channel))
        except CommandError as error:
            # A join that takes too long, or was left, has said so by an event; any other reason is told here.
            if error.code != "NOT_A_MEMBER" and self._joining.get(channel, {}).get("delayed") is None:
                context = {"channel": channel}
                self._emit({"type": "trouble", "error": error_fields(error), "context": context})
        finally:
            self._openings.end(channel)

    async def _opened(self, channel: str) -> None:
        """Wait until a channel that was just asked for takes what is meant for it (``Openings``)."""
        await self._openings.over(channel_name(channel))

    async def leave(self, channel: str) -> None:
        """Leave; ``channel.left`` follows. Raises ``CommandError``, and the person is still there."""
        await self._opened(channel)
        if channel not in self.node.channels() and channel not in self._joining:
            raise CommandError("CHANNEL_UNKNOWN", channel)
        await done(self.node.leave(channel))

    async def say(self, frame: str, args: dict[str, Any]) -> dict[str, Any]:
        """Have the node accept what a frame says, durably; the same id again is the same message."""
        place, target = (args["channel"], args["id"]), args.get("target", "")
        await self._opened(args["channel"])
        match frame:
            case "message.send":
                saying = self.node.publish(*place, args["text"], args.get("reply_to"))
            case "message.edit":
                saying = self.node.edit(*place, target, args["text"])
            case "message.delete":
                saying = self.node.delete(*place, target)
            case "reaction.set":
                saying = self.node.react(*place, target, args["emoji"], args["on"])
            case _:
                raise CommandError("BAD_FRAME", frame, reason=frame)
        return await self._accepted(args["id"], saying)

    async def _accepted(self, message_id: str, saying: Awaitable[Any]) -> dict[str, Any]:
        """What the node accepts is an event, too: it may be long until the network lets it tell more."""
        self._untold.add(message_id)
        try:
            fields = self._progress(await done(saying))
            if message_id in self._untold:
                self._emit({"type": "message.state", **fields})
        finally:
            self._untold.discard(message_id)
        return fields

    async def mark_read(self, channel: str, upto: str) -> None:
        """Everything up to an order string was read; all pages of the user learn it by an event."""
        self._tell_read(await done(self.node.mark_read(channel, upto)))

    async def retry(self, message_id: str) -> dict[str, Any]:
        """Try a failed message again; the answer is its state now."""
        return self._progress(await done(self.node.retry(message_id)))

    async def known(self, channel: str, message_id: str) -> None:
        """``MESSAGE_UNKNOWN`` unless the node has accepted something of the user under this id."""
        await self._opened(channel)
        self._known(channel)
        if not self.node.has_said(channel, message_id):
            raise CommandError("MESSAGE_UNKNOWN")

    async def discard(self, message_id: str) -> None:
        """Give a message up; other pages of the user learn it by an event."""
        channel = next((state.channel for state in self.node.outbox() if state.id == message_id), "")
        await done(self.node.discard(message_id))
        self._emit({"type": "message.discarded", "id": message_id, "channel": channel})

    def history(self, channel: str, before: str | None, limit: int) -> dict[str, Any]:
        """A page of what the node holds, oldest first; ``more``: older ones may exist."""
        self._known(channel)
        page = self.node.history(channel, before, limit)
        return {"messages": [message_fields(message) for message in page], "more": len(page) == limit}

    def snapshot(self, *, messages: bool) -> dict[str, Any]:
        """Everything a page shows, read without awaiting so that it is of one moment."""
        host, port = self.node.address
        # The state as the events have told it, or a page would be ahead of the events that follow.
        node = {**self._told, "address": f"{host}:{port}", "node_id": self.node.node_id}
        names = dict.fromkeys((*self.node.channels(), *self._joining))
        channels = [self._channel(name, messages) for name in names]
        lists = {"blocked": self.node.blocked(), "verified": self.node.verified()}
        return {"node": node, "channels": channels, **lists, "profile": self.profile()}

    def _channel(self, channel: str, messages: bool) -> dict[str, Any]:
        member = self.node.channels()  # those that a restarted node is still joining again are in it
        outbox, joined = self._outbox(channel), member.get(channel, False)
        fields: dict[str, Any] = {"name": channel, "joined": joined, "outbox": outbox}
        if channel in self._joining:
            join = self._joining[channel]
            fields["progress"] = {"steps": list(join["steps"].values()), "delayed": join["delayed"]}
        if channel in member:
            fields["health"] = self._health.get(channel)
            fields["names"] = self.node.names(channel)
            fields["pictures"] = self.node.pictures(channel)
            fields["read"] = asdict(self.node.read_state(channel))
        if channel in member and messages:
            newest = self.node.history(channel, None, SNAPSHOT_MESSAGES)
            fields["messages"] = [message_fields(message) for message in newest]
        return fields

    def typing(self, channel: str) -> None:
        """The user writes; a hint to the others."""
        self._known(channel)
        self.node.typing(channel)

    async def members(self, channel: str) -> dict[str, Any]:
        """Who is in the channel, after a look at whom the node reaches."""
        self._known(channel)
        members, total = await done(self.node.members(channel))
        return {"members": [asdict(member) for member in members], "total": total}

    async def search(self, channel: str, words: str, before: str | None, limit: int) -> dict[str, Any]:
        """A page of what the node holds with all these words, and how much was searched for it."""
        self._known(channel)
        found = await done(self.node.search(channel, words, before, limit))
        return {**asdict(found), "messages": [message_fields(message) for message in found.messages]}

    def diagnostics(self) -> dict[str, Any]:
        """What the node knows about itself."""
        known = self.node.diagnostics()
        channels = [each for each in known["channels"] if not is_canary(each["name"])]
        records = [each for each in known["records"] if not is_canary(each["subject"])]
        return {**known, "channels": channels, "records": records}
