"""``manage.py worker``: the peer nodes alone; the pages are ``manage.py web``'s."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Any

from channels.layers import get_channel_layer
from django.core.management import BaseCommand, CommandError

from webchat.chat import commands
from webchat.management.prerequisites import prepare_tables, require_redis
from webchat.worker import Worker


class Command(BaseCommand):
    """The one worker of the scaled shape, on a loop of its own."""

    help = "Run the host node and the users' nodes; needs REDIS_URL."

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises ``CommandError`` when the host node can't start."""
        require_redis()
        prepare_tables()
        try:
            asyncio.run(self._work())
        except commands.CommandError as error:
            raise CommandError(f"The worker can't run: {error.params.get('reason') or error}") from error

    async def _work(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):  # a signal is the way to end it
            await Worker(get_channel_layer()).run(self._ready)
            raise CommandError("The worker ended; the reason is in the log.")

    def _ready(self, address: tuple[str, int]) -> None:
        self.stdout.write(f"Worker ready, host node on UDP {address[0]}:{address[1]}")
        self.stdout.flush()
