"""Members behind symmetric translators: nobody opens a path to them, what they opened carries."""

from __future__ import annotations

from tests.simulation.test_run import judged

TWO = """\
name = "two behind symmetric translators"
duration_s = 200
settle_s = 28
network = { one_way_ms = [10, 40], jitter_ms = 2, loss = 0.01 }
nodes = { count = 10, bootstrap = 8, nat = { none = 0.8, symmetric = 0.2 } }

[[channels]]
name = "#a"
members = [8, 9, 0]
join = { at_s = 3 }

[[publish]]
channel = "#a"
authors = [8, 9, 0]
messages = 9
start_s = 8
every_s = 0.5

[[publish]]
channel = "#a"
authors = [8, 9, 0]
messages = 9
start_s = 160
every_s = 0.5

[expect]
delivered_min = 1.0
lost_acked_max = 0
duplicates_max = 0
latency_max_ms_max = 2000
"""


def test_messages_reach_two_members_behind_symmetric_translators_through_public_initiators() -> None:
    """Also after two and a half quiet minutes, longer than a mapping lasts by itself.

    The mutants ``initiators-never-push`` (late) and ``leases-not-renewed`` (never) are caught by it.
    """
    finished, result = judged(TWO, seed=2)
    evidence = finished.evidence
    assert max(evidence.initiators["#a"]) < 8  # all public, by the seed
    assert result.joins == {"tried": 3, "ok": 3}
    seen = evidence.seen()
    for reader, writer in ((8, 9), (9, 8), (8, 0), (9, 0), (0, 8), (0, 9)):
        written = [sending.id for sending in evidence.sendings.values() if sending.author == writer]
        assert [message for message in written if (reader, message) not in seen] == []
        assert len(written) == 6
    assert result.ok, (result.checkers, result.expect)
