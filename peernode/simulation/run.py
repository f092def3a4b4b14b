"""One run of a scenario: hosts and nodes are made, people and faults act, the end is looked at.

Invariant: whatever goes wrong in the engine ends up in ``Evidence.failures``, and the run still yields
its evidence; only a mistake of the simulator itself comes out as an exception.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from peernode.simulation.evidence import Evidence, Failure, Traffic
from peernode.simulation.faults.timetable import Faults
from peernode.simulation.inquiry import Inquiry
from peernode.simulation.listing import note_lists
from peernode.simulation.machines import equip
from peernode.simulation.node_keys import NodesSpec
from peernode.simulation.observation.attempts import Attempts, Tried
from peernode.simulation.observation.lastlook import look_at
from peernode.simulation.observation.logs import Logs
from peernode.simulation.observation.observers import Observation
from peernode.simulation.observation.timeline import Timeline
from peernode.simulation.observation.watch import Watch
from peernode.simulation.participant import Participant
from peernode.simulation.scenario import Scenario
from peernode.simulation.workload import Workload
from peernode.simulation.world.host import SimWorld
from peernode.simulation.world.loop import SimulationError
from peernode.simulation.world.standin import REAL_NODES_MAX

STEPS_PER_NODE_SECOND_MAX = 20_000
"""The budget of a run: callbacks per node and virtual second, far above what any node needs."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is left of a run."""

    scenario: Scenario
    seed: int
    evidence: Evidence
    trace_hash: str
    trace: list[str] | None
    virtual_s: float
    one_way_ms: dict[tuple[int, int], float]
    """(author, receiver) -> undisturbed one-way delay, of the pairs that exchanged messages."""
    timeline: Timeline
    attempts: dict[str, list[Tried]]
    """Id of a message that did not arrive in time everywhere -> what was tried."""
    sealing: str = "real"
    """Whether datagrams were really sealed, or by a cheap stand-in."""


def run(
    scenario: Scenario,
    seed: int | None = None,
    trace: bool = False,
    begun: Callable[[Callable[[], float]], None] = lambda _: None,
) -> Run:
    """Run ``scenario``; ``seed`` replaces its own, ``trace`` keeps a line per datagram.

    ``begun`` is given the virtual clock, which another thread may read.
    """
    seed = scenario.seed if seed is None else seed
    evidence = Evidence()
    evidence.asked["messages"] = sum(publish.messages for publish in scenario.publish)
    evidence.asked.update(fault.kind for fault in scenario.faults)
    evidence.clocks_doubtful = _clocks_doubtful(scenario)
    with SimWorld(
        seed,
        settings=scenario.network,
        trace=trace,
        steps_max=int(STEPS_PER_NODE_SECOND_MAX * scenario.nodes.count * (scenario.duration_s + 60)),
    ) as world:
        story = _Story(scenario, seed, world, evidence)
        begun(world.loop.time)
        try:
            world.run_unjudged(story.tell())
        except SimulationError as error:
            evidence.failures.append(Failure(world.loop.time(), f"{type(error).__name__}: {error}"))
        evidence.failures += [_failure(context) for context in world.loop.failures]
        evidence.coverage.update(world.network.counts)
        evidence.closed = True
        return Run(
            scenario,
            seed,
            evidence,
            world.network.trace.hash(),
            world.network.trace.lines,
            world.loop.time(),
            story.one_way_ms(),
            story.timeline,
            story.attempts.of_the_troubles(),
            "real" if scenario.nodes.count <= REAL_NODES_MAX else "stand-in",
        )


class _Story:
    """The acts of one run, in the observer's context."""

    def __init__(self, scenario: Scenario, seed: int, world: SimWorld, evidence: Evidence) -> None:
        self._scenario = scenario
        self._seed = seed
        self._world = world
        self._evidence = evidence
        watching = Observation(world, evidence, scenario.nodes.count)
        self._participants = [
            Participant(world, watching, index, nat) for index, nat in enumerate(_nats(scenario.nodes, seed))
        ]
        equip(scenario.nodes, seed, [participant.host for participant in self._participants])
        known = tuple(item.address for item in self._participants[: scenario.nodes.bootstrap])
        for participant in self._participants:
            participant.everyone = self._participants
            participant.configure(known, scenario.nodes.small_channel_max)
        self._workload = Workload(scenario, seed, self._participants)
        self.attempts = Attempts(evidence, self._participants)
        index_of = {participant.host.ip: participant.index for participant in self._participants}
        self.timeline = Timeline(scenario.nodes.count, scenario.duration_s, index_of)
        self.timeline.look = self._by_op
        world.network.trace.watch = self.timeline.datagram
        for participant in self._participants:
            participant.on_going_down = self.attempts.life_ends
        self._faults = Faults(scenario, seed, world, self._participants, evidence, self.timeline)

    async def tell(self) -> None:
        """From the first start to the last look."""
        scenario = self._scenario
        channels = [channel.name for channel in scenario.channels]
        around = (self._world, self._evidence, self._participants, channels)
        looks = (Watch(*around).run(), Logs(*around).run())
        inquiry = Inquiry(scenario, self._seed, self._world, self._evidence, self._participants)
        deeds = (self._workload.run(), self._faults.run(), inquiry.run(), *looks)
        acts = [asyncio.ensure_future(act) for act in deeds]
        first_publish_s = min((publish.start_s for publish in scenario.publish), default=0.0)
        for at_s, name in sorted(
            [(first_publish_s, "publish"), (scenario.duration_s - scenario.settle_s / 2, "quiet")]
        ):
            await asyncio.sleep(at_s - self._world.loop.time())
            self._evidence.traffic[name] = self._traffic()
        await asyncio.sleep(scenario.duration_s - self._world.loop.time())
        self._evidence.traffic["end"] = self._traffic()
        self.timeline.end(self._world.loop.time())
        for participant in self._participants:
            look_at(participant, self._evidence)
        for channel in scenario.channels:
            self._evidence.initiators[channel.name] = self._initiators(channel.name)
        note_lists(self._evidence, self._participants)
        for act in acts:
            if act.done():
                act.result()  # a mistake of the simulator itself
            act.cancel()  # somebody still waits for a node that doesn't answer: the checkers see it

    def _initiators(self, channel: str) -> list[int]:
        up = [participant for participant in self._participants if participant.node is not None]
        closest = sorted(up, key=lambda participant: participant.distance(channel))
        return [participant.index for participant in closest[: closest[0].config.replicas]] if closest else []

    def _by_op(self) -> dict[str, int]:
        by_op: Counter[str] = Counter()
        for participant in self._participants:
            by_op.update(participant.traffic_by_op())
        return dict(sorted(by_op.items()))

    def _traffic(self) -> Traffic:
        network = self._world.network
        return Traffic(self._world.loop.time(), network.sent, network.bytes, self._by_op())

    def one_way_ms(self) -> dict[tuple[int, int], float]:
        """The delays of the pairs that exchanged messages."""
        delays: dict[tuple[int, int], float] = {}
        for node, message_id in self._evidence.seen():
            sending = self._evidence.sendings.get(message_id)
            if sending is not None and sending.author != node and (sending.author, node) not in delays:
                author, receiver = self._participants[sending.author], self._participants[node]
                delays[(sending.author, node)] = self._world.network.one_way_ms(
                    author.host.ip, receiver.host.ip
                )
        return delays


def _nats(nodes: NodesSpec, seed: int) -> list[str]:
    """What each node is behind: the shares exactly, drawn by the seed; bootstrap nodes are open."""
    behind = [kind for kind, share in nodes.nat for _ in range(round(share * nodes.count))]
    closed = [kind for kind in behind if kind != "none"][: nodes.count - nodes.bootstrap]
    rest = nodes.count - nodes.bootstrap
    kinds = closed + ["none"] * (rest - len(closed))
    random.Random(f"{seed}/nat").shuffle(kinds)  # noqa: S311 - seeded on purpose
    return ["none"] * nodes.bootstrap + kinds


def _clocks_doubtful(scenario: Scenario) -> bool:
    nodes, kinds = scenario.nodes, [fault.kind for fault in scenario.faults]
    return bool(nodes.clock_skew_ms or nodes.clock_drift_ppm or "clock_skew" in kinds or "hostile" in kinds)


def _failure(context: dict[str, object]) -> Failure:
    at_s = context["at_s"]
    assert isinstance(at_s, float | int)
    what = str(context.get("message", "failure"))
    if (error := context.get("exception")) is not None:
        what += f": {error!r}"
    return Failure(at_s, what)
