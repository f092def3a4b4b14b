"""The writer of JSON lines, on real pipes: nobody who reads slowly, or not at all, holds anybody up."""

from __future__ import annotations

import fcntl
import io
import json
import logging
import os
import threading
from collections.abc import Iterator
from typing import Any, TextIO

import pytest

from peernode.diagnostics.jsonlines import PIECE_BYTES, LineWriter
from peernode.diagnostics.records import Record

NODE = "ef" * 32


def record(serial: int, **route: Any) -> Record:
    return Record(serial, 1764, "attempt.direct", "ab" * 32, "ok", 1.5, {"network": 1.5}, "m", route)


class Pipe:
    """A pipe of the least size, and what writes into it."""

    def __init__(self) -> None:
        self.reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIECE_BYTES)
        self.stream: TextIO = os.fdopen(writing, "w")

    def read_all(self) -> list[dict[str, Any]]:
        """The lines until the writer's end is closed."""
        with os.fdopen(self.reading) as lines:
            return [json.loads(line) for line in lines if line.strip()]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.stream.close()


def read_beside(pipe: Pipe, found: list[dict[str, Any]]) -> threading.Thread:
    thread = threading.Thread(target=lambda: found.extend(pipe.read_all()), daemon=True)
    thread.start()
    return thread


def lost_in(lines: list[dict[str, Any]]) -> int:
    return sum(line["lines"] for line in lines if line["event"] == "lost")


def test_a_line_has_the_fields_of_the_record() -> None:
    stream = io.StringIO()
    writer, kept = LineWriter(stream), record(7, peer="Zoë", hops=[1, 2])
    assert writer.put(NODE, kept)
    assert writer.close(30) == 0
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line) == {"node": NODE, **kept.told(), "event": "record"}


def test_who_does_not_read_holds_nobody_up_and_is_told_how_much_was_lost(pipe: Pipe) -> None:
    writer = LineWriter(pipe.stream, lines_max=20)
    taken = [writer.put(NODE, record(serial)) for serial in range(300)]  # would hang if it waited
    assert writer.lost == taken.count(False) > 200, "a pipe, a piece in the hand, and 20 that wait"
    assert writer.waiting <= 20
    found: list[dict[str, Any]] = []
    thread = read_beside(pipe, found)
    assert writer.close(30) == writer.lost
    pipe.stream.close()
    thread.join(30)
    serials = [line["serial"] for line in found if line["event"] == "record"]
    assert serials == [serial for serial in range(300) if taken[serial]]
    assert lost_in(found) == writer.lost == 300 - len(serials)
    assert found[-1]["event"] == "record", "it is said as soon as something gets through"


def test_the_end_does_not_wait_for_who_does_not_read(pipe: Pipe) -> None:
    writer = LineWriter(pipe.stream)
    for serial in range(100):
        assert writer.put(NODE, record(serial))
    lost = writer.close(0.2)
    assert not writer.put(NODE, record(100))
    found: list[dict[str, Any]] = []
    thread = read_beside(pipe, found)
    assert writer._thread is not None
    writer._thread.join(30)
    assert not writer._thread.is_alive(), "it finds its end when somebody reads after all"
    pipe.stream.close()
    thread.join(30)
    through = sum(line["event"] == "record" for line in found)
    in_hand = PIECE_BYTES // 200
    assert 100 - lost <= through <= 100 - lost + in_hand < 100


def test_what_nobody_can_take_is_counted(pipe: Pipe) -> None:
    os.close(pipe.reading)
    writer = LineWriter(pipe.stream)
    for serial in range(3):
        assert writer.put(NODE, record(serial))
    assert writer.close(30) == 3


def test_what_is_not_json_costs_itself_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, logger="peernode")  # simulations quiet it, in whatever process they run
    stream = io.StringIO()
    writer = LineWriter(stream)
    for what in (1, object(), 3):
        assert writer.put(NODE, record(0, what=what))
    assert writer.close(30) == 1
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["route"]["what"] for line in lines if line["event"] == "record"] == [1, 3]
    assert lost_in(lines) == 1
    assert "attempt.direct is not JSON" in caplog.text


def test_a_line_that_broke_off_spoils_no_other(pipe: Pipe) -> None:
    os.set_blocking(pipe.stream.fileno(), False)
    writer = LineWriter(pipe.stream)
    assert writer.put(NODE, record(1, long="x" * 2 * PIECE_BYTES))
    for _ in range(3000):
        if writer.lost:
            break
        threading.Event().wait(0.01)
    half = os.read(pipe.reading, PIECE_BYTES)
    assert writer.put(NODE, record(2))
    assert writer.close(30) == 1
    pipe.stream.close()
    with os.fdopen(pipe.reading) as rest:
        _, lost, last = (half.decode() + rest.read()).splitlines()
    assert (json.loads(lost)["lines"], json.loads(last)["serial"]) == (1, 2)
