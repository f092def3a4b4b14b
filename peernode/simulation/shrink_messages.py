"""The messages of a scenario one by one, and back: any selection of them as ``[[publish]]`` entries."""

from __future__ import annotations

from dataclasses import dataclass

from peernode.simulation.scenario import PublishSpec, Scenario
from peernode.simulation.workload import lay_out

_SAME_S = 1e-9


@dataclass(frozen=True, slots=True)
class Message:
    """One message of one author."""

    channel: str
    author: int
    at_s: float
    size_bytes: int


def messages_of(scenario: Scenario) -> list[Message]:
    """All of them, in the order in which they are sent."""
    layout = lay_out(scenario, scenario.seed)
    found = [
        Message(plan.channel, plan.author, plan.at_s, publish.size_bytes)
        for publish, plans in zip(scenario.publish, layout.messages, strict=True)
        for plan in plans
    ]
    return sorted(found, key=lambda message: message.at_s)


def as_publish(messages: list[Message]) -> tuple[PublishSpec, ...]:
    """Entries that send just these; messages of one author at equal distances share an entry."""
    entries: list[list[Message]] = []
    for message in messages:
        for entry in entries:
            if _continues(entry, message):
                entry.append(message)
                break
        else:
            entries.append([message])
    return tuple(_entry(entry) for entry in entries)


def _continues(entry: list[Message], message: Message) -> bool:
    last = entry[-1]
    alike = (last.channel, last.author, last.size_bytes) == (
        message.channel,
        message.author,
        message.size_bytes,
    )
    if not alike or len(entry) == 1:
        return alike
    return abs((message.at_s - last.at_s) - (entry[1].at_s - entry[0].at_s)) < _SAME_S


def _entry(messages: list[Message]) -> PublishSpec:
    first = messages[0]
    every_s = round(messages[1].at_s - first.at_s, 9) if len(messages) > 1 else 1.0
    return PublishSpec(
        first.channel, 1, len(messages), first.at_s, every_s, first.size_bytes, (first.author,)
    )
