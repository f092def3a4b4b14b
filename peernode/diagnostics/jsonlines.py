"""Records as JSON lines, for whoever collects logs: one object a line, the fields of ``Record.told``.

Each line has the ids of the message (``trace``) and of the node, so that the lines of several nodes can be
put together. ``LineWriter`` writes them in a thread of its own: whoever reads slowly, or not at all, holds
nobody up. A line that says how many were lost is written before the next that gets through.

Invariants: what is not in a record is not in a line, so no text, key or person's name is; ``put`` and
``close`` never wait for the reader for longer than they say; every record is a line or is counted as lost;
into a pipe a line goes whole, whatever else is written into it.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import threading
from queue import Empty, SimpleQueue
from typing import TextIO

from peernode.diagnostics.records import Record

LOG = logging.getLogger("peernode.diagnostics")

LINES_MAX = 4096
"""Lines that wait for the reader, some 2 MB; further ones are lost until there is room again."""

PIECE_BYTES = 4096
"""Written at once: a pipe takes so much whole (PIPE_BUF), with nobody else's line in the middle."""

PACE_S = 0.05
"""Between two looks for new lines, so that not each wakes the thread."""

CLOSE_MAX_S = 2.0

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode
# Made once: ``json.dumps`` with options makes an encoder for each line.


def line_of(node_id: str, record: Record) -> str:
    """A record of a node as one line; raises ``TypeError`` for what is not JSON."""
    return _encode(
        {
            "node": node_id,
            # Not ``told()``, which is for whoever has time: names that are written out cost half as much.
            "serial": record.serial,
            "wall_ms": record.wall_ms,
            "operation": record.operation,
            "subject": record.subject,
            "outcome": record.outcome,
            "elapsed_ms": record.elapsed_ms,
            "parts": record.parts,
            "trace": record.trace,
            "route": record.route,
            "stands_for": record.stands_for,
            "event": "record",
        }
    )


class LineWriter:
    """What writes the records of all nodes of a process to one stream; see the module."""

    def __init__(self, stream: TextIO, lines_max: int = LINES_MAX) -> None:
        """``stream``: stays open; written past its buffer, if it is a file."""
        self._stream = stream
        self._lines_max = lines_max
        self._queue: SimpleQueue[tuple[str, Record] | None] = SimpleQueue()
        self._counting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._put = 0
        self._written = 0
        self._lost = 0
        self._said = 0
        """Of the lost, those of which a line has told."""
        self._torn = False
        """The last line got through in part only."""

    @property
    def lost(self) -> int:
        """Records so far that became no line: no room, nobody there to take them, or not JSON."""
        return self._lost

    @property
    def waiting(self) -> int:
        """Records that wait for the reader; ``LINES_MAX`` at most."""
        return self._queue.qsize()

    def put(self, node_id: str, record: Record) -> bool:
        """Have a record written soon; it must not change any more. False: it is lost, and counted."""
        self._put += 1
        if self._queue.qsize() >= self._lines_max or self._closing.is_set():
            self._lose(1)
            return False
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="record-writer", daemon=True)
            self._thread.start()
        self._queue.put((node_id, record))
        return True

    def close(self, within_s: float = CLOSE_MAX_S) -> int:
        """Write what waits, as far as somebody takes it in time; what is left then is lost. How many are.

        Nothing is logged of it: the log may be the very pipe that nobody reads.
        """
        self._closing.set()
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(within_s)
            if self._thread.is_alive():
                self._forget()
        self._lost = self._put - self._written
        return self._lost

    def _forget(self) -> None:
        """Nobody takes anything; should somebody do later, the thread finds its end."""
        with contextlib.suppress(Empty):
            while True:
                self._queue.get_nowait()
        self._queue.put(None)

    def _lose(self, count: int) -> None:
        with self._counting:
            self._lost += count

    # -- in the thread --------------------------------------------------------------------------

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            goes_on = self._drain(self._queue.get())
            self._closing.wait(PACE_S)
        self._write([])

    def _drain(self, entry: tuple[str, Record] | None) -> bool:
        """Write all that waits, in pieces; false at the end of everything."""
        piece, size = list[bytes](), 0
        with contextlib.suppress(Empty):
            while entry is not None:
                line = self._line(*entry)
                if size + len(line) > PIECE_BYTES:
                    self._write(piece)
                    piece, size = [], 0
                if line:
                    piece.append(line)
                    size += len(line)
                entry = self._queue.get_nowait()
        self._write(piece)
        return entry is not None

    def _line(self, node_id: str, record: Record) -> bytes:
        try:
            return f"{line_of(node_id, record)}\n".encode()
        except (TypeError, ValueError, RuntimeError):
            LOG.exception("a record of %s is not JSON", record.operation)
            self._lose(1)
            return b""

    def _write(self, lines: list[bytes]) -> None:
        """Write a piece, before it how many were lost until now."""
        missing = self._lost - self._said
        try:
            if missing:
                self._out(f"{_encode({'event': 'lost', 'lines': missing})}\n".encode())
                self._said += missing
            if lines:
                self._out(b"".join(lines))
                self._written += len(lines)
        except (OSError, ValueError):  # counted, and said as soon as something gets through
            self._lose(len(lines))

    def _out(self, data: bytes) -> None:
        if self._torn:
            data = b"\n" + data
        try:
            number = self._stream.fileno()
        except io.UnsupportedOperation:
            self._stream.write(data.decode())
            return
        while data:
            data = data[os.write(number, data) :]
            self._torn = bool(data)
