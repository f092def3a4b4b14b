"""``manage.py`` as a person starts it: what it says, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.redis_server import free_port

ROOT = Path(__file__).parents[2]
END_S = 5.0


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

    def start(self, command: str = "chat") -> subprocess.Popen[str]:
        # As from a terminal: tests that a shell runs in the background ignore SIGINT, and so would the child.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_chat_says_where_it_is_and_ends_cleanly(program: Program, number: signal.Signals) -> None:
    running = program.start()
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
