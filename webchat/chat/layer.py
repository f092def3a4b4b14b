"""Receiving from the channel layer for as long as it takes.

``channels_redis`` ends a blocking receive with an exception when Redis goes away, and, with a short
socket timeout, also when nothing arrives for a while. Neither may end the receiving task: nobody
would notice until the next person complains. Whatever was lost meanwhile is made up for above
(commands are sent again, events are replayed).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = logging.getLogger("webchat.layer")

RETRY_FIRST_S = 0.05
RETRY_MAX_S = 2.0
LAYER_ERRORS = (RedisError, OSError)
"""What a channel layer raises when its server can't be reached."""


async def listen(layer: Any, channel: str) -> AsyncIterator[dict[str, Any]]:
    """Every message of a layer channel, for ever; survives losing the layer's server."""
    pause_s = RETRY_FIRST_S
    while True:
        try:
            message = await layer.receive(channel)
        except RedisTimeoutError:
            continue  # nothing came
        except LAYER_ERRORS as error:
            if pause_s == RETRY_FIRST_S:
                log.warning("the channel layer is unreachable, trying again: %s", error)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, RETRY_MAX_S)
            continue
        pause_s = RETRY_FIRST_S
        yield message
