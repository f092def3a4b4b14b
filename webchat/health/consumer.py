"""The health page's WebSocket, for staff: the state of the nodes, live, and what can be asked and done.

Anybody else is refused at the handshake (HTTP 403), so that no socket exists that could be told something.
Sessions that end and accounts that are no longer staff close it; nobody else's frame is followed. Every frame
with a readable ``ref`` is answered exactly once, and no frame of a browser closes the connection; see
``docs/api.md``.
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

from channels.db import database_sync_to_async

from webchat.bridge import error_fields
from webchat.chat.commands import CommandError
from webchat.chat.frames import Frame
from webchat.chat.link import WorkerLink
from webchat.chat.pagesocket import CLOSE_NOT_ALLOWED, PageSocket
from webchat.health.actions import DIAGNOSTIC, DOCTOR, REPAIR, acting
from webchat.health.doctor import RUN_MAX_S
from webchat.health.feed import HealthFeed, staff_among
from webchat.health.frames import RECORDS_MAX, parsed
from webchat.health.names import names_in, names_of
from webchat.health.rates import AskingRates
from webchat.health.refusals import take

ASKED_MAX = 16
"""Frames that wait for their answer."""

ACTIONS = {"repair": REPAIR, "diagnostic": DIAGNOSTIC, "doctor": DOCTOR}
"""Frames that are logged with who sent them; they count for the rate ``act``."""

LOOKS = ("events", "trace", "history")
"""Frames that take the nodes' time and change nothing; they count for the rate ``look``."""

ACROSS_THE_NETWORK_S = 10.0
"""What asks other nodes may take longer than the own node's answers."""


class HealthConsumer(PageSocket):
    """See the module."""

    asked_max = ASKED_MAX

    async def connect(self) -> None:
        """Take the socket of somebody who is staff and signed in; refuse every other before it is open."""
        self.begin()
        self._lost = False
        self._examining = ""
        """By which the steps of the last examination that this page asked for are known."""
        self.watched: str | None = None
        user, session = self.scope["user"], self.scope["session"]
        if not (user.is_authenticated and user.is_active and user.is_staff and session.session_key):
            await self.close()
            return
        self._name = user.get_username()
        await self.accept()
        await self.attach()

    async def disconnect(self, code: int) -> None:
        """The browser is gone, and nothing is asked for it any more."""
        await self.tasks.close()  # before, for a hello on its way attaches at its end
        if self.link is not None:
            await HealthFeed.of_running_loop().detach(self)
        await super().disconnect(code)

    def parsed(self, text: str) -> Frame:
        """One of the health page's frames."""
        return parsed(text)

    async def answer(self, link: WorkerLink, frame: Frame) -> None:
        """Answer a frame; from the answer to ``hello`` on the page is told what comes."""
        await super().answer(link, frame)
        if frame.type == "hello" and not self.closing:
            HealthFeed.of_running_loop().attach(self)

    async def follow(self, link: WorkerLink, frame: Frame) -> dict[str, Any]:
        """Do what an administrator asks for, who must be one at this moment."""
        # Also before each frame: the feed looks only after those that watch, and only every ten seconds.
        if not await database_sync_to_async(staff_among)([self.user_id]):
            await self.no_longer_staff()
            raise CommandError("SESSION_ENDED")  # told to nobody: the socket is closed
        if frame.type in ACTIONS:
            take(self.user_id, "act", ACTIONS[frame.type])
            return await self._act(link, frame)
        if frame.type in LOOKS:
            AskingRates.of_running_loop().take(self.user_id, "look")
        fields = frame.fields
        match frame.type:
            case "hello":
                return {"type": "welcome", "cursor": None, "user": {"name": self._name}}
            case "watch":
                self.watched = fields.get("channel")
                HealthFeed.of_running_loop().hurry()
                return {"type": "ok"}
            case "trace":
                answer = await link.command(0, "health.trace", fields, ACROSS_THE_NETWORK_S)
                return {"type": "trace", **answer, "names": await _names_in(answer["trace"])}
            case "history":
                return {"type": "history", **await link.command(0, "health.history", fields)}
            case "events":
                limit = fields.pop("limit", RECORDS_MAX)
                answer = await link.command(0, "health.records", {"wanted": fields, "limit": limit})
                names = await database_sync_to_async(names_in)(answer["records"])
                return {"type": "records", **answer, "names": names}
        return {"type": "ok"}  # ping

    async def _act(self, link: WorkerLink, frame: Frame) -> dict[str, Any]:
        """What changes something, or sends something out: done, and logged with who did it."""
        fields = frame.fields

        async def tell(told: dict[str, Any]) -> None:
            await link.command(0, "health.acted", told)

        doing = partial(acting, self.user_id, self._name, ACTIONS[frame.type], tell)
        match frame.type:
            case "repair":
                async with doing(fields["channel"], subscriber=fields["subscriber"]) as about:
                    answer = await link.command(0, "health.repair", fields, ACROSS_THE_NETWORK_S)
                    about |= {name: answer["result"][name] for name in ("reached_by", "of")}
                return {"type": "ok", **answer}
            case "doctor":
                asked = {name: fields.get(name) or "" for name in ("address", "channel")}
                asked["asked"] = self._examining = secrets.token_hex(8)
                async with doing(asked["channel"], address=asked["address"]):
                    return {"type": "doctor", **await link.command(0, "doctor", asked, RUN_MAX_S)}
        async with doing(on=fields["on"]):
            return {"type": "ok", **await link.command(0, "health.diagnostic", fields)}

    # What the feed tells

    async def on_health(self, answer: dict[str, Any], names: dict[str, str]) -> None:
        """Pass a snapshot on, with the whole of the channel that this page looks at."""
        self._lost = False
        detail = answer["details"].get(self.watched or "")
        frame = {name: answer[name] for name in ("host", "channels", "more")}
        going = answer.get("examination") or {}  # not of an earlier worker's
        steps = going["steps"] if going and going["asked"] == self._examining else None
        told = {**frame, "detail": detail, "names": names, "examination": steps}
        await self.send_frame({"type": "health", **told})
        if answer["events"] or answer["skipped"]:
            news = {name: answer[name] for name in ("epoch", "events", "skipped")}
            await self.send_frame({"type": "events", **news})

    async def on_lost(self, error: CommandError) -> None:
        """Say why nothing comes, once."""
        if not self._lost:
            self._lost = True
            await self.send_frame({"type": "health.lost", "error": error_fields(error)})

    async def no_longer_staff(self) -> None:
        """Close; the page says why, and does not come back."""
        await self.end(CLOSE_NOT_ALLOWED)


async def _names_in(trace: dict[str, Any]) -> dict[str, str]:
    attempts = [attempt for node in trace["nodes"] for attempt in node["attempts"]]
    ids = {*(node["id"] for node in trace["nodes"]), *(each["peer"] for each in attempts)}
    if trace["operation"]:
        ids |= {trace["operation"]["subject"], *(path["peer"] for path in trace["operation"]["paths"])}
    return await database_sync_to_async(names_of)(ids | ({trace["author"]} if trace["author"] else set()))
