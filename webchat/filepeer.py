"""``FilePeer``: one user's node as ``Peer`` has it, with the files of its channels."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import asdict
from typing import Any

from webchat.bridge import done
from webchat.chat.commands import CommandError
from webchat.peer import Peer

FETCH_ANSWER_S = 3.0
"""A page that waits for a file hears so often that it is still on its way."""


class FilePeer(Peer):
    """See the module."""

    async def share(self, channel: str, message_id: str, content: bytes, name: str) -> dict[str, Any]:
        """Have the node accept a file, durably; the same id again is the same message."""
        await self._opened(channel)
        return await self._accepted(message_id, self.node.share(channel, message_id, content, name))

    async def fetch_file(self, channel: str, message_id: str, *, wait: bool = True) -> dict[str, Any]:
        """Whether a file is ``whole`` here, on its way (``fetching``), or to be had from ``nobody``.

        Without ``wait`` the node begins to get it, and goes on, but the answer is of this moment.
        """
        self._known(channel)
        file = await done(self.node.file(channel, message_id))
        try:
            async with asyncio.timeout(FETCH_ANSWER_S if wait else 0):
                whole = await done(self.node.fetch_file(channel, message_id))
        except TimeoutError:
            return {"state": "fetching", **asdict(file)}
        return {"state": "whole" if whole else "nobody", **asdict(file)}

    async def read_file(self, channel: str, message_id: str, offset: int, length: int) -> dict[str, Any]:
        """Some bytes of a file in base64; ``FILE_UNAVAILABLE`` when it is not whole here any more."""
        content = await done(self.node.read_file(channel, message_id, offset, length))
        if content is None:
            raise CommandError("FILE_UNAVAILABLE")
        return {"content": base64.b64encode(content).decode()}

    async def file_available(self, channel: str, message_id: str) -> dict[str, Any]:
        """How many nodes have all of a file."""
        self._known(channel)
        return {"id": message_id, **asdict(await done(self.node.file_available(channel, message_id)))}
