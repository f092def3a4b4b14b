"""When a change of a channel's health is told, and who of its initiators holds our lease: the state alone."""

from __future__ import annotations

from peernode.identity import Identity
from peernode.pubsub.healthwatch import SURE_S, Health, Lease, Word
from peernode.pubsub.replica import make_set
from peernode.pubsub.subscription import Subscription
from peernode.wire.contact import Contact

WELL = Health("healthy", "", (5, 5))
ONE_SILENT = Health("degraded", "INITIATOR_SILENT", (4, 5))
TWO_SILENT = Health("degraded", "INITIATOR_SILENT", (3, 5))
FEW = Health("down", "INITIATORS_TOO_FEW", (2, 5))
TICK_S = 0.5
CONTACTS = [
    Contact(Identity.from_seed(bytes([number]) * 32).public_key, "10.0.0.1", 1000 + number)
    for number in range(5)
]
KEYS = [contact.public_key for contact in CONTACTS]


def told(*seen: Health, begin: Health | None = WELL, tick_s: float = TICK_S) -> list[tuple[float, Health]]:
    """What is told, and when, of what is the case at each look."""
    word = Word(told=begin)
    news = [(number * tick_s, word.next(found, number * tick_s)) for number, found in enumerate(seen)]
    return [(at_s, health) for at_s, health in news if health is not None]


def test_what_is_worse_is_told_once_it_has_lasted() -> None:
    assert told(*[ONE_SILENT] * 8) == [(SURE_S, ONE_SILENT)]
    assert told(*[ONE_SILENT] * 3, *[WELL] * 3, *[ONE_SILENT] * 3) == []
    assert told(*[FEW] * 8, begin=ONE_SILENT) == [(SURE_S, FEW)]
    assert told(*[TWO_SILENT] * 8, begin=ONE_SILENT) == [(SURE_S, TWO_SILENT)]


def test_what_is_better_is_told_at_once() -> None:
    assert told(WELL, begin=FEW) == [(0, WELL)]
    assert told(ONE_SILENT, begin=FEW) == [(0, ONE_SILENT)]
    assert told(ONE_SILENT, begin=TWO_SILENT) == [(0, ONE_SILENT)]
    assert told(WELL, begin=None) == [(0, WELL)]


def test_the_first_word_is_held_back_unless_all_is_well() -> None:
    assert told(*[FEW] * 5, begin=None) == [(SURE_S, FEW)]
    assert told(FEW, FEW, WELL, begin=None) == [(2 * TICK_S, WELL)]


def test_of_several_that_were_seen_the_mildest_is_told_first() -> None:
    assert told(ONE_SILENT, ONE_SILENT, ONE_SILENT, FEW, FEW) == [(SURE_S, ONE_SILENT)]
    assert told(FEW, FEW, ONE_SILENT, FEW, FEW, FEW, FEW, FEW) == [
        (SURE_S, ONE_SILENT),
        (2 * SURE_S + TICK_S, FEW),
    ]


def test_what_a_process_that_stood_still_has_seen_once_is_no_news() -> None:
    assert told(ONE_SILENT, ONE_SILENT, tick_s=10) == []
    assert told(ONE_SILENT, ONE_SILENT, ONE_SILENT, tick_s=10) == [(20, ONE_SILENT)]


def test_what_was_seen_before_an_outage_does_not_count_after_it() -> None:
    word = Word(told=WELL)
    assert [word.next(ONE_SILENT, at_s / 10) for at_s in (0, 5, 10)] == [None] * 3
    word.forget_doubts()
    assert [word.next(ONE_SILENT, at_s / 10) for at_s in (100, 105, 110)] == [None] * 3
    assert word.next(ONE_SILENT, 11.5) == ONE_SILENT


def taken_by(*numbers: int, going_on: int = 0) -> Subscription:
    """A subscription with these five that so many took; ``going_on`` are still being asked."""
    accepted = {KEYS[number]: CONTACTS[number] for number in numbers}
    waiting = dict.fromkeys([key for key in KEYS if key not in accepted][:going_on])
    return Subscription(make_set(CONTACTS, True, 0.0), accepted, waiting=waiting)


def test_who_took_the_last_lease_holds_it_and_who_did_not_does_not() -> None:
    lease = Lease()
    assert lease.of(KEYS[0]) == (False, False)
    lease.ended(taken_by(0, 1, 2))
    assert [lease.of(key)[0] for key in KEYS] == [True, True, True, False, False]
    lease.ended(taken_by(0))
    assert [lease.of(key)[0] for key in KEYS] == [True, False, False, False, False]
    assert lease.held is not None
    assert lease.held.holders == KEYS[:3]
    lease.ended(None)
    assert [lease.of(key) for key in KEYS] == [(False, False)] * 5


def test_who_is_late_holds_the_one_before_and_counts_as_soon_as_it_takes_this_one() -> None:
    lease = Lease()
    lease.ended(taken_by(0, 1, 2, 3))
    lease.ended(late := taken_by(0, 1, 2, going_on=2))
    assert lease.of(KEYS[3]) == (True, False), "until its answer is given up"
    assert lease.of(KEYS[4]) == (False, False), "it did not take the one before either"
    late.accepted[KEYS[4]] = CONTACTS[4]
    assert lease.of(KEYS[4]) == (True, False)
    late.waiting.clear()
    assert lease.of(KEYS[3]) == (False, False)


def test_who_is_asked_for_the_first_time_and_is_late_is_not_silent_yet() -> None:
    lease = Lease()
    lease.ended(taken_by(0, 1, 2, going_on=2))
    assert [lease.of(key) for key in KEYS[2:]] == [(True, False), (False, True), (False, True)]


def test_who_has_no_place_has_answered() -> None:
    lease = Lease()
    lease.ended(taken := taken_by(0, 1, 2))
    taken.full[KEYS[3]] = None
    assert [lease.of(key)[0] for key in KEYS] == [True, True, True, True, False]


def test_one_that_began_earlier_and_ended_later_says_nothing_new() -> None:
    lease = Lease()
    slow, quick = taken_by(0), taken_by(0, 1, 2)
    slow.begun_s, quick.begun_s = 1.0, 5.0
    lease.ended(quick)
    lease.ended(slow)
    assert lease.last is quick
    again = taken_by(0)
    again.begun_s = 6.0
    lease.ended(again)
    assert (lease.last, lease.held) == (again, quick)
