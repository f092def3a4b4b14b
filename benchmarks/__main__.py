"""`python -m benchmarks`: what creating, joining, publishing and a burst cost on this machine.

* **cost**: datagrams and bytes of one publish with little and with much history in the channel. The
  ratio is what matters: what a message costs must not grow with what was said before.
* **created, joined, sent, delivered**: milliseconds, each subscriber's own for the last.
* **burst**: messages at once; CPU per delivery, of all nodes together.
* **diagnosing**: deliveries per second in diagnostic mode and without, by pairs of bursts, and their ratio;
  below ``THROUGHPUT_LEAST`` the run fails (exit status 1), after everything is told.
* **bare**: the same by a socket that only sends and is acked, in the same run (a join: three round trips);
  **ratio** to it, of each of the above.

Results go to standard output and to ``test-results/benchmark.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.bare import fan_out
from benchmarks.diagnosing import PAIRS, diagnosing, too_slow
from benchmarks.network import CHANNEL, Participant, network, until
from benchmarks.speed import bare, burst, joins, latency, ratios

NODES = 8
HISTORY = (10, 2000)
SAMPLES = 50
RESULT = Path("test-results") / "benchmark.json"


def traffic(participants: list[Participant]) -> tuple[int, int]:
    """Datagrams and bytes that all nodes have sent so far."""
    counters = [participant.node.diagnostics()["rpc"] for participant in participants]
    return (
        sum(each.get("datagrams_out", 0) for each in counters),
        sum(each.get("bytes_out", 0) for each in counters),
    )


async def say(participants: list[Participant], author: Participant, count: int) -> list[str]:
    """Publish ``count`` messages and wait until every other participant has them."""
    ids = [(await author.publish(f"message {number} of the benchmark"))[0] for number in range(count)]
    others = [participant for participant in participants if participant is not author]
    await until(
        "everybody has every message",
        lambda: all(message_id in other.received for other in others for message_id in ids),
    )
    return ids


async def idle_rate(participants: list[Participant], seconds: float) -> tuple[float, float]:
    """Datagrams and bytes per second while nobody writes."""
    before = traffic(participants)
    await asyncio.sleep(seconds)
    after = traffic(participants)
    return (after[0] - before[0]) / seconds, (after[1] - before[1]) / seconds


async def cost(participants: list[Participant], history: int) -> dict[str, float]:
    """Traffic of one publish, idle traffic taken off, once the channel holds ``history`` messages."""
    author = participants[0]
    held = len(author.node.log_ids(CHANNEL))
    await say(participants, author, max(0, history - held))
    before_samples = len(author.node.log_ids(CHANNEL))
    idle = await idle_rate(participants, 2.0)
    loop = asyncio.get_running_loop()
    before, begin = traffic(participants), loop.time()
    for _ in range(SAMPLES):
        await say(participants, author, 1)
    await asyncio.sleep(1.0)
    after, seconds = traffic(participants), loop.time() - begin
    return {
        "history": before_samples,
        "datagrams": round((after[0] - before[0] - idle[0] * seconds) / SAMPLES, 1),
        "bytes": round((after[1] - before[1] - idle[1] * seconds) / SAMPLES),
    }


def _pairs(text: str) -> int:
    """Pairs of bursts to compare."""
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least one pair")
    return count


async def run(pairs: int) -> dict[str, Any]:
    """All measurements on one network; so many pairs of the diagnostic mode."""
    with tempfile.TemporaryDirectory() as folder:
        async with network(Path(folder), NODES) as participants:
            little = await cost(participants, HISTORY[0])
            times = {**await joins(participants), **await latency(participants)}
            async with fan_out(NODES - 1) as floor:
                least = await bare(floor, NODES - 1)
                crowd = await burst(participants)
            watched = await diagnosing(participants, Path(folder), pairs)
            much = await cost(participants, HISTORY[1])
    return {
        "nodes": NODES,
        **times,
        "burst": crowd,
        "diagnosing": watched,
        "bare": least,
        "ratio": ratios(times, crowd, least),
        "cost": [little, much],
        "datagrams_ratio": round(much["datagrams"] / little["datagrams"], 3),
        "bytes_ratio": round(much["bytes"] / little["bytes"], 3),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--pairs", type=_pairs, default=PAIRS, help="of the diagnostic mode, on and off")
    result = asyncio.run(run(parser.parse_args().pairs))
    text = json.dumps(result, indent=1)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")
    if complaint := too_slow(result["diagnosing"]):
        sys.exit(complaint)
