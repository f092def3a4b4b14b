"""Who gets no lease hears the true reason: no place, a wrong clock, or nodes that don't answer."""

from __future__ import annotations

import asyncio

import pytest

from peernode.errors import PeerNodeError
from peernode.events import JoinDelayed, Joined
from peernode.pubsub.replica import make_set
from peernode.pubsub.subscription import APART_MIN_MS, Subscription
from peernode.wire.contact import Contact
from tests.pubsub.flock import LOBBY, Flock, story

WRONG_MS = 180_000
"""Too far for a lease both ways: refused over 60 s ahead and over 120 s behind."""


@pytest.mark.parametrize("wrong_ms", [WRONG_MS, -WRONG_MS])
def test_whose_clock_keeps_it_from_joining_hears_so_and_is_in_once_it_is_right(wrong_ms: int) -> None:
    """With two others a node corrects no clock, and they answer: no firewall is to be checked."""

    async def tell(flock: Flock) -> None:
        *early, late = flock.birds
        await asyncio.gather(*(bird.join() for bird in early))
        late.crash()
        late.host.skew(wrong_ms)
        await late.restart()
        with pytest.raises(PeerNodeError) as caught:
            await late.join()
        assert (caught.value.code, caught.value.params) == (
            "CLOCK_SKEW",
            {"seconds": 180, "step": "subscribe"},
        )
        await flock.expect(lambda: bool(late.told(JoinDelayed)), 2, "the page hears it, too")
        (delayed,) = late.told(JoinDelayed)
        assert (delayed.error.code, delayed.step) == ("CLOCK_SKEW", "subscribe")
        assert "180 seconds" in delayed.error.message
        late.host.skew(0)
        await flock.expect(lambda: bool(late.told(Joined)), 25, "its clock is right")

    story(tell, 3, loss=0)


@pytest.mark.parametrize(
    ("full", "untimely", "silent", "apart_ms", "code"),
    [
        (0, 3, 2, -WRONG_MS, "CLOCK_SKEW"),
        (0, 3, 2, APART_MIN_MS - 1, "NO_INITIATOR"),
        (0, 2, 3, WRONG_MS, "NO_INITIATOR"),
        (1, 2, 2, WRONG_MS, "CLOCK_SKEW"),
        (3, 2, 0, WRONG_MS, "NO_PLACE"),
    ],
)
def test_a_clock_is_blamed_only_where_it_is_what_lacks(
    full: int, untimely: int, silent: int, apart_ms: int, code: str
) -> None:
    """Also of initiators that lie: a clock that all see near theirs is none."""
    count = full + untimely + silent
    contacts = [Contact(bytes([number]) * 32, "10.0.0.1", 7000 + number) for number in range(count)]
    asked = Subscription(make_set(contacts, True, 0.0), apart_ms=apart_ms)
    keys = [contact.public_key for contact in contacts]
    asked.full.update(dict.fromkeys(keys[:full]))
    asked.untimely.update(dict.fromkeys(keys[full : full + untimely]))
    assert asked.lack == code
    assert asked.error(LOBBY).params == ({"seconds": 180} if code == "CLOCK_SKEW" else {})
