"""Where the time of an operation goes: the parts add up to the whole, whatever goes on at once."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.span import DISK, LOOKUP, NETWORK, OWN, PARTS, QUEUE, RETRY, Span, current, spent
from tests.diagnostics.hand import Hand


def test_each_moment_counts_for_what_was_waited_for() -> None:
    clock = Hand()
    span = Span(clock)
    clock.now += 1
    span.enter(NETWORK)
    clock.now += 2
    span.enter(DISK)
    clock.now += 4
    span.leave(DISK)
    clock.now += 8
    span.leave(NETWORK)
    clock.now += 16
    span.end()
    clock.now += 32
    assert span.parts_ms() == {"network": 10_000, "disk": 4000, "own": 17_000}
    assert span.elapsed_s == 31


def test_what_was_sent_in_vain_is_no_time_of_the_network() -> None:
    clock = Hand()
    with Span(clock) as around:
        inner = Span(clock)
    inner.enter(NETWORK)
    clock.now += 3
    inner.was_in_vain(2)
    clock.now += 1
    inner.was_in_vain(50)
    for span in (inner, around):
        span.end()
        assert span.parts_ms() == {"retry": 4000}


def test_the_current_operation_is_that_of_the_task_and_ends() -> None:
    async def story() -> None:
        clock, told = Hand(), list[tuple[str, dict[str, Any]]]()
        with Span(clock, "join", "#lobby", "", lambda span, how, route: told.append((how, route))) as span:
            task = asyncio.ensure_future(asyncio.sleep(0, current()))
            with Span(clock) as inner:
                assert current() is inner
                with spent(LOOKUP):
                    clock.now += 2
            assert current() is span
            inner.end()
        assert (await task, current()) == (span, None)
        span.end("TIMEOUT", step="find")
        span.end("ok")
        assert (told, span.parts_ms()) == ([("TIMEOUT", {"step": "find"})], {"lookup": 2000})
        with span:
            assert current() is None, "it has ended"

    asyncio.run(story())


STEPS = st.lists(
    st.tuples(st.sampled_from([LOOKUP, DISK, NETWORK, RETRY, QUEUE]), st.booleans(), st.floats(0, 10)),
    max_size=40,
)


@given(STEPS)
def test_the_parts_add_up_to_the_whole(steps: list[tuple[int, bool, float]]) -> None:
    clock, going_on = Hand(), [0] * OWN
    with Span(clock) as around:
        span = Span(clock)
    for part, begins, seconds in steps:
        if begins:
            going_on[part] += 1
            span.enter(part)
        elif going_on[part]:
            going_on[part] -= 1
            span.leave(part)
        clock.now += seconds
        if part == RETRY:
            span.was_in_vain(seconds)
        if part == QUEUE:
            span.was_served(seconds)
    for each in (span, around):
        each.end()
        assert sum(each.parts_ms().values()) == pytest.approx((each.elapsed_s or 0) * 1000)
        assert each.parts_ms().keys() <= set(PARTS)


def test_a_coroutine_that_is_closed_elsewhere_restores_nothing_there() -> None:
    async def waits() -> None:
        with Span(Hand()):
            await asyncio.sleep(0)

    abandoned, other = waits(), Span(Hand())
    contextvars.copy_context().run(abandoned.send, None)
    with other:
        abandoned.close()
        assert current() is other


def test_several_in_vain_at_once_take_each_moment_of_the_network_once() -> None:
    clock = Hand()
    span = Span(clock)
    for _ in range(3):
        span.enter(NETWORK)
    clock.now += 2
    span.was_in_vain(0)
    clock.now += 0.5
    for _ in range(3):
        span.was_in_vain(0.5)
    span.leave(NETWORK)
    span.enter(DISK)
    clock.now += 1
    span.was_in_vain(1.0)
    span.end()
    assert span.parts_ms() == {"network": 2000, "retry": 500, "disk": 1000}


def test_the_time_of_a_peers_disk_is_none_of_the_network() -> None:
    """Also where the request had been sent again meanwhile, as if it had been lost."""
    clock = Hand()
    with Span(clock) as around:
        inner = Span(clock)
    clock.now += 1
    inner.enter(NETWORK)
    clock.now += 2
    inner.was_in_vain(2)
    clock.now += 3
    inner.leave(NETWORK)
    inner.was_served(4)
    inner.was_served(4)
    for span in (inner, around):
        span.end()
        assert span.parts_ms() == {"own": 1000, "disk": 4000, "network": 1000}


@pytest.mark.parametrize(("claimed", "disk"), [(-1.0, 0.0), (0.5, 0.5), (2.0, 2.0), (1e9, 2.0)])
def test_a_peer_cannot_claim_more_than_the_requests_own_time(claimed: float, disk: float) -> None:
    clock = Hand()
    with Span(clock) as around:
        around.enter(NETWORK)
        clock.now += 5
        span = Span(clock)
        span.enter(NETWORK)
        clock.now += 2
        span.leave(NETWORK)
        around.leave(NETWORK)
    span.was_served(claimed)
    assert span.parts_ms().get("disk", 0.0) == disk * 1000
    assert around.parts_ms().get("disk", 0.0) == disk * 1000
    assert sum(around.parts_ms().values()) == 7000


def test_what_is_cancelled_has_an_outcome_too() -> None:
    outcomes = list[str]()

    async def cancelled() -> None:
        span = Span(Hand(), "join", "#lobby", "", lambda span, how, route: outcomes.append(how))

        async def waits() -> None:
            with span:
                await asyncio.sleep(3600)

        task = asyncio.ensure_future(waits())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancelled())
    assert outcomes == ["cancelled"]
