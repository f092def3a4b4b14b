"""What the host's verdict rests on beside nodes and channels, the disk; and what to do about each cause."""

from __future__ import annotations

import shutil
from typing import Any

from django.conf import settings

from webchat.bridge import error_fields, storehealth
from webchat.chat.commands import CommandError
from webchat.health.verdict import CODES, Verdict

TOLD = ("code", "message", "remedy")
"""What is told of an error of the host."""


def store_of() -> dict[str, Any]:
    """The nodes' database: its size, and whether the disk has room, by the measure of the doctor."""
    data = settings.DEPLOYMENT.data
    names = ("nodes.sqlite3", "nodes.sqlite3-wal")
    size = sum((data / name).stat().st_size for name in names if (data / name).exists())
    free = shutil.disk_usage(data).free
    ok, low = free >= storehealth.FREE_FAILED_BYTES, free < storehealth.FREE_WARNED_BYTES
    return {"bytes": size, "free": free, "ok": ok, "low": low}


def error_of(
    of_all: Verdict, canary: dict[str, Any], unknown: str, *, searching: bool
) -> dict[str, Any] | None:
    """What is wrong with the host and what to do, if its state and cause have a code.

    ``unknown``: a configured name that leads to no address, if there is one; ``searching``: the host's node
    has only begun to look for others.
    """
    if of_all["cause"] == "node" and searching:
        return None  # nobody has failed to answer yet
    if of_all["cause"] == "canary":
        return {name: canary.get(name, "") for name in TOLD}
    code = CODES.get((of_all["state"], of_all["cause"]))
    if code is None:
        return None
    fields = error_fields(CommandError(code, host=unknown))
    return {name: fields[name] for name in TOLD}
