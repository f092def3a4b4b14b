"""Where a request comes from: for the bounds on guessing, and for a person's list of own sessions.

Invariant: ``X-Forwarded-For`` counts only as far as proxies of ours have written it. Each adds on the
right who it was asked by; what is further left a stranger may have written.
"""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The client's address; behind ``STARLING_PROXIES`` the one that the outermost of them has seen."""
    direct = str(request.META.get("REMOTE_ADDR") or "")
    proxies = settings.DEPLOYMENT.proxies
    if not proxies:
        return direct
    said = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    try:
        return str(ip_address(said[-proxies]))
    except (IndexError, ValueError):  # it did not come through all of them, or they write no addresses
        return direct
