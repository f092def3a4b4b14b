"""``/metrics``: the page for Prometheus; for administrators, and for whoever shows STARLING_METRICS_TOKEN.

The numbers are the worker's, who is asked over the channel layer as for anything else, so that both shapes
have the same page; without an answer within ``ANSWER_MAX_S`` it says so (``starling_worker_up 0``) and has
the web process's own numbers alone. Invariant: a wrong token and none are answered alike, and compared in a
time that tells nothing of the right one.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from importlib import metadata
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from webchat.accounts.asking import ask
from webchat.chat.commands import CommandError
from webchat.chat.link import WorkerLink

ANSWER_MAX_S = 5.0
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@require_safe
@never_cache
async def metrics(request: HttpRequest) -> HttpResponse:
    """All numbers; 401 without a token or session, 403 for a person who is no administrator."""
    if not _has_token(request):
        user = await request.auser()
        if not user.is_authenticated:
            return _refusal(
                401, "Show STARLING_METRICS_TOKEN as a Bearer token, or sign in as an administrator."
            )
        if not (user.is_staff and user.is_active):
            return _refusal(403, "Only administrators may read the metrics.")
    from webchat.exposition import exposition  # its library serves this page alone

    worker: dict[str, Any] | None = None
    try:
        worker = await ask(0, "metrics", {}, ANSWER_MAX_S)
    except CommandError:
        worker = None  # the page says so by starling_worker_up
    web = {
        "worker_up": float(worker is not None),
        "web_sockets": len(WorkerLink.of_running_loop().sockets),
        "build": {_version(): 1.0},
    }
    return HttpResponse(exposition(web, worker), content_type=CONTENT_TYPE)


@lru_cache
def _version() -> str:
    try:
        return metadata.version("starling")
    except metadata.PackageNotFoundError:
        return "not installed"


def _has_token(request: HttpRequest) -> bool:
    token = settings.DEPLOYMENT.metrics_token
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(shown.strip().encode(), token.encode())
    return bool(token) and scheme.lower() == "bearer" and same


def _refusal(status: int, sentence: str) -> HttpResponse:
    headers = {"WWW-Authenticate": 'Bearer realm="metrics"'} if status == 401 else {}
    return HttpResponse(
        f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8", headers=headers
    )
