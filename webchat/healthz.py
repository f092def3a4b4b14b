"""``/healthz``: whether this server can serve, in one word; open to everybody.

200 ``ok``; 200 ``degraded`` when the last test message did not get through (people can still write, what they
write waits); 503 ``unavailable`` when the database, the channel layer or the worker does not answer within
``ANSWER_MAX_S``. Which of them it was is in the log. Invariants: it says nothing else; however often it is
asked, it looks at most once in ``REMEMBERED_S``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from webchat.accounts.asking import ask
from webchat.chat.commands import CommandError
from webchat.chat.layer import LAYER_ERRORS

log = logging.getLogger("webchat.healthz")

ANSWER_MAX_S = 2.0
REMEMBERED_S = 1.0

OK, DEGRADED, UNAVAILABLE = "ok", "degraded", "unavailable"


class Probe:
    """What one web process last found; one look at a time, for all who ask."""

    def __init__(self) -> None:
        self._looking = asyncio.Lock()
        self._found = ""
        self._at_s = float("-inf")

    async def status(self) -> str:
        """One of the three words."""
        async with self._looking:
            if time.monotonic() - self._at_s >= REMEMBERED_S:
                self._found = await _look()
                self._at_s = time.monotonic()
        return self._found


_probes: WeakKeyDictionary[asyncio.AbstractEventLoop, Probe] = WeakKeyDictionary()


@require_safe
@never_cache
async def healthz(request: HttpRequest) -> JsonResponse:
    """See the module."""
    loop = asyncio.get_running_loop()
    probe = _probes.get(loop)
    if probe is None:
        probe = _probes[loop] = Probe()
    status = await probe.status()
    return JsonResponse({"status": status}, status=503 if status == UNAVAILABLE else 200)


async def _look() -> str:
    for name, look in (("database", _database), ("channel layer", _layer)):
        try:
            async with asyncio.timeout(ANSWER_MAX_S):
                await look()
        except (TimeoutError, DatabaseError, ChannelFull, *LAYER_ERRORS) as error:
            log.error("the %s does not answer: %r", name, error)
            return UNAVAILABLE
    try:
        vitals = await ask(0, "vitals", {}, ANSWER_MAX_S)
    except CommandError as error:
        log.error("the worker does not answer: %s", error)
        return UNAVAILABLE
    return DEGRADED if vitals["canary"] == "failed" else OK


async def _database() -> None:
    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    await database_sync_to_async(look)()


async def _layer() -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "healthz"})
    await layer.receive(channel)
