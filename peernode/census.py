"""How much of each thing there is at a node, for its metrics.

Cheap on purpose: by what the node knows itself, asking nobody. So a channel is ``healthy`` here when its join
is confirmed and its initiators were last loaded without trouble; a verdict for people asks the initiators.
Channels in which servers test themselves are no channels here. The counts name nothing; the channels that are
stored are told by name, since several nodes of one server store the same one.
"""

from __future__ import annotations

from peernode.channel.coordinator import ACTIVE, FAILED
from peernode.channel.ids import is_canary
from peernode.diagnostics.reasons import DEGRADED, DOWN, HEALTHY, STATES
from peernode.pubsub.context import Context
from peernode.pubsub.entry import Entry
from peernode.pubsub.replica import Replica
from peernode.pubsub.service import PubSub

UNSAFE = ("pending", "failed")
"""States of own messages that a majority has not confirmed."""


def census(context: Context, pubsub: PubSub) -> dict[str, int]:
    """Counts of peers, channels by verdict, live leases, own messages that are not safe."""
    replicas = _replicas(pubsub)
    verdicts = [_verdict(each) for each in replicas if each.member]
    return {
        "peers": len(context.overlay.table.live()),
        **{f"channels.{verdict}": verdicts.count(verdict) for verdict in STATES},
        "subscribers": sum(each.leases.count(context.now()) for each in replicas if each.serves),
        "outbox": sum(1 for entry in pubsub.outbox.waiting.values() if _is_unsafe(entry)),
    }


def stored(pubsub: PubSub) -> set[str]:
    """The names of the channels that this node stores as an initiator."""
    return {each.name for each in _replicas(pubsub) if each.serves}


def _replicas(pubsub: PubSub) -> list[Replica]:
    return [each for each in pubsub.storage.replicas.values() if not is_canary(each.name)]


def _is_unsafe(entry: Entry) -> bool:
    return entry.shown and entry.state in UNSAFE and not is_canary(entry.replica.name)


def _verdict(replica: Replica) -> str:
    if replica.load_state == FAILED:
        return DOWN
    well = replica.joined and not replica.recovering and replica.load_state == ACTIVE
    return HEALTHY if well else DEGRADED
