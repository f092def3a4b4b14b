"""The evidence of a good run, for tests that put a lie into it."""

from __future__ import annotations

from peernode.events import ChatMessage
from peernode.simulation.claims import Claim
from peernode.simulation.evidence import Copy, Evidence, Joining, Sending, Sighting, Signed

CHANNEL = "#lobby"


def order_key(number: int) -> str:
    """The order key of the message with this number: it ends in the digest."""
    return f"{number:0112x}{number:032x}"


def good_run() -> Evidence:
    """Three nodes; node 0 sent two messages, all have both."""
    evidence = Evidence(node_ids=["aa", "bb", "cc"])
    for node in range(3):
        evidence.joinings[(node, CHANNEL)] = Joining(node, CHANNEL, 1.0, 1.5)
        evidence.downs[node] = [(0.0, 0.5)]
    shown = []
    for number, message_id in enumerate(("m1", "m2")):
        at_s = 10.0 + number
        sending = Sending(message_id, CHANNEL, 0, f"text {message_id}", at_s)
        sending.acked_at_s, sending.state = at_s + 0.1, "delivered"
        sending.claims = [
            Claim(at_s + 0.1, "sent", 2, 3, 0, 2, 1),
            Claim(at_s + 0.2, "delivered", 3, 3, 2, 3, 2),
        ]
        evidence.sendings[message_id] = sending
        order = order_key(number)
        shown.append(ChatMessage(message_id, CHANNEL, "aa", "", sending.text, order, int(at_s * 1000), False))
        evidence.signed[order[-32:]] = Signed("aa", message_id, True)
        evidence.copies[message_id] = {node: Copy(at_s + 0.04) for node in range(3)}
        evidence.sightings += [sighting(node, message_id, at_s + 0.05, number) for node in (1, 2)]
    evidence.finals = {(node, CHANNEL): list(shown) for node in range(3)}
    evidence.holdings = {(node, CHANNEL): {"m1": None, "m2": None} for node in range(3)}
    evidence.initiators = {CHANNEL: [0, 1, 2]}
    return evidence


def sighting(node: int, message_id: str, at_s: float, number: int, life: int = 0) -> Sighting:
    """Node ``node`` is told of a message of node 0."""
    return Sighting(
        at_s, node, life, message_id, CHANNEL, "aa", f"text {message_id}", order_key(number), False
    )
