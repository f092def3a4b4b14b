"""How many accounts one network address may make where they are open: ``STARLING_SIGNUPS_PER_HOUR``.

Only accounts that were made count, so a name that is taken costs nobody anything. An IPv6 address counts as
the /64 that somebody with it has. Who sits at the server itself is not counted, unless a proxy is in front of
it, by ``STARLING_ORIGINS`` or because it forwards (``X-Forwarded-For``): then loopback is everybody, and
where ``STARLING_PROXIES`` does not say who they are, they share one bound. Where accounts are by invitation,
the invitations are the bound.
"""

from __future__ import annotations

import math
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.utils.translation import ngettext

from webchat.accounts.throttle import give_back, left_s, take

KIND = "signup"
WINDOW_S = 3600
IPV6_PREFIX = 64


class SignUps:
    """Accounts from one address; ``forwarded``: by what says of itself that it is a proxy."""

    def __init__(self, address: str, *, forwarded: bool = False) -> None:
        self._who = _who(address, everybody=forwarded or bool(settings.DEPLOYMENT.origins))
        self._bound = settings.DEPLOYMENT.signups_per_hour
        self._counts = settings.DEPLOYMENT.signup == "open" and self._bound > 0 and self._who != ""

    def allowed(self) -> bool:
        """Count one; False when it must be refused."""
        return not self._counts or take(KIND, self._who, self._bound, WINDOW_S)

    def undone(self) -> None:
        """There is no account after all."""
        if self._counts:
            give_back(KIND, self._who)

    def wait_s(self) -> int:
        """After how many seconds the next one is allowed, once one was refused."""
        return left_s(KIND, self._who, WINDOW_S)


def too_many(wait_s: int) -> str:
    """Why there is no account now."""
    minutes = math.ceil(wait_s / 60)
    text = ngettext(
        "Too many new accounts from your address. Wait %(minutes)s minute, then try again.",
        "Too many new accounts from your address. Wait %(minutes)s minutes, then try again.",
        minutes,
    )
    return text % {"minutes": minutes}


def _who(address: str, *, everybody: bool) -> str:
    """By what an address is counted; empty: it is not. ``everybody``: whether loopback may be anybody."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_loopback and not everybody:
        return ""
    return str(ip_network(f"{ip}/{IPV6_PREFIX}", strict=False)) if ip.version == 6 else str(ip)
