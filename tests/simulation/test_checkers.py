"""Each checker is silent on a good run and finds its own kind of lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from peernode.simulation import checkers
from peernode.simulation.evidence import Claim, Cut, Evidence, Failure, Signed
from peernode.simulation.result import latencies_ms, percentiles
from tests.simulation.good_run import CHANNEL, good_run, order_key, sighting


def crashed(evidence: Evidence) -> None:
    evidence.failures.append(Failure(3.0, "KeyError()"))


def never_joined(evidence: Evidence) -> None:
    evidence.joinings[(2, CHANNEL)].joined_at_s = None


def forgotten(evidence: Evidence) -> None:
    for held in evidence.holdings.values():
        held.pop("m1")


def held_by_a_bystander_only(evidence: Evidence) -> None:
    evidence.initiators[CHANNEL] = [1, 2]
    for node in (1, 2):
        evidence.holdings[(node, CHANNEL)].pop("m2")


def receipt_before_the_disk(evidence: Evidence) -> None:
    (first, *rest) = evidence.sendings["m1"].claims
    evidence.sendings["m1"].claims = [replace(first, held=1), *rest]


def more_receipts_than_disks(evidence: Evidence) -> None:
    (*rest, last) = evidence.sendings["m1"].claims
    evidence.sendings["m1"].claims = [*rest, replace(last, held=2)]


def ack_before_the_disk(evidence: Evidence) -> None:
    (*rest, last) = evidence.sendings["m1"].claims
    evidence.sendings["m1"].claims = [*rest, replace(last, taken=1)]


def content_with_itself(evidence: Evidence) -> None:
    lonely = Claim(11.1, "sent", 1, 1, 0, 1, 0)
    evidence.sendings["m2"].claims = [lonely]


def one_disk_lost_and_the_message_with_it(evidence: Evidence) -> None:
    forgotten(evidence)
    evidence.copies["m1"][1].lost_s = 30.0


def lost_long_before(evidence: Evidence) -> None:
    forgotten(evidence)
    for copy in evidence.copies["m1"].values():
        copy.lost_s = 2.0


def signed_twice(evidence: Evidence) -> None:
    evidence.forks.append("node 0 signed m1 and m3")


def never_signed(evidence: Evidence) -> None:
    del evidence.signed[order_key(0)[-32:]]


def badly_signed(evidence: Evidence) -> None:
    evidence.signed[order_key(0)[-32:]] = Signed("aa", "m1", False)


def signed_by_another(evidence: Evidence) -> None:
    evidence.signed[order_key(0)[-32:]] = Signed("bb", "m1", True)


def never_arrived(evidence: Evidence) -> None:
    evidence.sightings = [s for s in evidence.sightings if (s.node, s.id) != (2, "m2")]
    evidence.finals[(2, CHANNEL)].pop()


def claimed_too_much(evidence: Evidence) -> None:
    (*rest, last) = evidence.sendings["m1"].claims
    evidence.sendings["m1"].claims = [*rest, replace(last, delivered=3, taken=3)]


def told_twice(evidence: Evidence) -> None:
    evidence.sightings.append(sighting(1, "m2", 12.0, 1))


def told_again_after_a_restart(evidence: Evidence) -> None:
    evidence.restored[(1, 1)] = {"m2": None}
    evidence.sightings.append(sighting(1, "m2", 12.0, 1, life=1))


def shown_twice_at_the_end(evidence: Evidence) -> None:
    evidence.finals[(1, CHANNEL)].append(evidence.finals[(1, CHANNEL)][-1])


def invented(evidence: Evidence) -> None:
    evidence.sightings.append(replace(sighting(1, "m9", 12.0, 9), text="?"))


def other_words(evidence: Evidence) -> None:
    evidence.sightings[0] = replace(evidence.sightings[0], text="changed")


def other_author(evidence: Evidence) -> None:
    evidence.sightings[0] = replace(evidence.sightings[0], author="cc")


def other_order_key(evidence: Evidence) -> None:
    first, second = evidence.finals[(2, CHANNEL)]
    evidence.finals[(2, CHANNEL)] = [first, replace(second, order=order_key(2))]


def shown_in_another_order(evidence: Evidence) -> None:
    evidence.finals[(2, CHANNEL)].reverse()


def author_heard_backwards(evidence: Evidence) -> None:
    evidence.sightings.reverse()


LIES: list[tuple[str, Callable[[Evidence], None]]] = [
    ("no_crash", crashed),
    ("joined", never_joined),
    ("durable", forgotten),
    ("durable", held_by_a_bystander_only),
    ("durable", one_disk_lost_and_the_message_with_it),
    ("durable", lost_long_before),
    ("honest_receipt", receipt_before_the_disk),
    ("honest_receipt", more_receipts_than_disks),
    ("honest_receipt", ack_before_the_disk),
    ("honest_receipt", content_with_itself),
    ("delivered", never_arrived),
    ("delivered", claimed_too_much),
    ("exactly_once", told_twice),
    ("exactly_once", told_again_after_a_restart),
    ("exactly_once", shown_twice_at_the_end),
    ("no_phantom", invented),
    ("no_phantom", other_words),
    ("no_phantom", other_author),
    ("no_phantom", never_signed),
    ("no_phantom", badly_signed),
    ("no_phantom", signed_by_another),
    ("order", other_order_key),
    ("order", shown_in_another_order),
    ("order", author_heard_backwards),
    ("no_fork", signed_twice),
]


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


def test_a_message_may_go_with_a_majority_of_its_disks() -> None:
    evidence = good_run()
    forgotten(evidence)
    evidence.copies["m1"][1].lost_s = evidence.copies["m1"][2].lost_s = 30.0
    assert not any(checkers.judge(evidence).values())


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
