"""What the commands of the scaled shape need before they start, said plainly when it is missing."""

from __future__ import annotations

from django.conf import settings
from django.core.management import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def require_scaled_shape() -> None:
    """Raises ``CommandError`` without a Redis to meet in, or with tables that are not up to date."""
    if settings.DEPLOYMENT.embedded:
        raise CommandError(
            "web and worker are two processes that meet in Redis: set REDIS_URL for both. "
            "`python manage.py chat` runs both in one process without it."
        )
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database is not up to date: run `python manage.py migrate` first.")
