"""The worker's commands about files: pieces that come up, messages that name them, pieces that go down."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any

from webchat.residents import Residents
from webchat.uploads import Uploads

Args = dict[str, Any]
Result = dict[str, Any]


class FileCommands:
    """See the module; ``table`` is for the worker."""

    def __init__(self, residents: Residents) -> None:
        self._residents = residents
        self._uploads = Uploads()
        self.table: dict[str, Callable[[int, Args], Awaitable[Result]]] = {
            "file.piece": self._piece,
            "file.share": self._share,
            "file.fetch": self._fetch,
            "file.read": self._read,
            "file.available": self._available,
        }

    async def _piece(self, user: int, args: Args) -> Result:
        self._uploads.add(user, args["upload"], args["offset"], base64.b64decode(args["content"]))
        return {}

    async def _share(self, user: int, args: Args) -> Result:
        peer = await self._residents.peer(user)
        content = self._uploads.take(user, args["upload"], args["size"])
        return {"message": await peer.share(args["channel"], args["id"], content, args["name"])}

    async def _fetch(self, user: int, args: Args) -> Result:
        peer = await self._residents.peer(user)
        return await peer.fetch_file(args["channel"], args["id"], wait=args["wait"])

    async def _read(self, user: int, args: Args) -> Result:
        peer = await self._residents.peer(user)
        return await peer.read_file(args["channel"], args["id"], args["offset"], args["length"])

    async def _available(self, user: int, args: Args) -> Result:
        return await (await self._residents.peer(user)).file_available(args["channel"], args["id"])
