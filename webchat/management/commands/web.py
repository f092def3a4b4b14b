"""``manage.py web``: pages and WebSocket alone; the nodes are ``manage.py worker``'s."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from webchat.management.prerequisites import prepare_tables, require_redis, say_doubts


class Command(BaseCommand):
    """One web process of the scaled shape; there may be several on different ports."""

    help = "Serve pages and WebSocket; needs REDIS_URL and a worker."

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises ``CommandError`` when the port is in use or something else is missing."""
        from webchat.serving import serve

        require_redis()
        prepare_tables()
        say_doubts(self.stderr)
        deployment = settings.DEPLOYMENT
        failure = serve(deployment.host, deployment.port, self._listens)
        if failure:
            raise CommandError(f"The web process can't run: {failure}")

    def _listens(self, host: str, port: int) -> None:
        self.stdout.write(f"Pages at http://{host}:{port}/")
        self.stdout.flush()
