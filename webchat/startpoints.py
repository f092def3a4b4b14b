"""The addresses to start from, as the administrator wrote them: names are looked up until each is known.

A server often starts before its name service does, or before the machine that a name belongs to. So a name
that is unknown is no reason to be an island until the next start: it is looked up again every ``AGAIN_S``,
nodes hear of its address as soon as there is one, and until then the health page calls the server degraded
and names it. An address that is known is not looked up again: nodes remember their peers themselves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from webchat.deployment import Address
from webchat.udp import resolve

log = logging.getLogger("webchat")

AGAIN_S = 10.0

Lookup = Callable[[tuple[Address, ...], int], Awaitable[tuple[Address, ...]]]
"""As ``resolve``: addresses, and the level at which a failure is logged."""


class Dials(Protocol):
    """A node."""

    def add_bootstraps(self, addresses: Iterable[Address]) -> None:
        """Start from these as well."""


class StartPoints:
    """See the module. Invariant: each configured address is either unknown or stands for one in ``known``."""

    def __init__(self, configured: tuple[Address, ...], lookup: Lookup = resolve) -> None:
        self._lookup = lookup
        self.known: tuple[Address, ...] = ()
        self.unknown = tuple(dict.fromkeys(configured))
        self._level = logging.ERROR
        """Of the log's line about an unknown name: the first is one too many, thousands bury the others."""

    async def look_up(self) -> tuple[Address, ...]:
        """Look up what is unknown; what was found now and was not known before."""
        answers = [(named, await self._lookup((named,), self._level)) for named in self.unknown]
        self._level = logging.DEBUG
        self.unknown = tuple(named for named, found in answers if not found)
        found = tuple(dict.fromkeys(address for _, each in answers for address in each))
        fresh = tuple(address for address in found if address not in self.known)
        self.known += fresh
        return fresh

    async def keep(self, nodes: Callable[[], Iterable[Dials]]) -> None:
        """Go on until nothing is unknown; ``nodes`` that run by then dial what was found."""
        while self.unknown:
            await asyncio.sleep(AGAIN_S)
            if fresh := await self.look_up():
                log.info("known now: %s", ", ".join(f"{host}:{port}" for host, port in fresh))
                for node in nodes():
                    node.add_bootstraps(fresh)

    def shown(self) -> list[dict[str, object]]:
        """What is unknown, as nodes tell of addresses that they dial (``BootstrapHealth.shown``)."""
        untold = {"answered_s_ago": None, "tried_s_ago": None, "failures": 0, "rtt_ms": None}
        return [
            {"address": [host, port], "origin": "configured", "state": "unknown", **untold}
            for host, port in self.unknown
        ]
