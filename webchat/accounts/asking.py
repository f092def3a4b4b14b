"""Pages ask the worker, as sockets do (``webchat.chat.link``), but a page's view asks once and is done."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from django.conf import settings

from webchat.chat import commands
from webchat.chat.addresses import WORKER_CHANNEL
from webchat.chat.layer import LAYER_ERRORS, listen


def ask_worker(user_id: int, name: str, args: dict[str, Any]) -> dict[str, Any]:
    """The worker's answer; raises ``CommandError``, ``WORKER_UNAVAILABLE`` when it takes too long."""
    return async_to_sync(ask)(user_id, name, args)


async def ask(
    user_id: int, name: str, args: dict[str, Any], timeout_s: float | None = None
) -> dict[str, Any]:
    """The same for views that wait without a thread; ``timeout_s``: by default ``PAGE_COMMAND_TIMEOUT_S``."""
    layer = get_channel_layer()
    command_id = f"page:{secrets.token_hex(16)}"
    try:
        async with asyncio.timeout(timeout_s or settings.PAGE_COMMAND_TIMEOUT_S):
            reply = await layer.new_channel()
            await layer.send(WORKER_CHANNEL, commands.command(command_id, reply, user_id, name, args))
            async for answer in listen(layer, reply):
                if answer["id"] == command_id:
                    return commands.result_of(answer)
    except (TimeoutError, ChannelFull, *LAYER_ERRORS) as error:
        raise commands.CommandError("WORKER_UNAVAILABLE", f"{name}: {error!r}") from error
    raise AssertionError("a layer channel never ends")
