"""Each checker is silent on a good run and finds its own kind of lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from peernode.simulation import checkers
from peernode.simulation.checkers import not_vacuous, replayable
from peernode.simulation.evidence import Cut, Evidence, Failure, LatePush, Signed, Traffic, Unserved
from peernode.simulation.observation.paths import PATHS
from peernode.simulation.result import latencies_ms, percentiles
from tests.simulation.good_run import CHANNEL, good_run, order_key, sighting
from tests.simulation.lies import LIES, forgotten, laid_to_a_clock_that_is_right, never_arrived
from tests.simulation.taken_back import forgot_over_a_power_cut, named_who_has_nothing, started_again


def test_a_good_run_is_good() -> None:
    assert {name: found for name, found in checkers.judge(good_run()).items() if found} == {}


@pytest.mark.parametrize(("checker", "lie"), LIES, ids=lambda value: getattr(value, "__name__", value))
def test_each_lie_is_found_by_its_checker(checker: str, lie: Callable[[Evidence], None]) -> None:
    evidence = good_run()
    lie(evidence)
    assert checkers.judge(evidence)[checker]


def test_every_checker_is_shown_a_lie() -> None:
    assert {name for name, _ in LIES} == set(checkers.ALL)


def test_who_is_gone_need_not_have_anything() -> None:
    evidence = good_run()
    never_arrived(evidence)
    del evidence.finals[(2, CHANNEL)]
    evidence.downs[2].append((11.0, None))
    assert not any(checkers.judge(evidence).values())


def test_who_joined_later_need_not_be_pushed_to() -> None:
    evidence = good_run()
    never_arrived(evidence)
    (*rest, last) = evidence.sendings["m2"].claims
    evidence.sendings["m2"].claims = [*rest, replace(last, delivered=1)]
    evidence.joinings[(2, CHANNEL)].joined_at_s = 11.5
    assert not any(checkers.judge(evidence).values())


def test_a_message_may_go_with_all_of_its_disks_and_not_before() -> None:
    evidence = good_run()
    forgotten(evidence)
    evidence.copies["m1"][1].lost_s = evidence.copies["m1"][2].lost_s = 30.0
    assert len(checkers.judge(evidence)["durable"]) == 1, "one disk has it still, and it is not held"
    evidence.copies["m1"][0].lost_s = 30.0
    assert not any(checkers.judge(evidence).values())


def test_a_message_that_too_few_disks_had_may_not_go_with_them() -> None:
    """It should not have been acknowledged: caught by ``one-receipt-is-enough``, too."""
    evidence = good_run()
    forgotten(evidence)
    copies = evidence.copies["m1"]
    evidence.copies["m1"] = {0: copies[0]}
    copies[0].lost_s = 30.0
    assert len(checkers.judge(evidence)["durable"]) == 1


def test_a_gap_may_be_shown_after_its_time() -> None:
    evidence = good_run()
    evidence.sightings = [
        sighting(1, "m2", 13.1, 1),
        sighting(1, "m1", 13.5, 0),
        sighting(2, "m2", 12.9, 1),
        sighting(2, "m1", 13.5, 0),
    ]
    (violation,) = checkers.judge(evidence)["order"]
    assert "node 2" in violation


def test_a_shown_gap_takes_along_what_came_behind_it_meanwhile() -> None:
    evidence = good_run()
    evidence.sendings["m3"] = replace(evidence.sendings["m2"], id="m3", asked_at_s=12.9, acked_at_s=None)
    evidence.signed[order_key(2)[-32:]] = Signed("aa", "m3", True)
    third = replace(sighting(1, "m3", 13.1, 2), text="text m2")
    evidence.sightings = [sighting(1, "m2", 13.1, 1), third, sighting(1, "m1", 13.5, 0)]
    assert checkers.judge(evidence)["order"] == []
    evidence.sightings = [third, sighting(1, "m2", 13.2, 1), sighting(1, "m1", 13.5, 0)]
    assert len(checkers.judge(evidence)["order"]) == 2


def test_what_a_disk_shows_at_the_start_shows_its_gaps() -> None:
    """Seed 521 of ``mixed``: the node went down while it held a message back for one before it."""
    evidence = good_run()
    evidence.sightings = [sighting(1, "m2", 12.0, 1, life=1), sighting(1, "m1", 12.5, 0, life=1)]
    assert len(checkers.judge(evidence)["order"]) == 1
    evidence.sendings["m3"] = replace(evidence.sendings["m2"], id="m3", asked_at_s=11.5, acked_at_s=None)
    third = replace(evidence.finals[(2, CHANNEL)][1], id="m3", order=order_key(2))
    evidence.finals[(2, CHANNEL)].append(third)
    evidence.restored[(1, 1)] = {"m3": None}
    assert checkers.judge(evidence)["order"] == []


def test_rot_of_the_last_moment_or_on_a_node_just_started_may_still_be_there() -> None:
    evidence = good_run()
    evidence.traffic["end"] = Traffic(100.0, 0, 0, {})
    evidence.copies["m1"][1].rotten[b"digest"] = 90.0
    evidence.copies["m1"][2].rotten[b"digest"] = 20.0
    evidence.downs[2].append((30.0, 80.0))
    assert checkers.judge(evidence)["durable"] == []


def test_a_push_soon_after_the_lease_and_a_short_time_without_one_are_right() -> None:
    evidence = good_run()
    evidence.late_pushes.append(LatePush(84.9, 0, 2, 20.0, "d1"))
    evidence.unserved.append(Unserved(2, CHANNEL, 20.0, 67.9))
    assert checkers.judge(evidence)["leases_end"] == []


def test_what_was_told_just_before_a_power_cut_or_by_a_harmed_disk_may_be_forgotten() -> None:
    evidence = good_run()
    started_again(evidence, 10.5)
    assert checkers.judge(evidence)["never_backwards"] == []
    evidence = good_run()
    evidence.cuts.append(Cut(10.4, None, {0: 1}))  # its process was frozen all the time
    started_again(evidence, 14.0)
    assert checkers.judge(evidence)["never_backwards"] == []
    evidence = good_run()
    forgot_over_a_power_cut(evidence)
    evidence.disks_harmed[0] = None
    assert checkers.judge(evidence)["never_backwards"] == []


def test_a_hostile_node_may_ack_what_it_does_not_keep() -> None:
    evidence = good_run()
    named_who_has_nothing(evidence)
    evidence.hostile[2] = None
    assert checkers.judge(evidence)["never_backwards"] == []


def test_what_was_lost_at_one_power_cut_need_not_come_back_by_the_next() -> None:
    evidence = good_run()
    started_again(evidence, 10.5)
    lost = evidence.sendings["m1"].claims[-1]
    evidence.downs[0].append((30.0, 31.0))
    evidence.sendings["m1"].claims.append(replace(lost, at_s=31.0, life=2))
    assert checkers.judge(evidence)["never_backwards"] == []


def test_a_fault_may_find_its_target_down_already() -> None:
    evidence = good_run()
    evidence.asked.update({"pause": 1, "churn": 1})
    evidence.coverage.update({"fault pause": 1, "fault churn": 1, "fault churn: nodes hit": 3})
    assert checkers.judge(evidence)["not_vacuous"] == []
    evidence.asked["churn"] = 0
    assert checkers.judge(evidence)["not_vacuous"] == ["the pause hit nobody"]


def test_what_takes_longer_than_the_run_is_named() -> None:
    evidence = good_run()
    assert checkers.unjudged(evidence) == []
    evidence.traffic = {name: Traffic(at_s, 0, 0, {}) for name, at_s in (("quiet", 38.0), ("end", 50.0))}
    assert checkers.unjudged(evidence) == ["kept", "leases_end"]
    evidence.traffic = {name: Traffic(at_s, 0, 0, {}) for name, at_s in (("quiet", 60.5), ("end", 70.0))}
    assert checkers.unjudged(evidence) == ["kept", "replicated"]
    evidence.traffic = {name: Traffic(at_s, 0, 0, {}) for name, at_s in (("quiet", 60.0), ("end", 90.0))}
    assert checkers.unjudged(evidence) == []


def test_a_wrong_clock_may_keep_a_message_back() -> None:
    evidence = good_run()
    laid_to_a_clock_that_is_right(evidence)
    evidence.clocks_doubtful = True
    assert checkers.judge(evidence)["kept"] == []


def test_a_fault_that_needs_no_running_node_is_not_excused_by_another() -> None:
    evidence = good_run()
    evidence.asked.update({"disk_full": 1, "churn": 1})
    evidence.coverage.update({"fault disk_full": 1, "fault churn": 1, "fault churn: nodes hit": 3})
    assert checkers.judge(evidence)["not_vacuous"] == ["the disk_full hit nobody"]


def test_many_runs_together_must_have_taken_every_path() -> None:
    coverage = dict.fromkeys([*not_vacuous.REQUIRED, "fault crash: nodes hit"], 1)
    assert not_vacuous.over([{}, coverage], ["crash"]) == []
    assert not_vacuous.over([{}, coverage], ["crash", "pause"]) == ["no pause ever hit anybody"]
    del coverage["path merge"]
    assert not_vacuous.over([coverage], []) == ["never taken: path merge"]
    assert set(not_vacuous.REQUIRED) <= {*PATHS, "path rejoin"}


def test_two_runs_of_one_seed_have_one_trace() -> None:
    assert replayable.violations(["ab", "ab"]) == replayable.violations(["ab"]) == []
    assert len(replayable.violations(["ab", "cd", "ab"])) == 1


def test_violations_are_bounded() -> None:
    evidence = good_run()
    evidence.failures = [Failure(0.0, str(number)) for number in range(500)]
    found = checkers.judge(evidence)["no_crash"]
    assert len(found) == checkers.VIOLATIONS_SHOWN_MAX + 1
    assert found[-1] == "… 500 in all"


def test_latency_counts_deliveries_that_nothing_kept_apart() -> None:
    evidence = good_run()
    evidence.sightings = [replace(seen, history=True) for seen in evidence.sightings]
    assert latencies_ms(evidence) == pytest.approx([50.0] * 4)
    evidence.downs[1].append((10.01, 10.5))
    assert latencies_ms(evidence) == pytest.approx([50.0] * 3)
    evidence.cuts.append(Cut(11.0, 11.01, {2: 1}))
    assert latencies_ms(evidence) == pytest.approx([50.0] * 2)
    evidence.cuts.append(Cut(10.06, None, {1: 2, 2: 2, 0: 2}))
    assert latencies_ms(evidence) == pytest.approx([50.0] * 2)
    evidence.joinings[(2, CHANNEL)].joined_at_s = 10.5
    assert latencies_ms(evidence) == pytest.approx([50.0])


def test_percentiles_are_nearest_ranks() -> None:
    values = [float(value) for value in range(1, 101)]
    assert percentiles(values, 50, 99, 100) == {"p50": 50.0, "p99": 99.0, "max": 100.0}
    assert percentiles([7.0], 50, 99, 100) == {"p50": 7.0, "p99": 7.0, "max": 7.0}
    assert percentiles([], 50) == {"p50": None}
