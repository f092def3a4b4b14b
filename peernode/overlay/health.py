"""How the configured bootstrap addresses, and those found nearby, have behaved.

Invariants: one record per address, as many as there are places to dial; a record changes only when somebody
answered from there or a dial ended; what is shown is a copy, with times as ages, so that it means the same
on any clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from peernode.environment import Address


@dataclass(frozen=True, slots=True)
class BootstrapHealth:
    """One place to dial, as seen now."""

    address: Address
    origin: Literal["configured", "nearby"]
    state: Literal["untried", "answering", "silent"]
    answered_s_ago: float | None
    """Since anything was last answered from there; None: never in this run."""
    tried_s_ago: float | None
    """Since it was last dialled."""
    failures: int
    """Dials in a row without an answer."""
    rtt_ms: float | None
    """From the last request to its answer, retransmissions included."""

    def shown(self) -> dict[str, Any]:
        """The same, JSON-able."""
        return asdict(self)


@dataclass(slots=True, eq=False)
class _Record:
    answered_at: float | None = None
    tried_at: float | None = None
    failures: int = 0
    rtt_s: float | None = None


class Health:
    """The records of one node; synchronous, clock passed in."""

    def __init__(self) -> None:
        self._records: dict[Address, _Record] = {}

    def keep(self, addresses: Iterable[Address]) -> None:
        """These are the places now; the others' records are dropped."""
        self._records = {each: self._records.get(each) or _Record() for each in addresses}

    def tried(self, address: Address, now: float) -> None:
        """It is being dialled."""
        if (record := self._records.get(address)) is not None:
            record.tried_at = now

    def answered(self, address: Address, now: float, rtt_s: float) -> None:
        """Any request of ours was answered from there."""
        if (record := self._records.get(address)) is not None:
            record.answered_at, record.rtt_s, record.failures = now, rtt_s, 0

    def failed(self, address: Address) -> None:
        """A dial of it was not answered."""
        if (record := self._records.get(address)) is not None:
            record.failures += 1

    def seen(self, nearby: Iterable[Address], now: float) -> list[BootstrapHealth]:
        """All records, in the order of the places."""
        near = set(nearby)
        return [
            BootstrapHealth(
                address,
                "nearby" if address in near else "configured",
                "silent" if record.failures else "untried" if record.answered_at is None else "answering",
                _age(record.answered_at, now),
                _age(record.tried_at, now),
                record.failures,
                None if record.rtt_s is None else round(1000 * record.rtt_s, 1),
            )
            for address, record in self._records.items()
        ]


def _age(at: float | None, now: float) -> float | None:
    return None if at is None else round(now - at, 3)
