"""What may be sent to an address before it has proven that it wants anything from us.

Anyone can write a victim's address into a datagram or a contact. So until proven, an address is
sent at most ``FACTOR`` times what came from it, plus a small allowance for requests that we start:
``ALLOWANCE_DATAGRAMS`` and ``ALLOWANCE_BYTES`` in any ``WINDOW_S``. Configured and remembered
addresses may besides be tried once per ``REMEMBERED_EVERY_S``; nobody else can put an address
there. A global rate bounds what all allowances together send.

Invariant, tested as a property: whatever the order, the bytes sent to an address that is not
remembered are at most ``FACTOR`` times those received from it before, plus the allowance of each
window. The table is bounded: the least recently used account is forgotten with its credit, and the
global rate bounds what renewed allowances can add up to.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from peernode.environment import Address
from peernode.rpc.ratelimit import TokenBucket

FACTOR = 3
ALLOWANCE_DATAGRAMS = 4
ALLOWANCE_BYTES = 4800
WINDOW_S = 30.0
REMEMBERED_EVERY_S = 3.0
REMEMBERED_MAX = 1024
"""Remembered addresses; over it the longest remembered is forgotten."""

STARTS_PER_S = 500.0
STARTS_BURST = 2000.0
"""Datagrams to unproven addresses that all allowances together may send."""


@dataclass(slots=True)
class _Account:
    credit: int = 0
    """Bytes that may still be sent against what was received."""
    starts: deque[tuple[float, int]] = field(default_factory=deque)
    """When and how much was sent from the allowance, within the last window."""
    remembered_at: float = float("-inf")


class AmplificationLedger:
    """One account per unproven address."""

    def __init__(self, addresses_max: int, now: float) -> None:
        self._addresses_max = addresses_max
        self._accounts: OrderedDict[Address, _Account] = OrderedDict()
        self._remembered: OrderedDict[Address, None] = OrderedDict()
        self._starts = TokenBucket(STARTS_PER_S, STARTS_BURST, now)

    def __len__(self) -> int:
        return len(self._accounts)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "unproven_addresses": (len(self._accounts), self._addresses_max),
            "remembered_addresses": (len(self._remembered), REMEMBERED_MAX),
        }

    def remember(self, addresses: Iterable[Address]) -> None:
        """Addresses of our own choice: configured, or met in an earlier life."""
        for address in addresses:
            self._remembered[address] = None
            self._remembered.move_to_end(address)
            if len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)

    def received(self, address: Address, size: int) -> None:
        """``size`` bytes came from ``address``, whatever they were."""
        self._account(address).credit += FACTOR * size

    def may_answer(self, address: Address, size: int) -> bool:
        """Whether ``size`` bytes may answer what came from ``address``; if so they are booked."""
        account = self._account(address)
        if account.credit < size:
            return False
        account.credit -= size
        return True

    def may_start(self, address: Address, size: int, now: float) -> bool:
        """Whether a request of ours, ``size`` bytes, may go to ``address`` now; if so it is booked."""
        account = self._account(address)
        if account.credit >= size:
            account.credit -= size
            return True
        starts = account.starts
        while starts and starts[0][0] <= now - WINDOW_S:
            starts.popleft()
        spent = sum(bytes_sent for _, bytes_sent in starts)
        if len(starts) < ALLOWANCE_DATAGRAMS and spent + size <= ALLOWANCE_BYTES:
            if not self._starts.take(now):
                return False
            starts.append((now, size))
            return True
        if address in self._remembered and now - account.remembered_at >= REMEMBERED_EVERY_S:
            account.remembered_at = now
            return True
        return False

    def _account(self, address: Address) -> _Account:
        account = self._accounts.get(address)
        if account is None:
            account = self._accounts[address] = _Account()
            if len(self._accounts) > self._addresses_max:
                self._accounts.popitem(last=False)
        else:
            self._accounts.move_to_end(address)
        return account
