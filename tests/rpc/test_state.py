"""The plain parts: timeouts, tokens, buckets, recent answers, peers, bearings."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.config import NodeConfig
from peernode.environment import prefix_of
from peernode.rpc.answers import KEPT_S, Answers
from peernode.rpc.bearings import READ_MAX_S, Bearings
from peernode.rpc.peers import PROOF_S, PeerStates
from peernode.rpc.ratelimit import BucketTable, TokenBucket
from peernode.rpc.rto import GRANULARITY_S, STOOD_STILL_S, PeerRto, RtoTable
from peernode.rpc.tokens import ROTATION_S, AddressTokens

HERE, THERE = ("192.0.2.1", 5), ("192.0.2.1", 6)


class FixedClock:
    def monotonic(self) -> float:
        return 0.0

    def wall_ms(self) -> int:
        return 1_000_000


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_a_timeout_follows_rfc_6298() -> None:
    peer = PeerRto()
    peer.sample(0.1)
    assert (peer.srtt_s, peer.rttvar_s) == (0.1, 0.05)
    peer.sample(0.2)
    assert peer.rttvar_s == pytest.approx(0.75 * 0.05 + 0.25 * 0.1)
    assert peer.srtt_s == pytest.approx(0.875 * 0.1 + 0.125 * 0.2)


def test_an_unknown_peer_starts_from_the_median_of_the_known() -> None:
    rtos = RtoTable(NodeConfig())
    assert rtos.first_s(PeerRto()) == 0.25
    for number, rtt_s in enumerate((0.1, 0.2, 0.5)):
        rtos.sample(key(number), PeerRto(), rtt_s)
    assert rtos.first_s(PeerRto()) == pytest.approx(0.6)


@given(st.lists(st.floats(0, 100), max_size=30), st.integers(1, 10))
def test_timeouts_stay_within_the_bounds_and_double(rtts: list[float], sends: int) -> None:
    config = NodeConfig()
    rtos, peer = RtoTable(config), PeerRto()
    for rtt_s in rtts:
        rtos.sample(key(1), peer, rtt_s)
    first_s = rtos.first_s(peer)
    assert config.rto_min_s <= first_s <= config.rto_max_s
    assert rtos.after_s(first_s, sends) == min(first_s * 2 ** (sends - 1), config.rto_max_s)


def test_lag_of_the_loop_raises_the_lower_bound_and_fades() -> None:
    rtos, peer = RtoTable(NodeConfig()), PeerRto()
    rtos.sample(key(1), peer, 0.001)
    assert rtos.first_s(peer) == pytest.approx(0.001 + GRANULARITY_S)
    rtos.late(0.4)
    assert rtos.first_s(peer) == pytest.approx(0.42)
    for _ in range(100):
        rtos.late(0.0)
    assert rtos.first_s(peer) == pytest.approx(0.001 + GRANULARITY_S, abs=0.001)


def test_a_process_that_stood_still_is_not_slow() -> None:
    """Before, who had slept for ten minutes waited for minutes before it asked again for what got lost."""
    config = NodeConfig()
    rtos, peer = RtoTable(config), PeerRto()
    rtos.sample(key(1), peer, 0.1)
    before = rtos.first_s(peer), rtos.median_s()
    rtos.late(600.0)
    rtos.sample(key(1), peer, 600.0)
    assert (rtos.first_s(peer), rtos.median_s()) == before
    rtos.late(STOOD_STILL_S)
    assert rtos.first_s(peer) == config.rto_max_s, "however slow the loop is, no timeout passes the bound"


def test_answers_in_time_show_that_the_loop_is_no_longer_late() -> None:
    """Before, a node that lost nothing more kept the longer timeouts: no timer fired to end its lag."""
    rtos, peer = RtoTable(NodeConfig()), PeerRto()
    rtos.sample(key(1), peer, 0.001)
    rtos.late(STOOD_STILL_S)
    for _ in range(100):
        rtos.sample(key(1), peer, 0.001)
    assert rtos.first_s(peer) == pytest.approx(0.001 + GRANULARITY_S, abs=0.001)


def test_an_answer_later_than_its_timer_is_measured_up_to_the_timer() -> None:
    """Before, what only this loop's delay had made late was taken for a path that slow."""
    rtos, peer = RtoTable(NodeConfig()), PeerRto()
    rtos.sample(key(1), peer, 0.1)
    timeout_s = rtos.first_s(peer)
    rtos.sample(key(1), peer, STOOD_STILL_S, timeout_s)
    late_s = rtos.first_s(peer)
    in_time = PeerRto()
    for rtt_s in (0.1, timeout_s):
        rtos.sample(key(2), in_time, rtt_s)
    assert late_s == rtos.first_s(in_time) < 2 * timeout_s


def test_an_ambiguous_exchange_keeps_its_timeout_until_a_clean_sample() -> None:
    rtos, peer = RtoTable(NodeConfig()), PeerRto()
    rtos.sample(key(1), peer, 0.02)
    peer.backed_off_s = 0.9
    assert rtos.first_s(peer) == 0.9
    rtos.sample(key(1), peer, 0.02)
    assert rtos.first_s(peer) < 0.1


def test_a_token_is_for_one_key_and_address_and_ages() -> None:
    tokens = AddressTokens(random.Random(1), 0.0)
    token = tokens.make(key(1), HERE, 0.0)
    assert tokens.valid(token, key(1), HERE, 0.0)
    assert not tokens.valid(token, key(2), HERE, 0.0)
    assert not tokens.valid(token, key(1), THERE, 0.0)
    assert tokens.valid(token, key(1), HERE, ROTATION_S)
    assert not tokens.valid(token, key(1), HERE, 2 * ROTATION_S)


def test_a_token_is_too_old_after_a_long_silence() -> None:
    tokens = AddressTokens(random.Random(1), 0.0)
    token = tokens.make(key(1), HERE, 0.0)
    assert not tokens.valid(token, key(1), HERE, 10 * ROTATION_S)


def test_no_token_is_never_valid() -> None:
    assert not AddressTokens(random.Random(1), 0.0).valid(bytes(8), key(1), HERE, 0.0)


@given(st.lists(st.floats(0, 3), max_size=60))
def test_a_bucket_never_gives_more_than_rate_and_burst(pauses: list[float]) -> None:
    bucket, now, given_out = TokenBucket(2.0, 5.0, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        given_out += bucket.take(now)
    assert given_out <= 5 + 2 * now


def test_a_bucket_table_is_bounded_and_apart_by_key() -> None:
    table = BucketTable(1.0, 1.0, 2)
    assert table.take("a", 0.0)
    assert not table.take("a", 0.0)
    assert table.take("b", 0.0)
    assert table.take("c", 0.0)
    assert len(table) == 2


def test_loopback_has_no_prefix() -> None:
    assert prefix_of(("127.0.0.9", 1)) is None
    assert prefix_of(("192.0.2.77", 1)) == prefix_of(("192.0.2.78", 9)) == "192.0.2"


def test_answers_are_kept_for_a_while_and_bounded() -> None:
    answers = Answers(3)
    for number in range(5):
        answers.finish((key(1), number), b"%d" % number, now=1.0)
    assert len(answers) == 3
    assert answers.recall((key(1), 0), 1.0) is None
    assert answers.recall((key(1), 4), 1.0) == b"4"
    assert answers.recall((key(2), 4), 1.0) is None
    assert answers.recall((key(1), 4), 1.0 + KEPT_S) is None
    assert len(answers) == 0


def test_work_under_way_is_known_until_it_ends() -> None:
    answers = Answers(3)
    answers.begin((key(1), 1))
    assert answers.is_working((key(1), 1))
    answers.finish((key(1), 1), b"", 0.0)
    answers.begin((key(1), 2))
    answers.abandon((key(1), 2))
    assert answers.working == 0


def test_unproven_peers_are_forgotten_before_proven_ones() -> None:
    peers = PeerStates(NodeConfig(peers_max=4))
    for number in range(3):
        peers.prove(peers.obtain(key(number), 0.0), HERE, 0.0)
    for number in range(10, 100):
        peers.obtain(key(number), 0.0)
        assert len(peers) == 4
    assert all(peers.get(key(number)) for number in range(3))
    assert peers.get(key(99))


def test_a_peer_at_work_is_not_forgotten() -> None:
    peers = PeerStates(NodeConfig(peers_max=2))
    peers.obtain(key(1), 0.0).working = 1
    for number in range(2, 20):
        peers.obtain(key(number), 0.0)
    assert peers.get(key(1))
    assert len(peers) == 2


def test_a_proof_is_for_one_address_and_lapses() -> None:
    peers = PeerStates(NodeConfig())
    peer = peers.obtain(key(1), 0.0)
    assert peer.proven_address(0.0) is None
    peers.prove(peer, HERE, 0.0)
    assert peer.proven_at(HERE, 1.0)
    assert not peer.proven_at(THERE, 1.0)
    peers.prove(peer, THERE, 2.0)
    assert not peer.proven_at(HERE, 2.0)
    assert peer.proven_address(2.0 + PROOF_S) is None


def test_most_reports_decide_where_we_are() -> None:
    bearings = Bearings(FixedClock(), ("0.0.0.0", 9), None)
    assert bearings.external is None
    bearings.seen_as(key(1), HERE)
    assert bearings.external == HERE
    for _ in range(5):
        bearings.seen_as(key(2), THERE)
    assert bearings.external == HERE, "one liar, however often, counts once"
    bearings.seen_as(key(3), THERE)
    assert bearings.external == THERE


def test_the_bound_address_counts_and_the_advertised_one_overrides() -> None:
    bound = Bearings(FixedClock(), ("127.0.0.1", 9), None)
    assert bound.external == ("127.0.0.1", 9)
    bound.seen_as(key(1), HERE)
    assert bound.external == ("127.0.0.1", 9)
    bound.seen_as(key(2), HERE)
    assert bound.external == HERE
    advertised = Bearings(FixedClock(), ("0.0.0.0", 9), THERE)
    advertised.seen_as(key(1), HERE)
    assert advertised.external == THERE


def test_three_clocks_correct_ours() -> None:
    bearings = Bearings(FixedClock(), HERE, None)
    bearings.clock_read(key(1), 1_005_000, 0.2)
    bearings.clock_read(key(2), 1_005_000, 0.2)
    assert bearings.corrected_wall_ms() == 1_000_000
    bearings.clock_read(key(3), 2**62, 0.0)
    assert bearings.offset_ms() == 5_100
    assert bearings.corrected_wall_ms() == 1_005_100


def test_a_clock_that_took_too_long_to_read_corrects_nothing() -> None:
    """Half of the ten minutes that a node slept with its question on the way is not its clock's error."""
    bearings = Bearings(FixedClock(), HERE, None)
    for number in range(3):
        bearings.clock_read(key(number), 1_000_000, READ_MAX_S + 600)
    assert bearings.corrected_wall_ms() == 1_000_000
