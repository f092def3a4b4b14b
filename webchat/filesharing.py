"""Files over HTTP: sharing one into a channel, and getting one that somebody has shared.

Bytes go to and from the user's node in pieces. What comes from the network is hostile: it is served as an
image only if its bytes are one of a known kind and a sensible size, and as a download otherwise, always with
a policy under which it can do nothing. Invariants: nothing of a body that is too large gets to the node; a
file is sent only when all of it is here and checked.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from webchat.accounts.asking import ask
from webchat.accounts.throttle import limit
from webchat.accounts.words import error_texts
from webchat.bridge import FILE_MAX_BYTES
from webchat.chat.commands import CommandError
from webchat.chat.frames import UUID7
from webchat.images import IMAGE_TYPES, image_of, is_sensible
from webchat.inert import inert
from webchat.languages.errors import DEFAULT, translated
from webchat.picturewaits import PictureWaits

PIECE_BYTES = 192 * 1024
"""A file goes through the channel layer in such pieces; divisible by 3, so base64 adds nothing to them."""

FETCH_WAIT_S = 60.0
"""How long a browser waits for a file that its node has to get first."""

SPREAD_WAIT_S = 10.0
"""So long a file that nobody has is asked for again: its initiators may be getting it still."""

PICTURE_SPREAD_WAIT_S = 2.0
"""The same for a picture of a page, which tries again by itself when it hears that somebody has the file."""

ASK_AGAIN_S = 1.0
KEPT_S = 86_400
_pictures = PictureWaits()

STATUS = {
    "SESSION_ENDED": 401,
    "FILE_TOO_LARGE": 413,
    "WORKER_UNAVAILABLE": 503,
    "RATE_LIMITED": 429,
    "MESSAGE_UNKNOWN": 404,
    "CHANNEL_UNKNOWN": 404,
    "NOT_A_MEMBER": 404,
    "FILE_UNAVAILABLE": 404,
}
"""HTTP's word for an error; 400 for all others."""


def _refused(error: CommandError, *, page_for: HttpRequest | None = None) -> HttpResponse:
    """For a script; ``page_for``: for whoever has gone to the file's address, as a page."""
    status, shown = STATUS.get(error.code, 400), {"error": error_texts(error)}
    if page_for is None or "text/html" not in page_for.headers.get("Accept", ""):
        answer: HttpResponse = JsonResponse(shown, status=status)
    else:
        answer = render(page_for, "webchat/refused.html", shown, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
async def share(request: HttpRequest) -> HttpResponse:
    """Take the body as a file into a channel; answers with the message, as ``message.send`` does."""
    user = await request.auser()
    try:
        if not isinstance(user, User):
            raise CommandError("SESSION_ENDED")
        await limit("files", user.pk, settings.FILES_PER_PERSON_MAX, settings.FILES_WINDOW_S)
        return JsonResponse(translated(await _shared(request, user.pk), get_language() or DEFAULT))
    except CommandError as error:
        return _refused(error)


async def _shared(request: HttpRequest, user_id: int) -> dict[str, Any]:
    fields = {name: request.GET.get(name, "") for name in ("channel", "id", "name")}
    if not UUID7.fullmatch(fields["id"]) or not fields["name"]:
        raise CommandError("BAD_FRAME", reason="channel, id and name are expected")
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():
        raise CommandError("BAD_FRAME", reason="Content-Length is expected")
    if not int(length):
        raise CommandError("FILE_EMPTY")
    if int(length) > FILE_MAX_BYTES:
        raise CommandError("FILE_TOO_LARGE", limit=FILE_MAX_BYTES >> 20)
    upload, offset = secrets.token_hex(16), 0
    while offset < int(length):
        piece = await asyncio.to_thread(request.read, min(PIECE_BYTES, int(length) - offset))
        if not piece:
            break
        content = base64.b64encode(piece).decode()
        await ask(user_id, "file.piece", {"upload": upload, "offset": offset, "content": content})
        offset += len(piece)
    return await ask(user_id, "file.share", {**fields, "upload": upload, "size": int(length)})


@login_required
@require_safe
async def shared(request: HttpRequest, channel: str, message: str) -> HttpResponseBase:
    """The file of a message, fetched by the user's node if it is not there yet."""
    user = await request.auser()
    assert isinstance(user, User)
    place = {"channel": f"#{channel}", "id": message}
    try:
        if not UUID7.fullmatch(message):
            raise CommandError("MESSAGE_UNKNOWN")
        if _is_picture(request):
            file = await _whole_soon(user.pk, place)
        else:
            file = await _whole(user.pk, place, SPREAD_WAIT_S, FETCH_WAIT_S)
        head = await _piece(user.pk, place, 0)
    except CommandError as error:
        return await sync_to_async(_refused)(error, page_for=request)
    image = image_of(head)
    inline = image is not None and is_sensible(image) and image.media_type in IMAGE_TYPES
    media_type = image.media_type if image is not None and inline else "application/octet-stream"
    response = StreamingHttpResponse(_pieces(user.pk, place, file["size"], head), content_type=media_type)
    kind = "inline" if inline and "download" not in request.GET else "attachment"
    response["Content-Length"] = str(file["size"])
    inert(response, f"{kind}; filename*=UTF-8''{quote(file['name'], safe='')}", f"max-age={KEPT_S}")
    return response


def _is_picture(request: HttpRequest) -> bool:
    """Whether a page asks for it, to show it; a browser says for images alone that it wants an image."""
    return request.headers.get("Accept", "").startswith("image/")


async def _whole_soon(user_id: int, place: dict[str, Any]) -> dict[str, Any]:
    """As ``_whole``, for a picture of a page: few of them wait, and for one that nobody has not for long."""
    with _pictures.one(user_id) as may_wait:
        if may_wait:
            return await _whole(user_id, place, PICTURE_SPREAD_WAIT_S, FETCH_WAIT_S)
        return await _whole(user_id, place, 0.0, 0.0)


async def _whole(user_id: int, place: dict[str, Any], spread_s: float, fetch_s: float) -> dict[str, Any]:
    """Size and name of a file that the node has by now; ``FILE_UNAVAILABLE``, but asked for once at least.

    With ``fetch_s`` 0 the node is asked once, and answers at once.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        answer = await ask(user_id, "file.fetch", {**place, "wait": fetch_s > 0})
        if answer["state"] == "whole":
            return answer
        missing = answer["state"] == "nobody"
        if loop.time() - began >= (spread_s if missing else fetch_s):
            raise CommandError("FILE_UNAVAILABLE")
        if missing:
            await asyncio.sleep(ASK_AGAIN_S)


async def _piece(user_id: int, place: dict[str, Any], offset: int) -> bytes:
    answer = await ask(user_id, "file.read", {**place, "offset": offset, "length": PIECE_BYTES})
    return base64.b64decode(answer["content"])


async def _pieces(user_id: int, place: dict[str, Any], size: int, head: bytes) -> AsyncIterator[bytes]:
    """All of it; a failure in the middle ends the connection, so that nobody takes a part for the whole."""
    yield head
    offset = len(head)
    while offset < size:
        piece = await _piece(user_id, place, offset)
        yield piece
        offset += len(piece)
