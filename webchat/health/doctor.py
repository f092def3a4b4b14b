"""The connection doctor of a running server: the worker's half, and how a page asks for it.

It examines the host node itself, with its own socket and database (``peernode.doctor``). Invariants: one
examination at a time, whoever asks meanwhile is told to wait; what an administrator types is an address or
is refused in words; the answer holds no name of a person and no key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from webchat.accounts.asking import ask
from webchat.bridge import PeerHost, channel_name
from webchat.chat.commands import CommandError
from webchat.deployment import Address
from webchat.hostnode import HostNode
from webchat.udp import resolve

RUN_MAX_S = 35.0
"""An examination ends within 30 s by itself."""

RESOLVE_MAX_S = 3.0
ADDRESS_MAX_CHARS = 260

Args = dict[str, Any]
Result = dict[str, Any]


async def examined(address: str, channel: str = "") -> Result:
    """For a page: ``{"steps": […]}`` as of ``Step.told``, for the configured bootstraps or one address.

    Raises ``CommandError``: ``ADDRESS_INVALID`` for what is no address, ``ADDRESS_UNKNOWN`` for a name that
    leads to none, ``CHANNEL_NAME_INVALID``, ``EXAMINATION_RUNNING`` while another examination goes on,
    ``WORKER_UNAVAILABLE``.
    """
    return await ask(0, "doctor", {"address": address, "channel": channel}, RUN_MAX_S)


class DoctorCommands:
    """The worker's half; ``table`` is for the worker."""

    def __init__(self, host: PeerHost) -> None:
        self._host = host
        self.going: dict[str, Any] | None = None
        """The examination that goes on: who asked for it, and its steps so far."""
        self.table: dict[str, Callable[[int, Args], Awaitable[Result]]] = {"doctor": self._doctor}

    async def _doctor(self, user: int, args: Args) -> Result:
        channel = _named(args["channel"])
        if self.going is not None:
            raise CommandError("EXAMINATION_RUNNING", retry_after=round(RUN_MAX_S))
        steps: list[dict[str, Any]] = []
        self.going = {"asked": args.get("asked", ""), "steps": steps}
        try:
            addresses = await _resolved(args["address"])
            unknown = () if addresses else self._host.start_points.unknown
            node = HostNode(self._host.node)
            await node.examine(addresses, channel, self._host.database, unknown, steps.append)
        finally:
            self.going = None
        return {"steps": steps}


def _named(text: str) -> str:
    """The channel in what somebody typed, who may leave the ``#`` out, as when joining; none for nothing."""
    bare = text.strip()
    return channel_name(bare if bare.startswith("#") else f"#{bare}") if bare else ""


async def _resolved(text: str) -> tuple[Address, ...]:
    """The address in what somebody typed; none for nothing."""
    if not text.strip():
        return ()
    host, colon, port = text.strip().rpartition(":")
    valid = colon and host and port.isascii() and port.isdigit() and 0 < int(port[:6]) <= 65535
    if not valid or len(text) > ADDRESS_MAX_CHARS:
        raise CommandError("ADDRESS_INVALID")
    try:
        async with asyncio.timeout(RESOLVE_MAX_S):
            found = await resolve(((host, int(port)),))
    except (TimeoutError, UnicodeError):
        found = ()
    if not found:
        raise CommandError("ADDRESS_UNKNOWN", host=host)
    return found
