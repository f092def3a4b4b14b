"""Server processes as a person would start them, each with its own data, ports and log.

A ``Server`` is one ``manage.py`` command under ``tests.settings_e2e``. That module adds what no
other settings have: a hook that holds or cuts one user's node at its datagram transport
(``Network``), and one that tells the nodes' diagnostics. Starting waits for what the process says
and answers, never for a fixed time; stopping is SIGTERM and must end with exit status 0.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 40.0
STOP_TIMEOUT_S = 5.0
POLL_S = 0.05


class Network(Enum):
    """What happens to the datagrams of one user's node."""

    OPEN = "open"
    HOLD = "hold"
    CUT = "cut"


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def is_free(port: int, kind: socket.SocketKind) -> bool:
    """Whether nobody listens on the port."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def eventually(what: str, holds: Callable[[], bool], timeout_s: float) -> None:
    """Wait until a condition outside of the browser holds; AssertionError when it doesn't in time."""
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, f"{what}: not within {timeout_s} s"
        time.sleep(POLL_S)


@dataclass
class Program:
    """One child process with its output in a file."""

    name: str
    command: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its output is appended to ``log``."""
        with self.log.open("ab") as output:
            self.running = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.running is not None and self.running.poll() is None

    def text(self) -> str:
        """All it has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until it is ready; a process that ends before, or takes too long, fails with its log."""
        try:
            eventually(f"{self.name} is ready", lambda: not self.alive or ready(), START_TIMEOUT_S)
            assert self.alive, f"{self.name} ended while starting"
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}\n{self.text()}") from None

    def terminate(self) -> float:
        """SIGTERM; it must end with status 0 in time, without a traceback. Returns the seconds it took."""
        if self.running is None:
            return 0.0
        begin = time.monotonic()
        self.running.send_signal(signal.SIGTERM)
        try:
            status = self.running.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"{self.name} did not end within {STOP_TIMEOUT_S} s\n{self.text()}"
            ) from None
        self.running = None
        text = self.text()
        assert status == 0, f"{self.name} ended with status {status}\n{text}"
        assert "Traceback" not in text, text
        return time.monotonic() - begin

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self.running = None


class Server:
    """The web side of a deployment and whatever it needs; ``url`` for browsers, ``udp`` for other nodes."""

    def __init__(self, name: str, folder: Path, shape: tuple[str, ...], environment: dict[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.port = free_port()
        self.udp_port = free_port(socket.SOCK_DGRAM)
        self.url = f"http://127.0.0.1:{self.port}"
        self.udp = f"127.0.0.1:{self.udp_port}"
        settings = {
            "DJANGO_SETTINGS_MODULE": "tests.settings_e2e",
            "STARLING_HOST": "127.0.0.1",
            "STARLING_PORT": str(self.port),
            "STARLING_UDP_PORT": str(self.udp_port),
            "STARLING_DATA": str(folder / "data"),
            **environment,
        }
        self.programs = {
            command: Program(
                f"{name} {command}",
                [sys.executable, "-u", "manage.py", command],
                folder / f"{command}.log",
                settings,
            )
            for command in shape
        }

    @property
    def web(self) -> Program:
        """The process that answers browsers."""
        return self.programs["web" if "web" in self.programs else "chat"]

    def start(self) -> Server:
        """Start every process, wait until pages are answered."""
        for program in self.programs.values():
            program.start()
        self.web.wait_until(self.answers)
        return self

    def stop(self) -> float:
        """Stop cleanly; the longest of the processes' times in seconds."""
        return max(program.terminate() for program in reversed(self.programs.values()))

    def kill(self) -> None:
        """End all that still runs, after a test that failed."""
        for program in self.programs.values():
            program.kill()

    def answers(self) -> bool:
        """Whether the health check is answered."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def network(self, user: str, mode: Network) -> None:
        """Hold, cut or open the datagrams of a user's node; nothing above the transport knows."""
        self._test_hook("network", {"user": user, "mode": mode.value})

    def block(self, user: str, *others: str) -> None:
        """Let nothing pass between a user's node and these (the host node's: ``""``); none: all again."""
        self._test_hook("network", {"user": user, "others": list(others)})

    def slow(self, user: str, delay_s: float) -> None:
        """Delay what comes in to a user's node, or to all (``*``)."""
        self._test_hook("network", {"user": user, "delay_s": delay_s})

    def demote(self, user: str) -> None:
        """Make somebody no administrator any more, as another one would."""
        accounts = f"User.objects.filter(username={user!r})"
        code = f"from django.contrib.auth.models import User; {accounts}.update(is_staff=False)"
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **self.web.environment}, check=True, timeout=30)

    def diagnostics(self) -> Any:
        """What each node of this server says about itself."""
        return self._test_hook("diagnostics", {})

    def node_id(self, user: str) -> str:
        """The id of a user's node."""
        return str(self.diagnostics()[user]["result"]["node"]["node_id"])

    def initiators(self, user: str, channel: str) -> list[str]:
        """The ids of the nodes that store a channel, as a user's node knows them."""
        channels = self.diagnostics()[user]["result"]["node"]["channels"]
        return next((one["initiators"] for one in channels if one["name"] == channel), [])

    def keepers(self, user: str, channel: str, names: Sequence[str]) -> list[str]:
        """The people whose nodes store a channel; the host node is ``""``."""
        told = self.diagnostics()
        people = {told[name]["result"]["node"]["node_id"]: name for name in names}
        channels = told[user]["result"]["node"]["channels"]
        stored = next(one["initiators"] for one in channels if one["name"] == channel)
        return [people.get(node_id, "") for node_id in stored]

    def _test_hook(self, name: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_test/{name}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")


def redis_program(folder: Path) -> tuple[Program, str]:
    """A Redis server of its own that keeps nothing on disk, and its URL."""
    found = shutil.which("redis-server")
    assert found, "redis-server is missing: apt-get install redis-server"
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [found, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    return Program(
        "redis", [*command, "--dir", str(folder)], folder / "redis.log"
    ), f"redis://127.0.0.1:{port}/0"


def accepts_connections(port: int) -> bool:
    """Whether something listens on a TCP port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
