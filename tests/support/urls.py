"""The site with more addresses for tests: hold or cut a node's network, see diagnostics, see error pages."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.support import network as support
from webchat import pages
from webchat.chat.addresses import WORKER_CHANNEL
from webchat.chat.commands import command
from webchat.models import PeerIdentity
from webchat.urls import handler403, handler404, handler500
from webchat.urls import urlpatterns as site_urls

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]

DIAGNOSTICS_TIMEOUT_S = 3.0


@csrf_exempt
async def network(request: HttpRequest) -> JsonResponse:
    """``{"user": name or "*" for all, "mode": "open" | "hold" | "cut"}``, or ``others`` or ``delay_s``.

    ``others``: nothing passes between the user's node and theirs; the host node's user is the empty string.
    """
    body = json.loads(request.body)
    if "others" in body:
        support.block(body["user"], body["others"])
        return JsonResponse({"blocked": body["others"]})
    if "delay_s" in body:
        support.slow(body["user"], body["delay_s"])
        return JsonResponse({"delay_s": body["delay_s"]})
    try:
        support.set_mode(body["user"], body["mode"])
    except ValueError as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({"mode": body["mode"]})


@csrf_exempt
async def diagnostics(request: HttpRequest) -> JsonResponse:
    """What each user's node says about itself, by name; asked of the worker as everything is."""
    return JsonResponse({name: await _ask(user) for user, name in await database_sync_to_async(_users)()})


async def _ask(user: int) -> Any:
    layer = get_channel_layer()
    reply = await layer.new_channel()
    await layer.send(WORKER_CHANNEL, command(secrets.token_hex(8), reply, user, "diagnostics", {}))
    try:
        async with asyncio.timeout(DIAGNOSTICS_TIMEOUT_S):
            return await layer.receive(reply)
    except TimeoutError:
        return {"error": "the worker does not answer"}


def _users() -> list[tuple[int, str]]:
    return list(PeerIdentity.objects.values_list("user_id", "user__username"))


urlpatterns = [
    *site_urls,
    path("_test/network", network),
    path("_test/diagnostics", diagnostics),
    path("_test/403", pages.forbidden),
    path("_test/500", pages.failed),
]
