"""Lies to put into the evidence of a good run, and which checker has to find each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from peernode.simulation.claims import Claim
from peernode.simulation.evidence import Evidence, Failure, LatePush, Signed, Traffic, Unserved
from tests.simulation.good_run import CHANNEL, order_key, sighting
from tests.simulation.taken_back import TAKEN_BACK


def crashed(evidence: Evidence) -> None:
    evidence.failures.append(Failure(3.0, "KeyError()"))


def never_joined(evidence: Evidence) -> None:
    evidence.joinings[(2, CHANNEL)].joined_at_s = None


def no_member_any_more(evidence: Evidence) -> None:
    del evidence.finals[(2, CHANNEL)]


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


def damaged_and_left_so(evidence: Evidence) -> None:
    evidence.traffic["end"] = Traffic(100.0, 0, 0, {})
    evidence.copies["m1"][1].rotten[b"digest"] = 70.0


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


def pushed_after_the_lease(evidence: Evidence) -> None:
    evidence.late_pushes.append(LatePush(85.1, 0, 2, 20.0, "d1"))


def nobody_holds_its_lease(evidence: Evidence) -> None:
    evidence.unserved.append(Unserved(2, CHANNEL, 20.0, 68.1))


def table_over_its_bound(evidence: Evidence) -> None:
    evidence.oversized[(1, "rpc.peers")] = (5.0, 9000, 8192)


def amplified(evidence: Evidence) -> None:
    evidence.amplifications.append("node 1")


def showed_a_text(evidence: Evidence) -> None:
    evidence.disclosures.append("node 1")


def nobody_wrote(evidence: Evidence) -> None:
    evidence.asked["messages"] = 2
    evidence.sendings.clear()
    evidence.sightings.clear()
    evidence.finals.clear()


def nothing_was_acknowledged(evidence: Evidence) -> None:
    evidence.asked["messages"] = 2
    for sending in evidence.sendings.values():
        sending.acked_at_s = None


def fault_that_never_began(evidence: Evidence) -> None:
    evidence.asked["pause"] = 1


def fault_that_hit_nobody(evidence: Evidence) -> None:
    evidence.asked["pause"] = 1
    evidence.coverage["fault pause"] = 1


def accepted_and_never_on_the_disk(evidence: Evidence) -> None:
    evidence.sendings["m2"].accepted_at_s = 11.0
    del evidence.copies["m2"][0]


def accepted_before_the_disk(evidence: Evidence) -> None:
    evidence.sendings["m2"].accepted_at_s = 11.03


def accepted_and_gone_from_the_disk(evidence: Evidence) -> None:
    evidence.sendings["m2"].accepted_at_s = 11.05
    del evidence.holdings[(0, CHANNEL)]["m2"]


def a_quiet_time(evidence: Evidence) -> None:
    for name, at_s in (("quiet", 30.0), ("end", 45.0)):
        evidence.traffic[name] = Traffic(at_s, 0, 0, {})


def accepted_and_never_sent(evidence: Evidence) -> None:
    a_quiet_time(evidence)
    sending = evidence.sendings["m2"]
    sending.accepted_at_s, sending.acked_at_s, sending.claims = 11.05, None, []


def laid_to_a_clock_that_is_right(evidence: Evidence) -> None:
    accepted_and_never_sent(evidence)
    evidence.sendings["m2"].error = "CLOCK_SKEW"


def held_by_some_initiators_only(evidence: Evidence) -> None:
    a_quiet_time(evidence)
    del evidence.holdings[(2, CHANNEL)]["m2"]


def answered_before_it_was_asked(evidence: Evidence) -> None:
    evidence.sendings["m2"].author = 2
    evidence.sightings[0] = sighting(2, "m1", 10.5, 5)


LIES: list[tuple[str, Callable[[Evidence], None]]] = [
    ("no_crash", crashed),
    ("joined", never_joined),
    ("joined", no_member_any_more),
    ("durable", forgotten),
    ("durable", held_by_a_bystander_only),
    ("durable", one_disk_lost_and_the_message_with_it),
    ("durable", lost_long_before),
    ("durable", damaged_and_left_so),
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
    ("order", answered_before_it_was_asked),
    ("kept", accepted_and_never_on_the_disk),
    ("kept", accepted_before_the_disk),
    ("kept", accepted_and_gone_from_the_disk),
    ("kept", accepted_and_never_sent),
    ("kept", laid_to_a_clock_that_is_right),
    ("replicated", held_by_some_initiators_only),
    ("no_fork", signed_twice),
    ("leases_end", pushed_after_the_lease),
    ("leases_end", nobody_holds_its_lease),
    *(("never_backwards", lie) for lie in TAKEN_BACK),
    ("bounded", table_over_its_bound),
    ("no_amplification", amplified),
    ("secrecy", showed_a_text),
    ("not_vacuous", nobody_wrote),
    ("not_vacuous", nothing_was_acknowledged),
    ("not_vacuous", fault_that_never_began),
    ("not_vacuous", fault_that_hit_nobody),
]
