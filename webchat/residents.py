"""The users who live at this worker: each one's node, and the stream of what happened to it.

A user's node starts at the first command and then keeps running, with or without an open page; the
nodes of users who are in a channel start with the worker, so that they receive. The events of a node
go into the user's ``EventStream``; one task sends what is new to the web processes, a batch per user.
The streams are the queue: a slow channel layer delays batches, and at worst a reader finds a hole
and takes a snapshot.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model

from webchat.background import Background
from webchat.bridge import PeerHost
from webchat.chat.addresses import user_group
from webchat.chat.commands import CommandError, batch
from webchat.chat.layer import LAYER_ERRORS
from webchat.chat.stream import EventStream
from webchat.filepeer import FilePeer
from webchat.identities import (
    IdentityUnreadable,
    node_of,
    profile_of,
    profile_told,
    seed_of,
    take_over,
)
from webchat.models import PeerIdentity

log = logging.getLogger("webchat.residents")

BATCH_EVENTS_MAX = 100
STARTS_AT_ONCE_MAX = 16
PASSING = ("STORE_FULL", "RATE_LIMITED")
"""Refusals that another start may not meet."""


class Resident:
    """A user's node with its stream; the node is there once ``started`` is done."""

    def __init__(self, stream: EventStream) -> None:
        self.stream = stream
        self.sent = 0
        self.peer: FilePeer | None = None
        self.starting = asyncio.Lock()


class Residents:
    """See the module."""

    def __init__(self, host: PeerHost, epoch: str, layer: Any) -> None:
        self._host = host
        self._epoch = epoch
        self._layer = layer
        self._residents: dict[int, Resident] = {}
        self._unsent: dict[int, None] = {}
        self._something_new = asyncio.Event()
        self._tasks = Background()

    async def start(self) -> None:
        """Begin to send events, and start the nodes of the users who are in a channel."""
        self._tasks.spawn(self._send_events(), "residents: sending events")
        self._tasks.spawn(self._start_members(), "residents: starting members")

    async def stop(self) -> None:
        """Send nothing more; the host stops the nodes."""
        await self._tasks.close()

    def head(self, user_id: int) -> int:
        """How far a user's stream has got; 0 before the node's first event."""
        resident = self._residents.get(user_id)
        return resident.stream.head if resident is not None else 0

    def stream(self, user_id: int) -> EventStream:
        """A user's stream; empty, and not kept, for somebody who has no node here yet."""
        resident = self._residents.get(user_id)
        return resident.stream if resident is not None else self._new_stream()

    async def peer(self, user_id: int) -> FilePeer:
        """The user's node, started when it is not running; raises ``CommandError``."""
        resident = self._residents.setdefault(user_id, Resident(self._new_stream()))
        async with resident.starting:
            if resident.peer is None:
                name, seed = await database_sync_to_async(_identity)(user_id)
                profile = await database_sync_to_async(profile_of)(user_id)
                peer = FilePeer(self._recorder(user_id), self._all_ours)
                await self._host.open(user_id, seed, name, peer)
                resident.peer = peer
                if profile is not None:
                    await _introduce(user_id, peer, profile)
        return resident.peer

    async def remove(self, user_id: int) -> None:
        """End a user's node and remove what is kept of it; the account is switched off already."""
        await self._replace(user_id, None)

    async def rest(self, user_id: int) -> None:
        """End the node of an account that is switched off; what it holds stays."""
        resident = self._residents.setdefault(user_id, Resident(self._new_stream()))
        async with resident.starting:
            resident.peer = None
            await self._host.close(user_id)

    async def wake(self, user_id: int) -> None:
        """Start a user's node if it is in a channel, so that it receives; raises ``CommandError``."""
        _, seed = await database_sync_to_async(_identity)(user_id)
        if self._host.has_channels(seed):
            await self.peer(user_id)

    async def take_over(self, user_id: int, seed: bytes, profile: dict[str, str] | None) -> None:
        """Let a user's node be another one from now on; ``IDENTITY_NOT_FRESH`` when others may know it."""
        await self._replace(user_id, seed, profile)

    async def _replace(self, user_id: int, seed: bytes | None, profile: dict[str, str] | None = None) -> None:
        resident = self._residents.setdefault(user_id, Resident(self._new_stream()))
        async with resident.starting:
            old = await database_sync_to_async(node_of)(user_id)
            if seed is not None:
                if not self._host.is_fresh(old):
                    raise CommandError("IDENTITY_NOT_FRESH")
                await database_sync_to_async(take_over)(user_id, seed, profile)
            resident.peer = None
            await self._host.forget(user_id, old)

    def _new_stream(self) -> EventStream:
        return EventStream(self._epoch, settings.STREAM_EVENTS_MAX, settings.STREAM_MAX_BYTES)

    def _all_ours(self, node_ids: Iterable[str]) -> bool:
        return {node.node_id for node in self._host.nodes()}.issuperset(node_ids)

    def _recorder(self, user_id: int) -> Callable[[dict[str, Any]], None]:
        def record(event: dict[str, Any]) -> None:
            self._residents[user_id].stream.append(event)
            self._unsent[user_id] = None
            self._something_new.set()

        return record

    async def _send_events(self) -> None:
        while True:
            await self._something_new.wait()
            self._something_new.clear()
            for user_id in list(self._unsent):
                del self._unsent[user_id]
                await self._send_batches(user_id, self._residents[user_id])

    async def _send_batches(self, user_id: int, resident: Resident) -> None:
        stream = resident.stream
        while resident.sent < stream.head:
            # What has left the ring meanwhile is a hole to the reader, and a snapshot mends it.
            resident.sent = max(resident.sent, stream.forgotten)
            events = stream.after(resident.sent, BATCH_EVENTS_MAX)
            first = resident.sent + 1
            resident.sent += len(events)
            try:
                message = batch(user_id, stream.epoch, first, events)
                await self._layer.group_send(user_group(user_id), message)
            except LAYER_ERRORS as error:
                log.warning("events of user %s not sent, readers will ask for them: %s", user_id, error)

    async def _start_members(self) -> None:
        gate = asyncio.Semaphore(STARTS_AT_ONCE_MAX)
        for user_id in await database_sync_to_async(_known)():
            self._tasks.spawn(self._start_member(user_id, gate), f"starting the node of user {user_id}")

    async def _start_member(self, user_id: int, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                await self.wake(user_id)
            except CommandError as error:
                log.error("the node of user %s did not start: %s", user_id, error)


async def _introduce(user_id: int, peer: FilePeer, profile: dict[str, str]) -> None:
    """Tell a node that was brought along who its person is, at its next start if not now."""
    try:
        await peer.set_profile(profile["name"], profile["about"], profile["picture"])
    except CommandError as error:
        log.error("the profile that user %s brought along was refused: %s", user_id, error)
        if error.code in PASSING:
            return
    await database_sync_to_async(profile_told)(user_id)


def _identity(user_id: int) -> tuple[str, bytes]:
    """The name and seed of an active user; raises ``SESSION_ENDED`` or ``IDENTITY_UNREADABLE``."""
    user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise CommandError("SESSION_ENDED", f"no active user {user_id}")
    try:
        return user.get_username(), seed_of(user_id)
    except IdentityUnreadable as error:
        raise CommandError("IDENTITY_UNREADABLE", str(error)) from error


def _known() -> list[int]:
    """The active users who have ever had a node."""
    return list(PeerIdentity.objects.filter(user__is_active=True).values_list("user_id", flat=True))
