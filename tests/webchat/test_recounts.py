"""Counting what is unread anew: once for a burst, whatever its length, and only for what was not read."""

from __future__ import annotations

import asyncio

from webchat.background import Background
from webchat.bridge import ReadState
from webchat.recounts import Recounts

READ_UPTO = "05"


class Counted:
    """Recounts whose pause ends when the test says so; what was counted, and what was told."""

    def __init__(self) -> None:
        self.pauses_end = asyncio.Event()
        self.counted: list[str] = []
        self.told: list[str] = []
        self.left: set[str] = set()
        self._tasks = Background()
        tell = self.told.append
        self.recounts = Recounts(
            self._tasks, self._count, lambda state: tell(state.channel), self.pauses_end.wait
        )

    def _count(self, channel: str) -> ReadState | None:
        self.counted.append(channel)
        return None if channel in self.left else ReadState(channel, READ_UPTO, 1, 0)

    async def pass_pause(self) -> None:
        """The pause of everything that waits is over."""
        self.pauses_end.set()
        await self._tasks.finish(5.0)
        self.pauses_end.clear()


async def test_a_burst_costs_one_count_per_channel() -> None:
    page = Counted()
    for number in range(1000):
        for channel in ("#one", "#two"):
            page.recounts.changed(channel, f"{number % 100:02}")
    assert page.counted == [], "nothing is counted while they come"
    await page.pass_pause()
    assert sorted(page.counted) == sorted(page.told) == ["#one", "#two"]
    page.recounts.changed("#one", "99")
    await page.pass_pause()
    assert page.told.count("#one") == 2, "and what comes later is counted again"


async def test_the_newest_of_a_burst_decides_in_whatever_order_they_come() -> None:
    page = Counted()
    for order in ("01", "07", "02"):
        page.recounts.changed("#one", order)
    await page.pass_pause()
    assert page.told == ["#one"]


async def test_what_was_read_or_left_tells_nothing() -> None:
    page = Counted()
    page.left.add("#gone")
    page.recounts.changed("#read", READ_UPTO)
    page.recounts.changed("#gone", "99")
    await page.pass_pause()
    assert (sorted(page.counted), page.told) == (["#gone", "#read"], [])
