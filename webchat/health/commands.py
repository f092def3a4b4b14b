"""The worker's commands for the health page; ``user`` is 0, because they are about all nodes of the worker.

Who may give them is decided by the web process (staff). What is handed out is bounded: ``ALL_MAX``
records, some hundred bytes each, and the pictures of the channels that were asked for. Thousands of records
go as texts: a channel layer copies what it carries, and of texts that costs nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from webchat.bridge import PeerHost
from webchat.health.actions import action_of
from webchat.health.nodes import HostView
from webchat.health.records import in_slices
from webchat.health.watching import HealthWatch

READING = ("health.snapshot", "health.trace", "health.history", "health.records", "health.sizes")
"""Those that change nothing."""

Args = dict[str, Any]
Result = dict[str, Any]


class HealthCommands:
    """See the module; ``table`` goes into the worker's."""

    def __init__(self, host: PeerHost, examination: Callable[[], dict[str, Any] | None]) -> None:
        """``examination``: what the doctor does at the moment, ``DoctorCommands.going``."""
        self._examination = examination
        self.view = HostView(host)
        self.watch = HealthWatch(self.view, self.view.turned)
        self._choosing = asyncio.Lock()
        """One looks through the event log at a time: more would slow the nodes down."""
        self.table: dict[str, Callable[[int, Args], Awaitable[Result]]] = {
            "health.snapshot": self._snapshot,
            "health.trace": self._trace,
            "health.history": self._history,
            "health.repair": self._repair,
            "health.diagnostic": self._diagnostic,
            "health.records": self._records,
            "health.sizes": self._sizes,
            "health.acted": self._acted,
        }

    async def close(self) -> None:
        """Look no more."""
        await self.watch.close()

    async def _snapshot(self, user: int, args: Args) -> Result:
        snapshot = await self.watch.snapshot(args["watched"])
        log = self.view.log
        # Who begins asks by itself for what was before; who followed another worker gets all of this one's.
        known = {"": log.serial, log.epoch: args["after"]}
        events, skipped = log.after(known.get(args["epoch"], 0))
        place = {"epoch": log.epoch, "serial": log.serial}
        news = {"events": events, "skipped": skipped, "examination": self._examination()}
        return {**snapshot, **place, **news}

    async def _trace(self, user: int, args: Args) -> Result:
        return {"trace": await self.view.trace(args["channel"], args["id"])}

    async def _history(self, user: int, args: Args) -> Result:
        return {"pushes": self.view.history(args["channel"])}

    async def _repair(self, user: int, args: Args) -> Result:
        return {"result": await self.view.repair(args["channel"], args["subscriber"])}

    async def _diagnostic(self, user: int, args: Args) -> Result:
        self.view.set_diagnostic(args["on"])
        return {"result": {"diagnostic": args["on"]}}

    async def _records(self, user: int, args: Args) -> Result:
        async with self._choosing:
            wanted = (args["wanted"], args["limit"], args.get("requests", False))
            records, more = await self.view.records(*wanted)
            if args.get("as_texts"):
                texts = [json.dumps(each, ensure_ascii=False) async for each in in_slices(records)]
                return {"texts": texts, "more": more}
        return {"records": records, "more": more, "epoch": self.view.log.epoch}

    async def _acted(self, user: int, args: Args) -> Result:
        if args.get("refused"):
            self.view.log.add("", action_of(args))  # as one of many: it takes no place of what was done
        else:
            self.view.log.add_action(action_of(args))
        return {}

    async def _sizes(self, user: int, args: Args) -> Result:
        return {"sizes": self.view.sizes()}
