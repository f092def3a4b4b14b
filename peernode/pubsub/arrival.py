"""``Arrival``: messages that came together and are not stored yet; who brings one of them again waits.

Invariant: both ends come, whatever becomes of the messages; in this order, but on an error.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Arrival:
    """``stored``: done when the messages are durable, or with the store's reason why they are not."""

    stored: asyncio.Future[None]
    fetched: asyncio.Event = field(default_factory=asyncio.Event)
    """Their parts are here, as far as somebody had them: from now on it is the disk that is waited for."""
