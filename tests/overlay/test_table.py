"""The routing table: exact neighbours, who enters, who leaves, and its bounds, on a clock we set."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.config import NodeConfig
from peernode.overlay.buckets import FAR_SPLITS_MAX
from peernode.overlay.table import LOST_MAX, LOST_S, VOUCHED_MAX_S, PeerTable
from peernode.wire.contact import Contact

ID_BITS = 160
LAST_ID = (1 << ID_BITS) - 1


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wall_ms(self) -> int:
        return int(self.now * 1000)


class Placed(Contact):
    """A contact at an id of our choice; real ids are hashes."""

    def __init__(self, long_id: int, port: int = 1000, public: bool = False) -> None:
        super().__init__(hashlib.sha256(long_id.to_bytes(20, "big")).digest(), "10.0.0.1", port, public)
        self.long_id = long_id
        self.id = long_id.to_bytes(20, "big")


def table_around(own: int = 0, **settings_of_node: int) -> tuple[PeerTable, HandClock]:
    clock = HandClock()
    return PeerTable(Placed(own), NodeConfig(**settings_of_node), clock), clock  # type: ignore[arg-type]


def of(number: int) -> bytes:
    return number.to_bytes(20, "big")


# Ids that crowd together, differ in single bits or sit on borders are what splits buckets.
bits = st.integers(0, ID_BITS - 1)
ids = st.one_of(
    st.integers(0, LAST_ID),
    st.builds(lambda high, low: (1 << high) ^ low, bits, st.integers(0, 300)),
    st.builds(lambda bit: (1 << bit) - 1, bits),
    st.builds(lambda low: LAST_ID - low, st.integers(0, 300)),
)


@given(own=ids, peers=st.sets(ids, max_size=120), target=ids, k=st.integers(1, 40), data=st.data())
@settings(max_examples=200)
def test_closest_is_exact(own: int, peers: set[int], target: int, k: int, data: st.DataObject) -> None:
    table, _ = table_around(own, k=4)
    for peer in sorted(peers):
        table.answered(Placed(peer))
    for peer in data.draw(st.sets(st.sampled_from(sorted(peers)), max_size=20)) if peers else ():
        table.failed(Placed(peer))
    candidates = [contact.long_id for contact in map(_contact, table.live())]
    expected = sorted(candidates, key=lambda peer: peer ^ target)[:k]
    assert [contact.long_id for contact in table.closest(of(target), k)] == expected


@given(own=ids, peers=st.sets(ids, min_size=1, max_size=120))
def test_the_closest_of_all_to_ourselves_are_always_in_the_table(own: int, peers: set[int]) -> None:
    table, _ = table_around(own, k=4)
    for peer in sorted(peers):
        table.answered(Placed(peer))
    expected = sorted(peers - {own}, key=lambda peer: peer ^ own)[:4]
    assert [contact.long_id for contact in table.closest(of(own), 4)] == expected


@given(
    own=ids,
    steps=st.lists(st.tuples(st.sampled_from(["answers", "fails"]), st.integers(0, 59)), max_size=200),
    crowd=st.lists(ids, min_size=60, max_size=60, unique=True),
)
@settings(max_examples=100)
def test_listeners_hear_exactly_what_changes(
    own: int, steps: list[tuple[str, int]], crowd: list[int]
) -> None:
    table, clock = table_around(own, k=2)
    present: set[int] = set()

    def changed(kind: str, contact: Contact) -> None:
        (present.add if kind == "appeared" else present.remove)(contact.long_id)

    table.on_change.append(changed)
    for step, index in steps:
        clock.now += 1.0
        (table.answered if step == "answers" else table.failed)(Placed(crowd[index]))
        assert present == {s.contact.long_id for s in [*table.live(), *table.suspects()]}
        assert len(table) == len(present) <= table.remembered


def test_ids_at_the_borders_of_all_ranges_find_their_bucket() -> None:
    table, _ = table_around(0, k=1)
    borders = [LAST_ID, *(1 << bit for bit in range(ID_BITS)), *((1 << bit) - 1 for bit in range(1, ID_BITS))]
    for border in borders:
        table.answered(Placed(border))
    for border in borders:
        table.refreshed(of(border))
    assert table.closest(of(0), 1)[0].long_id == 1
    assert len(table.ranges()) <= 2 * ID_BITS + FAR_SPLITS_MAX + 1


def test_the_occupancy_counts_every_peer_and_who_waits_in_the_bucket_of_its_id() -> None:
    table, _ = table_around(0, k=2)
    for number in range(300):
        digest = hashlib.sha1(str(number).encode()).digest()
        table.answered(Placed(int.from_bytes(digest, "big")))
    shown = table.occupancy()
    assert len(shown) == len(table.ranges())
    assert sum(bucket["peers"] for bucket in shown) == len(table.live())
    assert sum(2 ** bucket["bits"] for bucket in shown) == 1 << ID_BITS
    assert max(bucket["peers"] for bucket in shown) <= 2
    assert any(bucket["waiting"] for bucket in shown)


def test_only_an_answer_brings_a_peer_in() -> None:
    table, _ = table_around()
    table.failed(Placed(7))
    assert len(table) == 0 and not table.suspected(Placed(7))
    table.answered(Placed(7))
    assert Placed(7) in table


def test_we_are_never_in_our_own_table() -> None:
    table, _ = table_around(7)
    table.answered(Placed(7))
    assert table.remembered == 0


def test_one_failure_makes_suspected_and_an_answer_clears_it() -> None:
    table, clock = table_around()
    table.answered(Placed(7))
    table.failed(Placed(7))
    assert table.suspected(Placed(7)) and Placed(7) in table
    assert table.closest(of(7), 1) == []
    clock.now += 1
    table.answered(Placed(7))
    assert not table.suspected(Placed(7))
    assert table.closest(of(7), 1) == [Placed(7)]


@pytest.mark.parametrize(
    ("failures_at_s", "leaves"),
    [
        ([0.0, 1.0, 2.9], False),
        ([0.0, 1.0, 3.0], True),
        ([0.0, 3.0], False),
        ([0.0, 0.0, 0.0, 0.0, 0.0], False),
        ([0.0, 0.0, 0.0, 0.0, 3.0], True),
    ],
)
def test_a_peer_leaves_after_three_failures_over_three_seconds(
    failures_at_s: list[float], leaves: bool
) -> None:
    table, clock = table_around()
    table.answered(Placed(7))
    began = clock.now
    for at_s in failures_at_s:
        clock.now = began + at_s
        table.answered(Placed(9))  # our own network works
        table.failed(Placed(7))
    assert (Placed(7) not in table) == leaves


def test_others_vouch_for_who_does_not_answer_us_for_so_long_and_no_longer() -> None:
    """Be it that no request of ours has failed since others began to."""
    table, clock = table_around()
    table.answered(Placed(7))
    began = clock.now
    while clock.now - began < VOUCHED_MAX_S:
        assert Placed(7) in table
        table.vouched(Placed(7))
        table.answered(Placed(9))  # our own network works
        clock.now += 2
    for _ in range(3):
        assert Placed(7) in table
        table.vouched(Placed(7))
        table.answered(Placed(9))
        clock.now += 2
    assert Placed(7) not in table


def test_failures_before_an_answer_do_not_count() -> None:
    table, clock = table_around()
    table.answered(Placed(7))
    table.failed(Placed(7))
    table.failed(Placed(7))
    clock.now += 5
    table.answered(Placed(7))
    table.failed(Placed(7))
    assert Placed(7) in table


def lose(table: PeerTable, clock: HandClock, peer: int) -> None:
    for _ in range(3):
        table.failed(Placed(peer))
        clock.now += 2
        table.answered(Placed(2))  # our own network works


def test_who_left_stays_suspected_for_a_while() -> None:
    table, clock = table_around()
    table.answered(Placed(7))
    lose(table, clock, 7)
    assert Placed(7) not in table and table.suspected(Placed(7))
    clock.now += LOST_S
    assert not table.suspected(Placed(7))


def test_a_lost_one_that_answers_is_as_good_as_new() -> None:
    table, clock = table_around()
    table.answered(Placed(7))
    lose(table, clock, 7)
    table.answered(Placed(7))
    assert not table.suspected(Placed(7)) and table.closest(of(7), 1) == [Placed(7)]


def test_forgiving_clears_all_suspicion() -> None:
    table, clock = table_around()
    for peer in (7, 8):
        table.answered(Placed(peer))
    lose(table, clock, 7)
    table.failed(Placed(8))
    table.forgive()
    assert not table.suspected(Placed(7)) and not table.suspected(Placed(8))


def test_a_peer_that_moved_is_known_at_its_new_address() -> None:
    table, _ = table_around()
    table.answered(Placed(7, port=1000, public=True))
    table.answered(Placed(7, port=2000))
    (known,) = table.closest(of(7), 1)
    assert known.port == 2000 and known.public


def test_what_a_peer_says_of_being_public_is_kept() -> None:
    table, _ = table_around()
    table.answered(Placed(7))
    table.mark_public(Placed(7).public_key, True)
    table.mark_public(Placed(8).public_key, True)
    table.answered(Placed(7))
    assert table.closest(of(7), 1)[0].public


def test_the_table_is_bounded_whoever_answers() -> None:
    table, clock = table_around(0, k=2)
    for spread in range(ID_BITS):
        for low in range(12):
            table.answered(Placed(((1 << spread) | (low << max(0, spread - 6))) & LAST_ID))
    buckets_max = 2 * ID_BITS + FAR_SPLITS_MAX + 1
    assert len(table.ranges()) <= buckets_max
    assert len(table) <= table.remembered <= buckets_max * 2 * 2
    for peer in range(2 * LOST_MAX):
        table.answered(Placed(peer + 1))
        lose(table, clock, peer + 1)
    # The longest lost one is forgotten, so nobody can fill our memory with the dead.
    assert not table.suspected(Placed(1))


def _contact(standing: object) -> Contact:
    contact = standing.contact  # type: ignore[attr-defined]
    assert isinstance(contact, Contact)
    return contact
