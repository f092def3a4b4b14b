"""What every node sends to whom, and what it had from there: the network's side of two promises.

*No amplification* (protocol, section 3): each address that a node has sent to has an account, judged by
what the network carried and not by the node's own books. The address is proven once something really
came from it after something was sent to it, and its account is closed. Until then a node may send three
times what it received from there, and beside that the stated allowance.

*Secrecy*: nothing that is sent shows the beginning of a text that people wrote, or the sender's own key.

Invariants: an account exists only for unproven addresses, at most ``ACCOUNTS_MAX`` per life, over which
that life is judged no further; what a host forged in another's name proves nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from peernode.environment import Address
from peernode.simulation.evidence import TEXT_MARK, Evidence

FACTOR = 3
ALLOWANCE_DATAGRAMS = 4
ALLOWANCE_BYTES = 4_800
WINDOW_S = 30.0
REMEMBERED_EVERY_S = 3.0
"""Configured and remembered addresses may be tried once in so long, beside everything else."""

ACCOUNTS_MAX = 16_384
FORGED_MAX = 65_536
TOLD_MAX = 200
"""Violations kept of each kind."""

SECRECY_NODES_MAX = 100
"""Larger runs may seal by a stand-in."""

ALL_NODES_MAX = 200
SAMPLE = 50
"""So many nodes are judged in larger runs: each has an account for every other that it meets."""

_MARK = TEXT_MARK.encode()


@dataclass(slots=True)
class _Account:
    credit: int = 0
    sent: int = 0
    had: int = 0
    starts: deque[tuple[float, int]] = field(default_factory=deque)
    tried_s: float = float("-inf")

    def allows(self, size: int, now: float, remembered: bool) -> bool:
        """Book ``size`` bytes to the address; whether they were allowed."""
        self.sent += size
        if self.credit >= size:
            self.credit -= size
            return True
        starts = self.starts
        while starts and starts[0][0] <= now - WINDOW_S:
            starts.popleft()
        spent = sum(amount for _, amount in starts)
        if len(starts) < ALLOWANCE_DATAGRAMS and spent + size <= ALLOWANCE_BYTES:
            starts.append((now, size))
            return True
        if remembered and now - self.tried_s >= REMEMBERED_EVERY_S:
            self.tried_s = now
            return True
        return False


_PROVEN = _Account()
"""Instead of the account of an address that has proven itself."""


@dataclass(slots=True)
class _Life:
    """One life of one node."""

    node: int
    ip: str
    remembered: dict[Address, None]
    secret: bytes
    accounts: dict[Address, _Account] = field(default_factory=dict)
    judged: bool = True


class WireWatch:
    """A ``peernode.simulation.world.network.Wire`` of one run."""

    def __init__(self, evidence: Evidence, now: Callable[[], float], nodes: int) -> None:
        self._evidence = evidence
        self._now = now
        self._secrecy = nodes <= SECRECY_NODES_MAX
        self._step = 1 if nodes <= ALL_NODES_MAX else nodes // SAMPLE
        self._lives: dict[tuple[int, int], _Life] = {}
        self._forged: dict[bytes, None] = {}
        if not self._secrecy:
            evidence.coverage["not looked at: secrecy"] += 1
        if self._step > 1:
            evidence.coverage["looked at samples only: no_amplification"] += 1

    def life_begins(
        self, key: tuple[int, int], node: int, ip: str, remembered: Iterable[Address], secret: bytes
    ) -> None:
        """A node starts, seen as ``ip``, with addresses of its own choice and its private ``secret``."""
        life = self._lives[key] = _Life(node, ip, dict.fromkeys(remembered), secret)
        life.judged = node % self._step == 0

    def life_ends(self, key: tuple[int, int]) -> None:
        """A node has stopped or lost its power: it sends nothing more."""
        self._lives.pop(key, None)

    def sent(self, key: tuple[int, int], source: Address, data: bytes, target: Address) -> None:
        """See ``Wire.sent``."""
        life = self._lives.get(key)
        if life is None or source[0] != life.ip:
            self._note_forged(data)
            return
        if self._secrecy and (_MARK in data or life.secret in data):
            self._tell(self._evidence.disclosures, life, target, "shows a text or its private key")
        account = life.accounts.get(target)
        if account is _PROVEN or not life.judged:
            return
        if account is None:
            account = self._open(life, target)
        now = self._now()
        if not account.allows(len(data), now, target in life.remembered):
            self._tell(
                self._evidence.amplifications,
                life,
                target,
                f"has sent {account.sent} bytes, the last {len(data)} over what is allowed, for "
                f"{account.had} received, and the address is not proven",
            )

    def received(self, key: tuple[int, int], source: Address, data: bytes) -> None:
        """See ``Wire.received``."""
        life = self._lives.get(key)
        if life is None:
            return
        account = life.accounts.get(source)
        if account is _PROVEN or not life.judged:
            return
        if account is not None and account.sent and data not in self._forged:
            life.accounts[source] = _PROVEN
            return
        if account is None:
            account = self._open(life, source)
        account.credit += FACTOR * len(data)
        account.had += len(data)

    def _open(self, life: _Life, address: Address) -> _Account:
        account = life.accounts[address] = _Account()
        if len(life.accounts) > ACCOUNTS_MAX:
            life.judged = False
            life.accounts = {}
            self._evidence.coverage["not looked at: no_amplification of a life"] += 1
        return account

    def _note_forged(self, data: bytes) -> None:
        """Sent in the name of another address, or by a host that runs no node: it proves nothing."""
        self._forged[data] = None
        if len(self._forged) > FORGED_MAX:
            del self._forged[next(iter(self._forged))]

    def _tell(self, to: list[str], life: _Life, target: Address, what: str) -> None:
        if life.node not in self._evidence.hostile and len(to) < TOLD_MAX:
            to.append(f"at {self._now():.3f} s node {life.node}, to {target[0]}:{target[1]}: {what}")
