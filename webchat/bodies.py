"""The bound on a request's body, and the refusal of what is larger.

Daphne reads a whole body before the app sees the request. Up to ``BODY_MAX_BYTES`` it is kept; above, nothing
of it is, but it is still read, so that a browser hears the refusal and not a connection that breaks while it
sends; above ``DRAINED_MAX_BYTES`` the connection ends. ``webchat.bodyreading`` reads, ``refuse_large``
answers, before anything looks into a body that is not there. Invariant: nothing of what is refused for its
declared length is kept, in memory or on disk; of what declares none, no more than the bound at any time.
"""

from __future__ import annotations

from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import sync_and_async_middleware

from webchat.accounts.words import error_texts
from webchat.bridge import FILE_MAX_BYTES
from webchat.chat.commands import CommandError

BODY_MAX_BYTES = FILE_MAX_BYTES + 1024 * 1024
"""A file, and room for what a form adds to one."""

DRAINED_MAX_BYTES = 64 * 1024 * 1024
"""So much of a body is read for the sake of a refusal."""


@sync_and_async_middleware
def refuse_large(get_response: Any) -> Any:
    """Answer a request of too large a body with ``FILE_TOO_LARGE`` and 413."""

    def answer(request: HttpRequest) -> Any:
        return _refusal(request) if _is_large(request) else get_response(request)

    async def answer_soon(request: HttpRequest) -> Any:
        return await (sync_to_async(_refusal)(request) if _is_large(request) else get_response(request))

    return answer_soon if iscoroutinefunction(get_response) else answer


def _is_large(request: HttpRequest) -> bool:
    length = request.headers.get("Content-Length", "")
    return length.isdecimal() and int(length) > BODY_MAX_BYTES


def _refusal(request: HttpRequest) -> HttpResponse:
    error = error_texts(CommandError("FILE_TOO_LARGE", limit=FILE_MAX_BYTES >> 20))
    if request.path == reverse("share"):
        return JsonResponse({"error": error}, status=413, headers={"Cache-Control": "no-store"})
    return render(request, "webchat/refused.html", {"error": error}, status=413)
