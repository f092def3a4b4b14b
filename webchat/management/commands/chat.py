"""``manage.py chat``: everything in one process - tables, pages, WebSocket, peer nodes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from webchat.deployment import WILDCARDS
from webchat.management.prerequisites import prepare_tables, say_doubts


class Command(BaseCommand):
    """Serve until SIGTERM or SIGINT, then end with nothing lost."""

    help = "Serve the chat from this one process: pages, WebSocket, host node and users' nodes."

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises ``CommandError`` when a port is in use or something else is in the way."""
        from channels.layers import get_channel_layer

        from webchat.serving import serve  # installs the reactor, so not before it is needed
        from webchat.worker import Worker

        prepare_tables()
        say_doubts(self.stderr)
        deployment = settings.DEPLOYMENT
        page = ""

        def listens(host: str, port: int) -> None:
            nonlocal page
            page = f"http://{'127.0.0.1' if host in WILDCARDS else host}:{port}/"

        def ready(address: tuple[str, int]) -> None:
            self._say_what_next(page, address)

        async def work() -> None:
            await Worker(get_channel_layer()).run(ready)

        failure = serve(deployment.host, deployment.port, listens, work)
        if failure:
            raise CommandError(f"Starling can't run: {failure}")

    def _say_what_next(self, page: str, address: tuple[str, int]) -> None:
        deployment = settings.DEPLOYMENT
        others = ", ".join(f"{host}:{port}" for host, port in deployment.bootstrap)
        shown = (deployment.advertise_host or address[0], deployment.advertise_port or address[1])
        lines = [
            f"The chat is at {page}",
            f"The host node of network {deployment.network!r} listens on UDP {address[0]}:{address[1]}.",
            "Next: open the page and create an account; the first one is the administrator's.",
            f"Bootstrap: {others}."
            if others
            else f"Another machine joins with STARLING_BOOTSTRAP={shown[0]}:{shown[1]} (see README.md).",
            "Ctrl-C ends it.",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
