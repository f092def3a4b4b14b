"""Sections 9 and 10: joining, leases and their renewal, gaps, anti-entropy."""

from __future__ import annotations

import asyncio

from peernode.channel.lease import Held
from peernode.channel.leasetable import LeaseTable
from peernode.pubsub.join import Joiner
from peernode.pubsub.joinrun import JoinRun
from peernode.pubsub.renewal import Renewal
from peernode.pubsub.replica import Replica
from peernode.pubsub.replication import Replication
from peernode.pubsub.sync import CatchUp
from peernode.wire.contact import Contact
from tests.mutants.mutant import Mutant, Patch

_watch = Joiner._watch
_run = CatchUp.run


async def _watch_and_end(self: Joiner, run: JoinRun) -> None:
    await _watch(self, run)
    if run.delayed and run.task is not None:
        run.task.cancel()


def _nothing(self: object, *_: object) -> None:
    return


def _all_ever_held(self: LeaseTable, now_s: float) -> list[Held]:
    return list(self._held.values())


async def _renew_never(self: Renewal) -> None:
    await asyncio.Event().wait()


async def _no_round(self: Replication, replica: Replica, delay_s: float) -> None:
    self._due.pop(replica.channel_id, None)


async def _catch_up_as_an_initiator(
    self: CatchUp, replica: Replica, contact: Contact, limit: int | None = None
) -> int | None:
    return await _run(self, replica, contact, limit) if replica.serves else 0


SUBSCRIBING = (
    Mutant(
        "join-ends-with-its-budget",
        9,
        "at 5 s the user is told the step, code and remedy while it goes on in the background.",
        "A join that took too long is given up",
        "late-joiner",
        ("joined",),
        (Patch(Joiner, "_watch", _watch_and_end),),
    ),
    Mutant(
        "leases-never-end",
        10,
        "expiry runs on the receiver's monotonic clock from the remaining time,",
        "A lease that has run out is still pushed to",
        "gone",
        ("leases_end",),
        (Patch(LeaseTable, "expire", _nothing), Patch(LeaseTable, "live", _all_ever_held)),
    ),
    Mutant(
        "leases-not-renewed",
        10,
        "Renewed every 20 s with jitter;",
        "A lease is asked for once and never again",
        "gone",
        ("leases_end", "delivered"),
        (Patch(Renewal, "run", _renew_never),),
    ),
    Mutant(
        "spared-push-never-repaired",
        10,
        "so that the renewal *is* the gap check,",
        "Who was not pushed to, because two initiators lied, never compares its log with theirs",
        "two-liars",
        ("delivered",),
        (Patch(CatchUp, "run", _catch_up_as_an_initiator),),
    ),
    Mutant(
        "gap-never-pulled",
        10,
        "A push whose seq skips ahead triggers a pull at once.",
        "A gap waits for the next renewal",
        "one-missed",
        ("delivered",),
        (Patch(CatchUp, "gap", _nothing),),
    ),
    Mutant(
        "no-anti-entropy",
        10,
        "Initiators compare roots with each other every 15 s and whenever the set changes.",
        "Initiators never compare their logs",
        "take-over",
        ("replicated",),
        (Patch(Replication, "_round", _no_round),),
    ),
)
