"""The end of a session, told to its open sockets.

Signing out, changing the password and expiry all end a session in the database; a WebSocket that was
opened with it does not notice by itself. So the first two are announced to all web processes, which
close the sockets at once, and every web process looks at its open sockets' sessions every
``SESSION_CHECK_S`` as well, which covers expiry and an announcement that was lost.

An announcement names a session by a hash of its key: what passes through Redis opens nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from webchat.accounts.browsers import UNKNOWN, browser_words, shown
from webchat.accounts.client import address_of
from webchat.accounts.endings import leave_word
from webchat.accounts.forgetting import DRAFTS
from webchat.accounts.sessionstore import SessionStore
from webchat.chat.addresses import user_group
from webchat.models import BrowserSession

OPENED = "opened"
"""Where a session keeps when, from where and with what it was opened."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its owner sees it; ``name`` is its fingerprint."""

    name: str
    is_this: bool
    opened: datetime | None
    address: str
    browser: str


def connect() -> None:
    """Listen for the begin and the end of sessions; called once when the app is ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="webchat.accounts.sessions.begin")
    user_logged_out.connect(_signed_out, dispatch_uid="webchat.accounts.sessions")


def fingerprint(session_key: str) -> str:
    """What names a session without opening it."""
    return hashlib.sha256(b"session\0" + session_key.encode()).hexdigest()


def announce_end(user_id: int, session_key: str | None, *, others: bool = False) -> None:
    """Close the sockets of one session of a user, or of all its ``others``."""
    end = {
        "type": "session.ended",
        "user": user_id,
        "session": fingerprint(session_key or ""),
        "others": others,
    }
    async_to_sync(get_channel_layer().group_send)(user_group(user_id), end)


def sessions_of(user: User, this_key: str | None) -> list[OpenSession]:
    """The user's sessions that open something, this one first, then the newest."""
    found = [_shown(key, session, this_key) for key, session in _valid_sessions(user)]
    began = {shown.name: shown.opened.timestamp() if shown.opened else 0.0 for shown in found}
    return sorted(found, key=lambda shown: (not shown.is_this, -began[shown.name]))


def end_session(user: User, name: str) -> bool:
    """End the session with this fingerprint, and its sockets; False when there is none."""
    for key, session in _valid_sessions(user):
        if fingerprint(key) == name:
            session.delete()
            leave_word([key], user.pk, DRAFTS)
            announce_end(user.pk, key)
            return True
    return False


def end_sessions(
    user: User, *, but: str | None = None, known_as: str | None = None, forget: str = DRAFTS
) -> None:
    """End all sessions of a user, or all ``but`` one, and their sockets.

    ``known_as``: the key with which that one's sockets were opened, when it has just got another; ``forget``:
    what their browsers are to forget.
    """
    ended = BrowserSession.objects.filter(user_id=user.pk).exclude(session_key=but or "")
    keys = [*ended.values_list("session_key", flat=True)]
    ended.delete()
    leave_word(keys, user.pk, forget)
    announce_end(user.pk, known_as or but, others=True)


def _valid_sessions(user: User) -> Iterable[tuple[str, SessionStore]]:
    rows = BrowserSession.objects.filter(user_id=user.pk, expire_date__gt=timezone.now())
    for key in rows.values_list("session_key", flat=True):
        if still_valid(key, user.pk):
            yield key, SessionStore(key)


def _shown(key: str, session: SessionStore, this_key: str | None) -> OpenSession:
    opened = session.get(OPENED) or {}
    at = datetime.fromisoformat(opened["at"]) if "at" in opened else None
    browser = shown(opened.get("browser", UNKNOWN))
    return OpenSession(fingerprint(key), key == this_key, at, opened.get("address", ""), browser)


def still_valid(session_key: str, user_id: int) -> bool:
    """Whether the session exists, has not expired, and was signed with today's password."""
    session = SessionStore(session_key)
    if session.get(SESSION_KEY) != str(user_id):
        return False
    user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
    signed = session.get(HASH_SESSION_KEY) or ""
    return user is not None and constant_time_compare(signed, user.get_session_auth_hash())


def _signed_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    request.session[OPENED] = {
        "at": timezone.now().isoformat(),
        "address": address_of(request),
        "browser": browser_words(request.META.get("HTTP_USER_AGENT", "")),
    }


def _signed_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None and user.pk is not None:
        announce_end(user.pk, request.session.session_key)
