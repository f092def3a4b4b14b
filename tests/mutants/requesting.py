"""Sections 3 and 4: what may be sent to whom; retransmission, and whole operations that are tried again."""

from __future__ import annotations

import random
from typing import Any

from tenacity import AsyncRetrying

from peernode.environment import Address
from peernode.pubsub import join
from peernode.pubsub.retry import retrying
from peernode.rpc.amplification import AmplificationLedger
from peernode.rpc.pending import Pending
from peernode.rpc.requests import Requests
from peernode.simulation.world.standin import StandInSealer
from peernode.wire.sealing import Sealer
from tests.mutants.mutant import Mutant, Patch

_overdue = Requests._overdue


def _overdue_at_once(self: Requests, pending: Pending, due: float) -> None:
    pending.sends_max = pending.sends
    _overdue(self, pending, due)


def _may_start(self: AmplificationLedger, address: Address, size: int, now: float) -> bool:
    return True


def _admit_all(self: Requests, pending: Pending) -> None:
    self._pending[pending.request_id] = pending
    self._start(pending)


def _retrying_once(rng: random.Random, attempts: int | None, **options: Any) -> AsyncRetrying:
    return retrying(rng, 1, **options)


REQUESTING = (
    Mutant(
        "sealed-in-name-only",
        3,
        "XChaCha20-Poly1305 of the payload;",
        "A datagram is marked against changes and not encrypted",
        "nobody-there",
        ("secrecy",),
        tuple(Patch(Sealer, name, vars(StandInSealer)[name]) for name in ("_encrypt", "_decrypt")),
    ),
    Mutant(
        "no-account-of-the-unproven",
        3,
        "Until then it is sent at most 3 times what it sent us, plus an allowance for requests that we "
        "start:",
        "Nobody keeps account of what was sent to an address that has not proven itself",
        "nobody-there",
        ("no_amplification",),
        (Patch(AmplificationLedger, "may_start", _may_start),),
    ),
    Mutant(
        "no-retransmission",
        4,
        "Retransmission is adaptive per peer",
        "A request is sent once and then given up",
        "lossy",
        ("joined", "delivered"),
        (Patch(Requests, "_overdue", _overdue_at_once),),
    ),
    Mutant(
        "all-requests-at-once",
        4,
        "At most 32 requests in flight per peer, the rest queue",
        "Requests don't queue, all are in flight",
        "paste",
        ("bounded",),
        (Patch(Requests, "_admit", _admit_all),),
    ),
    Mutant(
        "join-tried-once",
        4,
        "Whole operations (bootstrap, join, publish) retry with `tenacity`",
        "A join that failed is not tried again",
        "late-joiner",
        ("joined",),
        (Patch(join, "retrying", _retrying_once),),
    ),
)
