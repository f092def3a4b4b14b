"""Only pages of this very site may open the WebSocket.

A browser sends its cookies with a WebSocket that any site opens, and CSRF tokens do not cover it.
So the ``Origin`` must be exactly this site's: scheme, host and port. (Channels' own validator
compares the host alone, which lets another program on another port of the same machine in.) Without
configured origins this site is what the browser's ``Host`` header says, and that must be an allowed
host; a program that forges both headers has no cookies of ours.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host


class SameOrigin:
    """ASGI middleware that refuses (403) a WebSocket whose origin is another one."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass the connection on, or refuse it before it is accepted."""
        if is_same_origin(scope, settings.DEPLOYMENT.origins, settings.ALLOWED_HOSTS):
            await self.application(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4403})


def is_same_origin(scope: dict[str, Any], origins: tuple[str, ...], allowed_hosts: list[str]) -> bool:
    """Whether ``Origin`` names this site; missing, doubled or undecodable headers do not."""
    origin, host = _header(scope, b"origin"), _header(scope, b"host")
    if origin is None or host is None:
        return False
    if origins:
        return origin in origins
    scheme = "https" if scope.get("scheme") == "wss" else "http"
    name, _ = split_domain_port(host)
    return bool(name) and validate_host(name, allowed_hosts) and origin == f"{scheme}://{host}"


def _header(scope: dict[str, Any], name: bytes) -> str | None:
    values = [value for key, value in scope.get("headers", []) if key == name]
    if len(values) != 1:
        return None
    try:
        return values[0].decode("ascii").lower()
    except UnicodeDecodeError:
        return None
