"""The watch on disks: copies, losses, forks; and the pushes that no lease allows."""

from __future__ import annotations

import random
from dataclasses import replace

from peernode.channel.message import Kind, Message, sign_message
from peernode.channel.parts import part_digest
from peernode.diagnostics.records import Attempt
from peernode.identity import Identity
from peernode.pubsub.context import uuid_text
from peernode.simulation.evidence import Cut, Evidence, Sending
from peernode.simulation.observation.disks import DiskWatch
from peernode.simulation.observation.pushes import PushWatch
from peernode.store.base import PutMessage, PutPart

AUTHOR = Identity.generate(random.Random("author"))
CHANNEL_ID = b"c" * 20


def message(number: int, seq: int = 1, parts: tuple[bytes, ...] = ()) -> Message:
    return sign_message(
        AUTHOR,
        channel_id=CHANNEL_ID,
        instance=b"instance",
        seq=seq,
        prev=bytes(16) if seq == 1 else b"p" * 16,
        id=bytes(6) + b"\x70\x00\x80" + number.to_bytes(7, "big"),
        hlc=1 << 40,
        kind=Kind.TEXT,
        body=b"" if parts else f"text {number}".encode(),
        parts=parts,
    )


class Watched:
    """Two disks, a clock set by hand, and a message that somebody sent."""

    def __init__(self) -> None:
        self.now = 1.0
        self.evidence = Evidence(node_ids=[AUTHOR.node_id.hex(), "bb"])
        self.watch = DiskWatch(self.evidence, lambda: self.now)
        self.message = message(1)
        self.id = uuid_text(self.message.id)
        self.evidence.sendings[self.id] = Sending(self.id, "#a", 0, "text 1", 0.5)

    def stores(self, node: int, what: Message) -> None:
        self.watch.witness(node).stored((PutMessage(what),))


def test_a_copy_begins_is_lost_and_comes_back() -> None:
    watched = Watched()
    watched.stores(1, watched.message)
    watched.now = 2.0
    watched.watch.lost(1)
    watched.now = 3.0
    watched.stores(1, watched.message)
    copy = watched.evidence.copies[watched.id][1]
    assert (copy.since_s, copy.lost_s, copy.rotten) == (1.0, 2.0, {})


def test_a_copy_begins_with_its_last_part() -> None:
    watched = Watched()
    block = b"a long text"
    watched.message = message(1, parts=(part_digest(block),))
    watched.stores(0, watched.message)
    since = watched.evidence.copies[watched.id]
    assert since[0].since_s == float("inf")
    watched.now = 2.0
    watched.watch.witness(0).stored((PutPart(part_digest(block), block),))
    watched.watch.witness(1).stored((PutPart(part_digest(block), block), PutMessage(watched.message)))
    assert (since[0].since_s, since[1].since_s) == (2.0, 2.0)


def test_rot_damages_a_copy() -> None:
    watched = Watched()
    watched.stores(1, watched.message)
    watched.watch.witness(1).rotted(watched.message.digest)
    assert watched.evidence.copies[watched.id][1].lost_s == 1.0


def test_a_disk_that_is_set_back_loses_what_came_after() -> None:
    watched = Watched()
    watched.now = 0.5
    before = watched.watch.backed_up(1)
    watched.now = 1.0
    watched.stores(1, watched.message)
    after = watched.watch.backed_up(1)
    watched.watch.set_back(1, after)
    assert watched.evidence.copies[watched.id][1].lost_s is None
    watched.watch.set_back(1, before)
    assert watched.evidence.copies[watched.id][1].lost_s == 1.0


def test_a_disk_that_is_set_back_is_as_damaged_as_it_was_then() -> None:
    watched = Watched()
    watched.stores(1, watched.message)
    whole = watched.watch.backed_up(1)
    watched.now = 2.0
    watched.watch.witness(1).rotted(watched.message.digest)
    damaged = watched.watch.backed_up(1)
    watched.now = 3.0
    watched.watch.set_back(1, whole)
    assert watched.evidence.copies[watched.id][1].rotten == {}
    watched.now = 4.0
    watched.watch.set_back(1, damaged)
    copy = watched.evidence.copies[watched.id][1]
    assert (copy.rotten, copy.lost_s) == ({watched.message.digest: 4.0}, 4.0)
    watched.stores(1, watched.message)
    assert copy.rotten == {}


def test_a_second_message_under_one_number_is_a_fork_wherever_it_turns_up() -> None:
    watched = Watched()
    watched.stores(0, watched.message)
    watched.stores(1, watched.message)
    watched.stores(0, message(2, seq=2))
    assert watched.evidence.forks == []
    watched.stores(1, message(3))
    watched.stores(0, message(3))
    (fork,) = watched.evidence.forks
    assert "node 0 signed" in fork
    assert "node 1 took in the second" in fork


def test_a_forged_message_is_no_fork_but_no_signature_either() -> None:
    watched = Watched()
    watched.stores(0, watched.message)
    forged = replace(message(4), signature=bytes(64), raw=b"another")
    watched.stores(1, forged)
    assert watched.evidence.forks == []
    assert not watched.evidence.signed[forged.digest.hex()].valid
    assert watched.evidence.signed[watched.message.digest.hex()].valid


def test_a_hostile_author_may_fork() -> None:
    watched = Watched()
    watched.evidence.hostile[0] = None
    watched.stores(0, watched.message)
    watched.stores(0, message(3))
    assert watched.evidence.forks == []


def pushed(evidence: Evidence, sent_s: float | None, method: str = "initiator") -> int:
    """A push that began before anything went wrong."""
    attempt = Attempt(101.0, "bb", method, "timeout", 100_000.0, sent_s=sent_s)
    PushWatch(evidence).attempted(0, "digest", attempt)
    return len(evidence.late_pushes)


def test_a_push_to_who_is_long_without_power_is_kept() -> None:
    evidence = Evidence(node_ids=["aa", "bb"], downs={1: [(0.0, 0.5), (10.0, 100.0)]})
    assert pushed(evidence, 69.0) == 0
    assert pushed(evidence, 100.5) == 0
    assert pushed(evidence, 71.0, "publish") == 0
    assert pushed(evidence, None) == 0, "it was never sent"
    assert pushed(evidence, 71.0) == 1
    assert evidence.late_pushes[0].away_s == 10.0


def test_a_push_to_who_is_long_cut_off_is_kept() -> None:
    evidence = Evidence(node_ids=["aa", "bb"], downs={1: [(0.0, 0.5)]}, cuts=[Cut(10.0, None, {1: 1})])
    assert pushed(evidence, 69.0) == 0
    assert pushed(evidence, 71.0) == 1
    assert pushed(Evidence(node_ids=["aa", "bb"], cuts=[Cut(10.0, None, {0: 1, 1: 1})]), 71.0) == 0
