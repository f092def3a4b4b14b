"""The address behind "Export": a channel of one's own, as a file to keep."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from webchat.accounts.asking import ask as ask_worker
from webchat.accounts.throttle import limit
from webchat.accounts.words import error_texts
from webchat.bridge import channel_name
from webchat.chat.commands import CommandError
from webchat.exporting import files
from webchat.exporting.held import Ask, read

KINDS = {"json": (files.as_json, "application/json"), "html": (files.as_html, "text/html; charset=utf-8")}
STATUS = {"CHANNEL_UNKNOWN": 404, "RATE_LIMITED": 429}


@require_safe
@never_cache
async def export(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """What the user's node holds of a channel; whoever is not in it is told that there is none."""
    user = await request.auser()
    if not isinstance(user, User):
        return redirect_to_login(request.get_full_path())
    if kind not in KINDS:
        raise Http404
    try:
        channel = channel_name(f"#{name}")
        await limit("exports", user.pk, settings.EXPORTS_PER_PERSON_MAX, settings.EXPORTS_WINDOW_S)
        held = await read(channel, _asking(user), timezone.now())
    except CommandError as error:
        return _refused(request, error)
    write, content_type = KINDS[kind]
    # Up to 32 MiB are written: in a thread, or the nodes of this process would stand still meanwhile.
    content = await sync_to_async(write, thread_sensitive=False)(held)
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{_file_name(channel, held.at, kind)}"'
    return response


def _asking(user: User) -> Ask:
    async def ask(name: str, args: dict[str, Any]) -> dict[str, Any]:
        return await ask_worker(user.pk, name, args)

    return ask


def _refused(request: HttpRequest, error: CommandError) -> HttpResponse:
    status = STATUS.get(error.code, 503)
    return render(request, "webchat/refused.html", {"error": error_texts(error)}, status=status)


def _file_name(channel: str, at: datetime, kind: str) -> str:
    """Plain letters alone, whatever the channel is called."""
    plain = re.sub(r"[^a-z0-9]+", "-", channel.lower()).strip("-") or "channel"
    return f"starling-{plain}-{at:%Y-%m-%d}.{kind}"
