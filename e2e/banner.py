"""The banner over a page that has lost its node: why, until when it waits, and the button for now."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from e2e.chat import SOON_MS, Person
from e2e.line import Line

WAIT_LEFT_S = 3
"""So long before the next try by itself the button is pressed at the earliest: what follows is its doing."""
AT_ONCE_MS = 1_000 * (WAIT_LEFT_S - 1)
"""Less than what is left of the wait, of which the banner says no fractions."""
PAUSES_MAX_MS = 30_000
"""Until the pauses between tries have grown so long."""


class Banner:
    """One person's view of it."""

    def __init__(self, person: Person) -> None:
        self.page = person.page

    @property
    def _banner(self) -> Locator:
        """Where it stands."""
        return self.page.get_by_role("status").filter(has=self._button)

    @property
    def _button(self) -> Locator:
        return self.page.get_by_role("button", name="Try now")

    def expect(self, *words: str) -> Banner:
        """It says these."""
        for each in words:
            expect(self._banner).to_contain_text(each, timeout=SOON_MS)
        return self

    def expect_none(self, within_ms: int = SOON_MS) -> Banner:
        """The page has its node."""
        expect(self._button).to_be_hidden(timeout=within_ms)
        return self

    def try_now(self, line: Line) -> Banner:
        """The network is back in the middle of a long wait: the button has the page connected at once."""
        long = re.compile(rf"Next try in ([{WAIT_LEFT_S}-9]|10) seconds")
        expect(self._banner).to_contain_text(long, timeout=PAUSES_MAX_MS)
        line.restore()
        self._button.click(timeout=AT_ONCE_MS)
        return self.expect_none(within_ms=AT_ONCE_MS)
