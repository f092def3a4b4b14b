"""The WebSocket's origin: exactly this site's scheme, host and port."""

from __future__ import annotations

from typing import Any

import pytest

from webchat.chat.origin import is_same_origin

HOSTS = ["127.0.0.1", "localhost"]


def scope(origin: str | None, host: str = "127.0.0.1:8000", scheme: str = "ws") -> dict[str, Any]:
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    return {"type": "websocket", "scheme": scheme, "headers": headers}


def test_the_same_origin_may_connect() -> None:
    assert is_same_origin(scope("http://127.0.0.1:8000"), (), HOSTS)
    assert is_same_origin(scope("http://localhost:8000", "localhost:8000"), (), HOSTS)
    assert is_same_origin(scope("https://localhost", "localhost", "wss"), (), HOSTS)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:8001",
        "https://127.0.0.1:8000",
        "http://localhost:8000",
        "http://evil.example",
        "http://127.0.0.1:8000.evil.example",
        "http://127.0.0.1:8000/",
        "file://",
        "é",
    ],
)
def test_every_other_origin_may_not(origin: str | None) -> None:
    assert not is_same_origin(scope(origin), (), HOSTS)


def test_a_host_that_is_not_ours_proves_nothing() -> None:
    assert not is_same_origin(scope("http://evil.example", "evil.example"), (), HOSTS)


def test_two_origins_are_none() -> None:
    doubled = scope("http://127.0.0.1:8000")
    doubled["headers"].append((b"origin", b"http://127.0.0.1:8000"))
    assert not is_same_origin(doubled, (), HOSTS)


def test_behind_a_proxy_only_the_configured_origins_count() -> None:
    origins = ("https://chat.example",)
    assert is_same_origin(scope("https://chat.example", "127.0.0.1:8000"), origins, HOSTS)
    assert not is_same_origin(scope("http://127.0.0.1:8000"), origins, HOSTS)
    assert not is_same_origin(scope("http://chat.example", "127.0.0.1:8000"), origins, HOSTS)
