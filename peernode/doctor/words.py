"""What the doctor's findings say, each sentence under a key, in English.

Whoever tells them in another language translates the sentence of a key and puts the values in. Invariants: a
key's meaning and the names of its values stay; a sentence ends with a full stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter
from typing import Any

SENTENCES = {
    "socket.open": "Listening on UDP {address}.",
    "socket.none": "No socket could be opened.",
    "bootstrap.own": "That is this node's own address.",
    "bootstrap.none": "No address to start from is configured.",
    "bootstrap.unknown": "This name leads to no address.",
    "bootstrap.silent": "No node of this network answers there.",
    "bootstrap.answers": "Answers in {rtt_ms} ms, speaks {versions:versions}.",
    "bootstrap.others": "Others do.",
    "version.nobody": "Nobody answered who could say; this node speaks {own:versions}.",
    "version.other": "This node speaks version {version}, others {versions:versions}.",
    "version.same": "Who answered ({nodes:node}) speaks version {version}, as this node does.",
    "address.nobody": "Nobody answered who could say.",
    "address.seen": "Seen at {address} by {votes} of {nodes:node}.",
    "address.told": "Others are told {told}.",
    "nat.unknown": "It takes the word of two nodes in different places to tell.",
    "nat.symmetric": "Each node sees another address of this one: the translation is symmetric, and whom "
    "this node has not written to can't reach it.",
    "nat.none": "No address translation: others see the address that this node is bound to.",
    "nat.independent": "All see one address: a translation, if any, is endpoint-independent.",
    "nat.port_kept": "Its port is kept, so there may be none.",
    "clock.nobody": "Nobody answered whose clock could be read.",
    "clock.behind": "This machine's clock is {offset_s} s behind those of {nodes:node}.",
    "clock.ahead": "This machine's clock is {offset_s} s ahead of those of {nodes:node}.",
    "clock.one": "With one to compare with, it may be the other that is wrong.",
    "reachable.now": "A node that this one had not contacted before has reached it.",
    "reachable.earlier": "A node that this one had not contacted before has reached it since it started. "
    "Whoever could try again now has been contacted meanwhile, which would prove nothing.",
    "reachable.nobody": "Nobody answers who could have another node try.",
    "reachable.no_third": "No peer knows a third node that could try.",
    "reachable.all_known": "All nodes that could try have answered this one before, so their trying would "
    "prove nothing.",
    "reachable.one_says": "A single node says that one which had not answered this one before was asked to "
    "reach it; that one did not, or does not exist.",
    "reachable.no": "A node that had not answered this one before was asked to reach it, and did not.",
    "reachable.translated": "There is an address translation, and nobody whom this node had not contacted "
    "has reached it since it started.",
    "lookup.alone": "No other node is known, and none is configured.",
    "lookup.nobody": "Nobody answered, of {asked:node} asked.",
    "lookup.answered": "{asked:node} asked, {answered} answered.",
    "channel.unnamed": "No channel was named.",
    "channel.invalid": "That is not a channel name.",
    "channel.held": "{holding:node} of the network answered that they have it.",
    "channel.unheard": "The nodes that would store it have not heard of it.",
    "channel.nobody": "None of {asked:node} that would store it answered.",
    "store.unnamed": "No directory was named.",
    "store.none": "There is no database at {path} yet.",
    "store.in_use": "Writing was not tried: a running program has it open.",
    "store.large": "No damage was found in {seconds} s; the file is too large for a whole check.",
    "store.unreadable": "{path} can't be read: {reason}.",
    "store.damaged": "{path} is damaged: {reason}.",
    "store.sound": "The database is sound.",
    "store.durable": "A write was durable in {write_ms} ms.",
    "store.slow": "A write was not durable within {seconds} s.",
    "store.queue": "Too many writes wait for the disk.",
    "store.refused": "A write was refused: {detail}.",
    "disk.none": "This node keeps nothing on a disk.",
    "disk.unreadable": "{path} can't be looked at: {reason}.",
    "disk.free": "{free_gb} GB are free.",
    "step.timeout": "It took longer than {seconds} s.",
    "step.broken": "The step itself failed; the log says why.",
    "error": "{detail}",
}


class _English(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "node":
            return many(value, "node")
        if format_spec == "versions":
            return ", ".join(_versions(*each) for each in value)
        return str(value)


def sentence_of(keys: Sequence[str], values: dict[str, Any]) -> str:
    """The sentences of some keys with their values, in English; raises ``KeyError`` for an unknown one."""
    return " ".join(_English().vformat(SENTENCES[key], (), values) for key in keys)


def many(count: int, thing: str) -> str:
    """``1 node``, ``2 nodes``."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _versions(first: int, last: int) -> str:
    return f"version {first}" if first == last else f"versions {first} to {last}"
