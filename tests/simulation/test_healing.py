"""What a result says of healing: how long it took, and who has proven both ways since."""

from __future__ import annotations

from peernode.simulation.evidence import Copy, Cut, Evidence, Joining, Sending
from peernode.simulation.healing import healing


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
    assert healing(Evidence()) == {"healed_s": None, "verified_share": None}


def test_only_recoveries_since_the_end_count() -> None:
    evidence = split()
    evidence.recovered_s = {(0, "#a"): 59.0, (1, "#a"): 63.0}
    assert healing(evidence)["verified_share"] == 0.5
