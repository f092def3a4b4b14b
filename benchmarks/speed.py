"""Creating, joining, hearing of a message, a burst: how long, and how much CPU, beside the floor.

Times are real and of one process that runs all nodes; the ratio to the bare fan-out of the same run
(``benchmarks.bare``) is what can be compared between machines.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from benchmarks.bare import FanOut
from benchmarks.network import Participant, until

ROUNDS = 12
"""Channels that are created and joined."""
SAMPLES = 60
"""Messages said one after the other."""
BURST = 100
"""Messages said at once."""
JOIN_ROUND_TRIPS = 3
"""What a join takes in the usual case (protocol, section 9): so many round trips are the floor of one."""
BARE_WINDOW = 20
"""Of the bare fan-out, which sends nothing twice: their acks have to fit one socket's buffer."""


def percentiles(values: list[float]) -> dict[str, float]:
    """p50, p99 and the worst, rounded to 0.01."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return {
        "p50": round(statistics.median(ordered), 2),
        "p99": round(ordered[min(last, int(0.99 * len(ordered)))], 2),
        "max": round(ordered[last], 2),
    }


async def joins(participants: list[Participant]) -> dict[str, dict[str, float]]:
    """Milliseconds until ``joined``: of a name that nobody holds, and of one that somebody does."""
    creating, joining = [], []
    for number in range(ROUNDS):
        name = f"#bench-{number}"
        first, second = (
            participants[number % len(participants)],
            participants[(number + 1) % len(participants)],
        )
        for participant, found in ((first, creating), (second, joining)):
            begin = time.monotonic()
            await participant.node.join(name)
            found.append((time.monotonic() - begin) * 1000)
    return {"created_ms": percentiles(creating), "joined_ms": percentiles(joining)}


async def latency(participants: list[Participant]) -> dict[str, dict[str, float]]:
    """Milliseconds from publish to sent, and to each of the others."""
    author, *others = participants
    sent, delivered = [], []
    for number in range(SAMPLES):
        message_id, begin = await author.publish(f"timed {number}")
        await until("sent", lambda m=message_id: author.sent_at(m) > 0)
        await until("received", lambda m=message_id: all(m in other.received for other in others))
        sent.append((author.sent_at(message_id) - begin) * 1000)
        delivered += [(other.received[message_id] - begin) * 1000 for other in others]
    return {"sent_ms": percentiles(sent), "delivered_ms": percentiles(delivered)}


async def burst(participants: list[Participant]) -> dict[str, float]:
    """``BURST`` messages at once until everybody has them: seconds, and milliseconds of CPU per delivery."""
    author, *others = participants
    cpu, begin = time.process_time(), time.monotonic()
    ids = [
        message_id
        for message_id, _ in await asyncio.gather(*(author.publish(f"burst {n}") for n in range(BURST)))
    ]
    await until("burst", lambda: all(m in other.received for other in others for m in ids))
    return _per_delivery(BURST * len(others), cpu, begin)


async def bare(fan_out: FanOut, receivers: int) -> dict[str, Any]:
    """The same of the bare fan-out: latency of single messages, their acks, a join's round trips, a burst."""
    joined = [await fan_out.round_trips_ms(JOIN_ROUND_TRIPS) for _ in range(ROUNDS)]
    sent = [await fan_out.round_trips_ms(1) for _ in range(SAMPLES)]
    took: list[float] = []
    for _ in range(SAMPLES):
        number, begin = fan_out.say()
        await fan_out.acked([number])
        took += fan_out.took_ms(number, begin)
    cpu, began = time.process_time(), time.monotonic()
    for _ in range(0, BURST, BARE_WINDOW):
        await fan_out.acked([fan_out.say()[0] for _ in range(BARE_WINDOW)])
    crowd = _per_delivery(BURST * receivers, cpu, began)
    latencies = {"joined_ms": joined, "sent_ms": sent, "delivered_ms": took}
    return {**{name: percentiles(each) for name, each in latencies.items()}, "burst": crowd}


def ratios(times: dict[str, Any], crowd: dict[str, float], least: dict[str, Any]) -> dict[str, float]:
    """How many times as long, and as much CPU, as the floor; a creation has a join's floor."""
    floors = {"created": "joined", "joined": "joined", "sent": "sent", "delivered": "delivered"}
    found = {
        f"{name}_p50": times[f"{name}_ms"]["p50"] / least[f"{floor}_ms"]["p50"]
        for name, floor in floors.items()
    }
    found["burst_seconds"] = crowd["seconds"] / least["burst"]["seconds"]
    found["cpu_per_delivery"] = crowd["cpu_ms_per_delivery"] / least["burst"]["cpu_ms_per_delivery"]
    return {name: round(value, 1) for name, value in found.items()}


def _per_delivery(deliveries: int, cpu_s: float, began_s: float) -> dict[str, float]:
    return {
        "deliveries": deliveries,
        "seconds": round(time.monotonic() - began_s, 4),
        "cpu_ms_per_delivery": round((time.process_time() - cpu_s) * 1000 / deliveries, 4),
    }
