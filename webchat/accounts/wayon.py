"""Where people go once they have signed in or up: a page of ours, often the channel of a link."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from webchat.bridge import channel_name
from webchat.chat.commands import CommandError


def way_on(request: HttpRequest) -> str:
    """Where the request wants to go on, when that is a page of ours; otherwise nothing."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if is_ours else ""


def channel_of(way: str) -> str:
    """The channel to which a way leads, with its ``#``; nothing for another one."""
    try:
        match = resolve(unquote(urlsplit(way).path))
        return channel_name(f"#{match.kwargs['name']}", is_new=True) if match.url_name == "channel" else ""
    except (Resolver404, CommandError):
        return ""


def way_to(channel: str) -> str:
    """The address that leads to a channel, ``/c/lobby/`` for ``#lobby``."""
    return f"/c/{quote(channel[1:], safe='')}/"
