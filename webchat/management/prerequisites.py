"""What the commands need before they start, provided or said plainly."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import connection

MIGRATION_LOCK = 0x5741524C
"""The number of PostgreSQL's advisory lock; any will do that nobody else uses."""


def require_redis() -> None:
    """Raises ``CommandError`` when two processes have no Redis to meet in."""
    if settings.DEPLOYMENT.embedded:
        raise CommandError(
            "web and worker are two processes that meet in Redis: set REDIS_URL for both. "
            "`python manage.py chat` runs both in one process without it."
        )


def say_doubts(stderr: OutputWrapper) -> None:
    """Warn of settings that seldom are meant so."""
    for doubt in settings.DEPLOYMENT.doubts:
        stderr.write(f"Warning: {doubt}")
    stderr.flush()


def prepare_tables() -> None:
    """Bring the database up to date; of several processes that start at once, one at a time."""
    with _migrating_alone():
        call_command("migrate", interactive=False, verbosity=0)


@contextmanager
def _migrating_alone() -> Iterator[None]:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
    else:
        with (settings.DEPLOYMENT.data / "migrate.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
