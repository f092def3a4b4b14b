"""The peer-node worker: takes commands from the channel layer, lets the users' nodes do them, answers.

Invariants: every command is answered with a result or an error; a command id is done at most once,
however often it arrives, as long as its answer is remembered (``Answers``; those of ``READING`` are not, and
may be done again), and one that comes again after its answer is answered again; commands of one
user begin in the order in which they came. At ``COMMANDS_MAX`` commands at once more are refused with
``WORKER_UNAVAILABLE``, which a browser tries again.

The worker holds no Django request and needs no Twisted: ``manage.py chat`` runs it on Daphne's loop,
``manage.py worker`` on its own.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from channels.exceptions import ChannelFull
from django.conf import settings

from webchat.answers import Answers
from webchat.background import Background
from webchat.bridge import PeerHost
from webchat.chat import commands
from webchat.chat.addresses import WORKER_CHANNEL
from webchat.chat.commands import CommandError
from webchat.chat.frames import SAYING
from webchat.chat.layer import LAYER_ERRORS, listen
from webchat.chat.stream import Cursor
from webchat.filecommands import FileCommands
from webchat.health.commands import READING as READING_OF_HEALTH
from webchat.health.commands import HealthCommands
from webchat.health.doctor import DoctorCommands
from webchat.identities import unwrap
from webchat.residents import Residents
from webchat.vitals import VitalCommands, keep_canary

log = logging.getLogger("webchat.worker")

ANSWERS_MAX = 4096
ANSWERS_MAX_BYTES = 8 * 1024 * 1024
COMMANDS_MAX = 1024
REPLAY_EVENTS_MAX = 100
READING = (
    *("heads", "hello", "replay", "message.known", "history.page", "search", "channel.members", "person"),
    *("person.picture", "profile.whole", "file.available", "file.fetch", "file.read", "typing"),
    *("diagnostics", "metrics", "vitals", *READING_OF_HEALTH),
)
"""Commands that change nothing when they are done again; their answers are not remembered."""

FINISH_S = 1.0

Args = dict[str, Any]
Result = dict[str, Any]


class Worker:
    """All users' nodes and the host node, behind one layer channel."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self.epoch = secrets.token_hex(8)
        self.host = PeerHost(settings.DEPLOYMENT, settings.NODE_ENVIRONMENT)
        self.residents = Residents(self.host, self.epoch, layer)
        self._doctor = DoctorCommands(self.host)
        self.health = HealthCommands(self.host, lambda: self._doctor.going)
        self._receiving = Background()
        self._tasks = Background()
        self._answers = Answers(ANSWERS_MAX, ANSWERS_MAX_BYTES)
        self._commands: dict[str, Callable[[int, Args], Awaitable[Result]]] = {
            "heads": self._heads,
            "hello": self._hello,
            "replay": self._replay,
            "channel.join": self._join,
            "channel.leave": self._leave,
            **{frame: self._sayer(frame) for frame in SAYING},
            "message.retry": self._retry,
            "message.discard": self._discard,
            "message.known": self._known,
            "read.mark": self._mark_read,
            "history.page": self._history,
            "typing": self._typing,
            "channel.members": self._members,
            "person": self._person,
            "person.block": self._block,
            "person.verify": self._verify,
            "person.picture": self._picture,
            "profile.set": self._set_profile,
            "profile.whole": self._whole_profile,
            "search": self._search,
            **FileCommands(self.residents).table,
            **VitalCommands(self.host, self.health.watch).table,
            **self._doctor.table,
            **self.health.table,
            "diagnostics": self._diagnostics,
            "account.remove": self._remove,
            "account.rest": self._rest,
            "account.wake": self._wake,
            "identity.take": self._take_identity,
        }

    async def run(self, ready: Callable[[tuple[str, int]], None]) -> None:
        """Serve until cancelled; ``ready`` is called with the host node's address once it listens.

        Raises ``CommandError`` when the host node can't start. Returns only when the channel layer
        fails in a way that nobody expected; the reason is in the log.
        """
        try:
            await self.host.start()
            self._receiving.spawn(self.host.start_points.keep(self.host.nodes), "looking up names")
            await self.residents.start()
            await keep_canary(self.host, self._receiving, wanted=settings.DEPLOYMENT.canary)
            receiving = self._receiving.spawn(self._receive(), "worker: receiving")
            ready(self.host.address)
            await asyncio.wait([receiving])  # only an error ends it
        finally:
            await self._receiving.close()
            # What was accepted is on disk already; this only lets answers out.
            await self._tasks.finish(FINISH_S)
            await self.health.close()
            await self.residents.stop()
            await self.host.stop()

    async def _receive(self) -> None:
        async for message in listen(self._layer, WORKER_CHANNEL):
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        command_id = message["id"]
        if command_id in self._answers:
            answer = self._answers.of(command_id)
            if answer is not None:  # None: it is being done, and will be answered then
                self._tasks.spawn(self._reply(message["reply"], answer), "answering again")
            return
        if len(self._tasks) >= COMMANDS_MAX:
            busy = commands.refused(command_id, CommandError("WORKER_UNAVAILABLE", "too many commands"))
            self._tasks.spawn(self._reply(message["reply"], busy), "refusing a command")
            return
        self._answers.begin(command_id)
        self._tasks.spawn(self._follow(message), f"command {message['name']}")

    async def _follow(self, message: dict[str, Any]) -> None:
        command_id = message["id"]
        try:
            result = await self._commands[message["name"]](message["user"], message["args"])
            answer = commands.answered(command_id, result)
        except CommandError as error:
            self.host.numbers.refused(error.code)
            answer = commands.refused(command_id, error)
        except Exception as error:  # whatever it was, the browser gets an answer
            log.exception("command %s of user %s failed", message["name"], message["user"])
            answer = commands.refused(command_id, CommandError("INTERNAL", repr(error)))
        if message["name"] in READING:
            self._answers.forget(command_id)  # done again it changes nothing, and some are large
        else:
            self._answers.keep(command_id, answer)
        await self._reply(message["reply"], answer)

    async def _reply(self, channel: str, answer: dict[str, Any]) -> None:
        try:
            await self._layer.send(channel, answer)
        except (ChannelFull, *LAYER_ERRORS) as error:
            log.warning("an answer was not sent, the command will come again: %r", error)

    # The commands, in the words of docs/api.md

    async def _heads(self, user: int, args: Args) -> Result:
        heads = {str(user_id): self.residents.head(user_id) for user_id in args["users"]}
        return {"epoch": self.epoch, "heads": heads}

    async def _hello(self, user: int, args: Args) -> Result:
        peer = await self.residents.peer(user)
        stream = self.residents.stream(user)
        cursor = Cursor.parse(args["cursor"]) if args["cursor"] else None
        replayed = cursor is not None and stream.holds(cursor)
        # No await from here: the snapshot is that of exactly this place in the stream.
        begin = cursor if cursor is not None and replayed else stream.cursor
        snapshot = peer.snapshot(messages=not replayed)
        return {"cursor": str(begin), "head": str(stream.cursor), "replayed": replayed, **snapshot}

    async def _replay(self, user: int, args: Args) -> Result:
        stream = self.residents.stream(user)
        cursor = Cursor.parse(args["cursor"])
        head = str(stream.cursor)
        if not stream.holds(cursor):
            return {"gone": True, "epoch": self.epoch, "head": head, "first": 0, "events": []}
        events = stream.after(cursor.number, REPLAY_EVENTS_MAX)
        first = cursor.number + 1
        return {"gone": False, "epoch": self.epoch, "head": head, "first": first, "events": events}

    async def _join(self, user: int, args: Args) -> Result:
        await (await self.residents.peer(user)).join(args["channel"])
        return {}

    async def _leave(self, user: int, args: Args) -> Result:
        await (await self.residents.peer(user)).leave(args["channel"])
        return {}

    def _sayer(self, frame: str) -> Callable[[int, Args], Awaitable[Result]]:
        async def say(user: int, args: Args) -> Result:
            return {"message": await (await self.residents.peer(user)).say(frame, args)}

        return say

    async def _known(self, user: int, args: Args) -> Result:
        await (await self.residents.peer(user)).known(args["channel"], args["id"])
        return {}

    async def _mark_read(self, user: int, args: Args) -> Result:
        await (await self.residents.peer(user)).mark_read(args["channel"], args["upto"])
        return {}

    async def _retry(self, user: int, args: Args) -> Result:
        return {"message": await (await self.residents.peer(user)).retry(args["id"])}

    async def _discard(self, user: int, args: Args) -> Result:
        await (await self.residents.peer(user)).discard(args["id"])
        return {}

    async def _history(self, user: int, args: Args) -> Result:
        peer = await self.residents.peer(user)
        return peer.history(args["channel"], args["before"], args["limit"])

    async def _typing(self, user: int, args: Args) -> Result:
        (await self.residents.peer(user)).typing(args["channel"])
        return {}

    async def _members(self, user: int, args: Args) -> Result:
        return await (await self.residents.peer(user)).members(args["channel"])

    async def _block(self, user: int, args: Args) -> Result:
        await (await self.residents.peer(user)).block(args["node"], args["on"])
        return {}

    async def _person(self, user: int, args: Args) -> Result:
        return (await self.residents.peer(user)).person(args["channel"], args["node"])

    async def _verify(self, user: int, args: Args) -> Result:
        await (await self.residents.peer(user)).verify(args["node"], args["on"])
        return {}

    async def _picture(self, user: int, args: Args) -> Result:
        return {"content": (await self.residents.peer(user)).picture(args["node"], args["picture"])}

    async def _set_profile(self, user: int, args: Args) -> Result:
        peer = await self.residents.peer(user)
        await peer.set_profile(args["name"], args["about"], args.get("picture"))
        return {}

    async def _whole_profile(self, user: int, args: Args) -> Result:
        return (await self.residents.peer(user)).whole_profile()

    async def _search(self, user: int, args: Args) -> Result:
        peer = await self.residents.peer(user)
        return await peer.search(args["channel"], args["words"], args["before"], args["limit"])

    async def _remove(self, user: int, args: Args) -> Result:
        await self.residents.remove(user)
        return {}

    async def _rest(self, user: int, args: Args) -> Result:
        await self.residents.rest(user)
        return {}

    async def _wake(self, user: int, args: Args) -> Result:
        await self.residents.wake(user)
        return {}

    async def _take_identity(self, user: int, args: Args) -> Result:
        seed = unwrap(user, bytes.fromhex(args["wrapped"]))
        await self.residents.take_over(user, seed, args["profile"])
        return {}

    async def _diagnostics(self, user: int, args: Args) -> Result:
        peer = await self.residents.peer(user)
        return {"node": peer.diagnostics()}
