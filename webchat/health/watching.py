"""``HealthWatch``: the worker's look at its nodes and their channels, while somebody wants to know.

Nothing runs until a web process asks. Then what it watches is looked at for each question, which asks the
channels' initiators across the network, and the others each ``ROUND_S`` in turn; all who watch share the
pictures. ``ASKED_FOR_S`` after the last question it ends by itself. Who only counts verdicts (``/metrics``)
gets them from the same pictures, which are then renewed each ``COUNTED_S``, and ``COUNTED_FOR_S`` long.

Invariants: what somebody watches has ``WATCHED_MAX`` places of its own, so it is seen as often with a
thousand channels as with one; of the others at most ``LOOKS_MAX`` are looked at at once; each look ends
within ``LOOK_MAX_S``; what could not be looked at keeps its last picture with its age, so the page can say
how old it is; a channel without a picture, or that could not be looked at ``FAILED_MAX`` times in a row for
whatever reason, a bug as well, is ``unknown`` to the numbers, never well; of the latter the line says why and
comes before all that are well, and the host is degraded; a failure of one channel is no other's; that a
verdict has changed, or is none any more, is told while somebody watches, never for who counts (``Turns``).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from webchat.background import Background
from webchat.bridge import error_fields
from webchat.chat.commands import CommandError
from webchat.health.actions import Action
from webchat.health.turns import UNSEEN, Turns
from webchat.health.verdict import HEALTHY, STATES, UNKNOWN, worst_first

log = logging.getLogger("webchat.health")

ROUND_S = 1.0
ASKED_FOR_S = 6.0
COUNTED_S = 30.0
COUNTED_FOR_S = 150.0
"""Longer than between two questions of Prometheus, which come each 15 s to 2 min."""

LOOKS_MAX = 8
WATCHED_MAX = 8
LOOK_MAX_S = 5.0
FRESH_S = 0.5
"""A look that began so lately is new enough for one more question."""

WAIT_S = 1.2
"""How long a question waits for new pictures of what is watched; then the last ones must do."""

CHANNELS_MAX = 200
"""Channels in a snapshot's list, the worst first; of more the rest is counted."""

FAILED_MAX = 3
"""Looks in a row without a picture, after which the last one says nothing of now."""

UNREACHED = ("no", "untested")

Picture = dict[str, Any]


class View(Protocol):
    """What is looked at: ``HostView``."""

    def channels(self) -> Iterable[str]:
        """The channels that there are now."""

    async def channel(self, name: str) -> Picture:
        """The health of one; raises ``CommandError``."""

    def host(self, states: list[str], unseen: int, failed: int) -> dict[str, Any]:
        """The host, whose verdict follows from those of its channels.

        ``states``: of those that are seen; ``unseen``: how many are not yet; ``failed``: how many can't be.
        """


@dataclass(slots=True)
class _Missed:
    """Looks in a row that brought no picture: since when, why the last one did not, how many."""

    wall_ms: int
    why: CommandError
    times: int = 0


class HealthWatch:
    """See the module."""

    def __init__(self, view: View, turned: Callable[[Action], None] = lambda record: None) -> None:
        """``turned`` is told that a channel's verdict has changed, as a record for the event log."""
        self._view = view
        self._turns = Turns(turned)
        self._tasks = Background()
        self._pictures: dict[str, Picture] = {}
        self._lines: dict[str, dict[str, Any]] = {}
        """Of each picture its line in the list."""
        self._missed: dict[str, _Missed] = {}
        """Of which the last looks brought no picture."""
        self._looked_at: dict[str, float] = {}
        self._looking: dict[str, bool] = {}
        """The looks that are under way, and whether each has a place of those for what is watched."""
        self._watched_at: dict[str, float] = {}
        """What web processes watch, and when one last said so."""
        self._asked_at = self._counted_at = float("-inf")
        self._running = False
        self._looked = asyncio.Event()

    async def close(self) -> None:
        """End what runs."""
        await self._tasks.close()

    @property
    def runs(self) -> bool:
        """Whether somebody wants to know, and looks are paid for."""
        return self._running

    async def snapshot(self, watched: list[str]) -> dict[str, Any]:
        """Host, channels in brief, and the whole of those that are watched."""
        now = self._asked_at = _now()
        self._watched_at.update((name, now) for name in watched)
        self._start()
        first = [] if self._pictures else [*self._view.channels()]
        self._begin_looks(watched, FRESH_S, watched=True)
        self._begin_looks(first, FRESH_S)
        await self._wait_for([*watched[:WATCHED_MAX], *first[:LOOKS_MAX]])
        host = self._view.host(*self._states())
        details = {name: self._pictures[name] for name in watched if name in self._pictures}
        briefs = self._briefs()
        more = max(0, len(briefs) - CHANNELS_MAX)
        return {"host": host, "channels": briefs[:CHANNELS_MAX], "more": more, "details": details}

    async def verdicts(self) -> dict[str, int]:
        """How many channels there are of each of ``STATES``, as the page's list has them."""
        self._counted_at = _now()
        self._start()
        if not self._pictures:
            first = [*self._view.channels()]
            self._begin_looks(first, FRESH_S)
            await self._wait_for(first[:LOOKS_MAX])
        states, unseen, failed = self._states()
        found = Counter(states)
        found[UNKNOWN] += unseen + failed
        return {state: found[state] for state in STATES}

    def _start(self) -> None:
        if not self._running:
            self._running = True
            self._tasks.spawn(self._run(), "health: watching")

    async def _wait_for(self, names: list[str]) -> None:
        """Wait a little for the looks that are under way, so that what is told is new."""
        try:
            async with asyncio.timeout(WAIT_S):
                while any(name in self._looking for name in names):
                    self._looked.clear()
                    await self._looked.wait()
        except TimeoutError:
            log.debug("no new picture of %s yet", names)

    def _states(self) -> tuple[list[str], int, int]:
        """The states of the channels that are seen, how many are not yet, and how many can't be.

        Those that are gone are none of them.
        """
        names = {*self._view.channels()}
        for table in (self._pictures, self._lines, self._missed):
            for gone in [name for name in table if name not in names]:
                del table[gone]
        self._turns.keep(names)
        failed = {name for name in names if self._is_hidden(name)}
        states = [line["verdict"]["state"] for name, line in self._lines.items() if name not in failed]
        return states, len(names) - len(states) - len(failed), len(failed)

    def _briefs(self) -> list[dict[str, Any]]:
        waiting = sorted(name for name in self._view.channels() if name not in self._lines)
        lines = [
            *worst_first(self._lines.values()),
            *({"channel": name, "verdict": None} for name in waiting),
        ]
        return sorted(map(self._with_error, lines), key=_place)

    def _is_hidden(self, name: str) -> bool:
        missed = self._missed.get(name)
        return missed is not None and missed.times >= FAILED_MAX

    def _with_error(self, line: dict[str, Any]) -> dict[str, Any]:
        """The line of a channel, with why it can't be looked at when that is so."""
        name = line["channel"]
        return {**line, "error": error_fields(self._missed[name].why)} if self._is_hidden(name) else line

    async def _run(self) -> None:
        try:
            while True:
                await asyncio.sleep(ROUND_S)
                now = _now()
                is_watched = self._is_watched(now)
                if not is_watched:
                    self._turns.keep(())
                if not is_watched and now - self._counted_at >= COUNTED_FOR_S:
                    return
                for name in [name for name, at in self._watched_at.items() if now - at >= ASKED_FOR_S]:
                    del self._watched_at[name]
                self._begin_looks([*self._watched_at], ROUND_S, watched=True)
                self._begin_looks([*self._view.channels()], ROUND_S if is_watched else COUNTED_S)
        finally:
            self._running = False
            self._pictures.clear()
            self._lines.clear()
            self._missed.clear()
            self._looked_at.clear()
            self._watched_at.clear()
            self._turns.keep(())

    def _is_watched(self, now: float) -> bool:
        return now - self._asked_at < ASKED_FOR_S

    def _begin_looks(self, wanted: list[str], fresh_s: float, *, watched: bool = False) -> None:
        """Look at these as far as there is room, the longest unseen first; not at what is still fresh."""
        now, names = _now(), {*self._view.channels()}
        for gone in [name for name in self._looked_at if name not in names]:
            del self._looked_at[gone]
        seen = {name: self._looked_at.get(name, float("-inf")) for name in wanted if name in names}
        due = [name for name, at in seen.items() if name not in self._looking and now - at >= fresh_s]
        taken = sum(1 for each in self._looking.values() if each is watched)
        free = (WATCHED_MAX if watched else LOOKS_MAX) - taken
        for name in sorted(due, key=seen.__getitem__)[: max(0, free)]:
            self._looking[name] = watched
            self._looked_at[name] = now
            self._tasks.spawn(self._look(name), f"health: {name}")

    async def _look(self, name: str) -> None:
        try:
            async with asyncio.timeout(LOOK_MAX_S):
                picture = await self._view.channel(name)
            line = brief(picture)
            self._turned(name, picture["verdict"], _wall_ms())
        except TimeoutError:
            self._miss(name, CommandError("CHANNEL_UNSEEN"))
        except CommandError as error:
            self._miss(name, error)
        except Exception:
            log.exception("a bug in a look at %s", name)
            self._miss(name, CommandError("INTERNAL"))
        else:
            self._pictures[name], self._lines[name] = picture, line
            self._missed.pop(name, None)
        finally:
            del self._looking[name]
            self._looked.set()

    def _turned(self, name: str, verdict: dict[str, Any], wall_ms: int) -> None:
        if self._is_watched(_now()):
            self._turns.heard(name, verdict, _now(), wall_ms)

    def _miss(self, name: str, why: CommandError) -> None:
        """A look brought no picture: the last one stays, and says how old it is."""
        missed = self._missed.setdefault(name, _Missed(_wall_ms(), why))
        missed.times, missed.why = missed.times + 1, why
        if self._is_hidden(name):
            self._turned(name, {"state": UNSEEN, "code": why.code}, missed.wall_ms)
        log.info("no picture of %s: %r", name, why)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _wall_ms() -> int:
    return round(time.time() * 1000)


def _place(line: dict[str, Any]) -> int:
    """Where a line stands: what can't be looked at may be anything, so it comes before what is well."""
    if "error" in line:
        return 1
    if line["verdict"] is None:
        return 3
    return 2 if line["verdict"]["state"] == HEALTHY else 0


def brief(picture: Picture) -> dict[str, Any]:
    """A channel in one line of the list."""
    initiators, recent = picture["initiators"], picture["pushes"]["5m"]
    subscribers = [each for each in picture["subscribers"] if not each.get("lone")]
    # One initiator's word alone makes nobody a subscriber, as to the verdict (peernode.diagnostics.reasons).
    audience = picture["audience"] - (len(picture["subscribers"]) - len(subscribers))
    return {
        "channel": picture["channel"],
        "as_of_ms": picture["as_of_ms"],
        "verdict": picture["verdict"],
        "initiators": len(initiators),
        "answering": sum(1 for each in initiators if each["answers"]),
        "unheard": sum(1 for each in initiators if each.get("unheard") and not each["answers"]),
        "subscribers": audience,
        "reached": audience - sum(1 for each in subscribers if each["reached"] in UNREACHED),
        "untested": sum(1 for each in subscribers if each["reached"] == "untested"),
        "p95_ms": recent["p95_ms"],
        "attempted": recent["attempted"],
    }
