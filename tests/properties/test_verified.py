"""Property 25: nothing is called recovered that was not proven both ways since.

Topology, links, who was away, how and for how long, and what is still broken when it comes back are drawn.
What a recovery was proven by is judged by what arrived, as the receivers' sealers opened it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from peernode.channel.coordinator import ACTIVE
from peernode.errors import RemoteProtocolError
from peernode.events import Event, Recovered, Recovering
from peernode.simulation.world.host import SimWorld
from peernode.simulation.world.standin import StandInSealer
from peernode.wire.frames import Sealed
from peernode.wire.ops import Op
from peernode.wire.payload import KIND_REQUEST, decode_messages
from peernode.wire.sealing import Sealer
from tests.properties.examples import drawn
from tests.properties.test_proven import Wire, came_back, started
from tests.properties.test_recovering import REJOINED_S, networks, within
from tests.pubsub.flock import LOBBY, Bird, Flock

STILL = ("probes", "deaf", "mute", "echoes", "nothing")
"""What still gets lost when the node is back: at first it must not be called recovered."""


class Ear:
    """What a bird hears, of which some can be made to get lost."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.loses = "nothing"
        self.lost: Counter[str] = Counter()

    def sealer(self) -> type[Sealer]:
        """A sealer that loses datagrams with probes, or with nonces that come back."""
        ear, listening = self, self.wire.sealer(StandInSealer)

        class Losing(listening):  # type: ignore[valid-type,misc]
            def open(self, frame: Sealed) -> bytes:
                if ear.loses != "nothing":
                    for message in decode_messages(StandInSealer.open(self, frame)):
                        if message.kind == KIND_REQUEST and message.code == Op.PROBE:
                            back = bytes(message.body[1]) in ear.sent()
                            if ear.loses == ("echoes" if back else "probes"):
                                ear.lost[ear.loses] += 1
                                raise RemoteProtocolError("got lost")
                plaintext: bytes = super().open(frame)
                return plaintext

        return Losing

    def sent(self) -> set[bytes]:
        """All nonces that have arrived for being brought back."""
        return {said[4] for said in self.wire.heard if said[1] is Op.ECHO}


class Watch(list[Event]):
    """A node's events, and what was not as it should be when it told of a recovery."""

    def __init__(self, bird: Bird, wire: Wire) -> None:
        super().__init__()
        self.bird, self.wire, self.ear = bird, wire, Ear(wire)
        bird.events, bird.sealer = self, self.ear.sealer()
        self.began_s: float | None = None
        """When the recovery began that is on its way."""
        self.proven = 0
        self.broken = False
        """Whether nothing gets to the node, or back from it, as only the test knows."""
        self.wrong: list[str] = []

    def append(self, event: Event) -> None:
        super().append(event)
        if not isinstance(event, Recovering | Recovered):
            return
        now = asyncio.get_running_loop().time()
        told = self.bird.node.coordinator(LOBBY)
        if (told["state"] == ACTIVE) is isinstance(event, Recovering):
            self.wrong.append(f"{told['state']} at {event} after {told['trace']}")
        if isinstance(event, Recovering):
            self.began_s = now
        elif self.began_s is not None:
            self.proven += 1
            self._judge(told["initiators"], self.began_s, now)
            self.began_s = None
            if self.broken or not event.verified:
                self.wrong.append(f"{event} at {now} with broken ways, or not verified")

    def _judge(self, initiators: list[str], from_s: float, to_s: float) -> None:
        """Since it began a quorum's probes have come in, and a nonce that went out has come back."""
        me = self.bird.node.node_id
        probes = [said for said in self.wire.between(Op.PROBE, from_s, to_s) if said[1] == me]
        reached_by = {by for by, _, _ in probes} | {me}
        if len(reached_by & {*initiators}) < len(initiators) // 2 + 1:
            self.wrong.append(f"reached by {len(reached_by & {*initiators})} of {len(initiators)}")
        if not came_back(self.wire, me, {*initiators}, from_s, to_s):
            self.wrong.append("no nonce came back")


def test_property_25_a_recovery_is_verified_both_ways_before_it_is_called_complete() -> None:
    """Catches a ``JoinProof.run`` that returns at once, leases that are believed without a probe (who has
    taken one counts as having reached us, or ``_inbound`` is left out), and ``_outbound`` left out.
    """
    proven: Counter[tuple[str, int]] = Counter()
    lost: Counter[str] = Counter()
    different: set[str] = set()

    @drawn
    @given(
        still=st.sampled_from(STILL),
        network=networks,
        count=st.sampled_from((4, 3)),
        who=st.integers(0, 3),
        how=st.sampled_from(("cut off", "frozen")),
        away_s=st.sampled_from((7, 8)),
        still_s=st.sampled_from((1.5, 3.0)),
    )
    def recovers(
        still: str, network: dict[str, Any], count: int, who: int, how: str, away_s: int, still_s: float
    ) -> None:
        async def tell(flock: Flock) -> None:
            await flock.join()
            await asyncio.sleep(0.3)
            await within(lambda: all(watch.began_s is None for watch in watches), REJOINED_S, "begun")
            lonely = flock[who % count]
            watch, others = watches[lonely.index], [bird for bird in flock if bird is not lonely]
            before, watch.broken = watch.proven, True
            cut = flock.cut_off(lonely) if how == "cut off" else lonely.host.pause()
            await asyncio.sleep(away_s)
            half = None
            if still in ("deaf", "mute"):
                half = flock.block(*((others, [lonely]) if still == "deaf" else ([lonely], others)))
            watch.ear.loses = still
            watch.broken = still in ("deaf", "mute", "echoes")
            flock.mend(cut) if cut is not None else lonely.host.resume()
            await asyncio.sleep(still_s if still != "nothing" else 0)
            if half is not None:
                flock.mend(half)
            watch.ear.loses, watch.broken = "nothing", False
            await within(lambda: watch.proven > before, REJOINED_S, "proven")
            await asyncio.sleep(0.2)
            wrong = [(each.bird.index, each.wrong) for each in watches if each.wrong]
            assert not wrong, wrong
            proven[still, count] += 1
            different.add(repr((network, count, who, how, away_s, still_s)))
            lost.update(watch.ear.lost)

        wire = Wire()
        with SimWorld(**network) as world:
            flock = Flock(world, count)
            watches = [Watch(bird, wire) for bird in flock]
            world.run(started(flock, tell(flock)))

    recovers()
    assert len(different) >= 90, "worlds that differ in more than what still gets lost"
    assert proven.total() >= 100
    assert all(sum(proven[still, count] for count in (3, 4)) >= 5 for still in STILL)
    assert proven["probes", 4] >= 3, "of four a quorum is more than the node and who echoes"
    assert min(lost["probes"], lost["echoes"]) >= 20
