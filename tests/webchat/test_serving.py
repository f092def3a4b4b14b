"""``manage.py`` as a person starts it: what it says, and how it ends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.rawsocket import CLOSE, TEXT, RawSocket, signed_up
from tests.support.redis_server import free_port
from webchat.bodies import BODY_MAX_BYTES, DRAINED_MAX_BYTES

ROOT = Path(__file__).parents[2]
END_S = 5.0
MIB = bytes(1 << 20)
FRAME_MAX_BYTES = 64 * 1024
SOCKET_MESSAGE_MAX_BYTES = 1024 * 1024
"""Both as docs/api.md says it."""


class Program:
    """One command with free ports and data of its own."""

    def __init__(self, data: Path) -> None:
        self.port = free_port()
        self.udp_port = free_port(socket.SOCK_DGRAM)
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "webchat.settings",
            "STARLING_DATA": str(data),
            "STARLING_PORT": str(self.port),
            "STARLING_UDP_PORT": str(self.udp_port),
        }
        self.running: subprocess.Popen[str] | None = None

    def start(
        self, command: str = "chat", interrupt: Any = signal.default_int_handler
    ) -> subprocess.Popen[str]:
        """``interrupt``: what happens at SIGINT as the child inherits it; by default as from a terminal."""
        before = signal.signal(signal.SIGINT, interrupt)
        try:
            self.running = subprocess.Popen(
                [sys.executable, "manage.py", command],
                cwd=ROOT,
                env=self.environment,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        finally:
            signal.signal(signal.SIGINT, before)
        return self.running

    def ended(self) -> tuple[int, str, str]:
        assert self.running is not None
        out, err = self.running.communicate(timeout=30)
        return self.running.returncode, out, err


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    one = Program(tmp_path / "data")
    yield one
    if one.running is not None and one.running.poll() is None:
        one.running.kill()
        one.running.communicate()


def pieces(size: int) -> Iterator[bytes]:
    """Zeros, so many."""
    for at in range(0, size, len(MIB)):
        yield MIB[: size - at]


class Refusals:
    """A server that is ready, bodies that it gets, and what it writes meanwhile."""

    def __init__(self, program: Program) -> None:
        running = program.start()
        assert running.stdout is not None
        running.stdout.readline()
        self._process = Path("/proc") / str(running.pid)
        self._port = program.port

    def written(self) -> int:
        """Bytes that the server has written so far, to files and connections."""
        lines = (self._process / "io").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("wchar:"))

    def post(self, path: str, body: Iterable[bytes], headers: dict[str, str]) -> tuple[int, bytes]:
        """Send all of it, then read the answer, as browsers do."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            chunked = "Content-Length" not in headers
            connection.request("POST", path, body=body, headers=headers, encode_chunked=chunked)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="what a process writes is seen on Linux alone")
@pytest.mark.parametrize(
    "headers", [{"Content-Length": str(BODY_MAX_BYTES + 1)}, {"Transfer-Encoding": "chunked"}]
)
def test_too_large_a_body_is_refused_in_words_and_never_kept(
    program: Program, headers: dict[str, str]
) -> None:
    server = Refusals(program)
    before = server.written()
    status, answer = server.post("/files/?name=x", pieces(BODY_MAX_BYTES + 1), headers)
    error = json.loads(answer)["error"]
    assert (status, error["code"], bool(error["remedy"])) == (413, "FILE_TOO_LARGE", True)
    status, page = server.post("/signin/", pieces(BODY_MAX_BYTES + 1), headers)
    assert (status, b"FILE_TOO_LARGE" in page) == (413, True)
    kept_at_most = BODY_MAX_BYTES if "Transfer-Encoding" in headers else 0  # a chunked one says no size
    assert server.written() - before < 2 * kept_at_most + len(MIB)
    status, _ = server.post("/files/?name=x", pieces(BODY_MAX_BYTES), {"Content-Length": str(BODY_MAX_BYTES)})
    assert status == 403, "one that is not too large gets to the app, which asks for a token"


def test_a_body_without_end_ends_with_its_connection(program: Program) -> None:
    server = Refusals(program)
    endless = 4 * DRAINED_MAX_BYTES
    with pytest.raises(ConnectionError):
        server.post("/files/?name=x", pieces(endless), {"Content-Length": str(endless)})


def ping(size: int, ref: str) -> bytes:
    """A frame of so many bytes."""
    bare = json.dumps({"type": "ping", "ref": ref, "padding": ""}).encode()
    return bare.replace(b'""', b'"' + b"x" * (size - len(bare)) + b'"')


def test_too_large_a_frame_is_an_error_and_a_vast_one_ends_the_connection(program: Program) -> None:
    running = program.start()
    assert running.stdout is not None
    running.stdout.readline()
    cookie = signed_up(f"http://127.0.0.1:{program.port}", "ann")
    with RawSocket(program.port, cookie) as page:
        page.send(ping(FRAME_MAX_BYTES, "largest"))
        assert page.answer("largest")["type"] == "ok"
        for size in (FRAME_MAX_BYTES + 1, SOCKET_MESSAGE_MAX_BYTES):
            page.send(ping(size, "too large"))
            refused = page.answer(None)
            assert (refused["type"], refused["code"]) == ("error", "BAD_FRAME")
        page.send(ping(FRAME_MAX_BYTES, "afterwards"))
        assert page.answer("afterwards")["type"] == "ok"

        page.send(ping(SOCKET_MESSAGE_MAX_BYTES + 1, "vast"))
        while (told := page.frame())[0] == TEXT:
            assert json.loads(told[1])["type"] not in ("ok", "error")
        assert told[0] == CLOSE


@pytest.mark.parametrize(
    ("number", "interrupt"),
    [
        (signal.SIGTERM, signal.default_int_handler),
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGINT, signal.SIG_IGN),  # as a script's shell has it for what it runs in the background
    ],
)
def test_chat_says_where_it_is_and_ends_cleanly(
    program: Program, number: signal.Signals, interrupt: Any
) -> None:
    running = program.start(interrupt=interrupt)
    assert running.stdout is not None
    first = running.stdout.readline()
    assert f"http://127.0.0.1:{program.port}/" in first
    assert f"127.0.0.1:{program.udp_port}" in running.stdout.readline()
    with urllib.request.urlopen(f"http://127.0.0.1:{program.port}/healthz", timeout=5) as answer:
        assert answer.status == 200
    begin = time.monotonic()
    running.send_signal(number)
    status, _, err = program.ended()
    assert (status, err) == (0, "")
    assert time.monotonic() - begin < END_S
    data = Path(program.environment["STARLING_DATA"])
    assert (data / "keys" / "django.key").stat().st_mode & 0o777 == 0o600
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", program.udp_port))


def test_a_tcp_port_in_use_is_said_plainly(program: Program) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", program.port))
        taken.listen()
        program.start()
        status, _, err = program.ended()
    assert status != 0
    assert str(program.port) in err
    assert "Traceback" not in err


def test_a_udp_port_in_use_is_said_plainly(program: Program) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", program.udp_port))
        program.start()
        status, _, err = program.ended()
    assert status != 0
    assert "in use" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["web", "worker"])
def test_the_scaled_commands_ask_for_redis(program: Program, command: str) -> None:
    program.start(command)
    status, _, err = program.ended()
    assert status != 0
    assert "REDIS_URL" in err
    assert "Traceback" not in err


def test_a_variable_that_means_nothing_is_said_plainly(program: Program) -> None:
    program.environment["STARLING_SIGNUP"] = "sometimes"
    program.start()
    status, _, err = program.ended()
    assert status != 0
    assert "STARLING_SIGNUP='sometimes': expected open or invite or closed" in err
    assert "Traceback" not in err
