"""The Redis channel layer, without the tasks whose failure nobody would hear of.

After each message ``channels_redis`` removes its backup copy in a task of its own and never looks at
the outcome. When Redis goes away just then, the copy stays and the message comes a second time,
which costs nothing here: commands and answers have ids, events have numbers.
"""

from __future__ import annotations

import logging

from channels_redis.core import RedisChannelLayer

from webchat.chat.layer import LAYER_ERRORS

log = logging.getLogger("webchat.layer")


class PatientRedisLayer(RedisChannelLayer):
    """``RedisChannelLayer`` that takes the loss of Redis as something that happens."""

    async def _clean_receive_backup(self, index: int, channel: str) -> None:
        try:
            await super()._clean_receive_backup(index, channel)
        except LAYER_ERRORS as error:
            log.info("a message may come twice: %s", error)
