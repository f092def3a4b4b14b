"""What happened on the network, as one running hash and, if asked for, as lines.

Invariant: the hash covers every line, whether lines are kept or not; two runs with equal hashes did
the same at the same times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from zlib import crc32

from peernode.environment import Address
from peernode.simulation.world.loop import SimLoop

Watch = Callable[[float, str, Address, Address, int], None]
"""Told when, what became of a datagram, from and to where, and its size."""


LINES_PER_HASHING = 512
"""Lines that are hashed in one go."""


class Trace:
    """Takes down one line after the other; ``lines`` is None when only the hash is wanted."""

    def __init__(self, loop: SimLoop, keep: bool) -> None:
        self.lines: list[str] | None = [] if keep else None
        self.watch: Watch | None = None
        self._loop = loop
        self._hash = hashlib.blake2b(digest_size=16)
        self._fresh: list[str] = []

    def note(self, what: str) -> None:
        """Put a line into the trace, with the time."""
        self._take(f"{self._loop.time():.9f} {what}")

    def datagram(self, kind: str, source: Address, target: Address, data: bytes) -> None:
        """Note what became of a datagram; its content counts by a checksum."""
        now = self._loop.time()
        if self.watch is not None:
            self.watch(now, kind, source, target, len(data))
        (ip, port), (to_ip, to_port) = source, target
        self._take(f"{now:.9f} {kind} {ip}:{port}>{to_ip}:{to_port} {len(data)} {crc32(data):08x}")

    def _take(self, line: str) -> None:
        self._fresh.append(line)
        if len(self._fresh) >= LINES_PER_HASHING:
            self._hash_fresh()
        if self.lines is not None:
            self.lines.append(line)

    def _hash_fresh(self) -> None:
        if self._fresh:
            self._fresh.append("")  # so that every line ends
            self._hash.update("\n".join(self._fresh).encode())
            self._fresh.clear()

    def hash(self) -> str:
        """Hash of everything noted so far, as hex."""
        self._hash_fresh()
        return self._hash.hexdigest()
