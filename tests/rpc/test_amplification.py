"""The ledger: whatever order things happen in, an unproven address is not a target worth having."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peernode.rpc.amplification import (
    ALLOWANCE_BYTES,
    ALLOWANCE_DATAGRAMS,
    FACTOR,
    STARTS_BURST,
    WINDOW_S,
    AmplificationLedger,
)

VICTIM = ("192.0.2.1", 53)

steps = st.lists(
    st.tuples(st.sampled_from(["received", "answer", "start", "wait"]), st.integers(1, 1200)), max_size=200
)


@given(steps)
def test_an_unproven_address_is_sent_three_times_what_it_sent_and_the_allowance(
    script: list[tuple[str, int]],
) -> None:
    ledger, now = AmplificationLedger(100, 0.0), 0.0
    received = 0
    sent: list[tuple[float, int]] = []
    for step, size in script:
        if step == "received":
            ledger.received(VICTIM, size)
            received += size
        elif step == "wait":
            now += size / 60
        elif ledger.may_answer(VICTIM, size) if step == "answer" else ledger.may_start(VICTIM, size, now):
            sent.append((now, size))
        windows = 1 + int(now // WINDOW_S) + 1
        assert sum(size for _, size in sent) <= FACTOR * received + windows * ALLOWANCE_BYTES
        in_window = sum(size for at, size in sent if at > now - WINDOW_S)
        assert in_window <= FACTOR * received + ALLOWANCE_BYTES
    if not received:
        for at, _ in sent:
            assert sum(at <= other < at + WINDOW_S for other, _ in sent) <= ALLOWANCE_DATAGRAMS


def test_answers_have_no_allowance() -> None:
    ledger = AmplificationLedger(100, 0.0)
    assert not ledger.may_answer(VICTIM, 1)
    ledger.received(VICTIM, 100)
    assert not ledger.may_answer(VICTIM, 301)
    assert ledger.may_answer(VICTIM, 300)
    assert not ledger.may_answer(VICTIM, 1)


def test_a_remembered_address_may_be_tried_every_three_seconds() -> None:
    ledger = AmplificationLedger(100, 0.0)
    ledger.remember([VICTIM])
    sent = [now for now in range(30) if ledger.may_start(VICTIM, 1200, float(now))]
    assert sent == [0, 1, 2, 3, 4, 7, 10, 13, 16, 19, 22, 25, 28]


def test_all_allowances_together_have_a_rate() -> None:
    ledger = AmplificationLedger(10_000, 0.0)
    allowed = sum(ledger.may_start(("192.0.2.1", port), 100, 0.0) for port in range(1, 5000))
    assert allowed == STARTS_BURST


def test_the_table_is_bounded() -> None:
    ledger = AmplificationLedger(10, 0.0)
    for port in range(1, 1000):
        ledger.received(("192.0.2.1", port), 100)
    assert len(ledger) == 10
