"""The lease table's order, sum and expiries against the leases that it holds, whatever happened before."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.lease import TTL_MAX_S
from peernode.channel.leasetable import ANSWERS_WITHIN_S, SERIAL_AHEAD_MAX_MS, TOMBSTONE_S, Verdict
from peernode.wire.contact import Contact
from tests.channel.making import identity
from tests.channel.test_lease import NOW_S, WALL_MS, Table, contact, lease, subscriber_id

Step = tuple[str, int, int]
"""What happens, to whom, and how much time passes before."""

STEPS = st.lists(
    st.tuples(
        st.sampled_from(("put", "put", "copy", "leave", "drop", "expire")),
        st.integers(0, 7),
        st.integers(0, 25),
    ),
    max_size=150,
)


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_order_sum_and_expiry_stay_those_of_the_leases_held(steps: list[Step]) -> None:
    table = Table(subscribers_max=6)
    leases = table.leases
    for count, (what, number, passes_s) in enumerate(steps):
        table.passed_s += passes_s
        if what == "drop":
            leases.drop(subscriber_id(number))
        elif what == "expire":
            leases.expire(table.now_s)
        else:
            wall_ms = WALL_MS + int(table.passed_s * 1000)
            item = lease(number, wall_ms + count, 0 if what == "leave" else TTL_MAX_S)
            remaining_s = 15.0 if what == "copy" else None
            leases.put(item, contact(number), table.now_s, wall_ms, remaining_s)
        assert leases.count(table.now_s) == len(leases.live(table.now_s))
        held = sorted(one.subscriber_id for one in leases.live(table.now_s))
        assert [one.subscriber_id for one in leases.page(None, 100)] == held
        again = Table(subscribers_max=6)
        for one in leases.live(table.now_s):
            again.leases.put(one.lease, one.contact, NOW_S, one.lease.serial_ms)
        assert leases.digest() == again.leases.digest()
        for key in held:
            named = leases.named(key[:8])
            assert named is not None and named.id == key
    table.passed_s += TOMBSTONE_S + 1
    assert leases.count(table.now_s) == len(leases) == 0
    assert leases.digest() == Table().leases.digest()


def test_renewing_for_days_does_not_grow_what_is_kept_of_the_expiries() -> None:
    table = Table()
    for _ in range(500):
        table.passed_s += 20
        wall_ms = WALL_MS + int(table.passed_s * 1000)
        assert table.leases.put(lease(0, wall_ms), contact(), table.now_s, wall_ms) is Verdict.TAKEN
        assert len(table.leases._due) <= 4 * len(table.leases) + 64
    assert table.leases.count(table.now_s + TTL_MAX_S - 1) == 1
    assert table.leases.count(table.now_s + TTL_MAX_S) == 0


def test_the_beginning_of_an_id_names_its_subscriber_or_nobody() -> None:
    table = Table()
    for number in range(5):
        table.leases.put(lease(number), contact(number), table.now_s, WALL_MS)
    assert table.leases.named(subscriber_id(3)[:8]) == contact(3)
    assert table.leases.named(subscriber_id(6)[:8]) is None
    assert table.leases.named(b"") is None
    table.leases.drop(subscriber_id(3))
    assert table.leases.named(subscriber_id(3)[:8]) is None


OFFERS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 6), st.sampled_from([0, 60])), min_size=1, max_size=12
)


@settings(max_examples=60)
@given(OFFERS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(items: list[tuple[int, int, int]], rng: random.Random) -> None:
    unique = {(number, serial): ttl_s for number, serial, ttl_s in items}
    signed_once = [(n, lease(n, WALL_MS + serial, ttl_s)) for (n, serial), ttl_s in unique.items()]
    table, other = Table(), Table()
    for number, item in signed_once:
        table.put(item, number)
    rng.shuffle(signed_once)
    for number, item in signed_once:
        other.put(item, number)
    newest = {number: max(serial for n, serial in unique if n == number) for number, _ in unique}
    expected = sorted(subscriber_id(n) for n, serial in newest.items() if unique[n, serial])
    assert table.live() == other.live() == expected
    assert table.leases.digest() == other.leases.digest()


def at(number: int, network: int) -> Contact:
    """Where a subscriber is, one of many in an address prefix."""
    return Contact(identity(number).public_key, f"192.0.{network}.{number}", 4000)


TELLERS = (b"one initiator", b"another")


class Crowd:
    """A table that many come to, each with the lease of its number."""

    def __init__(self, subscribers_max: int) -> None:
        self.table = Table(subscribers_max).leases
        self.now_s = NOW_S

    def comes(self, number: int, network: int) -> Verdict:
        """The subscriber brings its lease."""
        return self.table.put(lease(number), at(number, network), self.now_s, WALL_MS)

    def told(self, number: int, teller: bytes, network: int = 200) -> Verdict:
        """An initiator tells of it."""
        return self.table.put(lease(number), at(number, network), NOW_S, WALL_MS, 50.0, teller)


def test_from_half_full_on_a_prefix_holds_an_eighth() -> None:
    crowd = Crowd(160)
    assert {crowd.comes(number, 0) for number in range(80)} == {Verdict.TAKEN}
    assert crowd.comes(80, 0) is Verdict.FULL
    assert [crowd.comes(number, 1) for number in range(81, 102)] == [Verdict.TAKEN] * 20 + [Verdict.FULL]
    assert crowd.table.put(lease(0, WALL_MS + 1), at(0, 0), NOW_S, WALL_MS) is Verdict.TAKEN, "it is in"
    assert crowd.told(102, TELLERS[0], 1) is Verdict.FULL
    local = Contact(identity(103).public_key, "127.0.0.1", 4000)
    crowd.table.expire(NOW_S + TTL_MAX_S)
    assert crowd.comes(104, 0) is Verdict.TAKEN
    assert crowd.table.put(lease(103), local, NOW_S, WALL_MS) is Verdict.TAKEN


def test_loopback_is_one_machine_for_development_and_not_counted() -> None:
    crowd = Crowd(32)
    for number in range(32):
        local = Contact(identity(number).public_key, "127.0.0.1", 4000 + number)
        assert crowd.table.put(lease(number), local, NOW_S, WALL_MS) is Verdict.TAKEN


def test_a_teller_has_a_share_of_copies_until_their_subscribers_answer() -> None:
    crowd = Crowd(64)
    assert [crowd.told(number, TELLERS[0]) for number in range(17)] == [Verdict.TAKEN] * 16 + [Verdict.FULL]
    assert crowd.told(17, TELLERS[1]) is Verdict.TAKEN
    assert crowd.table.count(NOW_S) == 17
    assert (crowd.table.count_sure(NOW_S), crowd.table.sure(NOW_S)) == (0, [])
    crowd.table.answered(subscriber_id(3))
    assert crowd.comes(4, 0) is Verdict.TAKEN, "the same one, from the subscriber itself"
    assert [one.subscriber_id for one in crowd.table.sure(NOW_S)] == [subscriber_id(3), subscriber_id(4)]
    newer = lease(5, WALL_MS + 1)
    assert crowd.table.put(newer, at(5, 0), NOW_S, WALL_MS) is Verdict.TAKEN
    assert crowd.table.count_sure(NOW_S) == 3
    again = lease(5, WALL_MS + 2)
    assert crowd.table.put(again, at(5, 0), NOW_S, WALL_MS, 50.0, TELLERS[1]) is Verdict.TAKEN
    assert crowd.table.count_sure(NOW_S) == 3, "who has come stays known"
    assert [crowd.told(number, TELLERS[0]) for number in range(20, 24)] == [Verdict.TAKEN] * 3 + [
        Verdict.FULL
    ]


def test_a_full_table_has_copies_give_way_to_who_comes_itself() -> None:
    crowd = Crowd(10)
    assert {crowd.told(number, TELLERS[0]) for number in range(3)} == {Verdict.TAKEN}
    assert {crowd.told(number, TELLERS[1]) for number in range(3, 10)} == {Verdict.TAKEN}
    assert crowd.told(10, TELLERS[0]) is Verdict.FULL
    assert crowd.comes(20, 20) is Verdict.FULL, "they may answer yet"
    crowd.now_s += ANSWERS_WITHIN_S
    assert [crowd.comes(number, number) for number in range(20, 31)] == [Verdict.TAKEN] * 10 + [Verdict.FULL]
    assert crowd.table.count_sure(NOW_S) == 10


def test_who_has_no_share_does_not_get_one_by_way_of_a_copy() -> None:
    crowd = Crowd(32)
    assert {crowd.told(number, TELLERS[0], 0) for number in range(4)} == {Verdict.TAKEN}
    for number in range(10, 26):
        assert crowd.comes(number, 0) is Verdict.TAKEN
    crowd.table.answered(subscriber_id(0))
    newer = lease(1, WALL_MS + 1)
    assert crowd.table.put(newer, at(1, 0), NOW_S, WALL_MS) is Verdict.FULL
    assert crowd.table.count_sure(NOW_S) == 16


@pytest.mark.parametrize("remaining_s", [None, 50.0])
@pytest.mark.parametrize("ahead_ms", [0, SERIAL_AHEAD_MAX_MS])
def test_a_lease_that_has_ended_is_not_brought_back_by_replaying_it(
    remaining_s: float | None, ahead_ms: int
) -> None:
    table = Table()
    old = lease(serial_ms=WALL_MS + ahead_ms)
    table.put(old)
    for table.passed_s in range(TTL_MAX_S, 300):
        table.leases.expire(table.now_s)
        assert table.put(old, remaining_s=remaining_s) is not Verdict.TAKEN
    assert len(table.leases) == 0


def test_a_crowd_whose_leases_run_out_pushes_out_nobody_who_has_left() -> None:
    table = Table(subscribers_max=8)
    table.put(lease(0))
    assert table.put(lease(0, WALL_MS + 1, 0)) is Verdict.TAKEN
    for number in range(1, 17):
        table.put(lease(number, ttl_s=1), number)
        table.passed_s += 2
        table.leases.expire(table.now_s)
    assert table.leases.sizes()["leases_ended"] == (8, 8)
    assert table.put(lease(0)) is Verdict.STALE


def test_who_has_left_may_say_so_again_though_the_table_is_full_of_those() -> None:
    table = Table(subscribers_max=2)
    for number in range(2):
        assert table.put(lease(number, WALL_MS, 0), number) is Verdict.TAKEN
    assert table.put(lease(2, WALL_MS, 0), 2) is Verdict.FULL
    assert table.put(lease(1, WALL_MS + 1, 0), 1) is Verdict.TAKEN


def test_one_that_was_dropped_is_not_brought_back_later() -> None:
    table = Table()
    old = lease()
    table.put(old)
    table.leases.drop(subscriber_id())
    for table.passed_s in range(300):
        table.leases.expire(table.now_s)
        assert table.put(old, remaining_s=50) is not Verdict.TAKEN
    assert len(table.leases) == 0


def test_a_copy_takes_no_time_of_the_lease_that_its_subscriber_has() -> None:
    table, newer = Table(), lease(serial_ms=WALL_MS + 20_000)
    table.put(lease())
    table.passed_s = 20
    assert table.copy(newer, 0.0) is Verdict.TAKEN
    table.leases.expire(table.now_s)
    assert [held.remaining_s(table.now_s) for held in table.leases.live(table.now_s)] == [TTL_MAX_S - 20]
    assert table.copy(lease(serial_ms=WALL_MS + 20_001), TTL_MAX_S) is Verdict.TAKEN
    assert [held.remaining_s(table.now_s) for held in table.leases.live(table.now_s)] == [TTL_MAX_S]


@pytest.mark.parametrize("after_s", [0, 20, 70])
def test_a_lease_whose_copy_came_first_has_all_of_its_time_when_it_is_brought_and_only_once(
    after_s: int,
) -> None:
    table, passed_on = Table(), lease()
    assert table.copy(passed_on, 10.0) is Verdict.TAKEN
    for table.passed_s in range(after_s + 1):
        table.leases.expire(table.now_s)
    assert table.put(passed_on) is Verdict.TAKEN
    (held,) = table.leases.live(table.now_s)
    assert held.remaining_s(table.now_s) == TTL_MAX_S and held in table.leases.sure(table.now_s)
    until_s = table.passed_s + TTL_MAX_S
    for table.passed_s in range(after_s, 300):
        assert table.put(passed_on) is not Verdict.TAKEN, "recorded, and sent again"
        assert table.copy(passed_on, TTL_MAX_S) is not Verdict.TAKEN
        table.leases.expire(table.now_s)
        assert len(table.live()) == (table.passed_s < until_s)


def test_a_copy_of_who_says_that_it_is_none_is_not_brought_back_by_itself() -> None:
    table = Table()
    table.copy(lease(), 50.0)
    table.leases.drop(subscriber_id())
    assert table.put(lease()) is Verdict.STALE and table.live() == []
    assert table.put(lease(serial_ms=WALL_MS + 1)) is Verdict.TAKEN
