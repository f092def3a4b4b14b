"""The diagnostic bundle: one JSON file that can be shown to somebody who helps, and nothing private in it.

The file is exactly what the preview showed: the preview keeps it for its reader for ``KEPT_S``, and the
download hands out that very text or none, by its digest. Of one reader the last preview is kept. What is let
through is decided in ``webchat.health.redaction``.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import platform
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.utils import timezone

from webchat.accounts.asking import ask
from webchat.health.redaction import Redactor, nodes_in

KEPT_S = 1800
CHANNELS_MAX = 16
"""Channels with all their numbers, the worst first."""

ASKED_AGAIN_MAX = 10
"""Times that the worker is asked again for those of them that it has not looked at yet."""

PAUSE_S = 0.5
"""Before it is asked for the same ones again."""

RECORDS_MAX = 1000

SHAPE = 2
"""Of what is kept: a server of another shape, before or after an update, finds nothing of it."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle as it is shown and downloaded."""

    text: str
    left_out: int
    channels: int
    addresses: int
    records: int

    @property
    def digest(self) -> str:
        """Of the text as a file: what a download names."""
        return hashlib.sha256(self.text.encode()).hexdigest()


async def _snapshot(watched: list[str]) -> dict[str, Any]:
    return await ask(0, "health.snapshot", {"watched": watched, "after": 0, "epoch": ""})


async def _looked_at(names: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """The last snapshot, the pictures of these channels, and those that have none, with why if it is known.

    A watch that begins looks at some of them at a time, so it is asked until each has a picture or an error.
    """
    pictures: dict[str, dict[str, Any]] = {}
    whole, missing = await _snapshot(names), names
    for _ in range(ASKED_AGAIN_MAX):
        pictures |= whole["details"]
        failed = {each["channel"] for each in whole["channels"] if "error" in each}
        missing, before = [name for name in names if name not in pictures], missing
        if failed.issuperset(missing):
            break
        if missing == before:
            await asyncio.sleep(PAUSE_S)
        whole = await _snapshot(missing)
    pictures |= whole["details"]
    why = {each["channel"]: {"error": each["error"]} for each in whole["channels"] if "error" in each}
    unseen = [{"channel": name, **why.get(name, {})} for name in names if name not in pictures]
    return whole, [pictures[name] for name in names if name in pictures], unseen


async def collect() -> tuple[dict[str, Any], list[str]]:
    """Everything that there is to say, unredacted, and the channels' names; raises ``CommandError``."""
    first = await _snapshot([])
    names = [each["channel"] for each in first["channels"]]
    whole, seen, unseen = await _looked_at(names[:CHANNELS_MAX])
    told = await ask(0, "health.records", {"wanted": {}, "limit": RECORDS_MAX, "as_texts": True})
    sizes = await ask(0, "health.sizes", {})
    found = {
        "format": "starling-diagnostic-bundle-1",
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "starling": whole["host"]["version"],
        "python": platform.python_version(),
        "django": django.get_version(),
        "system": platform.system().lower(),
        "settings": chosen_settings(),
        "host": whole["host"],
        "channels": seen,
        "unseen": unseen,
        "sizes": sizes["sizes"],
        "records": told["texts"],
    }
    return found, names


def redacted(found: dict[str, Any], names: list[str], secrets: list[str]) -> Bundle:
    """What may leave the server; ``found`` as of ``collect``."""
    found = {**found, "records": [json.loads(each) for each in found["records"]]}
    redactor = Redactor(names, secrets, nodes_in(found))
    text = json.dumps(redactor.redacted(found), ensure_ascii=False, indent=1)
    return Bundle(text, redactor.left_out, **redactor.replaced, records=len(found["records"]))


def chosen_settings() -> dict[str, Any]:
    """How the server is set up, as far as it helps: no address, no name, no password."""
    deployment = settings.DEPLOYMENT
    return {
        "shape": "embedded" if deployment.embedded else "scaled",
        "signup": deployment.signup,
        "signups_per_hour": deployment.signups_per_hour,
        "invites": deployment.invites,
        "keep_days": deployment.keep_days,
        "keep_own_days": deployment.keep_own_days,
        "lan": deployment.lan,
        "proxies": deployment.proxies,
        "udp_ports": deployment.udp_ports is not None,
        "advertised": bool(deployment.advertise_host),
        "bootstraps_configured": len(deployment.bootstrap),
        "letters": deployment.smtp is not None,
    }


def own_secrets() -> list[str]:
    """What must be in no file that leaves the server, as far as the server knows it itself."""
    deployment = settings.DEPLOYMENT
    found = [settings.SECRET_KEY, deployment.metrics_token]
    found += [urlsplit(url).password or "" for url in (deployment.database_url, deployment.redis_url)]
    if deployment.smtp is not None:
        found.append(deployment.smtp.password)
    for path in sorted(deployment.keys.iterdir()) if deployment.keys.is_dir() else ():
        if path.is_file():
            found.append(path.read_bytes().hex())
    found += User.objects.exclude(email="").values_list("email", flat=True)
    return found


def keep(user_id: int, bundle: Bundle) -> None:
    """Let the reader of a preview download what it showed."""
    cache.set(_place(user_id), (bundle.digest, bundle.text), KEPT_S)


def kept(user_id: int, digest: str) -> str | None:
    """What this person's last preview showed, if that is its digest; None when it is kept no more."""
    match cache.get(_place(user_id)):
        case (str(shown), str(text)) if text and shown == digest:
            return text
    return None  # nothing, another preview, or what another version of the server kept


def _place(user_id: int) -> str:
    return f"health-bundle-{SHAPE}:{user_id}"
