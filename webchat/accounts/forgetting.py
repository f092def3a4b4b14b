"""What a browser keeps of an account, drafts and the like, goes once that is signed out there, or has ended.

The browser can't know when that is: an attempt to sign out may fail. So the server says it, in a cookie that
the page after it reads, acts on and removes (``static/webchat/js/forgetting.js``); a browser that was closed
meanwhile does so when it comes back. ``Clear-Site-Data`` would also take what is unsent, and what other
accounts keep there.

Invariant: the cookie names accounts by number and nothing else; at most ``ACCOUNTS_MAX`` of them.
"""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse

DRAFTS = "drafts"
"""Drafts, and what page was open; what is unsent stays until it has gone out."""

EVERYTHING = "all"
"""The outbox as well: nobody will ever send it."""

ACCOUNTS_MAX = 20
KEPT_S = 30 * 24 * 3600
"""A browser may be closed between signing out and the page after it."""

_NAMED = re.compile(rf"(\d{{1,12}})\.({DRAFTS}|{EVERYTHING})")


def have_forgotten(request: HttpRequest, response: HttpResponse, user_id: int, what: str) -> HttpResponse:
    """Have the browser forget what it keeps of an account; the response, which says so."""
    before = _NAMED.findall(request.COOKIES.get(settings.FORGET_COOKIE_NAME, ""))
    named = {account: each for account, each in before if account != str(user_id)}
    named[str(user_id)] = what
    value = "&".join(f"{account}.{each}" for account, each in [*named.items()][-ACCOUNTS_MAX:])
    response.set_cookie(
        settings.FORGET_COOKIE_NAME, value, KEPT_S, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    return response
