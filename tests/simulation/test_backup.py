"""A node on a restored backup: it never signs a number again; one that did would be seen."""

from __future__ import annotations

import pytest

from peernode.pubsub.replica import OwnStream, Replica
from peernode.simulation import checkers
from peernode.simulation.run import run
from peernode.simulation.scenario import parse

RESTORED = parse("""\
name = "restored"
duration_s = 36
settle_s = 16
nodes = { count = 3 }
network = { one_way_ms = [5, 20] }

[[channels]]
name = "#a"
join = { at_s = 1 }

[[publish]]
channel = "#a"
authors = 3
messages = 40
start_s = 4
every_s = 0.3

[[faults]]
kind = "disk_rollback"
nodes = [1, 2]
at_s = 6
for_s = 5

[[faults]]
kind = "partition"
groups = [[1], [0, 2]]
at_s = 10.5
for_s = 4
""")


def violations() -> dict[str, list[str]]:
    finished = run(RESTORED)
    assert finished.evidence.coverage["fault disk_rollback: nodes hit"] == 2
    return {name: found for name, found in checkers.judge(finished.evidence).items() if found}


def test_a_restored_backup_forks_nothing_and_loses_nothing() -> None:
    assert violations() == {}


def test_a_node_that_goes_on_where_its_backup_ends_is_seen_to_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    def go_on(replica: Replica) -> OwnStream:
        mine = replica.context.identity.public_key
        streams = [head for head in replica.log.heads() if head[0] == mine]
        if replica.own is None and streams:
            _, instance, seq = streams[-1]
            prev = replica.context.store.digest_at(replica.channel_id, mine, instance, seq - 1)
            replica.own = OwnStream(instance, seq, prev or bytes(16))
        if replica.own is None:
            replica.own = OwnStream(replica.context.env.random.randbytes(8), 1, bytes(16))
        return replica.own

    monkeypatch.setattr(Replica, "next_own", go_on)
    assert "no_fork" in violations()
