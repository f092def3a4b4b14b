"""What the pages say in more than one place."""

from __future__ import annotations

from webchat.bridge import error_fields
from webchat.chat.commands import CommandError


def grouped(node_id: str) -> str:
    """A fingerprint as people compare it: four digits at a time."""
    return " ".join(node_id[at : at + 4] for at in range(0, len(node_id), 4))


def words_of(error: CommandError) -> str:
    """An error of the catalogue in one line, with its code."""
    fields = error_fields(error)
    return f"{fields['message']}. {fields['remedy']} ({fields['code']})"
