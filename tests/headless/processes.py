"""Headless nodes as real processes: started, spoken to, killed, started again on the same data."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

Event = dict[str, Any]
WAIT_S = 30.0


ROOT = Path(__file__).parents[2]


def environment(package: Path) -> dict[str, str]:
    """Variables with which the interpreter imports the engine from a folder or archive."""
    return {**os.environ, "PYTHONPATH": str(package)}


class Headless:
    """One ``python -m peernode`` and what it has printed.

    ``package``: where the engine is imported from, a folder or an archive; today's by default. ``log``: its
    standard error; by default a file beside ``data``.
    """

    def __init__(self, data: Path, *options: str, package: Path = ROOT, log: TextIO | None = None) -> None:
        command = [sys.executable, "-m", "peernode", "--listen", "127.0.0.1:0", "--data", str(data), *options]
        self.log = log or (data.parent / f"{data.name}.log").open("a")
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            bufsize=1,
            cwd=data.parent,  # an interpreter told to run a module looks for it here first
            env=environment(package),
        )
        self.events: list[Event] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            if not line.endswith("\n"):
                return  # killed in the middle of it
            with self._news:
                self.events.append({**json.loads(line), "at_s": time.monotonic()})
                self._news.notify_all()

    def wait(self, wanted: Callable[[list[Event]], Any], what: str, wait_s: float = WAIT_S) -> Any:
        """Wait until ``wanted`` finds something true in the events."""
        with self._news:
            found = self._news.wait_for(lambda: wanted(self.events), wait_s)
        assert found, f"{what}: not within {wait_s} s; last events {self.events[-5:]}"
        return found

    def first(self, kind: str) -> Event:
        """The first event of a kind, waited for."""
        event: Event = self.wait(lambda events: next((e for e in events if e["event"] == kind), None), kind)
        return event

    def all(self, kind: str) -> list[Event]:
        """Events of a kind so far; ``at_s`` is when each was read, in monotonic seconds."""
        return [event for event in self.events if event["event"] == kind]

    @property
    def address(self) -> str:
        """HOST:PORT of the node."""
        return str(self.first("ready")["address"])

    def type(self, *lines: str) -> None:
        """Lines on standard input."""
        assert self.child.stdin is not None
        self.child.stdin.write("".join(f"{line}\n" for line in lines))
        self.child.stdin.flush()

    def texts(self) -> list[str]:
        """Messages of others, in the order told."""
        return [event["text"] for event in self.all("message")]

    def wait_texts(self, count: int) -> list[str]:
        """The first messages told, once there are ``count``."""
        self.wait(lambda _: len(self.texts()) >= count, f"{count} messages")
        return self.texts()

    def ask_log(self, wait_s: float = WAIT_S) -> list[str]:
        """What ``/log`` answers."""
        before = len(self.all("log"))
        self.type("/log")
        self.wait(lambda _: len(self.all("log")) > before, "the log", wait_s)
        return list(self.all("log")[-1]["ids"])

    def kill(self) -> None:
        """kill -9."""
        self.child.kill()
        self._over()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.child.send_signal(signal.SIGTERM)
        return self._over()

    def _over(self) -> int:
        status = self.child.wait(WAIT_S)
        self._reader.join(10)
        for stream in (self.child.stdin, self.child.stdout, self.log):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):  # lines that it did not live to read
                    stream.close()
        return status
