"""Two users of one worker who live through a drawn story in a channel of their own, each before a page.

Each step is one command of one of them, by the name of a method of ``Story``. A refusal is an answer like any
other: what the pages are told must be right all the same.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from peernode.diagnostics.codes import error_info
from peernode.events import ChannelHealth
from tests.support import network
from tests.support.browser import PATIENCE_S, Browser, Frame, message_id
from tests.support.pictures import png
from webchat.peer import Peer

NAMES = ("ann", "bob")
HEALTHS = (
    ChannelHealth("", "degraded", (1, 2), error_info("INITIATOR_SILENT")),
    ChannelHealth("", "down", (0, 2), error_info("NO_INITIATOR")),
    ChannelHealth("", "healthy", (3, 3), None),
)

NUMBERS = itertools.count(0x1000_0000, 2)
"""Of ids, all even: what takes a message back has its id with the last bit turned, which none else has."""


class Listener(Browser):
    """A page that keeps every event, in order."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.heard: list[Frame] = []

    async def next_frame(self) -> Frame:
        """As any page, but kept."""
        frame = await super().next_frame()
        if frame.get("cursor") is not None and frame["type"] != "welcome":
            self.heard.append(frame)
        return frame

    async def hear_until(self, fits: Callable[[Frame], bool]) -> None:
        """Wait until there was such an event."""
        async with asyncio.timeout(PATIENCE_S):
            while not any(fits(frame) for frame in self.heard):
                await self.next_frame()

    async def hear_upto(self, head: int) -> list[Frame]:
        """Wait for this event of the stream; all that came before it, and it."""
        async with asyncio.timeout(PATIENCE_S):
            while self.cursor is None or int(self.cursor.split(":")[1]) < head:
                await self.next_frame()
        return [frame for frame in self.heard if number_of(frame) <= head]


def number_of(frame: Frame) -> int:
    """The number in a frame's cursor."""
    return int(frame["cursor"].split(":")[1])


@dataclass
class Person:
    """A user in the story."""

    name: str
    cookie: bytes
    page: Listener
    welcome: Frame
    peer: Peer
    here: bool = False
    said: list[str] = field(default_factory=list)
    """Ids of own texts in the channel."""
    asked: list[str] = field(default_factory=list)
    """Ids of everything said or changed in the channel."""

    async def begin(self) -> None:
        """A new story: everything up to now is known from a snapshot."""
        self.here, self.said, self.asked = False, [], []
        self.welcome = await self.page.hello()
        self.page.heard.clear()
        self.page.put_aside()


class Story:
    """One story in one channel."""

    def __init__(self, people: dict[str, Person], channel: str) -> None:
        self.people = people
        self.channel = channel
        self.said: list[str] = []

    async def tell(self, steps: list[tuple[Any, ...]]) -> None:
        """Let it happen."""
        for name in NAMES:
            await self.join(name)
        for kind, *args in steps:
            await getattr(self, kind)(*args)

    def _other(self, name: str) -> Person:
        return self.people[NAMES[1 - NAMES.index(name)]]

    async def _ask(self, name: str, kind: str, /, **fields: Any) -> Frame:
        answer = await self.people[name].page.ask(kind, **fields)
        assert answer.get("code") not in ("BAD_FRAME", "INTERNAL", "WORKER_UNAVAILABLE"), answer
        return answer

    async def _speak(self, name: str, kind: str, /, is_text: bool = False, **fields: Any) -> None:
        said = message_id(next(NUMBERS))
        answer = await self._ask(name, kind, channel=self.channel, id=said, **fields)
        if answer["type"] == "ok":
            self.people[name].asked.append(said)
            if is_text:
                self.said.append(said)
                self.people[name].said.append(said)

    async def say(self, name: str, mentions: bool) -> None:
        other = self._other(name).welcome["node"]["node_id"]
        text = f"about <@{other}>" if mentions else f"the {len(self.said)}th, **bold**"
        await self._speak(name, "message.send", is_text=True, text=text)

    async def reply(self, name: str, which: int) -> None:
        if self.said:
            target = self.said[which % len(self.said)]
            await self._speak(name, "message.send", is_text=True, text="indeed", reply_to=target)

    async def edit(self, name: str, which: int) -> None:
        if own := self.people[name].said:
            await self._speak(name, "message.edit", target=own[which % len(own)], text=f"better {len(own)}")

    async def delete(self, name: str, which: int) -> None:
        if own := self.people[name].said:
            await self._speak(name, "message.delete", target=own[which % len(own)])

    async def react(self, name: str, which: int, emoji: str, on: bool) -> None:
        if self.said:
            target = self.said[which % len(self.said)]
            await self._speak(name, "reaction.set", target=target, emoji=emoji, on=on)

    async def read(self, name: str, which: int) -> None:
        answer = await self._ask(name, "history.page", channel=self.channel, limit=which + 1)
        if answer.get("messages"):
            await self._ask(name, "read.mark", channel=self.channel, upto=answer["messages"][0]["order"])

    async def type(self, name: str) -> None:
        await self._ask(name, "typing", channel=self.channel)

    async def block(self, name: str, on: bool) -> None:
        await self._ask(name, "person.block", node=self._other(name).welcome["node"]["node_id"], on=on)

    async def verify(self, name: str, on: bool) -> None:
        await self._ask(name, "person.verify", node=self._other(name).welcome["node"]["node_id"], on=on)

    async def profile(self, name: str, called: str, pictured: bool) -> None:
        picture = base64.b64encode(png(4, 4)).decode() if pictured else ""
        await self._ask(name, "profile.set", name=called, about=called * 2, picture=picture)

    async def hold(self, name: str) -> None:
        network.set_mode(name, "hold")

    async def open(self, name: str) -> None:
        network.set_mode(name, "open")

    async def discard(self, name: str, which: int) -> None:
        if asked := self.people[name].asked:
            await self._ask(name, "message.discard", id=asked[which % len(asked)])

    async def retry(self, name: str, which: int) -> None:
        if asked := self.people[name].asked:
            await self._ask(name, "message.retry", id=asked[which % len(asked)])

    async def leave(self, name: str) -> None:
        if (await self._ask(name, "channel.leave", channel=self.channel))["type"] == "ok":
            self.people[name].here = False

    async def join(self, name: str) -> None:
        """Joined with the network open: how a join fails is the tests' of joins."""
        person = self.people[name]
        if person.here:
            return
        for each in NAMES:
            network.set_mode(each, "open")
        since = len(person.page.heard)
        await self._ask(name, "channel.join", channel=self.channel)
        joined = ("channel.joined", self.channel)
        await person.page.hear_until(
            lambda frame: (
                (frame["type"], frame.get("channel")) == joined
                and any(frame is each for each in person.page.heard[since:])
            )
        )
        person.here = True

    async def health(self, name: str, which: int) -> None:
        """The node says how the channel is, as it would in a situation that no test can bring about."""
        if self.people[name].here:
            self.people[name].peer.on_event(replace(HEALTHS[which % len(HEALTHS)], channel=self.channel))

    async def meet(self) -> None:
        """Each who is there reaches the other."""
        for each in NAMES:
            network.set_mode(each, "open")
        for each in NAMES:
            await self._ask(each, "channel.members", channel=self.channel)

    async def end(self) -> None:
        """Nothing of it is there at the next story."""
        for name in NAMES:
            network.set_mode(name, "open")
            await self.block(name, on=False)
            await self.leave(name)
