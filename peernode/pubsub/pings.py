"""``Pings``: asks whether nodes are there, each once at a time, however many want to know.

What comes of it is in the routing table. Invariant: no more pings are under way than the table has nodes.
"""

from __future__ import annotations

import asyncio

from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.pubsub.context import Context
from peernode.wire.contact import Contact
from peernode.wire.frames import VERSION
from peernode.wire.ops import Op


class Pings:
    """The pings of one node that are under way."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tasks: dict[bytes, asyncio.Task[None]] = {}
        """By public key: who is being asked."""

    async def ask(self, contact: Contact) -> None:
        """Ask a node of the routing table; returns when it has answered, or has not."""
        task = self._tasks.get(contact.public_key)
        if task is None:
            task = self._tasks[contact.public_key] = self._context.tasks.spawn(
                self._once(contact), "storage.ping"
            )
            task.add_done_callback(lambda _: self._tasks.pop(contact.public_key, None))
        await asyncio.shield(task)

    async def _once(self, contact: Contact) -> None:
        try:
            await self._context.rpc.request(contact, Op.PING, [VERSION, VERSION], sends=2)
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"storage.ping.{type(error).__name__}")
