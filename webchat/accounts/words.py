"""What the pages say in more than one place."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from webchat.bridge import error_fields
from webchat.chat.commands import CommandError
from webchat.languages.errors import DEFAULT, in_language


def grouped(node_id: str) -> str:
    """A fingerprint as people compare it: four digits at a time."""
    return " ".join(node_id[at : at + 4] for at in range(0, len(node_id), 4))


def too_many_attempts() -> str:
    """Somebody may be guessing: how long to wait."""
    minutes = settings.SIGNIN_WINDOW_S // 60
    return _("Too many attempts. Wait %(minutes)s minutes, then try again.") % {"minutes": minutes}


def error_texts(error: CommandError) -> dict[str, Any]:
    """An error of the catalogue as a page shows it, in the reader's language."""
    return in_language(error_fields(error), get_language() or DEFAULT)


def words_of(error: CommandError) -> str:
    """An error of the catalogue in one line, with its code."""
    fields = error_texts(error)
    return f"{fields['message']}. {fields['remedy']} ({fields['code']})"
