"""``Added``: what became of a message that a log was to take up."""

from __future__ import annotations

from enum import Enum


class Added(Enum):
    """What became of a message."""

    NEW = "new"
    DUPLICATE = "duplicate"
    FORK = "fork"
    IGNORED = "ignored"
    """A third message under one number, or anything more in a void stream: no evidence is needed."""
    TOO_FAR = "too far ahead"
    FULL = "too many streams"
