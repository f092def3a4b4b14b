"""The addresses of the health page and its files: for staff, everybody else is refused.

Who is not signed in is sent to the sign-in; who is signed in and not staff gets 403, here as at the socket.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from webchat.accounts.asking import ask
from webchat.accounts.words import error_texts
from webchat.chat.commands import CommandError
from webchat.health import bundle, exporting
from webchat.health.actions import BUNDLE, EXPORT, PREVIEW, acting
from webchat.health.frames import FILTERS
from webchat.health.records import ALL_MAX
from webchat.health.refusals import take
from webchat.pages import forbidden

WEBSOCKET_PATH = "/ws/health/"
CONTENT_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8"}

View = Callable[..., Awaitable[HttpResponse]]
Guarded = Callable[..., Coroutine[Any, Any, HttpResponse]]


def for_staff(view: View) -> Guarded:
    """Only for staff; the view gets the user as well."""

    @wraps(view)
    async def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        user = await request.auser()
        if not isinstance(user, User):
            return redirect_to_login(request.get_full_path())
        if not user.is_staff:
            # Not raised: that would be an error of the program, with a traceback in the log.
            return await sync_to_async(forbidden)(request, PermissionDenied())
        try:
            return await view(request, user, **kwargs)
        except CommandError as error:
            status = 429 if error.code == "RATE_LIMITED" else 503
            shown = {"error": error_texts(error), "back": reverse("health")}
            return await _render(request, "webchat/refused.html", shown, status=status)

    checked: Guarded = require_safe(never_cache(guarded))
    return checked


@for_staff
async def page(request: HttpRequest, user: User) -> HttpResponse:
    """The page; what is on it comes over the WebSocket."""
    shown = {"websocket": WEBSOCKET_PATH, "user": {"name": user.get_username()}}
    return await _render(request, "webchat/health/page.html", {"page": shown})


@for_staff
async def export(request: HttpRequest, user: User, kind: str) -> HttpResponse:
    """The event log, or what a filter chooses of it."""
    if kind not in CONTENT_TYPES:
        raise Http404
    wanted = wanted_of(request)
    take(user.pk, "file", EXPORT)
    args = {"wanted": wanted, "limit": ALL_MAX, "requests": True, "as_texts": True}
    now = timezone.now()
    async with _doing(user, EXPORT, kind=kind, chosen_by=sorted(wanted)) as about:
        answer = await ask(0, "health.records", args)
        about["records"] = len(answer["texts"])
        write = sync_to_async(exporting.written, thread_sensitive=False)
        text = await write(kind, answer["texts"], wanted, answer["more"], now)
    return _file(text, CONTENT_TYPES[kind], f"events-{now:%Y-%m-%d}.{kind}")


@for_staff
async def preview(request: HttpRequest, user: User) -> HttpResponse:
    """What a diagnostic bundle would hold, word for word."""
    take(user.pk, "file", PREVIEW)
    async with _doing(user, PREVIEW):
        made = await _made()
    await sync_to_async(bundle.keep)(user.pk, made)
    return await _render(request, "webchat/health/bundle.html", {"bundle": made})


@for_staff
async def download(request: HttpRequest, user: User) -> HttpResponse:
    """What the preview showed whose digest the address names (``of``); 410 when that is kept no more."""
    text = await sync_to_async(bundle.kept)(user.pk, request.GET.get("of", ""))
    if text is None:
        return await _render(request, "webchat/health/gone.html", {}, status=410)
    async with _doing(user, BUNDLE, bytes=len(text.encode())):
        return _file(text, CONTENT_TYPES["json"], f"diagnostics-{timezone.now():%Y-%m-%d}.json")


def _doing(user: User, operation: str, **about: Any) -> AbstractAsyncContextManager[dict[str, Any]]:
    async def tell(told: dict[str, Any]) -> None:
        await ask(0, "health.acted", told)

    return acting(user.pk, user.get_username(), operation, tell, **about)


async def _made() -> bundle.Bundle:
    found, names = await bundle.collect()
    secrets = await sync_to_async(bundle.own_secrets)()
    return await sync_to_async(bundle.redacted, thread_sensitive=False)(found, names, secrets)


def wanted_of(request: HttpRequest) -> dict[str, Any]:
    """The filter in an address; a value that means nothing is refused with 404, as an unknown address is.

    ``since`` and ``until`` are milliseconds since 1970 or ISO times.
    """
    wanted: dict[str, Any] = {}
    for name, check in FILTERS.items():
        text = request.GET.get(name, "")
        if not text:
            continue
        value: Any = _time(text) if name in ("since", "until") else text
        if check(value):
            raise Http404(f"{name}: expected {check(value)}")
        wanted[name] = value
    return wanted


def _time(text: str) -> Any:
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        at = parse_datetime(text)
    except ValueError:
        return text
    if at is None:
        return text
    return round((at if at.tzinfo else at.replace(tzinfo=timezone.get_current_timezone())).timestamp() * 1000)


def _file(text: str, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="starling-{name}"'
    return response


async def _render(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return await sync_to_async(render)(request, template, context, status=status)
