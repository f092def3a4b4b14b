"""The sessions' engine: Django's own in the database, with the user in a column.

So all sessions of an account can be listed and ended without opening everybody's.
Time: ``SESSION_COOKIE_AGE`` from the sign-in, or from the last renewal.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone


class SessionStore(DatabaseStore):
    """Django finds it by ``SESSION_ENGINE``."""

    @classmethod
    def get_model_class(cls) -> Any:
        """The table."""
        from webchat.models import BrowserSession  # models may be imported only when the app is ready

        return BrowserSession

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """The row of a session; nobody's before somebody has signed in."""
        row: Any = super().create_model_instance(data)
        user = data.get(SESSION_KEY)
        row.user_id = int(user) if user is not None else None
        return row


def renew(session: SessionBase) -> None:
    """Have a session last its whole time anew, with its cookie, when half of it is over."""
    half_over = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE / 2)
    rows = SessionStore.get_model_class().objects
    if rows.filter(session_key=session.session_key, expire_date__lt=half_over).exists():
        session.modified = True
