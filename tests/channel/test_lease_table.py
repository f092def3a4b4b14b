"""The lease table's order, sum and expiries against the leases that it holds, whatever happened before."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.lease import TOMBSTONE_S, TTL_MAX_S, Verdict
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
