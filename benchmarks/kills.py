"""`python -m benchmarks.kills`: ten node processes, one killed each second, writing all the while.

Every node is a real ``python -m peernode`` with its own database on 127.0.0.1. Each second a random one
gets ``kill -9`` and is started again at once on the same directory and port; all the others write. In the
end all run, and every log is read: what was *acknowledged* (told as ``sent``) has to be in all of them.

What a restarted process costs on a busy machine is part of the run, so the figures say what to expect at
worst. The victims follow from ``--seed``; real processes and sockets do the rest, so two runs differ.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import random
import socket
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.headless.processes import Headless

CHANNEL = "#kills"
NODES = 10
SECONDS = 60
KILL_S = 1.0
WRITE_S = 0.1
"""One line somewhere in the network so often."""

READY_S = 120.0
"""How long all nodes may take to join at the start and at the end; a busy machine starts slowly."""

SETTLE_S = 120.0
"""How long the logs may take to become whole once nobody is killed any more."""

RESULT = Path("test-results") / "kills.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run has shown; ids of messages are counted once."""

    nodes: int
    seconds: float
    kills: int
    accepted: int
    """Durable in their author's outbox."""
    acknowledged: int
    """Told as ``sent`` by their author's node until the logs were read."""
    lost: int
    """Acknowledged, and in no log at the end."""
    not_everywhere: int
    """Acknowledged, and not in every log within ``SETTLE_S``."""
    accepted_missing: int
    """Accepted, and in no log within ``SETTLE_S``."""
    failed: int
    """Told as ``failed`` and never as ``sent`` afterwards."""
    longest_outage_s: float
    """The longest time in which nothing was acknowledged anywhere."""
    restart_p50_s: float
    restart_max_s: float
    """From the start of a process that was not killed first to its ``joined``."""
    tracebacks: int
    settled_s: float


class Place:
    """One node's directory and port, and all the processes that have lived there."""

    def __init__(self, folder: Path, index: int, port: int, others: list[int]) -> None:
        self._folder = folder / f"node{index}"
        self._options = ["--listen", f"127.0.0.1:{port}", "--channel", CHANNEL, "--name", f"node {index}"]
        for other in others:
            self._options += ["--bootstrap", f"127.0.0.1:{other}"]
        self.lives: list[tuple[float, Headless]] = []

    def start(self) -> None:
        """A new process on what the last one left."""
        self.lives.append((time.monotonic(), Headless(self._folder, *self._options)))

    @property
    def node(self) -> Headless:
        """The process that runs."""
        return self.lives[-1][1]

    def write(self, line: str) -> None:
        """A line on its standard input; one that dies at this moment has not accepted it."""
        with contextlib.suppress(BrokenPipeError):
            self.node.type(line)

    def ids(self, kind: str) -> set[str]:
        """Ids of the events of a kind in all lives."""
        return {event["id"] for _, node in self.lives for event in node.all(kind)}

    def restarts(self) -> list[float]:
        """Seconds to ``joined`` of every life but the first that got so far."""
        joined = ((began, node.all("joined")) for began, node in self.lives[1:])
        return [events[0]["at_s"] - began for began, events in joined if events]


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody has at the moment."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_joined(places: list[Place]) -> None:
    """Until every running node has told ``joined``."""
    for place in places:
        place.node.wait(lambda _, node=place.node: node.all("joined"), "joined", READY_S)


def storm(places: list[Place], seconds: float, rng: random.Random) -> int:
    """Kill and write for so long; how many were killed."""
    began = time.monotonic()
    next_kill, next_line, kills, lines = began + KILL_S, began, 0, 0
    while (now := time.monotonic()) < began + seconds:
        if now >= next_kill:
            victim = rng.choice(places)
            victim.node.kill()
            victim.start()
            kills += 1
            next_kill += KILL_S
        if now >= next_line:
            rng.choice(places).write(f"line {lines}")
            lines += 1
            next_line += WRITE_S
        time.sleep(max(0.0, min(next_kill, next_line) - time.monotonic()))
    return kills


def told(places: list[Place], *kinds: str) -> set[str]:
    """Ids of the events of these kinds on all nodes."""
    return set().union(*(place.ids(kind) for place in places for kind in kinds))


def settle(places: list[Place]) -> tuple[list[set[str]], float]:
    """Every node's log, read until all are whole or the time for it is over; and how long it took.

    A node that was killed between a commit and its word of it says only ``sent``, after its restart. One that
    has just started accepts what was written to it meanwhile: whole they are when nothing came in between.
    """
    began = time.monotonic()
    while True:
        wanted = told(places, "accepted", "sent")
        logs = [set(place.node.ask_log(READY_S)) for place in places]
        took = time.monotonic() - began
        whole = all(wanted <= log for log in logs) and told(places, "accepted", "sent") == wanted
        if whole or took > SETTLE_S:
            return logs, took
        time.sleep(1.0)


def outage(places: list[Place], began: float, until: float) -> float:
    """The longest time between two acknowledgements while nodes were killed."""
    heard = {event["at_s"] for place in places for _, node in place.lives for event in node.all("sent")}
    times = [began, *sorted(at for at in heard if began <= at <= until), until]
    return max(after - before for before, after in itertools.pairwise(times))


def run(folder: Path, nodes: int, seconds: float, seed: int) -> Outcome:
    """One run; its processes are gone when it returns."""
    ports = free_ports(nodes)
    places = [
        Place(folder, index, port, [other for other in ports if other != port])
        for index, port in enumerate(ports)
    ]
    try:
        for place in places:
            place.start()
        wait_joined(places)
        began = time.monotonic()
        kills = storm(places, seconds, random.Random(f"kills {seed}"))  # noqa: S311 - no secret
        until = time.monotonic()
        wait_joined(places)
        logs, took = settle(places)
        accepted, acknowledged = told(places, "accepted", "sent"), told(places, "sent")
    finally:
        for place in places:
            if place.lives and place.node.child.poll() is None:
                place.node.stop()
    restarts = sorted(each for place in places for each in place.restarts())
    return Outcome(
        nodes=nodes,
        seconds=seconds,
        kills=kills,
        accepted=len(accepted),
        acknowledged=len(acknowledged),
        lost=len(acknowledged - set().union(*logs)),
        not_everywhere=sum(any(each not in log for log in logs) for each in acknowledged),
        accepted_missing=len(accepted - set().union(*logs)),
        failed=len(told(places, "failed") - acknowledged),
        longest_outage_s=round(outage(places, began, until), 2),
        restart_p50_s=round(restarts[len(restarts) // 2], 2) if restarts else 0.0,
        restart_max_s=round(restarts[-1], 2) if restarts else 0.0,
        tracebacks=sum(log.read_text().count("Traceback") for log in folder.glob("*.log")),
        settled_s=round(took, 2),
    )


def main() -> int:
    """The command line; 1 when something acknowledged was lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("--nodes", type=int, default=NODES)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Path(folder), options.nodes, options.seconds, options.seed)
    text = json.dumps({"seed": options.seed, **asdict(outcome)}, indent=1)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")
    return 1 if outcome.lost or outcome.not_everywhere else 0


if __name__ == "__main__":
    sys.exit(main())
