"""The worker's commands for the health page; ``user`` is 0, because they are about all nodes of the worker.

Who may give them is decided by the web process (staff). What is handed out is bounded: ``RECORDS_MAX``
records, some hundred bytes each, and the pictures of the channels that were asked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from webchat.bridge import PeerHost
from webchat.health.nodes import HostView
from webchat.health.watching import HealthWatch

READING = ("health.snapshot", "health.trace", "health.records", "health.sizes")
"""Those that change nothing."""

Args = dict[str, Any]
Result = dict[str, Any]


class HealthCommands:
    """See the module; ``table`` goes into the worker's."""

    def __init__(self, host: PeerHost) -> None:
        self.view = HostView(host)
        self.watch = HealthWatch(self.view)
        self.table: dict[str, Callable[[int, Args], Awaitable[Result]]] = {
            "health.snapshot": self._snapshot,
            "health.trace": self._trace,
            "health.repair": self._repair,
            "health.diagnostic": self._diagnostic,
            "health.records": self._records,
            "health.sizes": self._sizes,
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
        return {**snapshot, **place, "events": events, "skipped": skipped}

    async def _trace(self, user: int, args: Args) -> Result:
        return {"trace": await self.view.trace(args["channel"], args["id"])}

    async def _repair(self, user: int, args: Args) -> Result:
        return {"result": await self.view.repair(args["channel"], args["subscriber"])}

    async def _diagnostic(self, user: int, args: Args) -> Result:
        self.view.set_diagnostic(args["on"])
        return {"result": {"diagnostic": args["on"]}}

    async def _records(self, user: int, args: Args) -> Result:
        records, more = self.view.records(args["wanted"], args["limit"], args.get("requests", False))
        return {"records": records, "more": more, "epoch": self.view.log.epoch}

    async def _sizes(self, user: int, args: Args) -> Result:
        return {"sizes": self.view.sizes()}
