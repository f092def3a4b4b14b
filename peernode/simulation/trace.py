"""What happened on the network, as one running hash and, if asked for, as lines.

Invariant: the hash covers every line, whether lines are kept or not; two runs with equal hashes did
the same at the same times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from peernode.environment import Address
from peernode.simulation.loop import SimLoop

Watch = Callable[[float, str, Address, Address, int], None]
"""Told when, what became of a datagram, from and to where, and its size."""


class Trace:
    """Takes down one line after the other; ``lines`` is None when only the hash is wanted."""

    def __init__(self, loop: SimLoop, keep: bool) -> None:
        self.lines: list[str] | None = [] if keep else None
        self.watch: Watch | None = None
        self._loop = loop
        self._hash = hashlib.blake2b(digest_size=16)

    def note(self, what: str) -> None:
        """Put a line into the trace, with the time."""
        line = f"{self._loop.time():.9f} {what}"
        self._hash.update(line.encode() + b"\n")
        if self.lines is not None:
            self.lines.append(line)

    def datagram(self, kind: str, source: Address, target: Address, data: bytes) -> None:
        """Note what became of a datagram."""
        now = self._loop.time()
        if self.watch is not None:
            self.watch(now, kind, source, target, len(data))
        line = (
            f"{now:.9f} {kind} {source[0]}:{source[1]}>{target[0]}:{target[1]} {len(data)} "
            f"{hashlib.blake2b(data, digest_size=6).hexdigest()}"
        )
        self._hash.update(line.encode() + b"\n")
        if self.lines is not None:
            self.lines.append(line)

    def hash(self) -> str:
        """Hash of everything noted so far, as hex."""
        return self._hash.hexdigest()
