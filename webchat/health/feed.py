"""``HealthFeed``: one question a second to the worker for all health pages of a web process.

It goes on while somebody watches, and each answer is handed to everybody, so what a snapshot costs does not
grow with the watchers. Invariants: every watcher gets the records of the log that came after it began,
in order, or is told how many were left out; an answer that does not come is told as ``lost`` with the
reason, once, and the question goes on being asked; who is no longer staff is found within ``STAFF_CHECK_S``
and put out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import DatabaseError

from webchat.background import Background
from webchat.chat.commands import CommandError
from webchat.chat.link import WorkerLink
from webchat.health.names import names_in, names_of

log = logging.getLogger("webchat.health")

POLL_S = 1.0
HURRY_S = 0.1
"""Between two questions at least, however often somebody looks at something else."""

STAFF_CHECK_S = 10.0

_feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, HealthFeed] = WeakKeyDictionary()


class Watcher(Protocol):
    """What the feed tells a consumer; none of these may raise."""

    user_id: int
    watched: str | None

    async def on_health(self, answer: dict[str, Any], names: dict[str, str]) -> None:
        """A snapshot, with the records since the last one."""

    async def on_lost(self, error: CommandError) -> None:
        """The worker does not answer."""

    async def no_longer_staff(self) -> None:
        """The account may not watch any more."""


class HealthFeed:
    """See the module; one per event loop."""

    def __init__(self) -> None:
        self._watchers: dict[Watcher, None] = {}
        self._tasks = Background()
        self._place = {"epoch": "", "after": 0}
        self._now = asyncio.Event()

    @classmethod
    def of_running_loop(cls) -> HealthFeed:
        """The feed of this process."""
        loop = asyncio.get_running_loop()
        feed = _feeds.get(loop)
        if feed is None:
            feed = _feeds[loop] = cls()
        return feed

    @property
    def idle(self) -> bool:
        """Whether nothing is asked."""
        return not self._tasks

    def attach(self, watcher: Watcher) -> None:
        """Tell this one, from now on."""
        self._watchers[watcher] = None
        self._begin()
        self.hurry()

    async def detach(self, watcher: Watcher) -> None:
        """It is gone; without any the questions end."""
        self._watchers.pop(watcher, None)
        if not self._watchers:
            self._place = {"epoch": "", "after": 0}  # who comes next begins with what comes next
            await self._tasks.close()
            if self._watchers:  # another one came while the tasks ended
                self._begin()

    def _begin(self) -> None:
        if not self._tasks:
            self._tasks.spawn(self._ask(), "health: asking")
            self._tasks.spawn(self._check_staff(), "health: who may watch")

    def hurry(self) -> None:
        """Somebody looks at something else: ask at once."""
        self._now.set()

    async def _ask(self) -> None:
        await at_pace(partial(self._ask_once, WorkerLink.of_running_loop()), self._now)

    async def _ask_once(self, link: WorkerLink) -> None:
        watched = list(dict.fromkeys(each.watched for each in self._watchers if each.watched))
        try:
            answer = await link.command(0, "health.snapshot", {"watched": watched, **self._place})
            names = await database_sync_to_async(_names_in)(answer)
        except CommandError as error:
            lost = error
        except Exception as error:  # the next question may go well, and nobody is left waiting
            log.exception("no picture for those who watch")
            lost = CommandError("INTERNAL", repr(error))
        else:
            self._place = {"epoch": answer["epoch"], "after": answer["serial"]}
            await self._tell(lambda watcher: watcher.on_health(answer, names))
            return
        await self._tell(lambda watcher: watcher.on_lost(lost))

    async def _tell(self, telling: Callable[[Watcher], Awaitable[None]]) -> None:
        """One socket's failure is logged, and is no other's."""
        for watcher in list(self._watchers):
            try:
                await telling(watcher)
            except Exception:
                log.exception("a socket failed")

    async def _check_staff(self) -> None:
        while True:
            await asyncio.sleep(STAFF_CHECK_S)
            users = [each.user_id for each in self._watchers]
            try:
                staff = await database_sync_to_async(staff_among)(users)
            except DatabaseError:
                log.exception("who may watch is not known; the next look comes")
                continue
            await self._tell(partial(_put_out, staff))


async def at_pace(ask: Callable[[], Awaitable[None]], at_once: asyncio.Event) -> None:
    """Ask each ``POLL_S``, one question at a time, and earlier when somebody wants to know ``at_once``."""
    now = asyncio.get_running_loop().time
    while True:
        at_once.clear()
        began = now()
        await ask()
        await asyncio.sleep(HURRY_S)
        try:
            async with asyncio.timeout(max(0.0, POLL_S - (now() - began))):
                await at_once.wait()
        except TimeoutError:
            continue


async def _put_out(staff: set[int], watcher: Watcher) -> None:
    if watcher.user_id not in staff:
        await watcher.no_longer_staff()


def staff_among(users: list[int]) -> set[int]:
    """Those of these accounts that are staff now."""
    return set(User.objects.filter(pk__in=users, is_staff=True, is_active=True).values_list("pk", flat=True))


def _names_in(answer: dict[str, Any]) -> dict[str, str]:
    """The names of all that the page shows by name."""
    found = {answer["host"]["node"]["id"]}
    for detail in answer["details"].values():
        found.update(each["id"] for each in (*detail["initiators"], *detail["subscribers"]))
    return {**names_of(found), **names_in(answer["events"])}
