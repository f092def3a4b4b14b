"""``HealthWatch``: the worker's look at its nodes and their channels, while somebody watches.

Nothing runs until a web process asks. Then what it watches is looked at for each question, which asks the
channels' initiators across the network, and the others each ``ROUND_S`` in turn; all who watch share the
pictures. ``ASKED_FOR_S`` after the last question it ends by itself.

Invariants: at most ``LOOKS_MAX`` looks go on at once and each ends within ``LOOK_MAX_S``; a channel that is
watched comes first, the others in turn; what could not be looked at keeps its last picture with its age, so
the page can say how old it is; a failure of one channel is no other's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from webchat.background import Background
from webchat.chat.commands import CommandError
from webchat.health.nodes import HostView
from webchat.health.verdict import worst_first

log = logging.getLogger("webchat.health")

ROUND_S = 1.0
ASKED_FOR_S = 6.0
LOOKS_MAX = 8
LOOK_MAX_S = 5.0
FRESH_S = 0.5
"""A look that began so lately is new enough for one more question."""

WAIT_S = 1.2
"""How long a question waits for new pictures of what is watched; then the last ones must do."""

CHANNELS_MAX = 200
"""Channels in a snapshot's list, the worst first; of more the rest is counted."""

UNREACHED = ("no", "untested")

Picture = dict[str, Any]


class HealthWatch:
    """See the module."""

    def __init__(self, view: HostView) -> None:
        self._view = view
        self._tasks = Background()
        self._pictures: dict[str, Picture] = {}
        self._looked_at: dict[str, float] = {}
        self._looking: set[str] = set()
        self._asked_at = 0.0
        self._running = False
        self._looked = asyncio.Event()

    async def close(self) -> None:
        """End what runs."""
        await self._tasks.close()

    @property
    def runs(self) -> bool:
        """Whether somebody watches, and looks are paid for."""
        return self._running

    async def snapshot(self, watched: list[str]) -> dict[str, Any]:
        """Host, channels in brief, and the whole of those that are watched."""
        self._asked_at = time.monotonic()
        if not self._running:
            self._running = True
            self._tasks.spawn(self._run(), "health: watching")
        wanted = watched if self._pictures else [*watched, *self._view.channels()]
        self._begin_looks(wanted, FRESH_S)
        await self._wait_for(wanted)
        host = self._view.host([each["verdict"]["state"] for each in self._pictures.values()])
        details = {name: self._pictures[name] for name in watched if name in self._pictures}
        briefs = self._briefs()
        more = max(0, len(briefs) - CHANNELS_MAX)
        return {"host": host, "channels": briefs[:CHANNELS_MAX], "more": more, "details": details}

    async def _wait_for(self, names: list[str]) -> None:
        """Wait a little for the looks that are under way, so that what is told is new."""
        try:
            async with asyncio.timeout(WAIT_S):
                while any(name in self._looking for name in names[:LOOKS_MAX]):
                    self._looked.clear()
                    await self._looked.wait()
        except TimeoutError:
            log.debug("no new picture of %s yet", names)

    def _briefs(self) -> list[dict[str, Any]]:
        pictures = worst_first(self._pictures.values())
        waiting = [name for name in self._view.channels() if name not in self._pictures]
        return [*map(brief, pictures), *({"channel": name, "verdict": None} for name in sorted(waiting))]

    async def _run(self) -> None:
        try:
            while time.monotonic() - self._asked_at < ASKED_FOR_S:
                await asyncio.sleep(ROUND_S)
                self._begin_looks([*self._view.channels()], ROUND_S)
        finally:
            self._running = False
            self._pictures.clear()
            self._looked_at.clear()

    def _begin_looks(self, wanted: list[str], fresh_s: float) -> None:
        """Look at these as far as there is room, the longest unseen first; not at what is still fresh."""
        now, names = time.monotonic(), self._view.channels()
        for gone in [name for name in self._pictures if name not in names]:
            del self._pictures[gone]
        seen = {name: self._looked_at.get(name, float("-inf")) for name in wanted if name in names}
        due = [name for name, at in seen.items() if name not in self._looking and now - at >= fresh_s]
        for name in sorted(due, key=lambda name: seen[name])[: LOOKS_MAX - len(self._looking)]:
            self._looking.add(name)
            self._looked_at[name] = now
            self._tasks.spawn(self._look(name), f"health: looking at {name}")

    async def _look(self, name: str) -> None:
        try:
            async with asyncio.timeout(LOOK_MAX_S):
                self._pictures[name] = await self._view.channel(name)
        except (TimeoutError, CommandError) as error:
            log.info("no picture of %s: %r", name, error)  # the last one stays, and says how old it is
        finally:
            self._looking.discard(name)
            self._looked.set()


def brief(picture: Picture) -> dict[str, Any]:
    """A channel in one line of the list."""
    initiators, subscribers = picture["initiators"], picture["subscribers"]
    recent = picture["pushes"]["5m"]
    return {
        "channel": picture["channel"],
        "as_of_ms": picture["as_of_ms"],
        "verdict": picture["verdict"],
        "initiators": len(initiators),
        "answering": sum(1 for each in initiators if each["answers"]),
        "subscribers": picture["audience"],
        "reached": picture["audience"] - sum(1 for each in subscribers if each["reached"] in UNREACHED),
        "untested": sum(1 for each in subscribers if each["reached"] == "untested"),
        "p95_ms": recent["p95_ms"],
        "attempted": recent["attempted"],
    }
