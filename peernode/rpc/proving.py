"""Proving an address before it is sent a message: one PING, however many wait for it.

A peer's address is proven when it answers from there. Requests that need it and come at the same
time share the PING; when the last of them is cancelled, so is the PING.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from peernode.environment import Address
from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.rpc.core import Core
from peernode.rpc.requests import Requests
from peernode.tasks import Tasks
from peernode.wire.contact import Contact
from peernode.wire.frames import VERSION
from peernode.wire.ops import Op


@dataclass(slots=True)
class _Attempt:
    task: asyncio.Task[bool]
    waiting: int = 0


class Proving:
    """The proofs that are under way; as many as there are addresses asked for at once."""

    def __init__(self, core: Core, requests: Requests, tasks: Tasks) -> None:
        self._core = core
        self._requests = requests
        self._tasks = tasks
        self._attempts: dict[tuple[bytes, Address], _Attempt] = {}

    def __len__(self) -> int:
        return len(self._attempts)

    def needed(self, contact: Contact) -> bool:
        """Whether a message to ``contact`` has to wait for a proof.

        Also when it is proven elsewhere but silent there: it may have moved to where we are told.
        """
        peer = self._core.peers.get(contact.public_key)
        proven = None if peer is None else peer.proven_address(self._core.clock.monotonic())
        if peer is None or proven is None:
            return True
        return peer.timeouts > 0 and proven != contact.address

    async def prove(self, contact: Contact) -> None:
        """Have ``contact`` prove an address; ``RpcTimeout`` if it does not answer."""
        key = (contact.public_key, contact.address)
        attempt = self._attempts.get(key)
        if attempt is None:
            attempt = _Attempt(self._tasks.spawn(self._ping(contact), "prove"))
            self._attempts[key] = attempt
        attempt.waiting += 1
        try:
            answered = await asyncio.shield(attempt.task)
        except asyncio.CancelledError:
            waiter = asyncio.current_task()
            if attempt.task.cancelled() and not (waiter and waiter.cancelling()):
                raise RpcTimeout("the node stopped") from None  # the PING was cancelled, not we
            raise
        finally:
            attempt.waiting -= 1
            if not attempt.waiting and self._attempts.get(key) is attempt:
                del self._attempts[key]
                attempt.task.cancel()
        if not answered:
            raise RpcTimeout(f"{contact} does not prove its address")

    async def _ping(self, contact: Contact) -> bool:
        try:
            await self._requests.ask(contact, Op.PING, [VERSION, VERSION], proven_only=False, sends_max=None)
        except (RpcTimeout, Backpressure):
            return False
        except Refused:
            return True  # an answer of any status proves the address
        return True
