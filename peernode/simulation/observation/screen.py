"""What one node tells its application, as the person in front of it sees it: straight into ``Evidence``.

Invariant: nothing is kept here; an event is noted at its time, with what the disks of all nodes said to
it at that very moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from peernode.events import Event, Joined, MessageReceived, MessageState, OutboxState, Recovered
from peernode.simulation.claims import ACKNOWLEDGED, Claim
from peernode.simulation.evidence import Evidence, Sending, Sighting

Path = Callable[[int, int], float]
"""The shortest time in seconds that anything takes from one node to another."""

PATHS_NODES_MAX = 200
"""In larger runs a claim is held against the disks as they are, not as they were a path ago."""

ROUNDING_S = 1e-6


class Screen:
    """The screen of node number ``index``."""

    def __init__(self, index: int, evidence: Evidence, now: Callable[[], float], path_s: Path) -> None:
        self._index = index
        self._evidence = evidence
        self._now = now
        self._path_s = path_s
        self._relayed: dict[int, float] = {}

    def told(self, life: int, event: Event) -> None:
        """The node, in its ``life``, reports ``event``; what comes after the end of the run is not heard."""
        if self._evidence.closed:
            return
        now = self._now()
        if isinstance(event, MessageReceived):
            shown = event.message
            self._evidence.sightings.append(
                Sighting(
                    now,
                    self._index,
                    life,
                    shown.id,
                    shown.channel,
                    shown.author,
                    shown.text,
                    shown.order,
                    event.history,
                )
            )
        elif isinstance(event, MessageState):
            self._state_of_own(life, event.state, now)
        elif isinstance(event, Joined):
            joining = self._evidence.joinings.get((self._index, event.channel))
            if joining is not None and joining.joined_at_s is None:
                joining.joined_at_s = now
            elif joining is not None:
                self._evidence.coverage["path rejoin"] += 1
        elif isinstance(event, Recovered) and event.verified:
            self._evidence.recovered_s[self._index, event.channel] = now
        self._evidence.coverage[f"event {type(event).__name__}"] += 1

    def recalled(self, life: int, states: Iterable[OutboxState]) -> None:
        """What the node, started anew, says of what its person wrote in earlier lives."""
        now, by_id = self._now(), {state.id: state for state in states}
        for sending in self._evidence.sendings.values():
            if sending.author != self._index or not sending.claims or sending.claims[-1].life == life:
                continue
            state = by_id.get(sending.id)
            if state is None:
                sending.claims.append(Claim(now, "", 0, 0, 0, 0, 0, life))
            else:
                sending.claims.append(self._claim(sending, state, life, now))

    def _state_of_own(self, life: int, state: OutboxState, now: float) -> None:
        sending = self._evidence.sendings.get(state.id)
        if sending is None:
            return
        sending.state = state.state
        sending.error = state.error.code if state.error else ""
        if sending.acked_at_s is None and state.state in ACKNOWLEDGED:
            sending.acked_at_s = now
        sending.claims.append(self._claim(sending, state, life, now))

    def _claim(self, sending: Sending, state: OutboxState, life: int, now: float) -> Claim:
        copies, own = self._evidence.copies.get(sending.id, {}), self._index
        if len(self._evidence.node_ids) > PATHS_NODES_MAX:
            held = len(copies)
            takers = dict.fromkeys(node for node in copies if node != own)
        else:
            at_s = now + ROUNDING_S
            held = sum(1 for node, copy in copies.items() if copy.since_s + self._path_s(node, own) <= at_s)
            takers = dict.fromkeys(
                node
                for node, copy in copies.items()
                if node != own and copy.since_s + self._relayed_s(node) <= at_s
            )
        names = tuple(name for name, _ in state.acks)
        ids = self._evidence.node_ids
        founded = {ids[node] for node in takers} if names else set()
        return Claim(
            now,
            state.state,
            state.stored[0],
            state.stored[1],
            state.delivered[0],
            held,
            len(takers),
            life,
            state.delivered[1],
            names,
            tuple(name for name in names if name not in founded),
        )

    def _relayed_s(self, node: int) -> float:
        """The shortest way from ``node`` to here through at most one other, as acks may travel."""
        known = self._relayed.get(node)
        if known is None:
            own, path_s = self._index, self._path_s
            known = min(
                path_s(node, other) + path_s(other, own) for other in range(len(self._evidence.node_ids))
            )
            self._relayed[node] = known
        return known
