"""The end of a session, told to its open sockets.

Signing out, changing the password and expiry all end a session in the database; a WebSocket that was
opened with it does not notice by itself. So the first two are announced to all web processes, which
close the sockets at once, and every web process looks at its open sockets' sessions every
``SESSION_CHECK_S`` as well, which covers expiry and an announcement that was lost.

An announcement names a session by a hash of its key: what passes through Redis opens nothing.
"""

from __future__ import annotations

import hashlib
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from webchat.chat.addresses import user_group


def connect() -> None:
    """Listen for sign-outs; called once when the app is ready."""
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


def still_valid(session_key: str, user_id: int) -> bool:
    """Whether the session exists, has not expired, and was signed with today's password."""
    session = SessionStore(session_key)
    if session.get(SESSION_KEY) != str(user_id):
        return False
    user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
    signed = session.get(HASH_SESSION_KEY) or ""
    return user is not None and constant_time_compare(signed, user.get_session_auth_hash())


def _signed_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None and user.pk is not None:
        announce_end(user.pk, request.session.session_key)
