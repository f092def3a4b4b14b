"""Names of the places in the channel layer where the app's parts meet."""

from __future__ import annotations

WORKER_CHANNEL = "peer-worker"
"""Where commands go: one Channels channel of the one worker."""


def user_group(user_id: int) -> str:
    """The group of the web processes which have a socket of this user."""
    return f"user.{user_id}"
