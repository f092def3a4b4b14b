"""What a result says of healing: how long it took, and who has proven both ways since."""

from __future__ import annotations

import pytest

from peernode.node import PeerNode
from peernode.simulation.evidence import Copy, Cut, Evidence, Joining, Sending
from peernode.simulation.healing import healing
from tests.simulation.test_run import judged


def split(ended_s: float = 60.0) -> Evidence:
    """Two members; what the first wrote during the partition reached the second 4 s after it."""
    evidence = Evidence()
    for node in range(2):
        evidence.joinings[node, "#a"] = Joining(node, "#a", 1.0, 2.0)
        evidence.downs[node] = [(0.0, 1.0)]
    evidence.cuts.append(Cut(30.0, ended_s, {0: 1}))
    evidence.sendings["m"] = Sending("m", "#a", 0, "", 40.0, acked_at_s=40.5)
    evidence.copies["m"] = {0: Copy(40.0), 1: Copy(64.0)}
    return evidence


def test_healed_counts_from_the_end_of_the_last_cut_until_the_last_member_has_all() -> None:
    assert healing(split())["healed_s"] == 4.0


def test_what_has_not_healed_has_no_time() -> None:
    evidence = split()
    del evidence.copies["m"][1]
    assert healing(evidence)["healed_s"] is None
    assert healing(Evidence()) == {"healed_s": None, "verified_share": None, "equal_s": None}


def test_only_recoveries_since_the_end_count() -> None:
    evidence = split()
    evidence.recovered_s = {(0, "#a"): 59.0, (1, "#a"): 63.0}
    assert healing(evidence)["verified_share"] == 0.5


def test_logs_are_equal_when_those_of_every_channel_are() -> None:
    evidence = split()
    evidence.joinings[0, "#b"] = Joining(0, "#b", 1.0, 2.0)
    evidence.alike_s = {("#a", 30.0): 30.25, ("#a", 60.0): 64.25}
    assert healing(evidence)["equal_s"] is None
    evidence.alike_s["#b", 60.0] = 60.25
    assert healing(evidence)["equal_s"] == 4.25


PARTED = """\
name = "parted"
duration_s = 50
settle_s = 22
network = { one_way_ms = [5, 30] }
nodes = { count = 6, bootstrap = 2 }

[[channels]]
name = "#a"
join = { at_s = 3 }

[[publish]]
channel = "#a"
authors = 6
messages = 18
start_s = 8
every_s = 1

[[faults]]
kind = "partition"
at_s = 10
for_s = 12

[expect]
healed_s_max = 20
equal_s_max = 20
"""


def test_logs_that_a_partition_made_different_become_equal() -> None:
    _, result = judged(PARTED)
    assert result.ok, (result.checkers, result.expect)
    equal_s, healed_s = result.healing["equal_s"], result.healing["healed_s"]
    assert equal_s is not None
    assert healed_s is not None
    assert 0 < healed_s <= equal_s + 0.25


def test_one_log_that_stays_different_does_not_meet_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    own = PeerNode.root

    def root(node: PeerNode, name: str) -> str:
        return "00" if node.address[0].endswith(".5") else own(node, name)

    monkeypatch.setattr(PeerNode, "root", root)
    _, result = judged(PARTED)
    assert result.expect["healed_s_max"]["ok"]
    assert result.expect["equal_s_max"] == {"bound": 20, "actual": None, "ok": False}
