"""``ChannelStates``: how each joined channel is by this node's own word, told whenever that changes.

What an administrator sees (``channelhealth``) asks all initiators. This asks nobody and sends nothing, so it
can be had for every channel all the time: which initiators the node knows, who of them has answered it, and
whether it is certain about them. A node that stores the channel itself probes the others each second, and
knows within seconds who is silent; one that only subscribes learns it from its next renewal or message.

Invariants: only a joined channel has a state, its first one is told with the join; what is better is told at
once, what is not once it has lasted ``SURE_S``, so that a few lost datagrams are no news; one look goes over
``LOOKED_AT_MAX`` channels, in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from peernode.channel.coordinator import ACTIVE, RECOVERING
from peernode.diagnostics.codes import error_info
from peernode.diagnostics.findings import OWN_CHECKS
from peernode.diagnostics.reasons import HEALTHY, STATES, count_answering
from peernode.diagnostics.verdict import worst_of
from peernode.events import ChannelHealth
from peernode.pubsub.context import Context
from peernode.pubsub.join import Joiner
from peernode.pubsub.presence import Presence
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.wire.contact import Contact

SURE_S = 1.5
"""What is not better than before is told once it has lasted so long."""

LOOKED_AT_MAX = 256
"""Channels in one look; of more each has its turn."""


@dataclass(frozen=True, slots=True)
class State:
    """What a channel's health comes to; equal ones are told once."""

    state: str
    code: str
    initiators: tuple[int, int]
    """So many have answered, of how many."""


class ChannelStates:
    """See the module."""

    def __init__(self, context: Context, storage: PubSubStorage, presence: Presence, joiner: Joiner) -> None:
        self._context = context
        self._storage = storage
        self._presence = presence
        self._told: dict[bytes, State] = {}
        self._since_s: dict[bytes, float] = {}
        """Channel id -> since when something is the case that was not told, and is not better."""
        self._behind = b""
        """The last look ended with this channel."""
        joiner.on_joined.append(self._look_at)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        longest = max(len(self._told), len(self._since_s))
        return {"channel_states": (longest, self._context.config.channels_max)}

    def look(self) -> None:
        """Tell what has changed; to be called some times a second."""
        replicas = self._storage.replicas
        joined = [channel_id for channel_id, replica in replicas.items() if replica.joined]
        for channel_id in self._turn(joined):
            self._look_at(replicas[channel_id])

    def _turn(self, joined: list[bytes]) -> list[bytes]:
        if len(joined) <= LOOKED_AT_MAX:
            return joined
        joined.sort()
        later = (each for each in joined if each > self._behind)
        turn = list(islice(chain(later, joined), LOOKED_AT_MAX))
        self._behind = turn[-1]
        return turn

    def left(self, replica: Replica) -> None:
        """The channel was left: whoever joins it again is told anew."""
        self._told.pop(replica.channel_id, None)
        self._since_s.pop(replica.channel_id, None)

    def _look_at(self, replica: Replica) -> None:
        channel_id, state = replica.channel_id, self._state_of(replica)
        told = self._told.get(channel_id)
        if state == told:
            self._since_s.pop(channel_id, None)
            return
        if told is not None and STATES.index(state.state) >= STATES.index(told.state):
            now = self._context.now()
            if now - self._since_s.setdefault(channel_id, now) < SURE_S:
                return
        self._since_s.pop(channel_id, None)
        self._told[channel_id] = state
        error = error_info(state.code) if state.code else None
        self._context.tell(ChannelHealth(replica.name, state.state, state.initiators, error))

    def _state_of(self, replica: Replica) -> State:
        known = self._known(replica)
        worst = worst_of(known, OWN_CHECKS)
        k, of = count_answering(known)
        return State(worst.state if worst else HEALTHY, worst.code if worst else "", (k, of))

    def _known(self, replica: Replica) -> dict[str, Any]:
        """As much of a channel's picture (``reasons.Channel``) as this node has by itself."""
        view = replica.initiators
        is_certain = view is not None and replica.load_state == ACTIVE and not replica.recovering
        online = self._context.overlay.state()[0] == "online"
        contacts = view.contacts if view is not None else replica.remembered
        return {
            "online": online,
            "initiators": [self._initiator(contact, online) for contact in contacts],
            "coordinator": {"state": ACTIVE if is_certain else RECOVERING},
        }

    def _initiator(self, contact: Contact, online: bool) -> dict[str, bool]:
        """Who answered last longer ago than a lease lasts is silent, whatever the routing table knows."""
        if contact.public_key == self._context.identity.public_key:
            return {"own": True, "answers": True, "unheard": False}
        heard_s = self._presence.answered_s(contact.id)
        if not online or self._context.overlay.table.silent(contact):
            return {"own": False, "answers": False, "unheard": False}
        if heard_s is None:
            return {"own": False, "answers": False, "unheard": True}
        is_fresh = self._context.now() - heard_s < self._context.config.lease_ttl_s
        return {"own": False, "answers": is_fresh, "unheard": False}
