"""How much of each thing there is at a node, for its metrics: plain counts, without a name of anything.

Cheap on purpose: by what the node knows itself, asking nobody. So a channel is ``healthy`` here when its join
is confirmed and its initiators were last loaded without trouble; a verdict for people asks the initiators.
"""

from __future__ import annotations

from peernode.channel.coordinator import ACTIVE, FAILED
from peernode.channel.ids import is_canary
from peernode.diagnostics.reasons import DEGRADED, DOWN, HEALTHY, STATES
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.pubsub.service import PubSub

UNSAFE = ("pending", "failed")
"""States of own messages that a majority has not confirmed."""


def census(context: Context, pubsub: PubSub) -> dict[str, int]:
    """Counts of peers, channels by verdict, stored channels, live leases, own messages that are not safe."""
    replicas = list(pubsub.storage.replicas.values())
    verdicts = [_verdict(each) for each in replicas if each.member and not is_canary(each.name)]
    return {
        "peers": len(context.overlay.table.live()),
        **{f"channels.{verdict}": verdicts.count(verdict) for verdict in STATES},
        "channels.stored": sum(1 for each in replicas if each.serves),
        "subscribers": sum(each.leases.count(context.now()) for each in replicas if each.serves),
        "outbox": sum(1 for entry in pubsub.outbox.waiting.values() if entry.shown and entry.state in UNSAFE),
    }


def _verdict(replica: Replica) -> str:
    if replica.load_state == FAILED:
        return DOWN
    well = replica.joined and not replica.recovering and replica.load_state == ACTIVE
    return HEALTHY if well else DEGRADED
